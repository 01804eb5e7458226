"""A pytest plugin that breaks one rule: every error is worth another request."""

from trunkline.core.errors import CallError


def every(kind: type[CallError]) -> list[type[CallError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in every(child))]


for kind in every(CallError):
    kind.retryable = True
    kind.fallback = True
