"""Our own logged decisions as rows: what was seen, whom it took, with which chance, and what came of it.

Refuses to judge. A call whose first request went to another target than the first choice is no row: it was a probe's,
or the choice was not ready, and its chance is not known.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from trunkline.core.errors import TrunklineError
from trunkline.core.money import NANOS_PER_USD
from trunkline.core.nearest import hint, quoted
from trunkline.routing.complexity import Complexity
from trunkline.routing.decision import LoggedDecision, logged
from trunkline.stores.records import Millis, UsageRecord
from trunkline.stores.scores import Score

FEWEST = 30  # decisions with the figure in question; below, an interval says nothing


class Row(Struct, frozen=True):
    """One logged decision; ``quality``, ``dollars``, ``seconds`` and ``tokens`` (of the answer) None where unknown."""

    decision: LoggedDecision
    route: str
    at: Millis
    dollars: float | None
    seconds: float | None
    quality: float | None
    tokens: float | None = None

    @property
    def target(self) -> str:
        """Whom it took."""
        return self.decision.candidates[0].target

    @property
    def propensity(self) -> float:
        """The chance that it had of being taken."""
        return self.decision.candidates[0].propensity

    @property
    def complexity(self) -> Complexity:
        """What the prompt looked like."""
        return Complexity.read(self.decision.vector)


def rows(records: Sequence[UsageRecord], scores: Sequence[Score]) -> list[Row]:
    """Decided calls, the oldest first, with the mean score of the answer of the target that was chosen."""
    scored: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for score in scores:
        if score.score is not None and score.weight > 0:
            scored.setdefault((score.request, score.target), []).append((score.score, score.weight))
    found = [row for record in records if (row := _row(record, scored.get((record.request, record.target), [])))]
    return sorted(found, key=lambda row: row.at)


def of_route(found: Sequence[Row], route: str | None, option: str) -> list[Row]:
    """The rows of one route; None: of the only one there is. Raises TrunklineError that names the ``option``."""
    names = sorted({row.route for row in found})
    if not names:
        raise TrunklineError("the ledger holds no decision; routes decide and log with any strategy but ordered")
    if route is None and len(names) > 1:
        raise TrunklineError(
            f"the ledger holds decisions of several routes: {', '.join(names)}; choose one with {option}"
        )
    if route is not None and route not in names:
        raise TrunklineError(f"the ledger holds no decision of the route {quoted(route)}{hint(route, names)}")
    return [row for row in found if row.route == (route or names[0])]


def _row(record: UsageRecord, opinions: Sequence[tuple[float, float]]) -> Row | None:
    decision = _decision(record)
    if decision is None or not decision.candidates or decision.candidates[0].target != record.target:
        return None
    if not 0 < decision.candidates[0].propensity <= 1:
        return None
    weight = sum(each for _, each in opinions)
    return Row(
        decision=decision,
        route=record.route,
        at=record.at,
        dollars=None if record.cost is None else record.cost / NANOS_PER_USD,
        seconds=None if record.duration is None else record.duration / 1000,
        quality=sum(score * each for score, each in opinions) / weight if opinions else None,
        tokens=None if record.usage.source == "unknown" else float(record.usage.output),
    )


def _decision(record: UsageRecord) -> LoggedDecision | None:
    try:
        decision = logged(record.decision) if record.decision else None
        if decision is not None:
            Complexity.read(decision.vector)
    except (msgspec.MsgspecError, ValueError):
        return None
    return decision
