"""Strategies that spread calls: by fixed weights, or towards whoever answers soonest.

Refuses to know quality. Every draw is the caller's ``rng``, so the same seed spreads alike.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.routing.candidates import Candidate
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, cost_of


class Weighted(Struct, frozen=True, forbid_unknown_fields=True, tag="weighted", tag_field="kind"):
    """Shares of the traffic. Sessions stay where they began as long as that target is a candidate."""

    weights: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=1_000_000)]],
        Meta(max_length=32, description="provider/model: its weight. A target that is not named weighs 1."),
    ] = {}

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """Drawn one after the other in proportion to their weights; those of weight 0 stand last."""
        weights = [self.weights.get(str(one.target), 1.0) for one in candidates]
        if not any(weights):
            weights = [1.0] * len(candidates)
        order = _drawn(weights, rng)
        chances = [weight / sum(weights) for weight in weights]
        last = next((place for place, one in enumerate(candidates) if one.sticky), None)
        if last is not None:
            order.sort(key=lambda place: place != last)
            chances = [float(place == last) for place in range(len(candidates))]
        return [Ranked(candidates[place], weights[place], chances[place]) for place in order]


class Fastest(Struct, frozen=True, forbid_unknown_fields=True, tag="latency", tag_field="kind"):
    """Whoever begins to answer soonest, as measured here."""

    explore: Annotated[
        float,
        Meta(
            ge=0,
            le=0.5,
            description="Share of calls that try somebody else first, so that yesterday's slow ones are seen again.",
        ),
    ] = 0.02

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """By the median time to first content; who has no samples counts as the median of the others."""
        known = [one.latency for one in candidates if one.latency is not None]
        usual = sorted(known)[len(known) // 2] if known else 0.0
        order = sorted(candidates, key=lambda one: (_seconds(one, usual), cost_of(one), one.place))
        others = len(order) - 1
        share = self.explore if others else 0.0
        chances = {id(one): share / others if place else 1.0 - share for place, one in enumerate(order)}
        if share and (draw := rng()) < share:
            order.insert(0, order.pop(1 + int(draw / share * others)))
        return [Ranked(one, -_seconds(one, usual), chances[id(one)]) for one in order]


def _seconds(candidate: Candidate, usual: float) -> float:
    return usual if candidate.latency is None else candidate.latency


def _drawn(weights: Sequence[float], rng: Rng) -> list[int]:
    """Places in the order of a draw without replacement; zeros last, as they stood."""
    left = [place for place, weight in enumerate(weights) if weight > 0]
    order: list[int] = []
    while left:
        mark = rng() * sum(weights[place] for place in left)
        chosen = left[-1]  # where rounding leaves the mark beyond the last one
        for place in left:
            mark -= weights[place]
            if mark < 0:
                chosen = place
                break
        left.remove(chosen)
        order.append(chosen)
    return [*order, *(place for place, weight in enumerate(weights) if weight <= 0)]
