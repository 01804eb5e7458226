"""Lines of JSON: bytes, however the network cut them, into frames.

Refuses to know what a line means, and to take a blank one for more than a keep-alive.
"""

from trunkline.core.dialect import Frame
from trunkline.core.errors import ReplyTooLarge

DEFAULT_LIMIT = 4 << 20
"""Bytes of one line, as of one server-sent event."""

BOM = b"\xef\xbb\xbf"


class Lines:
    """Cuts a stream into frames, one a line; the ``raw`` of all frames joined is the stream."""

    __slots__ = ("_first", "_limit", "_pending", "_size")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._pending: list[bytes] = []  # pieces of a line that has not ended
        self._size = 0
        self._first = True

    def feed(self, data: bytes) -> list[Frame]:
        """The lines that these bytes complete. Raises ReplyTooLarge for one over the limit, which none may follow."""
        *ended, rest = data.split(b"\n")
        if not ended:
            self._keep(rest)
            return []
        ended[0] = b"".join([*self._pending, ended[0]])
        self._pending, self._size = [], 0
        frames = [self._frame(line + b"\n") for line in ended]
        self._keep(rest)
        return frames

    def end(self) -> list[Frame]:
        """The stream ended: what no line end had ended, as one last frame, or nothing."""
        rest = b"".join(self._pending)
        self._pending, self._size = [], 0
        return [self._frame(rest)] if rest else []

    def _keep(self, rest: bytes) -> None:
        if rest:
            self._pending.append(rest)
            self._size += len(rest)
        self._check(self._size)

    def _frame(self, raw: bytes) -> Frame:
        self._check(len(raw))
        line = raw.strip()
        if self._first:
            self._first = False
            line = line.removeprefix(BOM)
        return Frame(raw, b"message", line or None)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ReplyTooLarge(f"one line of the provider's stream is longer than {self._limit} bytes")
