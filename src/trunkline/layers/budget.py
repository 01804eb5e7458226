"""Stands around one endpoint: nothing is sent before its money is held, and what it cost is settled when it has ended.

Refuses to know rules, accounts and prices: the purse does. Around each endpoint and not around all of them: only there
it is known who will be asked and at what price, and every request to a provider has one hold and one record.
"""

from typing import Protocol

from trunkline.accounting.purse import Purse
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Call
from trunkline.core.exchange import Exchange
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, held


class Asking(Protocol):
    """An endpoint: a handler that makes one attempt, and appends it before it first waits for anything."""

    async def __call__(self, exchange: Exchange, *, panic: bool = False, call: Call | None = None) -> Reply:
        """``call`` is sent instead of the exchange's own. Raises CallError."""
        ...


class Budget:
    """A handler around an endpoint."""

    __slots__ = ("inner", "offer", "purse")

    def __init__(self, inner: Asking, offer: Offer, purse: Purse) -> None:
        self.inner = inner
        self.offer = offer
        self.purse = purse

    async def __call__(self, exchange: Exchange, *, panic: bool = False) -> Reply:
        """As the endpoint. Raises BudgetExceeded, UnknownPrice or StoreUnavailable before anything is sent."""
        money = await self.purse.reserve(exchange, self.offer)
        exchange.nearing = money.nearing
        number = len(exchange.attempts)

        def ended(_: Outcome | BaseException) -> None:
            attempt = exchange.attempts[number] if len(exchange.attempts) > number else None
            self.purse.settle(money, attempt if attempt is not None and attempt.sent else None, number + 1)

        return await held(ended, self.inner(exchange, panic=panic, call=money.call))

    def __repr__(self) -> str:
        return f"<Budget of {self.offer.target}>"
