"""The retries one target may be asked for."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.resilience.counting_window import SLOTS, CountingWindow
from trunkline.resilience.retry_budget import RetryBudget, RetryBudgetSettings


def budget_of(**settings):
    return RetryBudget(RetryBudgetSettings(**settings))


@pytest.mark.parametrize("ratio", [0.0001, 0.001, 0.25, 0.5, 0.99, 0.9999])
def test_of_ten_thousand_requests_the_share_is_retried(ratio):
    budget = budget_of(ratio=ratio, reserve=0)
    retries = 0

    for _ in range(10_000):
        budget.deposit(0.0)
        retries += budget.withdraw(0.0)

    assert retries == pytest.approx(ratio * 10_000, abs=1)


def test_an_old_request_pays_for_no_retry():
    budget = budget_of(ratio=1, reserve=0, seconds=1)
    budget.deposit(0.0)

    assert budget.allows(0.5)
    assert not budget.withdraw(3.0)


def test_rare_requests_have_a_reserve():
    budget = budget_of(ratio=0.2, reserve=1, seconds=10)

    assert [budget.withdraw(5.0) for _ in range(11)] == [True] * 10 + [False]
    assert budget.withdraw(20.0)


def test_it_shows_its_counts():
    budget = budget_of()
    budget.deposit(0.0)
    budget.withdraw(0.0)

    assert repr(budget) == "<RetryBudget 1 retries of 1 requests>"
    assert budget.balance(0.0) == pytest.approx(99.2)


@given(
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.1, 0.2, 1.0]),
    st.sampled_from([0.0, 0.5, 3.0]),
    st.sampled_from([0.001, 0.02, 0.5]),
)
def test_over_any_window_retries_are_a_share_of_requests_and_the_reserve(seed, ratio, reserve, pace):
    chance = random.Random(seed)
    budget = budget_of(ratio=ratio, reserve=reserve, seconds=1)
    now, requests, retries = 0.0, [], []

    for _ in range(300):
        now += chance.random() * pace
        budget.deposit(now)
        requests.append(now)
        if chance.random() < 0.7 and budget.withdraw(now):
            retries.append(now)

    width = 1 / SLOTS
    for end in retries:
        first = (end // width - SLOTS + 1) * width - 1e-9
        made = sum(first <= at <= end for at in retries)
        paid = sum(first <= at <= end for at in requests)
        assert made <= ratio * paid + reserve + 1e-6


@pytest.mark.parametrize("settings", [{"seconds": 0}, {"seconds": 61}, {"ratio": 1.5}, {"reserve": -1}])
def test_settings_that_cannot_work_are_refused_at_load(settings):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, RetryBudgetSettings)


@given(st.lists(st.tuples(st.floats(-0.5, 2.0), st.integers(0, 3), st.integers(0, 3))))
def test_the_window_counts_the_newest_ten_slots(calls):
    window = CountingWindow(1.0)
    now, newest, kept = 100.0, 0, []

    for step, first, second in calls:
        now += step
        window.add(now, first, second)
        newest = max(newest, int(now // 0.1))
        kept.append((newest, first, second))
        live = [call for call in kept if call[0] > newest - SLOTS]

        assert (window.first, window.second) == (sum(one for _, one, _ in live), sum(two for *_, two in live))
    assert repr(window).startswith("<CountingWindow ")
