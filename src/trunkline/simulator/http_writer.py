"""Writing an HTTP/1.1 response as bytes: the head, and the frames of a body.
It refuses to wait and to send.
"""

from collections.abc import Iterator
from http import HTTPStatus

from trunkline.simulator.script import Piece, Script

LAST_CHUNK = b"0\r\n\r\n"


def head(script: Script, *, keep_alive: bool, chunked: bool) -> bytes:
    """The status line and the headers. A streamed body that may not be chunked ends with the connection."""
    headers = list(script.headers)
    if not script.streamed:
        length = len(script.body) if script.declared is None else script.declared
        headers.append(("content-length", str(length)))
    elif chunked:
        headers.append(("transfer-encoding", "chunked"))
    headers.append(("connection", "keep-alive" if keep_alive else "close"))
    lines = [f"HTTP/1.1 {script.status} {_reason(script.status)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def frames(piece: Piece, script: Script, *, chunked: bool) -> Iterator[bytes]:
    """A piece of the body as it goes on the wire; a torn one by half, a sliced one in many frames."""
    size = script.slice or len(piece.data) or 1
    for start in range(0, len(piece.data), size):
        data = piece.data[start : start + size]
        frame = b"%x\r\n%b\r\n" % (len(data), data) if script.streamed and chunked else data
        yield frame[: len(frame) // 2] if piece.torn else frame


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return {529: "Overloaded", 524: "A Timeout Occurred"}.get(status, "Unknown")
