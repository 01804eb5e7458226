"""Amazon's binary event stream: bytes, however the network cut them, into frames, each checksum verified.

Refuses to know what the events mean, and to guess where the next frame begins once one is broken.

    total length | headers' length | CRC of these eight bytes | headers | payload | CRC of all before
"""

from struct import Struct
from zlib import crc32

import msgspec

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream, CallError, ReplyTooLarge
from trunkline.dialects.bedrock_converse.event_headers import Value, read_headers

DEFAULT_LIMIT = 4 << 20
"""Bytes of one frame, as for server-sent events; the format itself ends at 24 MiB."""

EXCEPTION = b"exception "
"""How the event of a frame begins that tells an error; the error's name follows."""

_PRELUDE = Struct(">III")
_CRC = Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size
_MOST_HEADER_BYTES = 128 * 1024  # the format's own limit


class EventFrames:
    """Cuts a stream into frames; the ``raw`` of all frames joined is the stream.

    The event of a frame is its ``:event-type``, or EXCEPTION and the error's name; its data is the payload.
    """

    __slots__ = ("_broken", "_limit", "_pending")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._pending = bytearray()
        self._broken: CallError | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete.

        Raises BrokenStream and ReplyTooLarge for one that cannot be read, after handing out the frames before it.
        """
        if self._broken:
            raise self._broken
        self._pending += data
        frames: list[Frame] = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except CallError as error:
            if not frames:
                raise
            self._broken = error
        return frames

    def end(self) -> list[Frame]:
        """The stream ended: nothing is left, or it was cut. Raises BrokenStream."""
        if self._broken:
            raise self._broken
        if self._pending:
            raise BrokenStream("the provider's stream was cut inside a frame")
        return []

    def _next(self) -> Frame | None:
        pending = self._pending
        if len(pending) < _PRELUDE.size:
            return None
        total, headers, checksum = _PRELUDE.unpack_from(pending)
        _verify(crc32(pending[:8]), checksum)
        if total < _LEAST + headers or headers > _MOST_HEADER_BYTES:
            raise BrokenStream(f"a frame of the provider's stream has impossible lengths: {total}, {headers}")
        if total > self._limit:
            raise ReplyTooLarge(f"one event of the provider's stream is longer than {self._limit} bytes")
        if len(pending) < total:
            return None
        raw = bytes(pending[:total])
        del pending[:total]
        return _frame(raw, _PRELUDE.size + headers)


def _verify(found: int, told: int) -> None:
    if found != told:
        raise BrokenStream("a frame of the provider's stream is damaged: its checksum does not fit")


def _frame(raw: bytes, body: int) -> Frame:
    end = len(raw) - _CRC.size
    _verify(crc32(raw[:end]), _CRC.unpack_from(raw, end)[0])
    headers = read_headers(raw[_PRELUDE.size : body])
    match headers.get(":message-type", "event"):
        case "event":
            return Frame(raw, _word(headers, ":event-type"), raw[body:end])
        case "exception":
            return Frame(raw, EXCEPTION + _word(headers, ":exception-type"), raw[body:end])
        case "error":  # an error without a shape: all there is of it stands in the headers
            told = {"message": str(headers.get(":error-message", ""))}
            return Frame(raw, EXCEPTION + _word(headers, ":error-code"), msgspec.json.encode(told))
        case _:
            return Frame(raw, b"", None)


def _word(headers: dict[str, Value], name: str) -> bytes:
    return str(headers.get(name, "")).encode()
