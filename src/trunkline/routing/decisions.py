"""The newest decisions with what came of them, for whoever asks why a call went where it went.

Refuses to keep more than a bounded number; the ledger is what lasts.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from trunkline.core.exchange import Exchange, Target
from trunkline.core.money import Nanos, usd
from trunkline.core.usage import Usage
from trunkline.routing.decision import Decision

MOST = 1_000  # decisions; one holds a few kilobytes

CostOf = Callable[[Target, Usage], Nanos | None]


class Result(Struct, frozen=True):
    """What came of a decision: who answered, how, and at what cost; ``usage`` is the shown answer's."""

    decision: Decision
    target: Target | None
    trail: str
    cost: Nanos | None
    usage: Usage | None
    error: str | None
    at: float = 0.0  # when it ended, seconds since 1970


class Decisions:
    """A listener that remembers, by the id of the exchange."""

    __slots__ = ("_cost_of", "results")

    def __init__(self, cost_of: CostOf, before: "Decisions | None" = None) -> None:
        self._cost_of = cost_of
        self.results: dict[str, Result] = {} if before is None else before.results

    def __call__(self, exchange: Exchange) -> None:
        """An exchange has ended; one that nothing was decided for is not remembered."""
        decision = exchange.decision
        if not isinstance(decision, Decision):
            return
        if len(self.results) >= MOST:
            self.results.pop(next(iter(self.results)))
        outcome = exchange.outcome
        error = outcome.error.kind if outcome and outcome.error else None
        usage = outcome.usage if outcome and outcome.error is None else None
        cost = exchange.cost
        self.results[exchange.id] = Result(decision, exchange.target, exchange.trail, cost, usage, error, time.time())

    def ids(self) -> list[str]:
        """The exchanges remembered, the newest first."""
        return list(reversed(self.results))

    def newest(self) -> list[dict[str, Any]]:
        """Each in a line of plain values, the newest first."""
        return [_line(name, result) for name, result in reversed(self.results.items())]

    def explained(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - the field's own name
        """A decision, its result, and what every candidate would have cost for the tokens really used; None unknown."""
        result = self.results.get(id)
        if result is None:
            return None
        usage = result.usage
        told = result.decision.explained()
        for shown, ranked in zip(told["candidates"], result.decision.ranked, strict=True):
            would = None if usage is None else self._cost_of(ranked.candidate.target, usage)
            shown["would_have_cost_usd"] = None if would is None else usd(would)
        answered = {
            "target": str(result.target) if result.target else None,
            "trail": result.trail,
            "cost_usd": None if result.cost is None else usd(result.cost),
            "error": result.error,
        }
        return {"id": id, **told, "result": answered}

    def __len__(self) -> int:
        return len(self.results)


def _line(name: str, result: Result) -> dict[str, Any]:
    decision = result.decision
    return {
        "id": name,
        "at": round(result.at * 1000),
        "route": decision.route,
        "strategy": decision.strategy,
        "target": str(decision.target),
        "propensity": decision.propensity,
        "answered": str(result.target) if result.target else None,
        "error": result.error,
        "cost_usd": None if result.cost is None else usd(result.cost),
    }
