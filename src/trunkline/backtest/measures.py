"""What one split says: each strategy's saving and quality beside the best single model of the test half, and curves.

Refuses to fit: it seats plans at exams and marks them.
"""

import numpy as np
from msgspec import Struct

from trunkline.backtest import fit_cascade
from trunkline.backtest.exam import Exam, Marks
from trunkline.backtest.plans import ByPrompt, Cascading, Plan
from trunkline.backtest.strategies import STRATEGIES, Aim, Lesson, prompt_prices
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Floats

Point = tuple[float, float]  # share of the best single model's cost, share of its quality


class Result(Struct, frozen=True):
    """One strategy on one split; shares of the best single model in hindsight. ``latency`` seconds, None unknown."""

    quality: float
    cost: float
    calls: float
    latency: float | None
    shown: bool


class Split(Struct, frozen=True):
    """One random half split of one suite.

    ``hindsight``: what each curve saves at the floor when its setting is read off the test half; ``read_off``: the area
    of a table of categories whose means are those of the test half. Bounds of any choice, and no results.
    """

    results: dict[str, Result]
    curves: dict[str, list[Point]]
    area: float
    hull: float
    apgr: dict[str, float]
    probes: tuple[str, ...]
    hindsight: dict[str, float]
    read_off: float


def measure(suite: Suite, seed: int, aim: Aim, names: tuple[str, ...]) -> Split:
    """Halve the suite by this seed, fit on one half, mark on the other."""
    order = np.random.default_rng(seed).permutation(len(suite))
    lesson = Lesson.of(suite.rows(order[: len(order) // 2]))
    test = suite.rows(order[len(order) // 2 :])
    results: dict[str, Result] = {}
    for name in names:
        fitted = STRATEGIES[name][1](lesson, Aim(aim.floor, aim.confidence, seed))
        results[name] = _result(test, _mark(test, fitted.plan), shown=fitted.shown is not None)
    results["oracle"] = _result(test, _oracle(test), shown=False)
    curves = _curves(lesson, test)
    draft = lesson.draft
    probes = () if draft is None else tuple(suite.models[place] for place in draft.order)
    plain = curves["prompt"]
    return Split(
        results,
        curves,
        _area(lesson, test, plain),
        _area(lesson, test, _hull(plain)),
        _apgr(lesson, test),
        probes,
        {name: _in_hindsight(curve, aim.floor) for name, curve in curves.items()},
        _area(lesson, test, _read_off(lesson, test)),
    )


def _in_hindsight(curve: list[Point], floor: float) -> float:
    """The most that any setting saved at the floor; nobody could have chosen it before."""
    return max((1.0 - cost for cost, quality in curve if quality >= floor), default=0.0)


def _read_off(lesson: Lesson, test: Suite) -> list[Point]:
    """The curve of whoever knows every prompt's category, and what each model scores and costs there, from the test."""
    quality, cost = np.empty_like(test.score), np.empty_like(test.cost)
    kinds = np.array(test.kind)
    for kind in set(test.kind):
        rows = kinds == kind
        known = test.present[rows].any(axis=0)
        count = np.maximum(test.present[rows].sum(axis=0), 1)
        quality[rows] = np.where(known, np.nan_to_num(test.score[rows]).sum(axis=0) / count, -np.inf)
        cost[rows] = np.nan_to_num(test.cost[rows]).sum(axis=0) / count
    everyone = np.arange(len(test))
    points: list[Point] = []
    for price in prompt_prices(lesson.training):
        chosen = np.where(test.present, quality - price * cost, -np.inf).argmax(axis=1)
        marks = test.score[everyone, chosen].mean() / test.quality[test.best]
        points.append((float(test.cost[everyone, chosen].mean() / test.price[test.best]), float(marks)))
    return points


def _mark(test: Suite, plan: Plan) -> Marks:
    exam = Exam(test)
    return exam.hand_in(plan.sit(exam))


def _result(test: Suite, marks: Marks, *, shown: bool) -> Result:
    best = test.best
    latency = None if np.isnan(marks.latency).any() else float(marks.latency.mean())
    return Result(
        quality=float(marks.score.mean() / test.quality[best]),
        cost=float(marks.cost.mean() / test.price[best]),
        calls=float(marks.calls.mean()),
        latency=latency,
        shown=shown,
    )


def _oracle(test: Suite) -> Marks:
    """The cheapest of the models that did best at each prompt: what nobody can reach, because it knows the scores."""
    top = np.nanmax(test.score, axis=1)
    dollars = np.where(test.score >= top[:, None], test.cost, np.inf)
    rows, chosen = np.arange(len(test)), dollars.argmin(axis=1)
    one = np.ones(len(test), np.int64)
    return Marks(top, test.cost[rows, chosen], one, test.latency[rows, chosen])


def _curves(lesson: Lesson, test: Suite) -> dict[str, list[Point]]:
    """Every setting of the two learned ways, none of them chosen: what the floor could have been, to be drawn."""
    plans: dict[str, list[Plan]] = {
        "prompt": [ByPrompt(lesson.layer, price) for price in prompt_prices(lesson.training)]
    }
    if lesson.draft is not None:
        plans["cascade"] = [
            Cascading(lesson.layer, lesson.draft.cascade(lesson.draft.rules(price)[0]), lesson.ranking)
            for price in fit_cascade.prices(lesson.training)
        ]
    return {name: [_point(test, _mark(test, plan)) for plan in some] for name, some in plans.items()}


def _point(test: Suite, marks: Marks) -> Point:
    best = test.best
    return float(marks.cost.mean() / test.price[best]), float(marks.score.mean() / test.quality[best])


def _area(lesson: Lesson, test: Suite, points: list[Point]) -> float:
    """Under the quality-cost curve from the cheapest model (0, 0) to the best (1, 1); a random mix has 0.5."""
    cheap, best = int(lesson.training.price.argmin()), test.best
    low_cost, low = float(test.price[cheap] / test.price[best]), float(test.quality[cheap] / test.quality[best])
    if low_cost >= 1 or low >= 1:
        return float("nan")
    line = np.array(sorted(points))
    cost, quality = (line[:, 0] - low_cost) / (1 - low_cost), (line[:, 1] - low) / (1 - low)
    grid = np.linspace(0.0, 1.0, 201)
    return float(np.interp(grid, cost, quality).mean())


def _hull(points: list[Point]) -> list[Point]:
    """The non-decreasing upper hull: what lots between settings reach (the AIQ of RouterBench)."""
    upper: list[Point] = []
    for point in sorted(points):
        if upper and point[1] <= upper[-1][1]:
            continue
        while len(upper) >= 2 and _below(upper[-2], upper[-1], point):
            upper.pop()
        upper.append(point)
    return upper


def _below(left: Point, middle: Point, right: Point) -> bool:
    return (middle[1] - left[1]) * (right[0] - left[0]) <= (right[1] - left[1]) * (middle[0] - left[0])


def _apgr(lesson: Lesson, test: Suite) -> dict[str, float]:
    """RouteLLM's protocol for two models: mean share of the gap recovered as 0 to 100 % of the calls go to the strong.

    By benchmark, for those with 100 test prompts and a gap. The area by trapezoids over 21 shares; random has 0.5.
    """
    if len(test.models) != 2:
        return {}
    strong = lesson.training.best
    quality = lesson.layer.predict(test.seen).quality
    gain, names = quality[:, strong] - quality[:, 1 - strong], np.array(test.benchmark)
    found: dict[str, float] = {}
    for name in sorted(set(test.benchmark)):
        rows = np.flatnonzero((names == name) & test.present.all(axis=1))
        if len(rows) >= 100:
            found[name or "all"] = _recovered(test.score[rows[np.argsort(-gain[rows], kind="stable")]], strong)
    return found


def _recovered(ranked: Floats, strong: int) -> float:
    weak_mean, strong_mean = ranked[:, 1 - strong].mean(), ranked[:, strong].mean()
    ends = np.round(np.linspace(0, len(ranked), 21)).astype(np.int64)
    means = [(ranked[:end, strong].sum() + ranked[end:, 1 - strong].sum()) / len(ranked) for end in ends]
    area = float(np.trapezoid(means, np.linspace(0.0, 1.0, 21)))
    return (area - float(weak_mean)) / float(strong_mean - weak_mean)
