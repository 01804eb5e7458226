"""What another policy would have earned on traffic that was decided with logged propensities, with intervals.

Refuses to know what a reward is (quality, cost, latency: all alike) and to guess where it cannot see: a policy that
goes where the logged one never could has ``support`` below 1, and its estimates are of the rest only.

Sources: Horvitz and Thompson (1952) for IPS; Swaminathan and Joachims (2015) for the self-normalised form; Dudik,
Langford and Li (2011) for the doubly robust one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Logged:
    """What was decided: row i took ``action[i]`` with probability ``propensity[i]`` and earned ``reward[i]``.

    ``policy[i, a]`` is the probability with which the policy in question takes action a there. Raises ValueError for
    what cannot be a log: lengths that differ, propensities outside (0, 1], probabilities that do not add up to 1.
    """

    action: Ints
    propensity: Floats
    reward: Floats
    policy: Floats

    def __post_init__(self) -> None:
        rows = len(self.action)
        if rows < 2 or self.policy.ndim != 2 or {len(self.propensity), len(self.reward), len(self.policy)} != {rows}:
            raise ValueError("action, propensity, reward and policy need the same number of rows, at least two")
        if not (np.isfinite(self.reward).all() and ((self.propensity > 0) & (self.propensity <= 1)).all()):
            raise ValueError("rewards must be finite and propensities above 0 and at most 1")
        if (self.policy < 0).any() or not np.allclose(self.policy.sum(axis=1), 1, atol=1e-6):
            raise ValueError("each row of the policy's probabilities must add up to 1")
        if (self.action < 0).any() or (self.action >= self.policy.shape[1]).any():
            raise ValueError(f"actions are numbered from 0 to {self.policy.shape[1] - 1}")

    @property
    def weight(self) -> Floats:
        """How much more often than the log the policy does what was done; its mean is 1 where the log could see all."""
        taken: Floats = self.policy[np.arange(len(self.action)), self.action]
        return taken / self.propensity


class Estimate(Struct, frozen=True):
    """A value with its 95 % interval, from ``n`` rows that say as much as ``effective`` rows of the policy's own.

    ``support`` near 1: the log could see all that the policy does.
    """

    value: float
    low: float
    high: float
    n: int
    effective: float
    support: float

    def missing(self) -> "Estimate":
        """What is left to one: a share saved of a share spent."""
        return replace(self, value=1 - self.value, low=1 - self.high, high=1 - self.low)

    def __str__(self) -> str:
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"


def ips(logged: Logged, level: float = 0.95) -> Estimate:
    """Inverse propensity: without bias, wide where the policies differ."""
    return _mean(logged, logged.weight * logged.reward, level)


def snips(logged: Logged, level: float = 0.95) -> Estimate:
    """Self-normalised: a little biased, much narrower, and indifferent to adding a constant to every reward."""
    weight = logged.weight
    total = max(float(weight.sum()), 1e-12)
    value = float(weight @ logged.reward) / total
    influence = value + weight * (logged.reward - value) * len(weight) / total  # the delta method
    return _mean(logged, influence, level)


def doubly_robust(logged: Logged, expected: Floats, level: float = 0.95) -> Estimate:
    """Right when the propensities are right or ``expected[i, a]`` (the reward to expect) is, narrow when both are.

    ``expected[i]`` must come from a model that has not seen row i: ``cross_fitted`` makes it so.
    """
    return _mean(logged, values(logged, expected), level)


def values(logged: Logged, expected: Floats) -> Floats:
    """What the policy is worth in each row, doubly robust: their mean is the estimate."""
    rows = np.arange(len(logged.action))
    missed = logged.reward - expected[rows, logged.action]
    worth: Floats = (logged.policy * expected).sum(axis=1) + logged.weight * missed
    return worth


def ratio(one: tuple[Floats, Floats], other: tuple[Floats, Floats], level: float = 0.95) -> Estimate:
    """The share that one policy's worth is of another's on the same rows, each as (values, weights); delta method."""
    (part, weight), (whole, weight_of_whole) = one, other
    share, mean = float(part.mean() / whole.mean()), float(whole.mean())
    rarer = min(weight, weight_of_whole, key=effective)
    return estimate(share + (part - share * whole) / mean, rarer, level)


def difference(logged: Logged, expected: Floats, level: float = 0.95) -> Estimate:
    """What the policy earns more than what was earned: doubly robust, row against row, so that luck cancels."""
    return _mean(logged, values(logged, expected) - logged.reward, level)


def cross_fitted(features: Floats, logged: Logged, *, folds: int = 5, ridge: float = 1.0, seed: int = 0) -> Floats:
    """The reward to expect of every action in every row, by a ridge regression an action that never saw the row."""
    rows, actions = logged.policy.shape
    x = np.column_stack([np.ones(rows), features])
    fold = np.random.default_rng(seed).permutation(rows) % folds
    expected = np.empty((rows, actions))
    for held in range(folds):
        expected[fold == held] = x[fold == held] @ _fitted(x, logged, fold != held, ridge)
    return expected


def _fitted(x: Floats, logged: Logged, seen: NDArray[np.bool_], ridge: float) -> Floats:
    """A column of weights for each action, drawn towards the mean of all actions where an action is rare."""
    overall = float(logged.reward[seen].mean())
    columns = []
    for action in range(logged.policy.shape[1]):
        chosen = seen & (logged.action == action)
        rows = x[chosen]
        moved = np.linalg.solve(rows.T @ rows + ridge * np.eye(x.shape[1]), rows.T @ (logged.reward[chosen] - overall))
        moved[0] += overall
        columns.append(moved)
    return np.column_stack(columns)


def _mean(logged: Logged, worth: Floats, level: float) -> Estimate:
    return estimate(worth, logged.weight, level)


def estimate(worth: Floats, weight: Floats, level: float = 0.95) -> Estimate:
    """The mean and its interval by the central limit theorem, widened for few effective rows by Student's factor."""
    rows, few = len(worth), effective(weight)
    value = float(worth.mean())
    half = _student(level, max(few - 1, 1.0)) * float(worth.std(ddof=1)) / rows**0.5
    return Estimate(value, value - half, value + half, rows, few, support=min(float(weight.mean()), 1.0))


def effective(weight: Floats) -> float:
    """As many rows of equal weight say as much (Kish)."""
    return float(weight.sum() ** 2 / max(float((weight**2).sum()), 1e-12))


def _student(level: float, freedom: float) -> float:
    """Student's quantile by Cornish and Fisher's expansion; a thousandth off from five degrees of freedom on."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    terms: tuple[Callable[[float], float], ...] = (
        lambda z: (z**3 + z) / 4,
        lambda z: (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        lambda z: (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term(z) / freedom**power for power, term in enumerate(terms, 1))
