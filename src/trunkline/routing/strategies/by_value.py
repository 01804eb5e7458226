"""Strategies that weigh predicted quality against predicted cost: three points on one curve.

Refuses to know where predictions come from.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.routing.candidates import Candidate
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, best_quality, certain, cost_of, dollars

Share = Annotated[float, Meta(ge=0, le=1)]
SOFT = frozenset({"prior", "benchmark", "price", "config", "guess"})  # what quality rests on before anything was scored
YIELDING = 0.3  # share of a quality floor that gives way when a budget is all but spent
DEARER = 2.0  # times a cost's weight is raised by then
CAUTION = 1.64  # deviations below the mean that a floor is held against: one-sided 95 %


class CostOptimized(Struct, frozen=True, forbid_unknown_fields=True, tag="cost_optimized", tag_field="kind"):
    """The cheapest that is good enough."""

    floor: Annotated[
        Share,
        Meta(
            description="Least predicted quality, as a share of the best candidate's. "
            "Raise it where a worse answer costs more than the call."
        ),
    ] = 0.95

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """Those above the floor by cost; below it by quality, as they are only asked if all others fail."""
        least = self.floor * (1 - YIELDING * asked.pressure) * best_quality(candidates)
        return certain(cheapest_above(candidates, least))


class QualityFirst(Struct, frozen=True, forbid_unknown_fields=True, tag="quality_first", tag_field="kind"):
    """The best predicted answer; cost decides between equals."""

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """By quality; among equals by cost, then in the route's order."""
        order = sorted(candidates, key=lambda one: (-one.quality.mean, cost_of(one), one.place))
        return certain((one, one.quality.mean) for one in order)


class Balanced(Struct, frozen=True, forbid_unknown_fields=True, tag="balanced", tag_field="kind"):
    """Quality per cost; once there is evidence, the cheapest that surely holds a quality floor."""

    weight: Annotated[
        float,
        Meta(ge=0, le=3, description="How much cost counts while there is no evidence: quality / cost^weight."),
    ] = 0.3
    floor: Annotated[
        Share | None,
        Meta(
            description="Share of the best candidate's quality to hold with 95 % certainty, once every candidate has "
            "been scored. Left out: always quality / cost^weight."
        ),
    ] = None

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """By quality / cost^weight; with evidence by cost above the floor, or at a fitted policy's price of quality."""
        if self.floor is not None and all(one.quality.source not in SOFT for one in candidates):
            return certain(surely_above(candidates, self.floor * (1 - YIELDING * asked.pressure)))
        if asked.price is not None:
            return certain(after_price(candidates, asked.price * (1 + DEARER * asked.pressure)))
        weight = self.weight * (1 + DEARER * asked.pressure)
        scored = [(one, one.quality.mean / dollars(one) ** weight) for one in candidates]
        return certain(sorted(scored, key=lambda pair: (-pair[1], cost_of(pair[0]), pair[0].place)))


def cheapest_above(candidates: Sequence[Candidate], least: float) -> list[tuple[Candidate, float]]:
    """Who has at least this expected quality by cost, the others after them by quality; the score is dollars saved."""
    ranked = sorted(
        candidates,
        key=lambda one: (
            one.quality.mean < least,
            cost_of(one) if one.quality.mean >= least else -one.quality.mean,
            -one.quality.mean,
            cost_of(one),
            one.place,
        ),
    )
    return [(one, -dollars(one)) for one in ranked]


def after_price(candidates: Sequence[Candidate], price: float) -> list[tuple[Candidate, float]]:
    """By quality less what it costs, at this much quality a dollar."""
    scored = [(one, one.quality.mean - price * dollars(one)) for one in candidates]
    return sorted(scored, key=lambda pair: (-pair[1], cost_of(pair[0]), pair[0].place))


def surely_above(candidates: Sequence[Candidate], floor: float) -> list[tuple[Candidate, float]]:
    """As above, on the lower bounds; who cannot show the floor gives way to the best, which needs to show nothing."""
    best = max(candidates, key=lambda one: (one.quality.mean, -cost_of(one)))
    least = floor * best.quality.mean

    def holds(one: Candidate) -> bool:
        return one is best or one.quality.mean - CAUTION * one.quality.sd >= least

    ranked = sorted(
        candidates,
        key=lambda one: (
            not holds(one),
            cost_of(one) if holds(one) else -one.quality.mean,
            -one.quality.mean,
            cost_of(one),
            one.place,
        ),
    )
    return [(one, -dollars(one)) for one in ranked]
