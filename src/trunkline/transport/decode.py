"""Undoes a content encoding piece by piece, never making more than one piece at a time.

Refuses to know sockets, and to guess: an encoding it does not have is an error that names it.
"""

import zlib
from typing import Protocol

from trunkline.core.errors import BadReply

PIECE = 256 << 10
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class Engine(Protocol):
    """What ``zlib.decompressobj`` returns; its own type has no public name."""

    @property
    def eof(self) -> bool:
        """Whether the end of the encoded data has been seen."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Input after that end."""
        ...

    @property
    def unconsumed_tail(self) -> bytes:
        """Input that would have made more output than was asked for."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most so many bytes."""
        ...


class Inflater:
    """gzip (any number of members) or deflate (with zlib's wrapper, as the standard says, or raw, as some send it).

    ``decode`` returns at most 256 KiB; while ``pending`` is true there is more to have with ``decode(b"")``.
    """

    __slots__ = ("_engine", "_gzip", "_held", "_started", "pending")

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._engine: Engine | None = None
        self._held = b""  # input not yet used
        self._started = False
        self.pending = False

    def decode(self, data: bytes) -> bytes:
        """The next decoded bytes, perhaps none. BadReply when the data is not what its header says."""
        try:
            return self._decode(self._held + data if self._held else data)
        except zlib.error as error:
            raise BadReply(f"the body's {'gzip' if self._gzip else 'deflate'} encoding is broken: {error}") from error

    def finish(self) -> None:
        """The body has ended: BadReply when the encoded data had not."""
        if self._started and (self._engine is None or not self._engine.eof or self._held):
            raise BadReply("the body ended in the middle of its content encoding")

    def _decode(self, data: bytes) -> bytes:
        self._started = self._started or bool(data)
        decoded = b""
        while len(decoded) < PIECE:
            engine = self._ready_engine(data)
            if engine is None:
                self._held, self.pending = data, False
                return decoded
            decoded += engine.decompress(data, PIECE - len(decoded))
            data = engine.unused_data or engine.unconsumed_tail
            if not data:
                break
        self._held = data
        self.pending = bool(data) or len(decoded) == PIECE
        return decoded

    def _ready_engine(self, data: bytes) -> Engine | None:
        """The engine for this data, a new one at the start of a member; None while its kind is not known."""
        if self._engine is None or (self._engine.eof and data):
            if self._engine is not None and not self._gzip:
                raise zlib.error("bytes follow its end")
            if not self._gzip and len(data) < 2:
                return None
            self._engine = zlib.decompressobj(_GZIP if self._gzip else _deflate_window(data))
        return self._engine


def inflater(encoding: bytes | None) -> Inflater | None:
    """The decoder for a ``content-encoding`` value; None for the identity; BadReply for one we do not have."""
    if encoding is None:
        return None
    match encoding.strip().lower():
        case b"" | b"identity":
            return None
        case b"gzip" | b"x-gzip":
            return Inflater(gzip=True)
        case b"deflate":
            return Inflater(gzip=False)
        case other:
            name = other.decode("latin-1")[:40]
            raise BadReply(f"the body's content encoding is {name!r}; only gzip, deflate and identity are understood")


def _deflate_window(data: bytes) -> int:
    # RFC 1950: CM is 8 and the first two bytes are a multiple of 31. Raw deflate (RFC 1951) fails this test.
    wrapped = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return _ZLIB if wrapped else _RAW
