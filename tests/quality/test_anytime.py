"""Looking after every answer promotes a worse model in at most five cases of a hundred, and a good one soon."""

import random

import numpy as np
import pytest

from trunkline.quality.anytime import BETS, Comparison, Guard, Stakes

SETTINGS = Comparison(margin=0.03)
SEEDS, MOST = 1_000, 3_000


def stakes_over_time(differences: np.ndarray, comparison: Comparison) -> np.ndarray:
    """The mean stake against 'worse' after each answer: the same bets as ``Stakes``, for a thousand seeds at once."""
    ahead = (differences + comparison.margin) / (1 - comparison.margin)
    return np.mean([np.exp(np.cumsum(np.log1p(bet * ahead), axis=1)) for bet in BETS], axis=0)


def answers(better: float, seed: int, sd: float = 0.35) -> np.ndarray:
    """Differences of two graded scores whose true means differ by ``better``."""
    rng = np.random.default_rng(seed)
    new = np.clip(np.round((0.7 + better + rng.normal(0, sd / 1.4, (SEEDS, MOST))) * 4) / 4, 0, 1)
    old = np.clip(np.round((0.7 + rng.normal(0, sd / 1.4, (SEEDS, MOST))) * 4) / 4, 0, 1)
    shift = better - (new.mean() - old.mean())  # clipping moves the means: put the truth where it was said to be
    return np.clip(new - old + shift, -1, 1)


def test_the_vectorised_bets_are_the_ones_that_are_played() -> None:
    differences, stakes = answers(0.0, 5)[0][:200], Stakes()
    for difference in differences:
        stakes = stakes.after(float(difference), SETTINGS)

    assert sum(stakes.against_worse) / len(BETS) == pytest.approx(
        stakes_over_time(differences[None, :], SETTINGS)[0, -1]
    )
    assert stakes.difference == pytest.approx(float(differences.mean()))


def test_a_model_worse_by_the_margin_is_promoted_in_at_most_five_of_a_hundred_however_often_one_looks() -> None:
    peeked = stakes_over_time(answers(-0.03, 1), SETTINGS).max(axis=1)

    assert (peeked >= 1 / SETTINGS.error).mean() <= 0.05


def test_control_an_ordinary_test_with_the_same_peeking_promotes_far_more() -> None:
    ahead = answers(-0.03, 1) + 0.03
    n = np.arange(1, MOST + 1)
    mean = ahead.cumsum(axis=1) / n
    sd = np.sqrt(np.maximum((ahead**2).cumsum(axis=1) / n - mean**2, 1e-9))
    z = (mean / sd * np.sqrt(n))[:, 30:]

    assert (z.max(axis=1) > 1.645).mean() > 0.25


def test_an_equal_model_is_shown_not_to_be_worse() -> None:
    assert (stakes_over_time(answers(0.0, 2), SETTINGS).max(axis=1) >= 20).mean() > 0.7


def test_a_better_model_is_shown_so_soon() -> None:
    found = stakes_over_time(answers(0.05, 3), SETTINGS) >= 20

    assert np.median(found.argmax(axis=1)) < 500


def test_a_bad_model_is_shown_to_be_worse_and_never_both() -> None:
    stakes, rng = Stakes(), random.Random(4)
    standings = set()
    for _ in range(600):
        stakes = stakes.after(max(-1.0, min(1.0, rng.gauss(-0.2, 0.3))), SETTINGS)
        standings.add(stakes.standing(SETTINGS))

    assert standings == {"undecided", "worse"}


@pytest.mark.parametrize("difference", [1.1, -1.1, float("nan")])
def test_what_no_two_scores_differ_by_is_refused(difference: float) -> None:
    with pytest.raises(ValueError, match="differ by -1 to 1"):
        Stakes().after(difference, SETTINGS)


def test_a_guard_notices_a_fall_after_many_good_answers_where_one_long_comparison_does_not() -> None:
    rng, guard, long = random.Random(6), Guard(SETTINGS), Stakes()
    differences = [rng.gauss(0.05 if n < 600 else -0.2, 0.3) for n in range(800)]
    noticed = [guard.take(max(-1.0, min(1.0, one))) for one in differences]
    for one in differences:
        long = long.after(max(-1.0, min(1.0, one)), SETTINGS)

    assert "worse" not in noticed[:600]
    assert "worse" in noticed
    assert long.standing(SETTINGS) != "worse"


def test_a_guard_seldom_rings_over_one_that_is_as_bad_as_allowed() -> None:
    rings = 0
    for differences in answers(-0.03, 9)[:60]:
        guard = Guard(SETTINGS)
        rings += any(guard.take(float(one)) == "worse" for one in differences[:1_000])

    assert rings <= 6
