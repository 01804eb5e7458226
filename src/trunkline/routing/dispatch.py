"""The innermost handler: one loop over a route's endpoints, until one answers or nobody is left who could.

Refuses to decide: ``recovery`` does, from the history alone. Here is the waiting and the asking.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from itertools import count

from msgspec.structs import replace

from trunkline.core.call import Caller
from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange, Target
from trunkline.core.reply import Reply
from trunkline.providers.answer import StreamedReply
from trunkline.providers.endpoint import Endpoint
from trunkline.resilience.gate import NEVER, Rejected
from trunkline.resilience.recovery import Again, Candidate, Elsewhere, Recovery, Stop, Tried
from trunkline.routing import verdict
from trunkline.routing.chosen import Chosen
from trunkline.routing.continuation import Continuation
from trunkline.routing.continued import ContinuedReply
from trunkline.routing.hedged import hedged
from trunkline.routing.permitted import permitted
from trunkline.routing.routes import Route, Routes
from trunkline.routing.shifted import shifted
from trunkline.routing.turn import Wanted, turn

NOBODY: Mapping[Target, float] = {}
LOOK_AROUND = 1.0  # seconds in line after which a call asks itself again whether somebody else is ready
LEAST_SECONDS = 0.05  # no attempt begins with less left: nobody connects and answers faster over a network


class Dispatch:
    """One loop and one deadline; the number of requests on the providers' bills is the number of its attempts."""

    __slots__ = ("_arrivals", "_clock", "_pressure", "_rng", "_sleep", "routes")

    def __init__(
        self,
        routes: Routes,
        clock: Callable[[], float],
        rng: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pressure: Callable[[Caller], float] = lambda _: 0.0,
    ) -> None:
        self.routes = routes
        self._pressure = pressure
        self._arrivals = count()
        self._clock = clock
        self._rng = rng
        self._sleep = sleep

    async def __call__(self, exchange: Exchange) -> Reply:
        """The first answer that begins. Raises UnknownModel, or the most actionable of the targets' errors."""
        route = self.routes.find(exchange.call.envelope.model)
        if exchange.call.caller.targets is not None:
            route = permitted(route, exchange)
        chooser = route.chooser
        if chooser is not None and chooser.wanted(exchange.call):
            return await Chosen(self._walked, self._clock, self._rng)(exchange, route, chooser)
        if route.shift:
            route = shifted(route, exchange, self._pressure(exchange.call.caller), self._rng())
        return await self._walked(exchange, route)

    async def _walked(self, exchange: Exchange, route: Route) -> Reply:
        """The first answer that begins, of a route's endpoints in their order."""
        reply = await self._begun(exchange, route)
        return self._continuable(exchange, route, reply) if route.recovery.continue_streams else reply

    def _continuable(self, exchange: Exchange, route: Route, reply: Reply) -> Reply:
        """A stream that has begun and may be continued; a whole answer cannot break any more."""
        attempt = exchange.answering
        if not isinstance(reply, StreamedReply) or attempt is None or reply.outcome is not None:
            return reply
        most = limited(route.recovery, exchange.call.max_attempts).max_attempts
        return ContinuedReply(reply, attempt, Continuation(exchange, route, most, self._clock))

    async def _begun(self, exchange: Exchange, route: Route) -> Reply:
        first, known = route.endpoints[0], len(exchange.attempts)
        tried: list[Tried] = []
        first.health.retries.deposit(self._clock())
        try:
            if not first.health.line.places:  # else it would overtake those who wait
                return await self._ask(exchange, route, first)  # nearly every call: nothing to decide
        except Rejected:
            pass
        except CallError as error:
            tried += self._failed(exchange, route, known) or [self._refused(exchange, first, error)]
        return await self._recovered(exchange, route, tried)

    async def _recovered(self, exchange: Exchange, route: Route, tried: list[Tried]) -> Reply:
        recovery = limited(route.recovery, exchange.call.max_attempts)
        deadline = min(exchange.call.deadline, exchange.started + route.total)
        held: dict[Target, float] = {}
        number, give_up = next(self._arrivals), NEVER
        by_target = {endpoint.target: endpoint for endpoint in reversed(route.endpoints)}
        while True:
            now = self._clock()
            candidates = [self._candidate(endpoint, now, number, held) for endpoint in route.endpoints]
            step = recovery.next(candidates, tried, now=now, deadline=deadline, rng=self._rng, minimum=LEAST_SECONDS)
            if isinstance(step, Stop):
                self._note(exchange, route, None, now)
                raise verdict.of(exchange, step, tried, candidates, now)
            endpoint = by_target[step.candidate.target]
            if step.at > now:
                give_up = min(give_up, now + recovery.max_wait)
                if now >= give_up:
                    raise verdict.of(exchange, Stop("deadline"), tried, candidates, now)
                until = min(deadline - LEAST_SECONDS, give_up, now + LOOK_AROUND)
                lines = {
                    one.target: Wanted(by_target[one.target].health, held.get(one.target, now))
                    for one in candidates
                    if now < one.ready_at < NEVER
                }
                if not await self._waited(step, lines, number, until):
                    continue
            self._note(exchange, route, endpoint, now)
            self._charge(endpoint, step)
            known = len(exchange.attempts)
            try:
                return await self._ask(exchange, route, endpoint, panic=isinstance(step, Elsewhere) and step.panic)
            except Rejected as shut:
                # it shut since, or says more than it knows: without this the loop could spin on it without end
                held[endpoint.target] = self._clock() + max(shut.retry_after or 0.0, LEAST_SECONDS)
            except CallError as error:
                tried += self._failed(exchange, route, known) or [self._refused(exchange, endpoint, error)]
                # to the end of the lines: else the same few calls would make every probe, and use up their attempts
                number, give_up = next(self._arrivals), NEVER

    async def _waited(self, step: Again | Elsewhere, lines: Mapping[Target, Wanted], number: int, until: float) -> bool:
        """True when the step's time has come; False when another target's came first, or nobody's by ``until``."""
        if (isinstance(step, Elsewhere) and step.panic) or step.candidate.ready_at < step.at:
            await self._sleep(step.at - self._clock())  # the wait is this call's own, for whatever room there is
            return True
        first = await turn(list(lines.values()), number, self._clock, until)
        return first is lines[step.candidate.target].health

    def _charge(self, endpoint: Endpoint, step: Again | Elsewhere) -> None:
        """A retry is paid for from its target's budget, which every other request fills."""
        if isinstance(step, Elsewhere):
            endpoint.health.retries.deposit(self._clock())
        elif step.charged:
            endpoint.health.retries.withdraw(self._clock())

    async def _ask(self, exchange: Exchange, route: Route, endpoint: Endpoint, *, panic: bool = False) -> Reply:
        if route.hedging is None or exchange.attempts or panic or _alone(route, exchange):
            return await endpoint(exchange, panic=panic)
        return await hedged(exchange, endpoint, route, self._clock)

    def _candidate(
        self, endpoint: Endpoint, now: float, number: int = -1, held: Mapping[Target, float] = NOBODY
    ) -> Candidate:
        until = held.get(endpoint.target, now)
        return Candidate(
            endpoint.target,
            max(until, endpoint.health.turn_at(now, number)),
            panic_at=max(until, endpoint.health.turn_at(now, number, panic=True)),
            credential=endpoint.target.provider,  # one credential a provider
            window=endpoint.window,
            may_retry=endpoint.health.retries.allows(now),
            limited=endpoint.health.limited(now),
        )

    def _failed(self, exchange: Exchange, route: Route, known: int) -> list[Tried]:
        """The attempts after the first ``known`` ones: a request that was hedged is two."""
        now = self._clock()
        by_target = {endpoint.target: endpoint for endpoint in route.endpoints}
        return [
            Tried(self._candidate(by_target[attempt.target], now), attempt.outcome.error, now, attempt.sent)
            for attempt in exchange.attempts[known:]
            if attempt.outcome and attempt.outcome.error
        ]

    def _refused(self, exchange: Exchange, endpoint: Endpoint, error: CallError) -> Tried:
        """Nothing was sent: what stands around the endpoint refused, for want of money or of who counts it."""
        now = self._clock()
        error.__traceback__ = None  # it stands in no attempt, and its frames hold the list that holds it
        exchange.passed.append(f"{endpoint.target}: {error.kind}")
        return Tried(self._candidate(endpoint, now), error, now)

    def _note(self, exchange: Exchange, route: Route, chosen: Endpoint | None, now: float) -> None:
        """Who stood before the chosen one and was not asked, and why; None: nobody was chosen."""
        asked = {attempt.target for attempt in exchange.attempts}
        for endpoint in route.endpoints:
            if endpoint is chosen:
                return
            if endpoint.target not in asked and (why := endpoint.health.why(now)):
                note = f"{endpoint.target}: {why}"
                if note not in exchange.passed:
                    exchange.passed.append(note)


def _alone(route: Route, exchange: Exchange) -> bool:
    """True where nobody else may be asked."""
    return len(route.endpoints) == 1 or limited(route.recovery, exchange.call.max_attempts).max_attempts == 1


def limited(recovery: Recovery, most: int | None) -> Recovery:
    """The route's settings, with the caller's own limit on attempts if that is lower."""
    return recovery if most is None or most >= recovery.max_attempts else replace(recovery, max_attempts=max(1, most))
