"""Second requests: when, and how many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.resilience.hedge import HedgeSettings, Hedging, Late

LATE = Late(started=10.0, p95=1.5, committed=False, requests=1, expected_cost=100)


def hedging_after(calls, *, cost=100, **settings):
    hedging = Hedging(HedgeSettings(**{"share": 0.1, "cost_share": 0.1} | settings))
    for _ in range(calls):
        hedging.saw(cost)
    return hedging


def test_it_goes_out_after_the_usual_p95():
    assert hedging_after(10).at(LATE) == 11.5


def test_it_is_never_earlier_than_the_least():
    assert hedging_after(10, least=3.0).at(LATE) == 13.0


@pytest.mark.parametrize(
    "late",
    [
        replace(LATE, committed=True),
        replace(LATE, requests=2),
        replace(LATE, p95=None),
        replace(LATE, expected_cost=None),
        replace(LATE, expected_cost=101),
    ],
)
def test_not_after_content_nor_a_third_time_nor_blindly_nor_beyond_the_money(late):
    assert hedging_after(10).at(late) is None


def test_without_calls_there_is_no_second_request():
    hedging = hedging_after(9)

    assert hedging.at(LATE) is None
    assert not hedging.take(100)
    assert not hedging.take(None)


def test_unknown_costs_fill_only_the_bucket_of_requests():
    assert hedging_after(100, cost=None).at(LATE) is None


def test_a_cheap_loser_gives_money_back():
    hedging = hedging_after(20)
    assert hedging.take(100)
    assert hedging.take(100)
    hedging.saw(0)
    hedging._requests = 1.0
    assert not hedging.take(100)

    hedging.settle(100, None)
    assert not hedging.take(100)
    hedging.settle(100, 0)

    assert hedging.take(100)
    assert repr(hedging) == "<Hedging [0.0 requests | 0 nano-dollars]>"


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.booleans())),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.sampled_from([0.0, 0.1]),
)
def test_second_requests_stay_within_both_shares(calls, share, cost_share):
    hedging = Hedging(HedgeSettings(share=share, cost_share=cost_share))
    seen = spent = extra = paid = 0

    for cost, late in calls:
        if late and hedging.take(cost):
            extra += 1
            paid += cost
        hedging.saw(cost)
        seen += 1
        spent += cost

    assert extra <= share * seen + 1e-6
    assert paid <= cost_share * spent
