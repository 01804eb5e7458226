"""Why an answer ended, in Google's words and in ours.

Refuses to know anything else of an answer.
"""

from trunkline.core.chat import Finish
from trunkline.core.errors import BadReply

READ: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "pause",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
"""Others (LANGUAGE, OTHER) are a plain stop: what came is all there is."""

WRITTEN: dict[Finish, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "context_window": "MAX_TOKENS",
    "pause": "STOP",
}

NO_ANSWER = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL"})
"""Reasons that say the model wrote something that could not be told: asked again, it mostly can."""


def read_finish(reason: str, *, called: bool, written: bool) -> Finish:
    """The finish a reason stands for. Raises BadReply for one that says there is no answer, where none came."""
    if reason in NO_ANSWER and not written:
        raise BadReply(f"the provider ended its answer with finishReason {reason}", code=reason.lower())
    finish = READ.get(reason, "stop")
    return "tool_calls" if called and finish == "stop" else finish
