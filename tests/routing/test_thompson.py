"""Exploring is bounded, its propensities are the true ones, and it finds what has become better."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing.linear_belief import LinearBelief, LinearPrior
from trunkline.routing.thompson import NONE, Exploration, choose, propensities

FREE = Exploration(share=1.0, regret=1.0, even=0.0)
beliefs = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5)), min_size=1, max_size=12)
explorations = st.builds(
    Exploration, share=st.floats(0, 1), regret=st.floats(1e-6, 1), even=st.floats(0, 1, exclude_min=True)
)


@given(beliefs, explorations)
def test_propensities_add_up_and_stay_within_both_bounds(
    arms: list[tuple[float, float]], exploration: Exploration
) -> None:
    shares = propensities(arms, exploration)

    best = max(range(len(arms)), key=lambda arm: arms[arm][0])
    assert sum(shares) == pytest.approx(1)
    assert 1 - shares[best] <= exploration.share + 1e-9
    assert sum(p * (arms[best][0] - mean) for p, (mean, _) in zip(shares, arms, strict=True)) <= (
        exploration.regret + 1e-9
    )


@given(beliefs)
def test_while_exploring_every_arm_has_a_chance(arms: list[tuple[float, float]]) -> None:
    assert min(propensities(arms, Exploration())) > 0


@given(beliefs, st.floats(0, 1, exclude_max=True))
def test_priority_traffic_gets_what_looks_best(arms: list[tuple[float, float]], dice: float) -> None:
    chosen = choose(arms, NONE, dice)

    assert arms[chosen.arm][0] == max(mean for mean, _ in arms)
    assert (chosen.propensity, chosen.explores) == (1.0, False)


def test_thompsons_share_is_the_probability_to_be_the_best() -> None:
    shares = propensities([(0.6, 0.1), (0.5, 0.1)], FREE)

    assert shares[0] == pytest.approx(0.76, abs=0.05)  # of N(0.1, 0.141) above zero


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5), st.floats(1, 1e9)), min_size=2, max_size=12), explorations
)
def test_exploring_adds_no_more_to_the_cost_than_its_share(
    arms: list[tuple[float, float, float]], exploration: Exploration
) -> None:
    costs = [cost for *_, cost in arms]
    beliefs = [(mean, sd) for mean, sd, _ in arms]
    best = max(range(len(arms)), key=lambda arm: beliefs[arm][0])

    shares = propensities(beliefs, exploration, costs)

    dearer = sum(share * max(cost - costs[best], 0) for share, cost in zip(shares, costs, strict=True))
    assert sum(shares) == pytest.approx(1)
    assert dearer <= exploration.cost * max(costs[best], 0.01 * max(costs)) + 1e-6


def test_a_dearer_arm_is_tried_rarely_and_a_cheaper_one_as_before() -> None:
    arms = [(0.7, 0.1), (0.65, 0.1), (0.65, 0.1)]
    alike = propensities(arms, FREE)

    cheapest, dearest = 1, 2
    shares = propensities(arms, FREE, [2.0, 1.0, 42.0])

    assert shares[dearest] == pytest.approx(0.05 * 2 / 40)
    assert shares[cheapest] == alike[cheapest] > 0.2


def test_beside_a_free_arm_others_are_still_tried() -> None:
    assert propensities([(0.7, 0.1), (0.7, 0.1)], FREE, [0.0, 1.0])[1] == pytest.approx(0.0005)


def test_what_is_logged_is_what_was_thrown() -> None:
    arms = [(0.7, 0.05), (0.65, 0.1), (0.4, 0.2)]
    rng = random.Random(3)
    thrown = [choose(arms, Exploration(share=0.3, regret=0.1), rng.random()) for _ in range(20_000)]

    counted = Counter(chosen.arm for chosen in thrown)
    for arm, share in enumerate(thrown[0].propensities):
        assert counted[arm] / 20_000 == pytest.approx(share, abs=0.01)
    assert all(chosen.propensity == chosen.propensities[chosen.arm] for chosen in thrown)
    # weighted by them, what was seen is what any other policy would have seen
    value = sum(arms[chosen.arm][0] / chosen.propensity for chosen in thrown if chosen.arm == 2) / 20_000
    assert value == pytest.approx(0.4, abs=0.05)


def test_the_same_dice_choose_the_same() -> None:
    arms = [(0.6, 0.1), (0.5, 0.2)]

    assert choose(arms, Exploration(), 0.99) == choose(arms, Exploration(), 0.99)


def test_nobody_to_choose_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 to 64 arms"):
        choose([], Exploration(), 0.5)


def run(exploration: Exploration, swap: int = 1_500, calls: int = 4_000) -> list[bool]:
    """Two models of which one is good at short prompts and one at long ones; then they swap. Was the better asked?"""
    rng, day = random.Random(11), 86_400_000
    arms = [LinearBelief(1, LinearPrior(), half_life=day) for _ in range(2)]
    right = []
    for call in range(calls):
        long = rng.random() < 0.5
        chosen = choose([arm.predict([float(long)]) for arm in arms], exploration, rng.random()).arm
        better = (1 if long else 0) if call < swap else (0 if long else 1)
        right.append(chosen == better)
        score = float(rng.random() < (0.9 if chosen == better else 0.5))
        arms[chosen].learn([float(long)], score, 1.0, 1 + call * day // 300)
    return right


def test_it_learns_which_model_is_better_at_what_and_follows_when_they_swap() -> None:
    right = run(Exploration(share=0.15, regret=0.1))

    assert sum(right[1_000:1_500]) / 500 > 0.85
    assert sum(right[3_500:]) / 500 > 0.85


def test_control_without_exploring_the_swap_is_not_mastered() -> None:
    greedy, exploring = run(NONE), run(Exploration(share=0.15, regret=0.1))

    assert sum(greedy[1_500:]) < sum(exploring[1_500:])
