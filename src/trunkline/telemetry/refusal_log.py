"""One JSON line for every request that was refused before a call began: who tries keys, paths and sizes, and how often.

Refuses to fill a disk for a stranger: in each second so many are written, the rest are counted.
"""

import time
from collections.abc import Callable

import msgspec

from trunkline.telemetry.ended_call import rfc3339
from trunkline.telemetry.refusals import LONGEST_PATH, Refused

MOST_A_SECOND = 100  # lines; a guesser of keys sends thousands, and all look alike

_encode = msgspec.json.Encoder().encode


class RefusalLog:
    """A listener that hands lines to ``put``; ``dropped`` are those beyond the limit."""

    __slots__ = ("_put", "_second", "_wall", "_written", "dropped")

    def __init__(self, put: Callable[[bytes], object], wall: Callable[[], float] = time.time) -> None:
        self._put = put
        self._wall = wall
        self._second = self._written = 0
        self.dropped = 0

    def __call__(self, refused: Refused) -> None:
        """Write one line, or count that it was not written."""
        now = self._wall()
        if int(now) != self._second:
            self._second, self._written = int(now), 0
        self._written += 1
        if self._written > MOST_A_SECOND:
            self.dropped += 1
            return
        self._put(_encode(_line(refused, now)) + b"\n")


def _line(refused: Refused, now: float) -> dict[str, object]:
    return {
        "at": rfc3339(now),
        "id": refused.id,
        "outcome": "refused",
        "status": refused.status,
        "error": refused.kind,
        "method": refused.method,
        "path": refused.path and refused.path[:LONGEST_PATH],
        "from": refused.peer,
    }
