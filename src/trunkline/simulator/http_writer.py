"""Writing an HTTP/1.1 response as bytes: the head, and the frames of a body, in the order of the writes.
It refuses to wait and to send.
"""

from collections.abc import Iterator
from http import HTTPStatus

from msgspec import Struct

from trunkline.simulator.http_reader import Request
from trunkline.simulator.script import Piece, Script

_LAST_CHUNK = b"0\r\n\r\n"


class Write(Struct, frozen=True):
    """Bytes for one write, `after` seconds behind the one before; `tokens` of output are delivered by it."""

    data: bytes
    after: float = 0.0
    tokens: int = 0


def keeps_alive(script: Script, request: Request) -> bool:
    """Whether the connection may serve another request. Without chunks a streamed body ends with the connection."""
    return request.keep_alive and (request.chunks_allowed or not script.streamed)


def writes(script: Script, request: Request) -> Iterator[Write]:
    """All writes of a response but those that repeat. The last one completes the body, if anything does."""
    if not script.status:
        return
    head = _head(script, request)
    pieces = () if request.method == "HEAD" else script.pieces
    if not script.streamed and not script.slice:
        frames = [frame.data for piece in pieces for frame in piece_writes(piece, script, request)]
        yield Write(head + b"".join(frames), tokens=sum(piece.tokens for piece in pieces))
        return
    yield from (Write(part) for part in _sliced(head, script))
    closes = script.streamed and request.chunks_allowed and script.ending in {"complete", "stale"}
    for piece in pieces[:-1] if closes else pieces:
        yield from piece_writes(piece, script, request)
    if closes:
        before = list(piece_writes(pieces[-1], script, request)) if pieces else []
        # One write for both where nothing is sliced: who has read the last event has read the end.
        last = before.pop() if before and not script.slice else Write(b"")
        yield from before
        yield Write(last.data + _LAST_CHUNK, last.after, last.tokens)


def piece_writes(piece: Piece, script: Script, request: Request) -> Iterator[Write]:
    """A piece of the body as it goes on the wire; a torn one by half, a sliced one in many frames."""
    after, tokens = piece.after, piece.tokens
    for data in _sliced(piece.data, script):
        frame = b"%x\r\n%b\r\n" % (len(data), data) if script.streamed and request.chunks_allowed else data
        yield Write(frame[: len(frame) // 2] if piece.torn else frame, after, tokens)
        after, tokens = 0.0, 0


def _sliced(data: bytes, script: Script) -> Iterator[bytes]:
    size = script.slice or len(data)
    return (data[start : start + size] for start in range(0, len(data), size)) if data else iter(())


def _head(script: Script, request: Request) -> bytes:
    headers = list(script.headers)
    if not script.streamed:
        length = len(script.body) if script.declared is None else script.declared
        headers.append(("content-length", str(length)))
    elif request.chunks_allowed:
        headers.append(("transfer-encoding", "chunked"))
    headers.append(("connection", "keep-alive" if keeps_alive(script, request) else "close"))
    lines = [f"HTTP/1.1 {script.status} {_reason(script.status)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return {529: "Overloaded", 524: "A Timeout Occurred"}.get(status, "Unknown")
