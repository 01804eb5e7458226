"""Numbers with labels that are cheap to move and bounded in number: counters, gauges and histograms.

Refuses to know what they count, and how they are written down.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

Labels = tuple[str, ...]
Kind = Literal["counter", "gauge", "histogram"]

MOST_SERIES = 64  # label sets of one counter; whatever callers and configs invent, the rest is counted as "other"
OTHER = "other"


class Exemplar(Struct, frozen=True):
    """One observation by name: the id of its trace or request, its value, and when (seconds since 1970)."""

    id: str
    value: float
    at: float


class Counter:
    """Only grows. Whole numbers of the smallest unit; ``digits`` is where the decimal point stands when written.

    So money is counted in nano-dollars and written in dollars, and no float ever touches it.
    """

    __slots__ = ("_most", "digits", "help", "labels", "name", "values")
    kind: Kind = "counter"

    def __init__(self, name: str, about: str, labels: Labels = (), *, digits: int = 0, most: int = MOST_SERIES) -> None:
        self.name = name
        self.help = about
        self.labels = labels
        self.digits = digits
        self.values: dict[Labels, int] = {}
        self._most = most

    def add(self, labels: Labels = (), amount: int = 1) -> None:
        """Count; a label set beyond the limit is counted under ``other``."""
        values = self.values
        known = values.get(labels)
        if known is not None:
            values[labels] = known + amount
        elif len(values) < self._most:
            values[labels] = amount
        else:
            rest = (OTHER,) * len(labels)
            values[rest] = values.get(rest, 0) + amount


Readings = Iterable[tuple[Labels, float]]


class Gauge:
    """Numbers as they are at this moment, asked for only when somebody looks.

    ``kind`` is ``counter`` for one that somebody else counts and that only grows.
    """

    __slots__ = ("help", "kind", "labels", "name", "read")
    kind: Kind

    def __init__(
        self, name: str, about: str, labels: Labels, read: Callable[[], Readings], kind: Kind = "gauge"
    ) -> None:
        self.name = name
        self.help = about
        self.labels = labels
        self.read = read
        self.kind = kind


class Tally:
    """One label set of a histogram: how many in each bucket, their sum, and the newest exemplar of each bucket."""

    __slots__ = ("counts", "exemplars", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.exemplars: list[Exemplar | None] = [None] * buckets
        self.sum = 0.0


class Histogram:
    """How numbers are spread over buckets with fixed upper bounds; the last bucket has none."""

    __slots__ = ("_most", "bounds", "help", "labels", "name", "tallies")
    kind: Kind = "histogram"

    def __init__(
        self, name: str, about: str, labels: Labels, bounds: tuple[float, ...], *, most: int = MOST_SERIES
    ) -> None:
        self.name = name
        self.help = about
        self.labels = labels
        self.bounds = bounds
        self.tallies: dict[Labels, Tally] = {}
        self._most = most

    def observe(self, labels: Labels, value: float, exemplar: str | None = None) -> None:
        """Count one value; NaN is no value. ``exemplar`` names where it came from."""
        if math.isnan(value):
            return
        tally = self.tallies.get(labels) or self._tally(labels)
        place = bisect_left(self.bounds, value)
        tally.counts[place] += 1
        tally.sum += value
        if exemplar is not None:
            tally.exemplars[place] = Exemplar(exemplar, value, time.time())

    def _tally(self, labels: Labels) -> Tally:
        if len(self.tallies) >= self._most:
            labels = (OTHER,) * len(labels)
        return self.tallies.setdefault(labels, Tally(len(self.bounds) + 1))


Series = Counter | Gauge | Histogram
