"""Has the model behind a name changed? Watches the scores of sampled answers for a lasting fall, cluster by cluster.

Refuses to compare weeks: a sum of small disappointments (Page's CUSUM, 1954) rings as soon as they cannot be chance,
and the sum's limit is computed from the asked-for rate of false alarms (Siegmund's approximation, 1985), not by trying.
"""

from collections import deque
from math import exp, expm1, log, sqrt
from typing import Annotated

from msgspec import Meta, Struct

OVERSHOOT = 1.166  # standard deviations by which a walk of normal steps passes a line, on average, both ends together
FLATTEST = 0.05  # sd below which scores are taken to spread: the first hundred may be equal by luck
EDGE = 0.02  # means are taken to be at least so far from 0 and 1
DELAY = 200  # scores
MOST_REFERENCE = 5_000
# Measured with graded and with 0/1 scores: after a short reference the approximation rings up to four times for each
# three it says, after a long one twice for each three.
SAFETY, SAFETY_LONG, SHORT = 0.7, 1.2, 300
POOLED = 20.0  # scores that the whole model's mean weighs in a cluster's mean


class DriftSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as a change, and how sure an alarm must be."""

    drop: Annotated[
        float, Meta(gt=0, le=1, description="Fall of the mean score that must be found: 0.1 is ten points.")
    ] = 0.1
    reference: Annotated[
        int, Meta(ge=30, le=100_000, description="Scored answers that say what is usual, before anything is watched.")
    ] = 300
    horizon: Annotated[
        int, Meta(ge=50, le=1_000_000, description="Scored answers within which false alarms are counted.")
    ] = 500
    false_alarms: Annotated[
        float, Meta(gt=0, lt=0.5, description="Probability of an alarm within the horizon when nothing has changed.")
    ] = 0.05
    left: Annotated[
        float,
        Meta(ge=0, le=1, description="Part of what was learned of the model that is still believed after an alarm."),
    ] = 0.1


class Alarm(Struct, frozen=True):
    """The mean was ``before`` and has been ``after`` for about the last ``answers`` scored answers."""

    before: float
    after: float
    answers: int

    def __str__(self) -> str:
        fell = f"the mean score fell from {self.before:.2f} to {self.after:.2f}"
        return f"{fell} over the last {self.answers} scored answers"


class _Reference:
    """What is usual: the mean of each cluster, drawn to the model's, and how far single scores lie from it."""

    __slots__ = ("_clusters", "_squares", "_sum", "count")

    def __init__(self) -> None:
        self.count = 0
        self._sum = self._squares = 0.0
        self._clusters: dict[str, tuple[float, int]] = {}

    @property
    def mean(self) -> float:
        return self._sum / max(self.count, 1)

    @property
    def sd(self) -> float:
        return max(sqrt(self._squares / max(self.count - 1, 1)), FLATTEST)

    def add(self, score: float, cluster: str) -> None:
        self._squares += (score - self.usual(cluster)) ** 2 if self.count else 0.0
        total, count = self._clusters.get(cluster, (0.0, 0))
        self._clusters[cluster] = (total + score, count + 1)
        self.count += 1
        self._sum += score

    def usual(self, cluster: str) -> float:
        total, count = self._clusters.get(cluster, (0.0, 0))
        return (total + POOLED * self.mean) / (count + POOLED)


class Drift:
    """One model's watch. Fed with every score in the order of the answers; after an alarm it learns anew what is usual.

    The reference grows with what was seen more than ``DELAY`` answers ago, so that a new fall is not yet in it.
    """

    __slots__ = ("_delayed", "_fall", "_limit", "_recent", "_recent_sum", "_reference", "_settings", "_solved")

    def __init__(self, settings: DriftSettings) -> None:
        self._settings = settings
        self._begin()

    def _begin(self) -> None:
        self._reference = _Reference()
        self._delayed: deque[tuple[float, str]] = deque()
        self._limit, self._solved = 0.0, 0
        self._settle()

    def _settle(self) -> None:
        self._fall, self._recent, self._recent_sum = 0.0, 0, 0.0

    @property
    def watching(self) -> bool:
        """False while what is usual is still being learned."""
        return self._reference.count >= self._settings.reference

    def add(self, score: float, cluster: str = "") -> Alarm | None:
        """Take one score, 0 to 1; an alarm when the mean has fallen."""
        if not self.watching:
            self._reference.add(score, cluster)
            return None
        if self._reference.count >= 1.25 * self._solved:
            self._solved = self._reference.count
            self._limit = limit(self._settings, self._reference.sd, self._solved)
        self._fall += self._step(score, self._reference.usual(cluster))
        self._recent += 1
        self._recent_sum += score
        if self._fall <= 0:
            self._settle()
        elif self._fall > self._limit:
            alarm = Alarm(self._reference.mean, self._recent_sum / self._recent, self._recent)
            self._begin()
            return alarm
        self._delay(score, cluster)
        return None

    def _step(self, score: float, usual: float) -> float:
        """How much likelier the score is after the fall than before: a coin's odds, in the scale of real spread.

        For scores of 0 and 1 exact, so that their skew cannot ring; for graded ones a quasi-likelihood.
        """
        before = min(max(usual, EDGE + self._settings.drop), 1 - EDGE)
        after = before - self._settings.drop
        odds = score * log(after / before) + (1 - score) * log((1 - after) / (1 - before))
        return odds * before * (1 - before) / self._reference.sd**2

    def _delay(self, score: float, cluster: str) -> None:
        self._delayed.append((score, cluster))
        if len(self._delayed) > DELAY and self._reference.count < MOST_REFERENCE:
            self._reference.add(*self._delayed.popleft())
        elif len(self._delayed) > DELAY:
            self._delayed.popleft()

    def __repr__(self) -> str:
        state = f"{self._fall:.1f} of {self._limit:.1f}" if self.watching else f"{self._reference.count} scores so far"
        return f"<Drift [{state}]>"


def limit(settings: DriftSettings, sd: float, reference: int) -> float:
    """The log odds at which the watch rings: by halving, for the asked-for false alarms."""
    low, high = 0.0, 500.0
    safety = SAFETY_LONG - (SAFETY_LONG - SAFETY) * min(1.0, SHORT / reference)
    asked = safety * settings.false_alarms
    while high - low > 0.01:
        middle = (low + high) / 2
        if _false_alarms(middle, settings, sd, reference) > asked:
            low = middle
        else:
            high = middle
    return high * settings.drop / sd


def _false_alarms(height: float, settings: DriftSettings, sd: float, reference: int) -> float:
    """Probability within the horizon, over how wrong the reference's mean may be: nine points of a normal spread."""
    allowance, error = settings.drop / sd / 2, 1 / sqrt(reference)
    points = [(place - 4) / 2 for place in range(9)]
    weights = [exp(-point * point / 2) for point in points]
    rings = [-expm1(-settings.horizon / _mean_time(height, allowance - error * point)) for point in points]
    return sum(weight * ring for weight, ring in zip(weights, rings, strict=True)) / sum(weights)


def _mean_time(height: float, allowance: float) -> float:
    """Scores until a false alarm, on average, when each step's mean is ``allowance`` sd below zero (or above)."""
    reach = height + OVERSHOOT
    climb = 2 * allowance * reach
    if abs(climb) < 1e-3:
        return reach**2
    return (exp(min(climb, 700.0)) - 1 - climb) / (2 * allowance**2)
