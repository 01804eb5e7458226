"""Lines on their way to a sink that may be slow, stuck or gone: nobody who writes one ever waits for it.

Refuses to keep more than a bounded number of them; what does not fit is counted and dropped.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

MOST_WAITING = 10_000  # lines; about 4 MB
GATHER = 0.05  # seconds; lines of this long go out in one write, so that a busy house does not wake a thread each time
LAST_CHANCE = 2.0  # seconds that closing waits for the sink


class LineWriter:
    """A queue and one thread that empties it into ``write``, which may raise and may hang."""

    __slots__ = ("_closing", "_some", "_thread", "_waiting", "_write", "dropped")

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._waiting: deque[bytes] = deque()
        self._some = threading.Event()
        self._closing = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._empty, name="trunkline lines", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Have a line written soon; it brings its own line feed."""
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(line)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what waits, as far as the sink takes it in time."""
        self._closing = True
        self._some.set()
        self._thread.join(LAST_CHANCE)

    def _empty(self) -> None:
        while not (self._closing and not self._waiting):
            self._some.wait()
            if not self._closing:
                time.sleep(GATHER)
            self._some.clear()
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                if lines:
                    self._write(b"".join(lines))
            except (OSError, ValueError):  # the sink is gone or closed; it may come back
                self.dropped += len(lines)
