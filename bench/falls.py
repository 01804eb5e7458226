"""How falls of ten points behind the same name are found, beside what no test can pass.

Refuses to choose a test: it watches by the package's own.
"""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from math import lgamma, log
from statistics import median
from typing import Any

import numpy as np
from msgspec.structs import replace

from trunkline.quality.agreement import Share, wilson
from trunkline.quality.drift import Drift, DriftSettings

MORE = 250
LONG = 3_000
STRETCHES = 3
Draw = Callable[[random.Random, float], tuple[float, str]]


def _canaries(*, told_apart: bool) -> Draw:
    """Twenty questions: sixteen are answered rightly in 97 %, four in 15 %; each falls by ten points."""

    def draw(rng: random.Random, drop: float) -> tuple[float, str]:
        question = rng.randrange(20)
        right = rng.random() < (0.97 if question < 16 else 0.15) - drop
        return float(right), str(question) if told_apart else ""

    return draw


SCORES: dict[str, Draw] = {
    "graded, sd 0.20": lambda rng, drop: (grade(rng.gauss(0.75 - drop, 0.2)), ""),
    "graded, sd 0.25": lambda rng, drop: (grade(rng.gauss(0.75 - drop, 0.25)), ""),
    "right or wrong, 90 %": lambda rng, drop: (float(rng.random() < 0.9 - drop), ""),
    "right or wrong, 80 %": lambda rng, drop: (float(rng.random() < 0.8 - drop), ""),
    "twenty canaries, 81 %": _canaries(told_apart=True),
    "the same, not told apart": _canaries(told_apart=False),
}


def grade(value: float) -> float:
    """A score of five grades."""
    return round(min(max(value, 0.0), 1.0) * 4) / 4


def falls() -> Iterable[str]:
    settings = DriftSettings()
    yield "## A fall of ten points behind the same name\n"
    yield (
        f"1,000 seeds: {settings.reference} scores of reference, {MORE} more, then the fall; and 500 seeds with "
        f"{LONG:,} scores of reference. False alarms are of stretches of {settings.horizon} answers without a fall, "
        f"the first {STRETCHES} of each seed as far as none has rung.\n"
    )
    long = "found, long reference | false alarms"
    yield f"| scores | found within 200 answers | median answers | false alarms | {long} |"
    yield "| --- | --- | --- | --- | --- | --- |"
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(_row, SCORES)
    yield ""
    yield from _bounds(settings)


def _row(name: str) -> str:
    draw, settings = SCORES[name], DriftSettings()
    found, wait, false = _watched(draw, settings, 1_000)
    found_long, _, false_long = _watched(draw, replace(settings, reference=LONG), 500)
    return f"| {name} | {found} | {wait:.0f} | {false} | {found_long} | {false_long} |"


def _bounds(settings: DriftSettings) -> Iterable[str]:
    may_err = 1 - (1 - settings.false_alarms) ** (200 / settings.horizon)
    yield (
        "What no test can pass with scores of right or wrong: the power of the best one there is (Neyman and Pearson) "
        "that is told the very answer at which the rate may have fallen, looks once, 200 answers later, and errs as "
        f"rarely in 200 as {settings.false_alarms:.0%} in {settings.horizon} allows ({may_err:.2%}). Told the rates as "
        "well, or told of the rate before only what the scores before say: that one must not err whatever the rate "
        "was, so it finds at most what the best does against any one rate that has not changed; the least of these is "
        "shown. A watch is told none of this and must stay below.\n"
    )
    short, long = settings.reference + MORE, LONG + MORE
    yield f"| rate | told all | told the moment, after {short} scores | told the moment, after {long:,} scores |"
    yield "| --- | --- | --- | --- |"
    for rate in (0.9, 0.8):
        powers = [_power(rate, rate, rate, 0, may_err)]
        powers += [
            min(_power(rate, rate - step / 400, rate, before, may_err) for step in range(25))
            for before in (short, long)
        ]
        yield f"| {rate:.0%} | " + " | ".join(f"{power:.1%}" for power in powers) + " |"
    yield ""


def _watched(draw: Draw, settings: DriftSettings, seeds: int) -> tuple[Share, float, Share]:
    """How many falls were found, in how many answers, and how many stretches had a false alarm."""
    late = [
        rang
        for seed in range(seeds)
        if (rang := _rings(draw, settings, seed, MORE, MORE + 200)) is None or rang >= MORE
    ]
    waits = [rang - MORE + 1 for rang in late if rang is not None]
    never = STRETCHES * settings.horizon
    rang = [_rings(draw, settings, seed, never, never) for seed in range(seeds)]
    stretches = sum(STRETCHES if one is None else 1 + one // settings.horizon for one in rang)
    false = seeds - rang.count(None)
    return wilson(len(waits), len(late)), median(waits), wilson(false, stretches)


def _rings(draw: Draw, settings: DriftSettings, seed: int, change: int, answers: int) -> int | None:
    rng, drift = random.Random(seed), Drift(settings)
    for _ in range(settings.reference):
        drift.add(*draw(rng, 0.0))
    for answer in range(answers):
        if drift.add(*draw(rng, 0.0 if answer < change else 0.1)):
            return answer
    return None


def _power(before: float, unchanged: float, rate: float, scores: int, may_err: float, after: int = 200) -> float:
    """The exact power of the best test of a fall by ten points after so many scores against one unchanged rate."""
    ones, others = (np.arange(many + 1)[:, None] for many in (scores, after))
    fell = _binomial(scores, before)[:, None] * _binomial(after, rate - 0.1)
    same = _binomial(scores, unchanged)[:, None] * _binomial(after, unchanged)
    tell = ones * _odds(before, unchanged) + others.T * _odds(rate - 0.1, unchanged)
    order = np.argsort(-tell, axis=None)
    erred = np.cumsum(same.ravel()[order])
    last = int(np.searchsorted(erred, may_err))
    coin = (may_err - (erred[last - 1] if last else 0.0)) / same.ravel()[order[last]]
    return float(fell.ravel()[order[:last]].sum() + coin * fell.ravel()[order[last]])


def _odds(one: float, other: float) -> float:
    """What each right answer adds to the log of the likelihoods' ratio."""
    return log(one / other) - log((1 - one) / (1 - other))


def _binomial(many: int, rate: float) -> "np.ndarray[Any, Any]":
    ways = [lgamma(many + 1) - lgamma(right + 1) - lgamma(many - right + 1) for right in range(many + 1)]
    right = np.arange(many + 1)
    found: np.ndarray[Any, Any] = np.exp(np.array(ways) + right * log(rate) + (many - right) * log(1 - rate))
    return found
