"""The outermost layer: hears how every exchange ends and tells whoever listens.

Refuses to let a listener's failure reach a caller.
"""

import logging
from collections.abc import Callable

from trunkline.core.exchange import Exchange, Handler
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, held

Listener = Callable[[Exchange], None]
log = logging.getLogger("trunkline")


class Record:
    """Closes the exchange when its answer has ended, and tells the listeners, once."""

    __slots__ = ("_clock", "ended", "inner", "listeners", "open")

    def __init__(self, inner: Handler, clock: Callable[[], float]) -> None:
        self.inner = inner
        self.listeners: list[Listener] = []
        self._clock = clock
        self.open = 0  # exchanges now
        self.ended = 0  # exchanges so far

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler; ``exchange.outcome`` is set when the answer ends."""

        def ended(end: Outcome | BaseException) -> None:
            exchange.settle(end, self._clock())
            self.open -= 1
            self.ended += 1
            for listener in self.listeners:
                self._tell(listener, exchange)

        self.open += 1
        return await held(ended, self.inner(exchange))

    def _tell(self, listener: Listener, exchange: Exchange) -> None:
        try:
            listener(exchange)
        except Exception:
            log.exception("a listener failed on exchange %s; its caller is not affected", exchange.id)
