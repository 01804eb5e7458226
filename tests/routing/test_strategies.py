"""What each strategy promises of its order, for any candidates."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.core.exchange import Target
from trunkline.routing.candidates import Candidate
from trunkline.routing.complexity import Complexity
from trunkline.routing.prior import Quality
from trunkline.routing.strategies import (
    BY_NAME,
    Adaptive,
    Balanced,
    Cascade,
    CostOptimized,
    Fastest,
    Ordered,
    QualityFirst,
    Weighted,
)
from trunkline.routing.strategies.ranking import Circumstances, Ranked
from trunkline.routing.thompson import Exploration

ASKED = Circumstances(Complexity(100))
RANKING = [name for name in BY_NAME if name != "ordered"]


def one(place: int, quality: float = 0.8, cost: int | None = 1_000_000, **more: Any) -> Candidate:
    provider = more.pop("provider", f"p{place}")
    source = more.pop("source", "prior")
    sd = more.pop("sd", 0.05)
    return Candidate(place, Target(provider, f"m{place}"), Quality(quality, sd, source), cost, **more)


@st.composite
def pools(draw: st.DrawFn, least: int = 1) -> list[Candidate]:
    size = draw(st.integers(least, 7))
    return [
        one(
            place,
            draw(st.floats(0, 1)),
            draw(st.none() | st.integers(0, 10**10)),
            latency=draw(st.none() | st.floats(0.01, 60)),
            sd=draw(st.floats(0, 0.3)),
            source=draw(st.sampled_from(["prior", "posterior"])),
            provider=f"p{place % 3}",
        )
        for place in range(size)
    ]


def order(ranked: list[Ranked]) -> list[int]:
    return [one.candidate.place for one in ranked]


@pytest.mark.parametrize("name", RANKING)
@settings(deadline=None)
@given(pool=pools(), seed=st.integers(0, 2**53))
def test_nobody_is_added_or_lost_and_the_propensities_are_one(name: str, pool: list[Candidate], seed: int) -> None:
    strategy: Any = BY_NAME[name]()

    ranked = strategy.rank(pool, ASKED, random.Random(seed).random)

    assert sorted(order(ranked)) == list(range(len(pool)))
    assert sum(one.propensity for one in ranked) == pytest.approx(1)
    assert ranked[0].propensity > 0
    assert order(strategy.rank(pool, ASKED, random.Random(seed).random)) == order(ranked)


@settings(deadline=None)
@given(pool=pools(), costs=st.tuples(*[st.integers(1_000, 10**10)] * 2), floor=st.floats(0, 1))
def test_of_equals_the_cheaper_never_ranks_lower(pool: list[Candidate], costs: tuple[int, int], floor: float) -> None:
    cheap, dear = sorted(costs)
    assume(cheap < dear)
    first = replace(pool[0], cost=dear)
    twin = replace(first, place=len(pool), cost=cheap)
    for strategy in (CostOptimized(floor), QualityFirst(), Balanced(), Balanced(floor=floor)):
        ranked = order(strategy.rank([first, *pool[1:], twin], ASKED, random.random))
        assert ranked.index(twin.place) < ranked.index(first.place)


@settings(deadline=None)
@given(pool=pools(), means=st.tuples(*[st.floats(0, 1)] * 2))
def test_at_one_price_the_better_never_ranks_lower(pool: list[Candidate], means: tuple[float, float]) -> None:
    worse, better = sorted(means)
    assume(better > worse + 1e-9)
    first = replace(pool[0], quality=replace(pool[0].quality, mean=worse))
    twin = replace(first, place=len(pool), quality=replace(first.quality, mean=better))
    for strategy in (CostOptimized(), QualityFirst(), Balanced()):
        ranked = order(strategy.rank([first, *pool[1:], twin], ASKED, random.random))
        assert ranked.index(twin.place) < ranked.index(first.place)


@settings(deadline=None)
@given(pool=pools(), floor=st.floats(0, 1))
def test_cost_optimized_holds_its_floor_at_the_least_cost(pool: list[Candidate], floor: float) -> None:
    first = CostOptimized(floor).rank(pool, ASKED, random.random)[0].candidate

    best = max(candidate.quality.mean for candidate in pool)
    good = [candidate for candidate in pool if candidate.quality.mean >= floor * best]
    assert first in good
    assert all(other.cost is None or first.cost is not None for other in good if other.cost is None)
    known = [other.cost for other in good if other.cost is not None]
    assert not known or max(1_000, first.cost or 0) == max(1_000, min(known))


def test_a_price_that_is_not_known_is_not_zero() -> None:
    unknown, dear = one(0, cost=None), one(1, cost=10**12)

    for strategy in (CostOptimized(), Balanced()):
        assert order(strategy.rank([unknown, dear], ASKED, random.random)) == [1, 0]


def test_balanced_starts_with_quality_over_cost_to_the_third_of_ten() -> None:
    dear, cheap = one(0, 0.9, 10_000_000), one(1, 0.6, 1_000_000)  # a tenth of the cost weighs 10 ** 0.3 = 2.0 times

    ranked = Balanced().rank([dear, cheap], ASKED, random.random)

    assert order(ranked) == [1, 0]
    assert ranked[1].score == pytest.approx(0.9 / 0.01**0.3)
    assert order(Balanced(weight=0.1).rank([dear, cheap], ASKED, random.random)) == [0, 1]


def test_balanced_with_a_floor_asks_only_who_has_shown_that_he_holds_it() -> None:
    best = one(0, 0.9, 10_000_000, source="posterior", sd=0.01)
    unsure = one(1, 0.89, 1_000_000, source="posterior", sd=0.1)
    sure = one(2, 0.89, 2_000_000, source="posterior", sd=0.005)
    strategy = Balanced(floor=0.95)

    assert order(strategy.rank([best, unsure, sure], ASKED, random.random))[0] == 2
    assert order(strategy.rank([best, unsure], ASKED, random.random))[0] == 0  # nobody can show it: the best
    guessed = replace(sure, quality=replace(sure.quality, source="price"))
    assert strategy.rank([best, guessed], ASKED, random.random) == Balanced().rank(
        [best, guessed], ASKED, random.random
    )


def test_a_warm_cache_counts_by_what_it_saves() -> None:
    cold, warm = one(0, cost=2_000_000), one(1, cost=1_500_000, warm=4_000)  # the saving is in the cost already
    better = one(2, 0.99, cost=9_000_000)

    assert order(CostOptimized().rank([cold, warm], ASKED, random.random)) == [1, 0]
    assert order(QualityFirst().rank([warm, better], ASKED, random.random)) == [2, 1]  # and it never excludes


def test_a_budget_near_its_end_makes_cost_count_more() -> None:
    dear, cheap = one(0, 0.9, 4_000_000), one(1, 0.75, 2_000_000)
    pressed = replace(ASKED, pressure=1.0)

    for strategy in (CostOptimized(0.9), Balanced(weight=0.2)):
        assert order(strategy.rank([dear, cheap], ASKED, random.random)) == [0, 1]
        assert order(strategy.rank([dear, cheap], pressed, random.random)) == [1, 0]


def test_the_fastest_is_first_and_no_samples_are_not_zero_seconds() -> None:
    slow, fast, unknown = one(0, latency=2.0), one(1, latency=0.3), one(2)

    strategy = Fastest(explore=0.0)

    assert order(strategy.rank([slow, fast, unknown], ASKED, random.random))[0] == 1
    assert order(strategy.rank([unknown, slow], ASKED, random.random)) == [0, 2]  # as fast as the others: its place
    assert strategy.rank([slow, fast], ASKED, random.random)[0].score == -0.3


@pytest.mark.parametrize(
    "strategy",
    [
        Weighted({"p0/m0": 5, "p1/m1": 3, "p2/m2": 0}),
        Fastest(explore=0.3),
        Adaptive(exploration=Exploration(share=0.4, regret=1.0)),
    ],
    ids=["weighted", "latency", "adaptive"],
)
def test_propensities_are_the_true_shares(strategy: Weighted | Fastest | Adaptive) -> None:
    pool = [one(0, 0.8, latency=1.0), one(1, 0.78, latency=2.0), one(2, 0.7, latency=3.0)]
    rng = random.Random(7).random
    runs = 6_000

    firsts = Counter(strategy.rank(pool, ASKED, rng)[0].candidate.place for _ in range(runs))

    said = {ranked.candidate.place: ranked.propensity for ranked in strategy.rank(pool, ASKED, rng)}
    for place, propensity in said.items():
        assert firsts[place] / runs == pytest.approx(propensity, abs=0.025)


def test_a_session_stays_where_it_is_weighed_in() -> None:
    pool = [one(0), one(1, sticky=True)]

    ranked = Weighted({"p0/m0": 1_000_000}).rank(pool, ASKED, random.random)

    assert order(ranked) == [1, 0]
    assert [one.propensity for one in ranked] == [1.0, 0.0]


def test_weights_of_nothing_are_even_ones() -> None:
    ranked = Weighted({"p0/m0": 0, "p1/m1": 0}).rank([one(0), one(1)], ASKED, random.random)

    assert [one.propensity for one in ranked] == [0.5, 0.5]


def test_priority_calls_are_not_explored_with() -> None:
    pool = [one(0, 0.8, sd=0.3), one(1, 0.79, sd=0.3)]
    strategy = Adaptive(exploration=Exploration(share=1.0, regret=1.0))

    assert strategy.rank(pool, ASKED, random.random)[0].propensity < 1
    for seed in range(50):
        ranked = strategy.rank(pool, replace(ASKED, priority=True), random.Random(seed).random)
        assert (order(ranked), ranked[0].propensity) == ([0, 1], 1.0)


def test_a_cascade_probes_the_cheapest_of_different_providers_the_better_one_last() -> None:
    pool = [
        one(0, 0.95, 9_000_000, provider="a"),
        one(1, 0.80, 900_000, provider="b"),
        one(2, 0.70, 100_000, provider="b"),
        one(3, 0.60, 200_000, provider="c"),
    ]
    ranked = Cascade().rank(pool, ASKED, random.random)

    assert order(ranked) == [0, 1, 2, 3]
    assert [probe.place for probe in Cascade().probing(ranked)] == [3, 2]
    assert [probe.place for probe in Cascade(probes=3).probing(ranked)] == [3, 2, 1]  # providers run out: a second of b


def test_probes_that_would_not_pay_are_not_asked() -> None:
    dear = Cascade().rank([one(0, 0.9, 1_000_000), one(1, 0.8, 300_000), one(2, 0.8, 300_000)], ASKED, random.random)
    few = Cascade().rank([one(0, 0.9, 9_000_000), one(1, 0.8, 100)], ASKED, random.random)

    assert Cascade().probing(dear) == ()
    assert Cascade(worthwhile=0.7).probing(dear) != ()
    assert Cascade().probing(few) == ()


def test_an_ordered_route_has_no_settings() -> None:
    assert Ordered.__struct_fields__ == ()
