"""A backtest: many random halves of each suite, side by side on several processes, summed up with intervals.

Refuses to look inside a split: ``measures`` does the work.
"""

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import NormalDist, fmean, stdev
from typing import TypeVar

import numpy as np
from msgspec import Struct

from trunkline.backtest import measures, suite, tables
from trunkline.backtest.measures import Point, Result, Split
from trunkline.backtest.strategies import Aim
from trunkline.backtest.suite import Suite

T = TypeVar("T")
Told = Callable[[str], None]  # hears the name of a suite, once for each split that is done
_THREADS = "OPENBLAS_NUM_THREADS"  # one thread a process: two processes with two threads each are slower than two alone


class Mean(Struct, frozen=True):
    """A mean over splits with its 95 % interval, from Student's t by the number of splits."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        """The halves share prompts, so the interval is of this data's halves, a little too narrow for other data."""
        mean = fmean(values)
        if len(values) < 2:
            return cls(mean, mean, mean)
        half = _t(len(values) - 1) * stdev(values) / len(values) ** 0.5
        return cls(mean, mean - half, mean + half)


class Line(Struct, frozen=True):
    """One strategy over all splits: shares of the best single model's cost saved and quality kept."""

    saved: Mean
    quality: Mean
    calls: float
    latency: Mean | None
    shown: int


class Finding(Struct, frozen=True):
    """One suite. ``area`` under the quality-cost curve of the prompt layer, ``hull`` under its upper hull."""

    suite: str
    prompts: int
    models: int
    splits: int
    left_out: tuple[str, ...]
    best: str
    lines: dict[str, Line]
    curves: dict[str, list[Point]]
    area: Mean
    hull: Mean
    apgr: dict[str, Mean]
    probes: tuple[str, ...]
    hindsight: dict[str, Mean]
    read_off: Mean


def backtest(
    directory: Path, aim: Aim, splits: int, names: tuple[str, ...], *, jobs: int, told: Told, only: tuple[str, ...] = ()
) -> list[Finding]:
    """Every suite of a directory, or ``only`` some. Raises TablesError for tables that cannot be used."""
    found = [name for name in tables.suites(directory) if not only or name in only]
    if not found:
        raise tables.TablesError(
            f"{directory} has none of {', '.join(only)}; it has {', '.join(tables.suites(directory))}"
        )
    return [_one(directory, name, aim, splits, names, jobs, told) for name in found]


def _one(directory: Path, name: str, aim: Aim, splits: int, names: tuple[str, ...], jobs: int, told: Told) -> Finding:
    whole = suite.build(tables.read(directory, name))
    if jobs == 1:
        done = [_told(measures.measure(whole, seed, aim, names), name, told) for seed in range(splits)]
        return summed(whole, done)
    with (
        _one_thread(),
        ProcessPoolExecutor(
            min(jobs, splits), get_context("spawn"), initializer=_load, initargs=(directory, name)
        ) as pool,
    ):
        tasks = {pool.submit(_measure, seed, aim, names): seed for seed in range(splits)}
        by_seed = {tasks[task]: _told(task.result(), name, told) for task in as_completed(tasks)}
    return summed(whole, [by_seed[seed] for seed in range(splits)])


def _told(split: T, name: str, told: Told) -> T:
    told(name)
    return split


_loaded: list[Suite] = []  # of a worker process, which reads the tables itself: cheaper than sending them


def _load(directory: Path, name: str) -> None:
    _loaded[:] = [suite.build(tables.read(directory, name))]


def _measure(seed: int, aim: Aim, names: tuple[str, ...]) -> Split:
    return measures.measure(_loaded[0], seed, aim, names)


@contextmanager
def _one_thread() -> Generator[None]:
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]


def summed(whole: Suite, splits: list[Split]) -> Finding:
    """Means and intervals over the splits; the same splits give the same finding whoever computed them."""
    return Finding(
        suite=whole.name,
        prompts=len(whole),
        models=len(whole.models),
        splits=len(splits),
        left_out=whole.left_out,
        best=whole.models[whole.best],
        lines={name: _line([split.results[name] for split in splits]) for name in splits[0].results},
        curves={
            name: _curve([split.curves[name] for split in splits if name in split.curves]) for name in splits[0].curves
        },
        area=Mean.of([split.area for split in splits]),
        hull=Mean.of([split.hull for split in splits]),
        apgr={name: Mean.of([split.apgr[name] for split in splits if name in split.apgr]) for name in splits[0].apgr},
        probes=max((split.probes for split in splits), key=[split.probes for split in splits].count),
        hindsight={
            name: Mean.of([split.hindsight[name] for split in splits if name in split.hindsight])
            for name in splits[0].hindsight
        },
        read_off=Mean.of([split.read_off for split in splits]),
    )


def _line(results: list[Result]) -> Line:
    seconds = [result.latency for result in results if result.latency is not None]
    return Line(
        saved=Mean.of([1.0 - result.cost for result in results]),
        quality=Mean.of([result.quality for result in results]),
        calls=fmean(result.calls for result in results),
        latency=Mean.of(seconds) if len(seconds) == len(results) else None,
        shown=sum(result.shown for result in results),
    )


def _curve(curves: list[list[Point]]) -> list[Point]:
    """Setting by setting the mean over splits."""
    return [(float(cost), float(quality)) for cost, quality in np.mean(curves, axis=0)]


def _t(freedom: int) -> float:
    """97.5 % point of Student's t, by Cornish and Fisher's expansion: within 1 % from 3 degrees of freedom on."""
    z = NormalDist().inv_cdf(0.975)
    one = (z**3 + z) / 4
    two = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    three = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + one / freedom + two / freedom**2 + three / freedom**3
