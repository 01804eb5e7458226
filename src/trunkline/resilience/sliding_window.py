"""The last calls, at most so many and none older than so long, with their failures and slow ones counted.

Refuses to judge them. O(1) a call.
"""

from collections import deque


class SlidingWindow:
    """Counts over the newest ``size`` calls of the last ``seconds``; a call at t is gone at t + seconds exactly."""

    __slots__ = ("_calls", "_newest", "_seconds", "_size", "failures", "slow")

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._calls: deque[tuple[float, bool, bool]] = deque()
        self._newest = float("-inf")
        self.failures = 0
        self.slow = 0

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """One more call. A clock that goes backwards stands still here."""
        if now < self._newest:  # noqa: PLR1730 - max() would cost a tenth of a whole breaker's call
            now = self._newest
        self._newest = now
        calls = self._calls
        calls.append((now, failed, slow))
        if failed:
            self.failures += 1
        if slow:
            self.slow += 1
        if len(calls) > self._size:
            self._drop()
        if now - calls[0][0] >= self._seconds:
            self.expire(now)

    def expire(self, now: float) -> None:
        """Forget what is too old."""
        self._newest = max(self._newest, now)
        calls = self._calls
        while calls and self._newest - calls[0][0] >= self._seconds:
            self._drop()

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        self.failures = self.slow = 0

    def rates(self) -> tuple[float, float] | None:
        """Shares of failed and of slow calls, 0 to 1; None without calls."""
        count = len(self._calls)
        return (self.failures / count, self.slow / count) if count else None

    def _drop(self) -> None:
        _, failed, slow = self._calls.popleft()
        if failed:
            self.failures -= 1
        if slow:
            self.slow -= 1

    def __len__(self) -> int:
        return len(self._calls)

    def __repr__(self) -> str:
        return f"<SlidingWindow {len(self)} calls | {self.failures} failed | {self.slow} slow>"
