"""With few labels by people and many by a judge that is biased, the corrected interval covers the truth."""

import random
from collections.abc import Callable
from statistics import fmean

import pytest

from trunkline.quality.prediction_powered import Corrected, corrected

RUNS, LABELS, JUDGED = 500, 120, 600
Judge = Callable[[random.Random, float], float]


def grade(value: float) -> float:
    """As a rubric of 1 to 5 says it."""
    return round(min(max(value, 0.0), 1.0) * 4) / 4


def lenient(rng: random.Random, truth: float) -> float:
    return grade(truth + 0.15 + rng.gauss(0, 0.15))


def harsh(rng: random.Random, truth: float) -> float:
    return grade(0.7 * truth + rng.gauss(0, 0.1))


def noise(rng: random.Random, truth: float) -> float:
    return grade(rng.random())


def swayed(rng: random.Random, truth: float) -> float:
    """Prefers whatever stands first, which half of the answers do."""
    return grade(truth + (0.25 if rng.random() < 0.5 else 0.0) + rng.gauss(0, 0.1))


def exact(rng: random.Random, truth: float) -> float:
    return truth


JUDGES: dict[str, Judge] = {
    "lenient": lenient, "harsh": harsh, "noise": noise, "swayed": swayed, "exact": exact,
}  # fmt: skip


def world(judge: Judge, seed: int, labels: int = LABELS) -> Corrected:
    rng = random.Random(seed)
    truths = [grade(rng.betavariate(4, 2)) for _ in range(labels + JUDGED)]
    said = [judge(rng, truth) for truth in truths]
    return corrected(truths[:labels], said[:labels], said[labels:])


TRUTH = fmean(grade(random.Random(n).betavariate(4, 2)) for n in range(50_000))


@pytest.mark.parametrize("name", list(JUDGES))
def test_corrected_intervals_cover_the_truth_whatever_the_judge_is(name: str) -> None:
    found = [world(JUDGES[name], seed) for seed in range(RUNS)]

    assert sum(one.low <= TRUTH <= one.high for one in found) >= 0.95 * RUNS


@pytest.mark.parametrize("name", ["lenient", "harsh", "noise", "swayed"])
def test_control_the_raw_mean_does_not_cover_it(name: str) -> None:
    """With the width of its own sampling error, as a dashboard would show it."""
    found = [world(JUDGES[name], seed) for seed in range(100)]

    assert sum(abs(one.raw - TRUTH) <= 1.96 * 0.3 / JUDGED**0.5 for one in found) < 50


def test_few_labels_are_covered_too() -> None:
    found = [world(lenient, seed, labels=15) for seed in range(RUNS)]

    assert sum(one.low <= TRUTH <= one.high for one in found) >= 0.95 * RUNS


def test_a_good_judge_makes_the_interval_narrower_than_the_labels_alone() -> None:
    judged, alone = world(harsh, 1), world(noise, 1)

    assert judged.high - judged.low < 0.9 * (alone.high - alone.low)
    assert judged.trust > 0.55
    assert alone.trust < 0.1


def test_the_bias_is_named() -> None:
    assert world(lenient, 3).bias == pytest.approx(0.12, abs=0.04)
    assert "is +0.1" in str(world(lenient, 3))


@pytest.mark.parametrize(
    ("people", "there", "elsewhere", "told"),
    [
        ([1.0] * 4, [1.0] * 4, [1.0], "at least 5"),
        ([1.0] * 5, [1.0] * 5, [], "one judged elsewhere"),
        ([1.0] * 5, [1.0] * 4, [1.0], "each needs both"),
    ],
)
def test_too_little_is_refused(people: list[float], there: list[float], elsewhere: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        corrected(people, there, elsewhere)


def test_labels_that_agree_by_chance_leave_an_interval_with_a_width() -> None:
    one = corrected([1.0] * 8, [1.0] * 8, [1.0] * 100)

    assert one.low < 0.9
