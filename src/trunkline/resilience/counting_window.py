"""Two counts over the last seconds, in ten slots that are forgotten one by one.

Refuses to know what is counted. Memory and time are the same however much that is.
"""

SLOTS = 10


class CountingWindow:
    """``first`` and ``second`` over the newest ten slots; what is older than ``seconds`` is gone, a slot at a time."""

    __slots__ = ("_current", "_firsts", "_seconds", "_width", "first", "second")

    def __init__(self, seconds: float) -> None:
        self._width = seconds / SLOTS
        self._current: int | None = None
        self._firsts = [0] * SLOTS
        self._seconds = [0] * SLOTS
        self.first = 0
        self.second = 0

    def add(self, now: float, first: int = 0, second: int = 0) -> None:
        """Count into the slot of ``now``."""
        place = self.at(now) % SLOTS
        self._firsts[place] += first
        self._seconds[place] += second
        self.first += first
        self.second += second

    def at(self, now: float) -> int:
        """Forget what is too old; the number of the slot now. A clock that goes backwards stands still here."""
        slot = int(now // self._width)
        if slot == self._current:
            return slot
        if self._current is None:
            self._current = slot
        for gone in range(self._current + 1, min(slot, self._current + SLOTS) + 1):
            self._forget(gone % SLOTS)
        self._current = max(slot, self._current)
        return self._current

    def _forget(self, place: int) -> None:
        self.first -= self._firsts[place]
        self.second -= self._seconds[place]
        self._firsts[place] = self._seconds[place] = 0

    def __repr__(self) -> str:
        return f"<CountingWindow {self.first} and {self.second}>"
