"""The headers of one message of ``application/vnd.amazon.eventstream``: names, and values of ten types.

Refuses to interpret any of them, and to read past the end of what it was given.
"""

from collections.abc import Callable
from struct import Struct, error

from trunkline.core.errors import BrokenStream

Value = bool | int | bytes | str
Read = Callable[[bytes, int], tuple[Value, int]]
"""From the bytes and where a value begins to the value and where it ends."""

_LENGTH = Struct(">H")
_MOST_HEADERS = 128  # of one message; real ones have three or four


def read_headers(data: bytes) -> dict[str, Value]:
    """Every header by its name. Raises BrokenStream for bytes that are none, and for a name told twice."""
    headers: dict[str, Value] = {}
    at = 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            name = data[at + 1 : end].decode()
            value, at = _READ[data[end]](data, end + 1)
            if name in headers or len(headers) == _MOST_HEADERS:
                raise BrokenStream(f"a frame of the provider's stream has the header {name[:80]!r} too often")
            headers[name] = value
    except (IndexError, KeyError, UnicodeDecodeError, error) as wrong:
        raise BrokenStream("a frame of the provider's stream has headers that cannot be read") from wrong
    return headers


def _number(form: str) -> Read:
    packed = Struct(form)

    def read(data: bytes, at: int) -> tuple[int, int]:
        return int(packed.unpack_from(data, at)[0]), at + packed.size

    return read


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    return _taken(data, at + _LENGTH.size, length)


def _text(data: bytes, at: int) -> tuple[str, int]:
    value, end = _bytes(data, at)
    return value.decode(), end


def _uuid(data: bytes, at: int) -> tuple[bytes, int]:
    return _taken(data, at, 16)


def _taken(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    end = at + length
    if end > len(data):
        raise IndexError
    return data[at:end], end


_READ: dict[int, Read] = {
    0: lambda _data, at: (True, at),
    1: lambda _data, at: (False, at),
    2: _number(">b"),
    3: _number(">h"),
    4: _number(">i"),
    5: _number(">q"),
    6: _bytes,
    7: _text,
    8: _number(">q"),  # milliseconds since 1970
    9: _uuid,
}
"""By the byte before a value."""
