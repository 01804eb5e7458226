"""Amazon's binary event stream: events of a script as the bytes that carry them.
It refuses to know what the events mean; faults have bent them as lines of text before they come here.
"""

import re
import struct
from zlib import crc32

from msgspec.structs import replace

from trunkline.simulator.script import Piece, Script

TYPE = "application/vnd.amazon.eventstream"
_LINES = re.compile(rb"\r\n|\n|\r")
_TEXT = 7  # the type of a header's value


def framed(script: Script) -> Script:
    """The script with each of its events as one message."""
    repeat = None if script.repeat is None else _framed(script.repeat)
    return replace(script, pieces=tuple(_framed(piece) for piece in script.pieces), repeat=repeat)


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: lengths, headers, payload, and both checksums."""
    told = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(told) + len(payload), len(told))
    body = prelude + struct.pack(">I", crc32(prelude)) + told + payload
    return body + struct.pack(">I", crc32(body))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + bytes([_TEXT]) + struct.pack(">H", len(text)) + text


def _framed(piece: Piece) -> Piece:
    event, data = "ping", []
    for line in _LINES.split(piece.data.removeprefix(b"\xef\xbb\xbf")):
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            event = value.strip().decode()
    return replace(piece, data=message(_headers(event), b"\n".join(data)))


def _headers(event: str) -> dict[str, str]:
    """`error NAME` is an exception of that name; what had no name is an event that nobody knows."""
    kind, _, name = event.partition(" ")
    if kind == "error":
        return {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return {":event-type": event, ":content-type": "application/json", ":message-type": "event"}
