"""The strategy that learns: usually what looks best, now and then somebody else, with the exact chance of each.

Refuses to keep what was learned: the beliefs come with the candidates, from scores of judges, validators and users.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.routing.candidates import Candidate
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, cost_of
from trunkline.routing.thompson import NONE, Exploration, choose


class Adaptive(Struct, frozen=True, forbid_unknown_fields=True, tag="adaptive", tag_field="kind"):
    """Thompson sampling over quality less cost, bounded in share, in regret and in cost."""

    weight: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Quality that the dearest candidate's cost is worth: 0.1 gives up ten points for a free call.",
        ),
    ] = 0.1
    exploration: Annotated[Exploration, Meta(description="How much may be spent on learning.")] = Exploration()

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """The drawn one first, the others by what they should be worth. Priority calls are not explored with."""
        worth = self._worth(candidates, asked)
        beliefs = [(value, one.quality.sd) for value, one in zip(worth, candidates, strict=True)]
        costs = [float(cost_of(one)) for one in candidates]
        chosen = choose(beliefs, NONE if asked.priority else self.exploration, rng(), costs)
        order = sorted(range(len(candidates)), key=lambda place: (place != chosen.arm, -worth[place], place))
        return [Ranked(candidates[place], worth[place], chosen.propensities[place]) for place in order]

    def _worth(self, candidates: Sequence[Candidate], asked: Circumstances) -> list[float]:
        known = [one.cost for one in candidates if one.cost is not None]
        dearest = max([1, *known])
        weight = self.weight * (1 + asked.pressure)
        return [one.quality.mean - weight * min(1.0, cost_of(one) / dearest) for one in candidates]
