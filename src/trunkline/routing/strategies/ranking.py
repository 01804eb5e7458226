"""What a strategy is: candidates go in, an order comes out, with the score and the chance of each.

Refuses to know any strategy in particular. A strategy is its own config, and a pure function of what it is shown.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.routing.candidates import Candidate
from trunkline.routing.complexity import Complexity

Rng = Callable[[], float]

LEAST_COST = 1_000  # nano-dollars that a call counts at least: one's own machine is cheap, yet never infinitely better
UNKNOWN_COST: Nanos = 10**18  # a billion dollars: whoever's price is unknown comes last where price decides


class Ranked(Struct, frozen=True):
    """One place of the order; ``propensity`` is the chance it had of standing first."""

    candidate: Candidate
    score: float
    propensity: float = 0.0


class Circumstances(Struct, frozen=True):
    """What else a strategy may heed.

    ``priority``  this call is not to be experimented with.
    ``price``     quality that one dollar must buy, where a fitted policy has found that out.
    ``pressure``  0 to 1: how near the caller's budget is to its end, by the forecast of its spend.
    """

    complexity: Complexity
    priority: bool = False
    pressure: float = 0.0
    price: float | None = None


class Strategy(Protocol):
    """Orders candidates, the first choice first. Never empty in, never empty out, nobody added or lost."""

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """The order; every draw comes from ``rng``, and the propensities sum to one."""
        ...


def certain(order: Iterable[tuple[Candidate, float]]) -> list[Ranked]:
    """An order that could not have been another one."""
    return [Ranked(candidate, score, 0.0 if place else 1.0) for place, (candidate, score) in enumerate(order)]


def cost_of(candidate: Candidate) -> Nanos:
    """Its cost for comparing."""
    return UNKNOWN_COST if candidate.cost is None else max(LEAST_COST, candidate.cost)


def dollars(candidate: Candidate) -> float:
    """Its cost for weighing; only ever compared with other estimates, so a float is exact enough."""
    return cost_of(candidate) / 1e9


def best_quality(candidates: Sequence[Candidate]) -> float:
    """The highest expected quality of all."""
    return max(candidate.quality.mean for candidate in candidates)
