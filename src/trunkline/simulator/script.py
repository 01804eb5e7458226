"""A response as a plan: status, headers, the pieces of the body with the waits before them, and how it ends.
Values only: it refuses to send anything, and faults bend it before anybody does.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

Role = Literal["preamble", "content", "frame", "end", "usage", "done", "body"]
Ending = Literal["complete", "stale", "close", "reset", "hang"]
"""complete: as HTTP ends a body; stale: the same, and then the connection closes unannounced; close: FIN; reset: RST;
hang: nothing more, for as long as the client waits."""

Headers = tuple[tuple[str, str], ...]


class Piece(Struct, frozen=True):
    """Bytes of the body that are sent at once, `after` seconds behind the piece before.

    `tokens` of output are delivered by it. A `torn` piece is announced in full and sent by half.
    """

    data: bytes
    role: Role
    tokens: int = 0
    after: float = 0.0
    torn: bool = False


class Script(Struct, frozen=True, kw_only=True):
    """The plan. Status 0 sends no byte at all. `lead` seconds pass before the head. `declared` overrules the honest
    Content-Length. `repeat` is sent again and again behind the pieces. `slice` cuts everything into so many bytes.
    """

    status: int = 200
    headers: Headers = ()
    pieces: tuple[Piece, ...] = ()
    streamed: bool = False
    ending: Ending = "complete"
    lead: float = 0.0
    declared: int | None = None
    repeat: Piece | None = None
    slice: int = 0

    @property
    def body(self) -> bytes:
        """All pieces joined."""
        return b"".join(piece.data for piece in self.pieces)


def event(payload: Any, role: Role, name: str = "", tokens: int = 0) -> Piece:
    """One server-sent event with a JSON payload; `name` is its event type, if it has one."""
    head = f"event: {name}\n".encode() if name else b""
    return Piece(head + b"data: " + msgspec.json.encode(payload) + b"\n\n", role, tokens)


def paced(pieces: list[Piece], first: float, per_token: float) -> tuple[Piece, ...]:
    """The pieces with their waits: `first` seconds before the first content, `per_token` before each token after it."""
    timed: list[Piece] = []
    waiting = first
    for piece in pieces:
        if piece.role == "content":
            timed.append(replace(piece, after=waiting))
            waiting = per_token * max(piece.tokens, 1)
        else:
            timed.append(piece)
    return tuple(timed)


def with_header(headers: Headers, name: str, value: str) -> Headers:
    """The headers with one set, in place of any of that name."""
    return (*((key, old) for key, old in headers if key != name), (name, value))
