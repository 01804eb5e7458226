"""Makes a route's decision for one call: who can, at what price and quality, in which order.

Refuses to ask anybody. The same call, seed and state of the targets give the same decision.
"""

import random
from collections.abc import Callable, Sequence

from msgspec import Struct

from trunkline.core.call import Call, Caller
from trunkline.core.errors import Forbidden, InvalidRequest, Unsupported
from trunkline.core.exchange import Target
from trunkline.core.nearest import hint
from trunkline.providers.endpoint import Endpoint
from trunkline.routing import complexity as complexities
from trunkline.routing.affinity import Affinity, Seen, session_of
from trunkline.routing.candidates import Candidate, Excluded, Needs, Profile, expected_cost, sorted_out
from trunkline.routing.complexity import Complexity
from trunkline.routing.decision import Decision
from trunkline.routing.fitted import Fitted, Opinion
from trunkline.routing.prediction import FromPriors, Predictor
from trunkline.routing.strategies import BY_NAME, Cascade, Ordered, Strategy, kind_of
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, certain

PRIORITY = frozenset({"priority", "fast"})  # service tiers whose callers pay for the best, not for our learning
NO_SESSIONS = Affinity(lambda: 0.0)
OF_PRIORS = FromPriors()


class Arrangement(Struct, frozen=True):
    """A decision, and the endpoints it stands for: ``order`` for the loop of attempts, ``probes`` to ask before."""

    decision: Decision
    order: tuple[Endpoint, ...]
    probes: tuple[Endpoint, ...] = ()
    strategy: Strategy = Ordered()
    opinion: Opinion | None = None


class Chooser:
    """One route's: its strategy, what is known of its targets, and which other strategies callers may ask for."""

    __slots__ = ("_affinity", "_fitted", "_name", "_predictor", "_pressure", "_profiles", "allowed", "strategy")

    def __init__(
        self,
        name: str,
        profiles: Sequence[Profile],
        strategy: Strategy,
        *,
        allowed: Sequence[str] = (),
        predictor: Predictor = OF_PRIORS,
        affinity: Affinity = NO_SESSIONS,
        pressure: Callable[[Caller], float] = lambda _: 0.0,
        fitted: Fitted | None = None,
    ) -> None:
        self.strategy = strategy
        self.allowed = tuple(allowed)
        self._name = name
        self._profiles = tuple(profiles)
        self._predictor = predictor
        self._affinity = affinity
        self._pressure = pressure
        self._fitted = fitted

    def wanted(self, call: Call) -> bool:
        """True when there is anything to decide; an ordered route has nothing, and pays nothing."""
        demands = call.strategy is not None or call.requires or call.caller.requires
        return bool(demands) or not isinstance(self.strategy, Ordered)

    def decide(self, call: Call, now: float, seed: int) -> Arrangement:
        """The decision for a call at ``now``. Raises InvalidRequest for a strategy it may not ask for, Unsupported or
        Forbidden where no target has what it needs.
        """
        strategy = self._strategy(call)
        complexity = complexities.of(call.request)
        needs = Needs.of(complexity, streaming=call.envelope.stream, tags=(*call.caller.requires, *call.requires))
        permitted, barred = self._permitted(call.caller)
        ready, waiting, excluded = sorted_out(permitted, needs, now)
        if not ready and not waiting:
            raise self._nobody(call, (*barred, *excluded))
        session = session_of(call, call.request)
        opinion = None if self._fitted is None else self._fitted.opinion(complexity, call.request)
        made = self._candidates(permitted, call, complexity, opinion, self._affinity.last(session))
        asked = self._circumstances(call, complexity, opinion)
        rng = random.Random(seed).random  # noqa: S311 - a seeded draw that can be repeated is the point
        ranked = _ranked(strategy, [made[place] for place in ready or waiting], asked, rng)
        heard = opinion if opinion is not None and opinion.compares else None
        if heard is not None and isinstance(strategy, Cascade):
            ranked = certain(sorted(_scored(ranked), key=lambda pair: pair[0].target != heard.best))
        later = _ranked(strategy, [made[place] for place in waiting], asked, rng) if ready and waiting else []
        probes = _probes(strategy, ranked, heard)
        decision = Decision(
            route=self._name,
            strategy=kind_of(strategy),
            seed=seed,
            complexity=complexity,
            ranked=tuple(ranked),
            excluded=(*barred, *(one for one in excluded if ready or not one.waits)),
            probes=probes,
            session=session,
        )
        endpoints = {profile.target: profile.endpoint for profile in permitted}
        order = tuple(endpoints[one.candidate.target] for one in (*ranked, *later))
        return Arrangement(decision, order, tuple(endpoints[target] for target in probes), strategy, heard)

    def served(self, decision: Decision, target: Target) -> None:
        """A call was answered by this target: its session's next one finds a warm cache there."""
        if decision.session is not None:
            self._affinity.saw(decision.session, target, decision.complexity.tokens)

    def _permitted(self, caller: Caller) -> tuple[Sequence[Profile], tuple[Excluded, ...]]:
        if caller.targets is None:
            return self._profiles, ()
        allowed = [one for one in self._profiles if caller.may_reach(str(one.target))]
        reason = f"not for the key {caller.name!r}"
        return allowed, tuple(Excluded(one.target, reason) for one in self._profiles if one not in allowed)

    def _strategy(self, call: Call) -> Strategy:
        name = call.strategy
        if name is None or name == kind_of(self.strategy):
            return self.strategy
        if name not in self.allowed:
            offered = ", ".join(dict.fromkeys((kind_of(self.strategy), *self.allowed)))
            raise InvalidRequest(
                f"the strategy {name[:80]!r} is not for the model {self._name!r}{hint(name, self.allowed)} "
                f"It takes: {offered}",
                param="x-trunkline-strategy",
            )
        return BY_NAME[name]()

    def _candidates(
        self,
        profiles: Sequence[Profile],
        call: Call,
        complexity: Complexity,
        opinion: Opinion | None,
        last: Seen | None,
    ) -> Sequence[Candidate]:
        known = profiles if opinion is None else opinion.informed(profiles)
        qualities = self._predictor.qualities(known, complexity)
        made: list[Candidate] = []
        for place, (profile, quality) in enumerate(zip(profiles, qualities, strict=True)):
            sticky = last is not None and last.target == profile.target
            warm = last.cached if last is not None and sticky else 0
            output = None if opinion is None else opinion.tokens(profile.target)
            cost = expected_cost(profile, call, complexity, warm=warm, output=output)
            latency = profile.endpoint.health.latency.p50
            made.append(Candidate(place, profile.target, quality, cost, latency, warm, sticky))
        return made

    def _circumstances(self, call: Call, complexity: Complexity, opinion: Opinion | None) -> Circumstances:
        caller = call.caller
        priority = caller.priority == "high" or call.request.service_tier in PRIORITY
        price = None if opinion is None else opinion.price
        return Circumstances(complexity, priority, self._pressure(caller), price)

    def _nobody(self, call: Call, excluded: Sequence[Excluded]) -> InvalidRequest | Forbidden:
        told = "; ".join(f"{one.target}: {one.reason}" for one in excluded)
        if call.caller.requires:
            return Forbidden(f"the key {call.caller.name!r} requires what no target of {self._name!r} has ({told})")
        return Unsupported(f"no target of the model {self._name!r} can take this request ({told})", param="model")

    def __repr__(self) -> str:
        return f"<Chooser of {self._name!r} [{kind_of(self.strategy)} | {len(self._profiles)} targets]>"


def _ranked(strategy: Strategy, candidates: Sequence[Candidate], asked: Circumstances, rng: Rng) -> list[Ranked]:
    if isinstance(strategy, Ordered):
        return certain((one, -float(one.place)) for one in candidates)
    return strategy.rank(candidates, asked, rng)


def _scored(ranked: Sequence[Ranked]) -> list[tuple[Candidate, float]]:
    return [(one.candidate, one.score) for one in ranked]


def _probes(strategy: Strategy, ranked: Sequence[Ranked], opinion: Opinion | None) -> tuple[Target, ...]:
    """Whom a cascade asks before the best: as its policy says, else the cheapest of different providers."""
    if not isinstance(strategy, Cascade) or len(ranked) < 2:
        return ()
    if opinion is None:
        return tuple(one.target for one in strategy.probing(ranked))
    ready = {one.candidate.target for one in ranked}
    return opinion.probes if ready.issuperset(opinion.probes) else ()
