"""The thread that ties a call to what its caller and its providers know of it: W3C Trace Context, level 1.

Source: www.w3.org/TR/trace-context, read 2026-11. Refuses to know who collects traces.
"""

import re

from msgspec import Struct

from trunkline.core.ids import new_id

Headers = list[tuple[bytes, bytes]]

_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NO_TRACE, _NO_SPAN = b"0" * 32, b"0" * 16
_SAMPLED = "01"
_LONGEST_STATE = 512  # bytes, as the standard asks every hop to carry at least


class Trace(Struct, frozen=True):
    """``id`` in 32 hex digits; ``parent`` the caller's span in 16, None where the trace begins here."""

    id: str
    parent: str | None = None
    flags: str = _SAMPLED
    state: bytes = b""

    def headers(self, span: str) -> Headers:
        """What a provider is sent, so that its part joins the same trace under ``span``."""
        told = (b"traceparent", f"00-{self.id}-{span}-{self.flags}".encode())
        return [told, (b"tracestate", self.state)] if self.state else [told]


def trace_of(headers: Headers) -> Trace:
    """The caller's trace, or a new one where it sent none or one that is not valid."""
    for name, value in headers:
        if name == b"traceparent":
            found = _FORM.match(value)
            if found is None or not _valid(value, found):
                break
            state = next((told for key, told in headers if key == b"tracestate" and len(told) <= _LONGEST_STATE), b"")
            return Trace(found[2].decode(), found[3].decode(), found[4].decode(), state)
    return Trace(new_id(16))


def new_span() -> str:
    """The id of a new span, in 16 hex digits."""
    return new_id(8)


def _valid(value: bytes, found: re.Match[bytes]) -> bool:
    """Version 00 ends after the flags; later ones may go on after a dash; ff and ids of zeros never are."""
    rest = value[found.end() :]
    return (
        found[1] != b"ff"
        and found[2] != _NO_TRACE
        and found[3] != _NO_SPAN
        and (not rest or (found[1] != b"00" and rest.startswith(b"-")))
    )
