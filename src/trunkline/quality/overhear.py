"""Hands every answer over that reached its caller whole, to be scored.

Refuses to hear the house's own questions: nobody judges judges.
"""

from collections.abc import Callable

from trunkline.core.exchange import Exchange, Handler
from trunkline.core.reply import Reply
from trunkline.layers.overhear import Heard, OverheardReply
from trunkline.quality.asking import OURSELVES


class Overhear:
    """A handler; ``take`` is told of every answer that reached its caller whole. It must not wait and may raise."""

    __slots__ = ("inner", "take")

    def __init__(self, inner: Handler, take: Callable[[Heard], None]) -> None:
        self.inner = inner
        self.take = take

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler."""
        reply = await self.inner(exchange)
        if exchange.call.caller is OURSELVES:
            return reply
        return OverheardReply(reply, Heard(exchange), self.take)
