"""Figures of several processes added up: what was counted is summed, what is true of all at once is not.

Refuses to know where the figures of other processes come from.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from msgspec import Struct

from trunkline.telemetry.series import Counter, Gauge, Histogram, Kind, Labels, Series, Tally

MOST = 4096  # label sets of one merged series; each process has its own, lower limit

ACROSS: dict[str, Callable[[Sequence[float]], float]] = {
    "llm_circuit_breaker_state": max,
    "llm_gateway_build_info": max,
    "llm_budget_limit_dollars": max,
    "llm_budget_remaining_dollars": min,  # each has seen what it has seen: the least left is the latest
    "llm_key_budget_remaining_dollars": min,
    "llm_quality_score": fmean,
    "llm_quality_deviation": fmean,
    "llm_judge_cost_share": fmean,
    "llm_judge_agreement": fmean,
    "llm_answers_judged_share": fmean,
    "process_start_time_seconds": min,
}
"""Gauges that are not sums over processes."""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


class Kept(Struct, array_like=True):
    """One series as it is written down: ``values`` by labels; of a histogram ``tallies``, counts and sum by labels."""

    name: str
    help: str
    kind: Kind
    labels: Labels
    digits: int | None = None  # of a counter of whole numbers
    bounds: tuple[float, ...] = ()
    values: list[tuple[Labels, int | float]] = []
    tallies: list[tuple[Labels, list[int], float]] = []


def sound(one: Kept) -> bool:
    """True for one that can be added up and shown: names are names, and each row is as long as it must be."""
    width = len(one.labels)
    return (
        all(map(_NAME.fullmatch, (one.name, *one.labels)))
        and "\n" not in one.help
        and all(len(labels) == width and _counted(one, value) for labels, value in one.values)
        and all(len(labels) == width and len(counts) == len(one.bounds) + 1 for labels, counts, _ in one.tallies)
    )


def _counted(one: Kept, value: float) -> bool:
    """False for a figure that no counting comes to."""
    return one.kind != "counter" or (value >= 0 and (one.digits is None or isinstance(value, int)))


def kept(series: Iterable[Series]) -> list[Kept]:
    """All series as they are now."""
    return [_kept(one) for one in series]


def _kept(one: Series) -> Kept:
    if isinstance(one, Counter):
        return Kept(one.name, one.help, one.kind, one.labels, one.digits, (), list(one.values.items()))
    if isinstance(one, Gauge):
        return Kept(one.name, one.help, one.kind, one.labels, None, (), list(one.read()))
    tallies = [(labels, list(tally.counts), tally.sum) for labels, tally in one.tallies.items()]
    return Kept(one.name, one.help, one.kind, one.labels, None, one.bounds, [], tallies)


def lasting(series: Iterable[Kept]) -> list[Kept]:
    """What is still true of a process that has ended: all that it counted."""
    return [one for one in series if one.kind != "gauge"]


def together(processes: Iterable[Iterable[Kept]]) -> list[Kept]:
    """One series of each name. A histogram with other bounds (of another version) is left out."""
    named: dict[str, list[Kept]] = {}
    for process in processes:
        for one in process:
            named.setdefault(one.name, []).append(one)
    return [_merged(alike) for alike in named.values()]


def _merged(alike: list[Kept]) -> Kept:
    first = alike[0]
    merged = Kept(first.name, first.help, first.kind, first.labels, first.digits, first.bounds)
    if first.kind == "histogram":
        merged.tallies = _tallies([one for one in alike if one.bounds == first.bounds])
        return merged
    found: dict[Labels, list[int | float]] = {}
    for one in alike:
        for labels, value in one.values:
            found.setdefault(labels, []).append(value)
    across = ACROSS.get(first.name, sum)
    merged.values = [(labels, across(values)) for labels, values in found.items()]
    return merged


def _tallies(alike: Iterable[Kept]) -> list[tuple[Labels, list[int], float]]:
    found: dict[Labels, tuple[list[int], float]] = {}
    for one in alike:
        for labels, counts, total in one.tallies:
            before, so_far = found.get(labels, ([0] * len(counts), 0.0))
            found[labels] = ([a + b for a, b in zip(before, counts, strict=True)], so_far + total)
    return [(labels, counts, total) for labels, (counts, total) in found.items()]


def series_of(merged: Iterable[Kept], own: Iterable[Series] = ()) -> list[Series]:
    """As they are shown; ``own`` lend their exemplars, which are not written down."""
    marks = {one.name: one for one in own if isinstance(one, Histogram)}
    return [_series(one, marks.get(one.name)) for one in merged]


def _series(one: Kept, own: Histogram | None) -> Series:
    if one.digits is not None:
        counter = Counter(one.name, one.help, one.labels, digits=one.digits, most=MOST)
        for labels, value in one.values:
            counter.add(labels, int(value))
        return counter
    if one.kind != "histogram":
        values = one.values[:MOST]
        return Gauge(one.name, one.help, one.labels, lambda: values, one.kind)
    histogram = Histogram(one.name, one.help, one.labels, one.bounds, most=MOST)
    for labels, counts, total in one.tallies[:MOST]:
        tally = histogram.tallies[labels] = Tally(len(counts))
        tally.counts, tally.sum = counts, total
        if own is not None and labels in own.tallies:
            tally.exemplars = list(own.tallies[labels].exemplars)
    return histogram
