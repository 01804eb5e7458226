"""Holds callers to the requests, tokens and places of their keys.

Refuses to count: the rates do.
"""

from collections.abc import Callable

from trunkline.accounting.rates import NO_LIMITS, Rates
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, held
from trunkline.core.tokens import tokens_in


class RateLimited:
    """Takes before the call, and hears when the answer has ended. ``clock`` is the house's, in seconds."""

    __slots__ = ("_clock", "inner", "rates")

    def __init__(self, inner: Handler, rates: Rates, clock: Callable[[], float]) -> None:
        self.inner = inner
        self.rates = rates
        self._clock = clock

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler. Raises CallerRateLimit, and then nothing was taken."""
        caller = exchange.call.caller
        if caller.limits == NO_LIMITS:
            return await self.inner(exchange)
        expected = tokens_in(len(exchange.call.body))
        self.rates.enter(caller, expected, self._clock())

        def left(_: Outcome | BaseException) -> None:
            used = sum(attempt.outcome.usage.total for attempt in exchange.attempts if attempt.outcome)
            self.rates.leave(caller, expected, used, self._clock())

        return await held(left, self.inner(exchange))

    def __repr__(self) -> str:
        return f"<RateLimited by {self.rates!r}>"
