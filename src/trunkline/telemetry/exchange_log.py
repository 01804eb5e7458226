"""One JSON line for every call that has ended: who asked for what, who answered, how long it took and what it cost.

Refuses to wait for whoever takes the lines.
"""

import time
from collections.abc import Callable

import msgspec

from trunkline.core.exchange import Exchange
from trunkline.telemetry.ended_call import ended_call

_encode = msgspec.json.Encoder().encode


class ExchangeLog:
    """A listener that hands lines to ``put``."""

    __slots__ = ("_put", "_wall")

    def __init__(self, put: Callable[[bytes], object], wall: Callable[[], float] = time.time) -> None:
        self._put = put
        self._wall = wall

    def __call__(self, exchange: Exchange) -> None:
        """Write one line."""
        if exchange.outcome is not None:
            self._put(_encode(ended_call(exchange, exchange.outcome, self._wall()).line) + b"\n")
