"""A second request where the first is late: the first of the two to begin an answer wins, the other is cancelled.

Refuses to decide when and whether: ``resilience.hedge`` does.
"""

import asyncio
from collections.abc import Callable, Sequence

from trunkline.core.errors import CallError
from trunkline.core.exchange import Attempt, Exchange
from trunkline.core.money import Nanos
from trunkline.core.reply import Reply
from trunkline.providers.endpoint import Endpoint
from trunkline.resilience.hedge import Hedging, Late
from trunkline.routing.routes import Route


async def hedged(exchange: Exchange, endpoint: Endpoint, route: Route, clock: Callable[[], float]) -> Reply:
    """As ``endpoint(exchange)``, with at most one other endpoint asked beside it. Raises the first one's error."""
    hedging = route.hedging
    assert hedging is not None  # noqa: S101 - the caller's condition
    known = len(exchange.attempts)
    first = asyncio.ensure_future(endpoint(exchange))
    try:
        other = await _late(first, exchange, endpoint, route, clock)
    except BaseException:
        first.cancel()
        raise
    if other is None:
        hedging.saw(endpoint.expect(exchange.call))
        return await _one(first)
    expected = other.expect(exchange.call)
    try:
        return await _race(first, asyncio.ensure_future(other(exchange)))
    finally:
        if expected is not None:
            hedging.settle(expected, _extra(exchange.attempts[known:]))


def _extra(attempts: Sequence[Attempt]) -> Nanos | None:
    """What the second request cost beyond one answer: the loser, whichever of the two that was; None: not known."""
    if len(attempts) < 2:
        return 0  # the second one was let in nowhere
    lost = [attempt for attempt in attempts if attempt.outcome is not None and not attempt.outcome.ok]
    return (lost or attempts)[-1].cost


async def _late(
    first: asyncio.Future[Reply], exchange: Exchange, endpoint: Endpoint, route: Route, clock: Callable[[], float]
) -> Endpoint | None:
    """Whom to ask beside the first; None when it answered in time or nobody may be asked."""
    hedging: Hedging | None = route.hedging
    now = clock()
    other = next((one for one in route.endpoints if one is not endpoint and _has_room(one, now)), None)
    if hedging is None or other is None:
        return None
    cost = other.expect(exchange.call)
    at = hedging.at(Late(now, endpoint.health.latency.p95, committed=False, requests=1, expected_cost=cost))
    if at is None:
        return None
    await asyncio.wait([first], timeout=at - now)
    return other if not first.done() and hedging.take(cost) else None


def _has_room(endpoint: Endpoint, now: float) -> bool:
    return not endpoint.health.line.places and endpoint.ready_at(now) <= now


async def _one(first: asyncio.Future[Reply]) -> Reply:
    try:
        return await first
    except asyncio.CancelledError:
        first.cancel()
        raise


async def _race(first: asyncio.Future[Reply], second: asyncio.Future[Reply]) -> Reply:
    running = {first, second}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for winner in done:
                if winner.exception() is None:
                    await _cancelled(done | running, winner)
                    return winner.result()
    except BaseException:
        for one in (first, second):
            one.cancel()
        raise
    error = first.exception()
    raise error if isinstance(error, CallError) else CallError("both requests failed") from error


async def _cancelled(all_of_them: set[asyncio.Future[Reply]], winner: asyncio.Future[Reply]) -> None:
    """The loser stops working; one that began an answer in the same moment is closed."""
    for loser in all_of_them - {winner}:
        if loser.done():
            if not loser.cancelled() and loser.exception() is None:
                await loser.result().aclose()
        else:
            loser.cancel()
            await asyncio.wait([loser])
