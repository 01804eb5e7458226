"""The innermost handler: one loop over a route's endpoints, until one answers or nobody is left who could.

Refuses to decide: ``recovery`` does, from the history alone. Here is the waiting and the asking.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange, Target
from trunkline.core.reply import Reply
from trunkline.providers.answer import StreamedReply
from trunkline.providers.endpoint import Endpoint
from trunkline.resilience.gate import Rejected
from trunkline.resilience.recovery import Again, Candidate, Elsewhere, Recovery, Stop, Tried
from trunkline.routing import verdict
from trunkline.routing.continuation import Continuation
from trunkline.routing.continued import ContinuedReply
from trunkline.routing.hedged import hedged
from trunkline.routing.permitted import permitted
from trunkline.routing.routes import Route, Routes

NOBODY: Mapping[Target, float] = {}
LEAST_SECONDS = 0.05  # no attempt begins with less left: nobody connects and answers faster over a network


class Dispatch:
    """One loop and one deadline; the number of requests on the providers' bills is the number of its attempts."""

    __slots__ = ("_clock", "_rng", "_sleep", "routes")

    def __init__(
        self,
        routes: Routes,
        clock: Callable[[], float],
        rng: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.routes = routes
        self._clock = clock
        self._rng = rng
        self._sleep = sleep

    async def __call__(self, exchange: Exchange) -> Reply:
        """The first answer that begins. Raises UnknownModel, or the most actionable of the targets' errors."""
        route = self.routes.find(exchange.call.envelope.model)
        if exchange.call.caller.targets is not None:
            route = permitted(route, exchange)
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
        first = route.endpoints[0]
        tried: list[Tried] = []
        first.health.retries.deposit(self._clock())
        try:
            return await self._ask(exchange, route, first)  # nearly every call: nothing to decide
        except Rejected:
            pass
        except CallError as error:
            tried += self._failed(exchange, route, 0) or [self._refused(exchange, first, error)]
        return await self._recovered(exchange, route, tried)

    async def _recovered(self, exchange: Exchange, route: Route, tried: list[Tried]) -> Reply:
        recovery = limited(route.recovery, exchange.call.max_attempts)
        deadline = min(exchange.call.deadline, exchange.started + route.total)
        held: dict[Target, float] = {}
        by_target = {endpoint.target: endpoint for endpoint in reversed(route.endpoints)}
        while True:
            now = self._clock()
            candidates = [self._candidate(endpoint, now, held) for endpoint in route.endpoints]
            step = recovery.next(candidates, tried, now=now, deadline=deadline, rng=self._rng, minimum=LEAST_SECONDS)
            if isinstance(step, Stop):
                raise verdict.of(exchange, step, tried, candidates, now)
            if step.at > now:
                await self._sleep(step.at - now)
            endpoint = by_target[step.candidate.target]
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

    def _charge(self, endpoint: Endpoint, step: Again | Elsewhere) -> None:
        """A retry is paid for from its target's budget, which every other request fills."""
        if isinstance(step, Elsewhere):
            endpoint.health.retries.deposit(self._clock())
        elif step.charged:
            endpoint.health.retries.withdraw(self._clock())

    async def _ask(self, exchange: Exchange, route: Route, endpoint: Endpoint, *, panic: bool = False) -> Reply:
        alone = len(route.endpoints) == 1 or limited(route.recovery, exchange.call.max_attempts).max_attempts == 1
        if route.hedging is None or alone or exchange.attempts or panic:
            return await endpoint(exchange, panic=panic)
        return await hedged(exchange, endpoint, route, self._clock)

    def _candidate(self, endpoint: Endpoint, now: float, held: Mapping[Target, float] = NOBODY) -> Candidate:
        until = held.get(endpoint.target, now)
        return Candidate(
            endpoint.target,
            max(until, endpoint.ready_at(now)),
            panic_at=max(until, endpoint.ready_at(now, panic=True)),
            credential=endpoint.target.provider,  # one credential a provider
            window=endpoint.window,
            may_retry=endpoint.health.retries.allows(now),
        )

    def _failed(self, exchange: Exchange, route: Route, known: int) -> list[Tried]:
        """The attempts after the first ``known`` ones: a request that was hedged is two."""
        now = self._clock()
        by_target = {endpoint.target: endpoint for endpoint in route.endpoints}
        return [
            Tried(self._candidate(by_target[attempt.target], now), attempt.outcome.error, now)
            for attempt in exchange.attempts[known:]
            if attempt.outcome and attempt.outcome.error
        ]

    def _refused(self, exchange: Exchange, endpoint: Endpoint, error: CallError) -> Tried:
        """Nothing was sent: what stands around the endpoint refused, for want of money or of who counts it."""
        now = self._clock()
        exchange.passed.append(f"{endpoint.target}: {error.kind}")
        return Tried(self._candidate(endpoint, now), error, now)

    def _note(self, exchange: Exchange, route: Route, chosen: Endpoint, now: float) -> None:
        """Who stood before the chosen one and was not asked, and why."""
        asked = {attempt.target for attempt in exchange.attempts}
        for endpoint in route.endpoints:
            if endpoint is chosen:
                return
            if endpoint.target not in asked and (why := endpoint.health.why(now)):
                note = f"{endpoint.target}: {why}"
                if note not in exchange.passed:
                    exchange.passed.append(note)


def limited(recovery: Recovery, most: int | None) -> Recovery:
    """The route's settings, with the caller's own limit on attempts if that is lower."""
    return recovery if most is None or most >= recovery.max_attempts else replace(recovery, max_attempts=max(1, most))
