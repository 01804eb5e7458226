"""How much an HTTP connection may hold, how long it may idle, and how many there may be.

Refuses to know a deadline: those travel with each request.
"""

from typing import Annotated

from msgspec import Meta, Struct


class HttpLimits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of one transport; the defaults are the advice."""

    connections_per_origin: Annotated[int, Meta(ge=1, le=65_536)] = 1024
    """Open sockets per origin. More requests wait in order; lower it when a provider counts connections."""

    idle_seconds: Annotated[float, Meta(gt=0, le=3600)] = 50.0
    """Idle connections older than this are closed: just under the 60 s after which most load balancers forget them."""

    stale_seconds: Annotated[float, Meta(ge=0, le=60)] = 1.0
    """A reused connection closed within this time of sending, unanswered, was stale: asking again at once is no retry.

    Later than that the server may well have worked on it, and asking again could pay twice.
    """

    headers: Annotated[int, Meta(ge=1, le=10_000)] = 256
    """Header fields of a response."""

    header_bytes: Annotated[int, Meta(ge=256, le=1 << 24)] = 64 << 10
    """Bytes of a response's head with its 1xx forerunners, and of framing between two pieces of its body."""

    buffered_bytes: Annotated[int, Meta(ge=1, le=1 << 28)] = 128 << 10
    """Unread body bytes above which the socket is no longer read. A last read may add 256 KiB."""

    decoded_bytes: Annotated[int, Meta(ge=1)] = 256 << 20
    """Bytes of a whole decoded body; more is ReplyTooLarge."""
