"""The strategy that looks at answers: two cheap models of different makers first, the best only where they disagree.

Refuses to ask and to compare: it says whom to ask, ``cascade`` does it.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.routing.candidates import Candidate
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, certain, cost_of


class Cascade(Struct, frozen=True, forbid_unknown_fields=True, tag="cascade", tag_field="kind"):
    """Probes in parallel; accepted when they agree, else the best is asked."""

    probes: Annotated[
        int, Meta(ge=2, le=4, description="Cheap models asked side by side. More agree less often, and cost more.")
    ] = 2
    at_once: Annotated[
        int,
        Meta(
            ge=1,
            le=4,
            description="With a fitted policy: how many of its probes are asked side by side at first; later ones come "
            "one by one. 1 pays for no answer that is not needed, and waits a round longer.",
        ),
    ] = 2
    worthwhile: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Most that all probes may cost, as a share of the best one's call; beyond it the best is asked "
            "at once.",
        ),
    ] = 0.5
    similarity: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Free texts count as agreeing from this similarity on. Numbers, JSON and tool calls must be "
            "equal.",
        ),
    ] = 0.8
    wait: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            extra_json_schema={"x-unit": "seconds"},
            description="A probe that has not answered by then counts as disagreeing.",
        ),
    ] = 20.0

    def rank(self, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
        """By quality, the best first: the order in which they are asked once the probes disagree."""
        order = sorted(candidates, key=lambda one: (-one.quality.mean, cost_of(one), one.place))
        return certain((one, one.quality.mean) for one in order)

    def probing(self, ranked: Sequence[Ranked]) -> tuple[Candidate, ...]:
        """Whom to ask first, the best of them last; nobody where that would not pay, or there are too few."""
        best, rest = ranked[0].candidate, [one.candidate for one in ranked[1:]]
        cheapest = sorted(rest, key=lambda one: (cost_of(one), -one.quality.mean, one.place))
        chosen = _of_different_providers(cheapest, self.probes)
        if len(chosen) < self.probes or sum(map(cost_of, chosen)) > self.worthwhile * cost_of(best):
            return ()
        return tuple(sorted(chosen, key=lambda one: (one.quality.mean, one.place)))


def _of_different_providers(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """The first of each provider; models of one maker err alike, so a second one comes only when providers run out."""
    firsts: dict[str, Candidate] = {}
    for one in candidates:
        firsts.setdefault(one.target.provider, one)
    others = [one for one in candidates if firsts[one.target.provider] is not one]
    return [*firsts.values(), *others][:most]
