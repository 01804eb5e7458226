"""A provider to play: what it sends is the simulator's, rehearsed once for each request body; its waits are drawn anew.
It refuses to write a byte of its own.
"""

import math
from random import Random

import msgspec
from msgspec.structs import replace

from trunkline.simulator import Fault, refusals
from trunkline.simulator.ask import DialectName
from trunkline.simulator.config import Limits, Provider
from trunkline.simulator.limits import RateLimits
from trunkline.testing.played_transport import REFUSED, Part, Plan
from trunkline.testing.rehearsal import Rehearsal, Stage, headers_of
from trunkline.testing.spell import Spell
from trunkline.transport.transport import Request

MOST_REHEARSED = 1024  # a program under test that sends more different bodies gets new rehearsals


class RehearsedProvider:
    """Implements PlayedProvider: latencies and limits as ``config`` says, faults as its ``spells`` say.

    Twenty times cheaper a call than having the simulator answer each time. Not for ``config.faults`` and prompt
    caches: every request with the same body gets the same bytes.
    """

    def __init__(self, name: str, config: Provider, *, rng: Random, spells: tuple[Spell, ...] = ()) -> None:
        if config.faults:
            raise ValueError(f"{name}: say in spells, not in the config, which faults befall a rehearsed provider")
        self.name = name
        self.spells = spells
        self._rng = rng
        self._stage = Stage(name, config)
        self._rehearsed: dict[tuple[str, bytes, Fault | None], Rehearsal] = {}
        self._limits = RateLimits(config.limits) if config.limits != Limits() else None
        spread, pace = config.latency.first_token, config.latency.tokens_per_second
        self._first_token = (math.log(spread.median), spread.sigma) if spread.median else None
        self._per_token = 1 / pace if pace else 0.0

    def plan(self, request: Request, now: float) -> Plan:
        """What happens to a request that comes at ``now`` seconds."""
        fault, slower = None, 1.0
        for spell in self.spells:
            if spell.start <= now < spell.until:
                slower *= spell.slower
                if spell.share >= 1.0 or self._rng.random() < spell.share:
                    if spell.refuses:
                        return REFUSED
                    if spell.faults:
                        fault = spell.faults[int(self._rng.random() * len(spell.faults))]
                        break
        rehearsal = self._rehearsal(request, fault)
        plan = rehearsal.timed(self._wait() * slower, self._per_token * slower)
        return plan if self._limits is None or fault else self._within(self._limits, plan, rehearsal, request, now)

    def _wait(self) -> float:
        return self._rng.lognormvariate(*self._first_token) if self._first_token else 0.0

    def _rehearsal(self, request: Request, fault: Fault | None) -> Rehearsal:
        key = (request.target, bytes(request.body), fault)
        found = self._rehearsed.get(key)
        if found is None:
            if len(self._rehearsed) >= MOST_REHEARSED:
                self._rehearsed.clear()
            found = self._rehearsed[key] = self._stage.rehearse(request, fault)
        return found

    def _within(self, limits: RateLimits, plan: Plan, rehearsal: Rehearsal, request: Request, now: float) -> Plan:
        """The plan with headers that tell what is left, or a 429."""
        dialect: DialectName = "anthropic" if request.target.endswith("/messages") else "openai"
        denied = limits.admit(rehearsal.prompt_tokens, now)
        if denied is None:
            limits.charge(rehearsal.output_tokens, now)
            told = headers_of(tuple(limits.headers(dialect, now, 0.0)))
            return replace(plan, headers=[*plan.headers, *told])
        refusal = refusals.rate_limited(dialect, self.name, denied)
        headers = headers_of((("content-type", "application/json"), *refusal.headers))
        return Plan(refusal.status, headers, (Part(self._wait() * 0.1, msgspec.json.encode(refusal.body)),))

    def __repr__(self) -> str:
        return f"<RehearsedProvider {self.name} [{len(self.spells)} spells | {len(self._rehearsed)} rehearsed]>"
