"""Our own logged decisions, judged under another strategy: what it would have chosen, cost and delivered.

Refuses to replay what looks at more than the log holds: learning, answers, latencies, a route's own order.
A strategy that goes where the log never went has a ``support`` below 1, and its estimates are of the rest.
"""

import random
from collections.abc import Mapping, Sequence
from statistics import fmean

import msgspec
import numpy as np
from msgspec import Struct

from trunkline.backtest import off_policy
from trunkline.backtest.off_policy import Estimate, Logged
from trunkline.core.errors import TrunklineError
from trunkline.core.exchange import Target
from trunkline.core.money import NANOS_PER_USD
from trunkline.routing.candidates import Candidate
from trunkline.routing.complexity import Complexity
from trunkline.routing.decision import LoggedDecision, logged
from trunkline.routing.learned.arrays import Floats
from trunkline.routing.prior import Quality
from trunkline.routing.strategies import (
    Adaptive,
    Balanced,
    Cascade,
    CostOptimized,
    Fastest,
    Ordered,
    QualityFirst,
    Strategy,
    Weighted,
    kind_of,
)
from trunkline.routing.strategies.ranking import Circumstances
from trunkline.stores.records import UsageRecord
from trunkline.stores.scores import Score

FEWEST = 30  # decisions with the figure in question; below, an interval says nothing
_NO_PROMPT = Complexity(tokens=0)  # strategies that can be replayed look at candidates only


class Row(Struct, frozen=True):
    """One logged decision: what was seen, whom it took, and what came of it; None where nobody knows."""

    decision: LoggedDecision
    route: str
    dollars: float | None
    seconds: float | None
    quality: float | None


class Compared(Struct, frozen=True):
    """One figure: as it was, and under the other strategy by three estimators; ``gained`` is the difference."""

    figure: str
    was: float
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    gained: Estimate


def rows(records: Sequence[UsageRecord], scores: Sequence[Score]) -> list[Row]:
    """Decided calls, with the mean score of the answer of the target that was chosen."""
    scored: dict[tuple[str, str], list[float]] = {}
    for score in scores:
        if score.score is not None:
            scored.setdefault((score.request, score.target), []).append(score.score)
    found: list[Row] = []
    for record in records:
        decision = _decision(record)
        if decision is None or not decision.candidates or decision.candidates[0].target != record.target:
            continue  # undecided, or another target than the first choice made the first attempt
        opinions = scored.get((record.request, record.target))
        dollars = None if record.cost is None else record.cost / NANOS_PER_USD
        seconds = None if record.duration is None else record.duration / 1000
        found.append(Row(decision, record.route, dollars, seconds, fmean(opinions) if opinions else None))
    return found


def _decision(record: UsageRecord) -> LoggedDecision | None:
    try:
        return logged(record.decision) if record.decision else None
    except msgspec.MsgspecError:
        return None


def compare(found: Sequence[Row], strategies: Mapping[str, Strategy], seed: int = 0) -> list[Compared]:
    """``strategies`` by route, others are left out. Raises TrunklineError for too few rows, or a blind strategy."""
    chosen = [row for row in found if row.route in strategies and row.decision.candidates[0].propensity > 0]
    if len(chosen) < FEWEST:
        raise TrunklineError(
            f"{len(chosen)} logged decisions on the routes {', '.join(sorted(strategies)) or 'of no strategy'}; "
            f"at least {FEWEST} are needed. Routes decide and log with any strategy but ordered"
        )
    policy, names = _policy(chosen, strategies, seed)
    figures = {
        "dollars a call": [row.dollars for row in chosen],
        "quality": [row.quality for row in chosen],
        "seconds": [row.seconds for row in chosen],
    }
    return [
        _compared(name, chosen, policy, names, values)
        for name, values in figures.items()
        if sum(value is not None for value in values) >= FEWEST
    ]


def _compared(
    figure: str, chosen: Sequence[Row], policy: Floats, names: Sequence[str], values: Sequence[float | None]
) -> Compared:
    known = [place for place, value in enumerate(values) if value is not None]
    reward = np.array([value for value in values if value is not None], np.float64)
    taken = [chosen[place].decision for place in known]
    log = Logged(
        action=np.array([names.index(one.candidates[0].target) for one in taken]),
        propensity=np.array([one.candidates[0].propensity for one in taken]),
        reward=reward,
        policy=policy[known],
    )
    expected = off_policy.cross_fitted(_features(taken), log)
    return Compared(
        figure,
        float(reward.mean()),
        off_policy.ips(log),
        off_policy.snips(log),
        off_policy.doubly_robust(log, expected),
        off_policy.difference(log, expected),
    )


def _features(taken: Sequence[LoggedDecision]) -> Floats:
    width = max(len(one.vector) for one in taken)
    return np.array([(*one.vector, *(0.0,) * (width - len(one.vector))) for one in taken], np.float64)


def _policy(chosen: Sequence[Row], strategies: Mapping[str, Strategy], seed: int) -> tuple[Floats, list[str]]:
    """The chance that each target would have been the first choice, rows x targets."""
    names = sorted({one.target for row in chosen for one in row.decision.candidates})
    chances = np.zeros((len(chosen), len(names)))
    rng = random.Random(seed).random  # noqa: S311 - a draw that can be repeated
    for place, row in enumerate(chosen):
        for ranked in _replayable(row.route, strategies[row.route]).rank(
            _candidates(row.decision), Circumstances(_NO_PROMPT), rng
        ):
            chances[place, names.index(str(ranked.candidate.target))] += ranked.propensity
    return chances / chances.sum(axis=1, keepdims=True), names


def _replayable(route: str, strategy: Strategy) -> Weighted | CostOptimized | QualityFirst | Balanced:
    match strategy:
        case Ordered() | Adaptive() | Cascade() | Fastest():
            raise TrunklineError(
                f"the strategy {kind_of(strategy)} of {route!r} cannot be replayed from logged decisions: they do not "
                "hold what it looks at. Replay it on tables with `trunkline backtest DIRECTORY`"
            )
        case _:
            return strategy


def _candidates(decision: LoggedDecision) -> list[Candidate]:
    made: list[Candidate] = []
    for place, one in enumerate(decision.candidates):
        provider, _, model = one.target.partition("/")
        made.append(Candidate(place, Target(provider, model), Quality(one.quality, one.sd, "log"), one.cost))
    return made
