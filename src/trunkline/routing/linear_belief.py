"""What quality to expect of one model for one prompt: Bayesian linear regression on the prompt's features, kept online.

Refuses to choose between models. Evidence is the normal equations, which add up and fade, so it is stored and merged as
any other evidence is; its inverse is kept up to date by rank-one steps (Sherman and Morrison, 1950), about 60
microseconds a score with 16 features, and made anew when enough has faded.
"""

from collections.abc import Sequence
from math import isfinite, sqrt
from operator import mul
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.stores.records import HOUR, Millis
from trunkline.stores.scores import Evidence

Vector = Sequence[float]
Rows = list[list[float]]
NOISE = 0.2  # variance of one score around what its features say; a fair coin's would be 0.25
FADED = 0.02  # share of the evidence that may fade before the inverse is made anew
LONGEST = 100.0  # what one feature may measure: a single outlier must not outweigh everything


class LinearPrior(Struct, frozen=True):
    """Where a model begins: ``weights`` of the features with the constant first, e.g. of an offline fit, and their sd.

    ``weights`` may be shorter than the features: the rest is 0. ``constant_sd`` is the prior's doubt of the model's
    general quality, ``slope_sd`` of how much it depends on each feature.
    """

    weights: tuple[float, ...] = (0.5,)
    constant_sd: Annotated[float, Meta(gt=0)] = 0.25
    slope_sd: Annotated[float, Meta(gt=0)] = 0.15


class LinearBelief:
    """One model's regression; ``features`` without the constant, ``half_life`` in milliseconds."""

    __slots__ = ("_at", "_covariance", "_fresh", "_precision", "_prior", "_solved", "_sums", "_weights", "half_life")

    def __init__(self, features: int, prior: LinearPrior, half_life: Millis = 336 * HOUR) -> None:
        size = features + 1
        weights = [*prior.weights, *([0.0] * size)][:size]
        self._precision = [NOISE / prior.constant_sd**2, *([NOISE / prior.slope_sd**2] * features)]
        self._prior = list(map(mul, self._precision, weights))
        self._sums = [0.0] * _length(size)
        self._fresh: list[float] | None = None
        self._at: Millis = 0
        self._solved: Millis = 0
        self.half_life = half_life
        self._covariance: Rows = []
        self._weights: list[float] = []
        self._solve()

    @property
    def size(self) -> int:
        """How many features, the constant among them."""
        return len(self._prior)

    @property
    def scored(self) -> float:
        """The weight of the scores behind it."""
        return self._sums[self.size]

    def predict(self, features: Vector) -> tuple[float, float]:
        """The quality to expect and the sd of that expectation; not cut to 0..1, so that it stays linear."""
        x = self._row(features)
        spread = [sum(map(mul, row, x)) for row in self._covariance]
        return sum(map(mul, self._weights, x)), sqrt(max(NOISE * sum(map(mul, spread, x)), 0.0))

    def expect(self, features: Vector) -> float:
        """The mean alone, for a fraction of the time."""
        return float(sum(map(mul, self._weights, self._row(features))))

    def learn(self, features: Vector, score: float, weight: float, now: Millis) -> None:
        """Take one score, 0 to 1. Raises ValueError for what is none."""
        if not 0 <= score <= 1 or not 0 <= weight <= LONGEST:
            raise ValueError(f"a score is between 0 and 1 and its weight between 0 and {LONGEST:g}: {score}, {weight}")
        x = self._row(features)
        more = _sums_of(x, score, weight)
        self._fade(now)
        self._sums = [a + b for a, b in zip(self._sums, more, strict=True)]
        self._fresh = more if self._fresh is None else [a + b for a, b in zip(self._fresh, more, strict=True)]
        self._step(x, score, weight)
        if self._at - self._solved > FADED * self.half_life:
            self._solve()

    def weaken(self, left: float, now: Millis) -> None:
        """Believe only ``left`` (0 to 1) of what was learned: the model is not what it was."""
        self._fade(now)
        taken = [(left - 1) * value for value in self._sums]
        self._sums = [left * value for value in self._sums]
        self._fresh = taken if self._fresh is None else [a + b for a, b in zip(self._fresh, taken, strict=True)]
        self._solve()

    def fresh(self, name: str) -> Evidence | None:
        """What was learned since this was last asked; None when nothing was."""
        found, self._fresh = self._fresh, None
        return None if found is None else Evidence(name, self._at, tuple(found))

    def put_back(self, piece: Evidence) -> None:
        """What ``fresh`` gave could not be stored: it is fresh still."""
        if self._fresh is not None:
            piece = piece.plus(Evidence(piece.name, self._at, tuple(self._fresh)), self.half_life)
        self._fresh = list(piece.faded(self._at, self.half_life).sums)

    def replace(self, stored: Evidence) -> None:
        """Take what all processes have stored, and what this one has not stored yet."""
        if len(stored.sums) != len(self._sums) or not all(map(isfinite, stored.sums)):
            return  # of other features, or broken
        known = stored
        if self._fresh is not None:
            known = stored.plus(Evidence(stored.name, self._at, tuple(self._fresh)), self.half_life)
        self._sums, self._at = list(known.sums), known.at
        self._solve()

    def _row(self, features: Vector) -> list[float]:
        if len(features) != self.size - 1:
            raise ValueError(f"this belief has {self.size - 1} features, not {len(features)}")
        return [1.0, *(min(max(value, -LONGEST), LONGEST) for value in features)]

    def _fade(self, now: Millis) -> None:
        if now > self._at:
            left = 0.5 ** ((now - self._at) / self.half_life) if self._at else 1.0
            self._sums = [left * value for value in self._sums]
            if self._fresh is not None:
                self._fresh = [left * value for value in self._fresh]
            self._solved = self._solved or now
            self._at = now

    def _step(self, x: list[float], score: float, weight: float) -> None:
        """Sherman-Morrison: the inverse after one more row, without inverting."""
        spread = [sum(map(mul, row, x)) for row in self._covariance]
        scale = weight / (1 + weight * sum(map(mul, spread, x)))
        surprise = score - sum(map(mul, self._weights, x))
        for row, first in zip(self._covariance, spread, strict=True):
            factor = scale * first
            row[:] = [value - factor * second for value, second in zip(row, spread, strict=True)]
        self._weights = [value + scale * surprise * step for value, step in zip(self._weights, spread, strict=True)]

    def _solve(self) -> None:
        """The inverse and the weights from the evidence: exact, and free of what rounding has gathered."""
        size = self.size
        precision, right = _unpacked(self._sums, size)
        for place, value in enumerate(self._precision):
            precision[place][place] += value
        inverse = _inverse(precision)
        if inverse is None:  # two processes weakened the same evidence at once: nothing sound is left of it
            self._sums = [0.0] * len(self._sums)
            self._solve()
            return
        self._covariance = inverse
        total = [a + b for a, b in zip(right, self._prior, strict=True)]
        self._weights = [sum(map(mul, row, total)) for row in self._covariance]
        self._solved = self._at

    def __repr__(self) -> str:
        return f"<LinearBelief [{self.size} weights | {self.scored:.1f} scores]>"


def _length(size: int) -> int:
    return size + size * (size + 1) // 2


def _sums_of(x: list[float], score: float, weight: float) -> list[float]:
    """One row's part of the normal equations: x times score, then the upper triangle of x times x."""
    packed = [weight * score * value for value in x]
    for place, value in enumerate(x):
        scaled = weight * value
        packed += [scaled * other for other in x[place:]]
    return packed


def _unpacked(sums: list[float], size: int) -> tuple[Rows, list[float]]:
    matrix = [[0.0] * size for _ in range(size)]
    rest = iter(sums[size:])
    for row in range(size):
        for column in range(row, size):
            matrix[row][column] = matrix[column][row] = next(rest)
    return matrix, sums[:size]


def _inverse(matrix: Rows) -> Rows | None:
    """Of a symmetric positive matrix, by Gauss and Jordan; None for one that is not positive."""
    size = len(matrix)
    rows = [row[:] for row in matrix]
    for pivot in range(size):
        if rows[pivot][pivot] <= 0:
            return None
        lead = 1 / rows[pivot][pivot]
        rows[pivot][pivot] = 1.0
        chosen = rows[pivot] = [lead * value for value in rows[pivot]]
        for other in range(size):
            if other != pivot and (factor := rows[other][pivot]):
                rows[other][pivot] = 0.0
                rows[other] = [a - factor * b for a, b in zip(rows[other], chosen, strict=True)]
    return rows
