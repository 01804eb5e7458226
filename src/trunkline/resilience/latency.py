"""How long a target takes to its first content: quantiles of the newest calls.

Refuses to guess: a target without samples has no latency, least of all zero.
"""

from math import ceil

from trunkline.core.outcome import Outcome

NEWEST = 128  # samples; p95 then stands on six values above it
ENOUGH = 20  # samples for a p95 to stand on one value at least


class Latency:
    """A gate that is always open and listens."""

    __slots__ = ("_next", "_samples", "_sorted")

    def __init__(self) -> None:
        self._samples: list[float] = []
        self._sorted: list[float] | None = None
        self._next = 0

    def add(self, seconds: float) -> None:
        """One more sample; the oldest gives way."""
        if len(self._samples) < NEWEST:
            self._samples.append(seconds)
        else:
            self._samples[self._next] = seconds
        self._next = (self._next + 1) % NEWEST
        self._sorted = None

    def quantile(self, share: float) -> float | None:
        """Seconds that ``share`` (0 to 1) of the newest calls took at most; None without samples."""
        if not self._samples:
            return None
        if self._sorted is None:
            self._sorted = sorted(self._samples)
        return self._sorted[max(0, ceil(share * len(self._sorted)) - 1)]

    @property
    def p50(self) -> float | None:
        """The median of first content; None without samples."""
        return self.quantile(0.5)

    @property
    def p95(self) -> float | None:
        """The 95th percentile; None below 20 samples, where it would be the slowest call and no more."""
        return self.quantile(0.95) if len(self._samples) >= ENOUGH else None

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """Always ``now``."""
        return now

    def enter(self, now: float, *, panic: bool = False) -> int:
        """Everybody."""
        return 0

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """Remember the time to its first content, if there was any."""
        if outcome.first_content is not None:
            self.add(outcome.first_content)

    def __len__(self) -> int:
        return len(self._samples)

    def __repr__(self) -> str:
        shown = "no samples" if self.p50 is None else f"p50 {self.p50 * 1000:.0f} ms of {len(self)}"
        return f"<Latency [{shown}]>"
