"""Routes that have something to decide: the decision is made once per call, then the loop of attempts walks its order.

Refuses to make attempts itself, but for the probes of a cascade.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec.structs import replace

from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange
from trunkline.core.reply import Reply
from trunkline.routing.chooser import Arrangement, Chooser
from trunkline.routing.routes import Route
from trunkline.routing.strategies import Cascade

SEEDS = 2**53  # the integers a float can hold exactly: as many seeds can be told apart and written down

Walk = Callable[[Exchange, Route], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """``walk`` makes the attempts of a route in its order."""

    walk: Walk
    clock: Callable[[], float]
    rng: Callable[[], float]

    async def __call__(self, exchange: Exchange, route: Route, chooser: Chooser) -> Reply:
        """The route in the order that its strategy decides, after the probes it may want."""
        arrangement = chooser.decide(exchange.call, self.clock(), int(self.rng() * SEEDS))
        decision = exchange.decision = arrangement.decision
        exchange.passed += [told for told in decision.passed if told not in exchange.passed]
        route = replace(route, endpoints=arrangement.order)
        if isinstance(arrangement.strategy, Cascade) and 0 < len(arrangement.probes) < most(exchange, route):
            reply = await self._cascaded(exchange, route, arrangement, arrangement.strategy)
        else:
            reply = await self.walk(exchange, route)
        if exchange.target is not None:
            chooser.served(decision, exchange.target)
        return reply

    async def _cascaded(self, exchange: Exchange, route: Route, arrangement: Arrangement, rule: Cascade) -> Reply:
        """The probes' answer where they agree, else the best one's; a probe's after all if nobody better answers."""
        from trunkline.routing.cascade import consulted, probed  # noqa: PLC0415 - most houses compare no answers

        deadline = min(exchange.call.deadline, exchange.started + route.total)
        seconds = min(rule.wait, (deadline - self.clock()) / 2)  # the best one needs its time too
        if arrangement.opinion is None:
            found = await probed(exchange, arrangement.probes, rule, arrangement.decision.complexity, seconds)
        else:
            found = await consulted(exchange, arrangement.probes, arrangement.opinion, rule, seconds)
        exchange.passed.append(found.note)
        if found.accepted is not None:
            exchange.shown = found.attempt
            return found.accepted
        left = replace(route.recovery, max_attempts=max(1, most(exchange, route) - found.asked))
        try:
            return await self.walk(exchange, replace(route, recovery=left))
        except CallError:
            if found.spare is None:
                raise
            exchange.shown = found.attempt
            return found.spare


def most(exchange: Exchange, route: Route) -> int:
    """How many requests may be made for this call."""
    asked = exchange.call.max_attempts
    return route.recovery.max_attempts if asked is None else min(asked, route.recovery.max_attempts)
