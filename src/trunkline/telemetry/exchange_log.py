"""One JSON line for every call that has ended: who asked for what, who answered, how long it took and what it cost.

Refuses to write prompts, answers, keys and providers' own words: a line can be kept and shown.
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.core.exchange import Attempt, Exchange
from trunkline.core.money import usd
from trunkline.core.outcome import Outcome
from trunkline.telemetry.calls import ended

LONGEST_NAME = 200  # characters of a caller's model name: whoever invents one may not fill the disk
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
            self._put(_encode(line_of(exchange, exchange.outcome, self._wall())) + b"\n")


def line_of(exchange: Exchange, outcome: Outcome, now: float) -> dict[str, Any]:
    """The fields of a line, in the order in which people read them; times in seconds, ``at`` in UTC."""
    call, target, usage = exchange.call, exchange.target, outcome.usage
    line: dict[str, Any] = {
        "at": at(now),
        "id": exchange.id,
        "trace": exchange.trace.id,
        "caller": call.caller.name,
        "asked": call.envelope.model[:LONGEST_NAME],
        "outcome": ended(outcome),
        "provider": target.provider if target else None,
        "model": target.model[:LONGEST_NAME] if target else None,
        "stream": call.envelope.stream,
        "attempts": exchange.requests,
        "seconds": round(outcome.duration, 4),
        "input_tokens": usage.prompt,
        "output_tokens": usage.completion,
        "cost_usd": None if exchange.cost is None else usd(exchange.cost),
    }
    if outcome.first_content is not None:
        line["first_content_seconds"] = round(outcome.first_content, 4)
    if outcome.error:
        line["error"] = outcome.error.kind
    if len(exchange.attempts) > 1:
        line["tried"] = [_tried(attempt) for attempt in exchange.attempts]
    return line


def at(now: float) -> str:
    """A time of day in UTC, with milliseconds, as RFC 3339 writes it."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{whole}.{int(now % 1 * 1000):03d}Z"


def _tried(attempt: Attempt) -> dict[str, Any]:
    outcome = attempt.outcome
    if outcome is None:
        return {"target": str(attempt.target), "outcome": "open"}
    told = outcome.error.kind if outcome.error else "ok"
    return {"target": str(attempt.target), "outcome": told, "seconds": round(outcome.duration, 4)}
