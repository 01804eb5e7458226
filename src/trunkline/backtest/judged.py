"""Another config judged on our own logged decisions: cost saved, quality kept and latency, beside naive ways.

Refuses to guess: what goes where the log could not have gone is measured on the other calls only, and said so. The
oracle stands in no log: it would take every target's answer to every prompt.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from trunkline.backtest import off_policy
from trunkline.backtest.decisions import FEWEST, Row
from trunkline.backtest.elsewhere import Course, chances
from trunkline.backtest.log import FIGURES, Log
from trunkline.backtest.off_policy import Estimate
from trunkline.core.errors import TrunklineError
from trunkline.core.nearest import quoted
from trunkline.routing.learned.arrays import Bools, Floats
from trunkline.routing.strategies import Balanced

WIDELY = 0.95  # of the calls a target must have been possible in, to be the one that all are compared with


class Compared(Struct, frozen=True):
    """One figure of the config, by three estimators; ``gained`` is what it has more than the log had."""

    figure: str
    was: float
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    gained: Estimate


class Line(Struct, frozen=True):
    """One way to decide: doubly robust, per call; ``saved`` and ``kept`` are shares of the best single target's.

    ``rows`` with a quality, ``support`` the share of all calls in which the log could go where it goes. None: the log
    does not say.
    """

    name: str
    dollars: Estimate | None
    saved: Estimate | None
    quality: Estimate | None
    kept: Estimate | None
    seconds: Estimate | None
    support: float


class Judged(Struct, frozen=True):
    """``reference`` is the best single target in hindsight, None where the log could not have asked any so often."""

    route: str
    decisions: int
    scored: int
    reference: str | None
    lines: list[Line]
    figures: list[Compared]
    notes: list[str]


def judge(found: Sequence[Row], route: str, course: Course, *, floor: float = 0.99, seed: int = 0) -> Judged:
    """``found``: rows of the route, the oldest first. Raises TrunklineError for too few, or a blind strategy."""
    policy = course.policy
    if policy is not None and policy.newest:
        found = [row for row in found if row.at > policy.newest]
        if len(found) < FEWEST:
            raise TrunklineError(
                f"this policy was fitted on all but {len(found)} of these decisions, and only later ones can judge it; "
                "leave some out of the fit with `trunkline fit --ledger --until 7d`, or wait for more"
            )
    if len(found) < FEWEST:
        raise TrunklineError(
            f"{len(found)} logged decisions of the route {quoted(route)}; at least {FEWEST} are needed. "
            "Routes decide and log with any strategy but ordered"
        )
    log = Log.of(found)
    config = chances(found, course, log.names, seed)
    notes = _notes(log, course, config)
    if log.supports(config).sum() < FEWEST:
        raise TrunklineError(
            f"the log of {quoted(route)} never goes where this config would ({'; '.join(notes)}); "
            "let it explore first: adaptive, weighted and latency do"
        )
    expected = {figure: _expected(log, figure) for figure in FIGURES}
    reference = _reference(log, expected)
    policies = _policies(found, course, log, config, reference, expected, floor)
    single = None if reference is None else _always(log, reference)
    was = np.eye(len(log.names))[log.action]
    return Judged(
        route=route,
        decisions=len(found),
        scored=int(log.known("quality").sum()),
        reference=None if reference is None else log.names[reference],
        lines=[
            _line("as it was", log, was, single, expected, log.propensity > 0, own=True),
            *(_line(name, log, policy, single, expected, rows) for name, (policy, rows) in policies.items()),
        ],
        figures=_figures(log, config, expected),
        notes=notes,
    )


def _notes(log: Log, course: Course, config: Floats) -> list[str]:
    new = [target for target in course.targets if target not in log.names]
    gone = [name for name in log.names if name not in course.targets]
    support = float(log.supports(config).mean())
    told = [
        f"the log never asked {', '.join(new)}: nothing is known of it" if new else "",
        f"{', '.join(gone)} is not in this config" if gone else "",
        f"the log could go where this config goes in {support:.0%} of the calls; figures are of those"
        if support < 0.999
        else "",
        f"only {int(log.known('quality').sum())} answers were scored: no figure of quality"
        if log.known("quality").sum() < FEWEST
        else "",
        "no oracle: it would take every target's answer to every prompt",
    ]
    return [note for note in told if note]


def _expected(log: Log, figure: str) -> Floats:
    """The figure to expect of every target in every row, from rows that are not its own; zeros where none is known."""
    rows = log.known(figure)
    whole = np.zeros((len(rows), len(log.names)))
    if rows.sum() >= FEWEST:
        whole[rows] = off_policy.cross_fitted(log.features[rows], log.logged(figure, _anything(log), rows))
    return whole


def _anything(log: Log) -> Floats:
    return np.eye(len(log.names))[log.action]


def _reference(log: Log, expected: Mapping[str, Floats]) -> int | None:
    """The single target of the highest quality, among those that were nearly always possible."""
    means: dict[int, float] = {}
    for place in np.flatnonzero(log.possible.mean(axis=0) >= WIDELY):
        policy = _always(log, int(place))
        rows = log.supports(policy) & log.known("quality")
        if rows.sum() >= FEWEST:
            means[int(place)] = float(_values(log, "quality", policy, expected, rows).mean())
    return max(means, key=means.__getitem__, default=None)


def _always(log: Log, place: int) -> Floats:
    """One target; nothing where it was impossible."""
    policy = np.zeros(log.possible.shape)
    policy[log.possible[:, place], place] = 1.0
    return policy


def _policies(
    found: Sequence[Row],
    course: Course,
    log: Log,
    config: Floats,
    reference: int | None,
    expected: Mapping[str, Floats],
    floor: float,
) -> dict[str, tuple[Floats, Bools]]:
    """Every way beside what was done, each with the rows it is measured on."""
    everywhere = np.ones(len(found), np.bool_)
    heuristic = chances(found, Course(Balanced(), course.targets), log.names)
    random_mix = log.possible / np.maximum(log.possible.sum(axis=1, keepdims=True), 1)
    ways: dict[str, tuple[Floats, Bools]] = {"this config": (config, everywhere)}
    if reference is not None:
        ways[f"always {log.names[reference]}"] = (_always(log, reference), everywhere)
        mix = _static_mix(log, expected, floor)
        if mix is not None:
            ways["best static mix, measured on the newer half"] = mix
    ways["random mix"] = (random_mix, everywhere)
    ways["quality / cost^0.3"] = (heuristic, everywhere)
    return ways


def _static_mix(log: Log, expected: Mapping[str, Floats], floor: float) -> tuple[Floats, Bools] | None:
    """The cheapest lot between two targets that kept the floor in the older half, measured on the newer."""
    older = np.arange(len(log.action)) < len(log.action) // 2
    mean: dict[int, tuple[float, float]] = {}
    for place in np.flatnonzero(log.possible.mean(axis=0) >= WIDELY):
        policy = _always(log, int(place))
        rows = [log.supports(policy) & older & log.known(figure) for figure in FIGURES[:2]]
        if min(one.sum() for one in rows) >= FEWEST:
            dollars, quality = (
                float(_values(log, figure, policy, expected, one).mean())
                for figure, one in zip(FIGURES, rows, strict=False)
            )
            mean[int(place)] = dollars, quality
    if len(mean) < 2:
        return None
    target = floor * max(quality for _, quality in mean.values())
    lots = [(lot, one, other) for one in mean for other in mean if (lot := _lot(mean[one], mean[other], target))]
    (_, share), one, other = min(lots)
    return share * _always(log, one) + (1 - share) * _always(log, other), ~older


def _lot(one: tuple[float, float], other: tuple[float, float], target: float) -> tuple[float, float] | None:
    """Dollars, and the share of the first, of a lot between two (dollars, quality); None where it misses the target."""
    if other[1] < target:
        return None
    share = 1.0 if one[1] >= target else (other[1] - target) / (other[1] - one[1])
    return share * one[0] + (1 - share) * other[0], share


def _values(log: Log, figure: str, policy: Floats, expected: Mapping[str, Floats], rows: Bools) -> Floats:
    return off_policy.values(log.logged(figure, policy, rows), expected[figure][rows])


def _line(
    name: str,
    log: Log,
    policy: Floats,
    single: Floats | None,
    expected: Mapping[str, Floats],
    among: Bools,
    *,
    own: bool = False,
) -> Line:
    """``own``: what was done, whose figures are what came of it and need no estimate."""
    supported = among if own else among & log.supports(policy)
    known = {figure: supported & log.known(figure) for figure in FIGURES}

    def mean(figure: str) -> Estimate | None:
        rows = known[figure]
        return None if rows.sum() < FEWEST else off_policy.estimate(*value(figure, rows))

    def value(figure: str, rows: Bools) -> tuple[Floats, Floats]:
        if own:
            return log.value[figure][rows], np.ones(int(rows.sum()))
        logged = log.logged(figure, policy, rows)
        return off_policy.values(logged, expected[figure][rows]), logged.weight

    def share(figure: str) -> Estimate | None:
        rows = known[figure] if single is None else known[figure] & log.supports(single)
        if single is None or rows.sum() < FEWEST:
            return None
        logged = log.logged(figure, single, rows)
        whole = off_policy.values(logged, expected[figure][rows])
        return off_policy.ratio(value(figure, rows), (whole, logged.weight)) if whole.mean() > 0 else None

    spent = share("dollars")
    return Line(
        name,
        mean("dollars"),
        None if spent is None else spent.missing(),
        mean("quality"),
        share("quality"),
        mean("seconds"),
        float(supported.sum() / max(int(among.sum()), 1)),
    )


def _figures(log: Log, policy: Floats, expected: Mapping[str, Floats]) -> list[Compared]:
    made: list[Compared] = []
    for figure in FIGURES:
        rows = log.supports(policy) & log.known(figure)
        if rows.sum() < FEWEST:
            continue
        logged, model = log.logged(figure, policy, rows), expected[figure][rows]
        made.append(
            Compared(
                figure,
                float(logged.reward.mean()),
                off_policy.ips(logged),
                off_policy.snips(logged),
                off_policy.doubly_robust(logged, model),
                off_policy.difference(logged, model),
            )
        )
    return made
