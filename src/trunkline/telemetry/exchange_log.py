"""One JSON line for every call that has ended: who asked for what, who answered, how long it took and what it cost.

Refuses to wait for whoever takes the lines.
"""

from collections.abc import Callable

import msgspec

from trunkline.telemetry.ended_call import EndedCall

_encode = msgspec.json.Encoder().encode


class ExchangeLog:
    """Hears of ended calls and hands lines to ``put``."""

    __slots__ = ("_put",)

    def __init__(self, put: Callable[[bytes], object]) -> None:
        self._put = put

    def __call__(self, call: EndedCall) -> None:
        """Write one line."""
        self._put(_encode(call.line) + b"\n")
