"""Requests, tokens and places of a caller: all checked, then all taken; a refused call takes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.accounting import rates as module
from trunkline.accounting.rates import Allowance, Rates
from trunkline.core.call import Caller, CallerLimits
from trunkline.core.errors import CallerRateLimit


def caller(name: str = "alice", **limits: int) -> Caller:
    return Caller(name, limits=CallerLimits(**limits))


def test_so_many_requests_a_minute_and_no_more() -> None:
    rates, alice = Rates(), caller(requests_per_minute=3)
    for _ in range(3):
        rates.enter(alice, 10, 0.0)

    with pytest.raises(CallerRateLimit, match="3 requests a minute") as refused:
        rates.enter(alice, 10, 0.0)

    assert refused.value.retry_after == pytest.approx(20.0)
    assert (refused.value.status, refused.value.fallback) == (429, False)


def test_whoever_waits_as_long_as_it_was_told_may_call() -> None:
    rates, alice = Rates(), caller(requests_per_minute=7)
    now = 0.1
    for _ in range(50):
        try:
            rates.enter(alice, 0, now)
        except CallerRateLimit as refused:
            now += refused.retry_after or 0.0
            rates.enter(alice, 0, now)

    assert now == pytest.approx(0.1 + 43 * 60 / 7)


def test_a_refused_call_takes_nothing() -> None:
    rates, alice = Rates(), caller(requests_per_minute=10, tokens_per_minute=100, concurrent=5)
    rates.enter(alice, 80, 0.0)
    before = rates.allowances(alice, 0.0)

    with pytest.raises(CallerRateLimit, match="100 tokens a minute"):
        rates.enter(alice, 30, 0.0)

    assert rates.allowances(alice, 0.0) == before
    assert before["requests"].remaining == 9


def test_so_many_at_once_and_a_place_is_free_when_a_call_ended() -> None:
    rates, alice = Rates(), caller(concurrent=2)
    rates.enter(alice, 0, 0.0)
    rates.enter(alice, 0, 0.0)
    with pytest.raises(CallerRateLimit, match="2 calls at once"):
        rates.enter(alice, 0, 0.0)

    rates.leave(alice, 0, 0, 0.0)

    rates.enter(alice, 0, 0.0)


def test_tokens_that_were_used_beyond_what_was_expected_are_taken_afterwards() -> None:
    rates, alice = Rates(), caller(tokens_per_minute=60)
    rates.enter(alice, 10, 0.0)
    rates.leave(alice, 10, 90, 0.0)

    with pytest.raises(CallerRateLimit) as refused:
        rates.enter(alice, 10, 0.0)
    assert refused.value.retry_after == pytest.approx(40.0)


def test_tokens_that_were_not_used_come_back() -> None:
    rates, alice = Rates(), caller(tokens_per_minute=60)
    rates.enter(alice, 50, 0.0)
    rates.leave(alice, 50, 0, 0.0)

    assert rates.allowances(alice, 0.0)["tokens"] == Allowance(60, 60, 0.0)


def test_a_call_larger_than_the_limit_waits_for_all_of_it() -> None:
    rates, alice = Rates(), caller(tokens_per_minute=60)
    rates.enter(alice, 1_000, 0.0)

    with pytest.raises(CallerRateLimit):
        rates.enter(alice, 1, 0.0)


def test_callers_do_not_share() -> None:
    rates = Rates()
    rates.enter(caller("alice", requests_per_minute=1), 0, 0.0)

    rates.enter(caller("bob", requests_per_minute=1), 0, 0.0)

    with pytest.raises(CallerRateLimit):  # the control: alice has nothing left
        rates.enter(caller("alice", requests_per_minute=1), 0, 0.0)


def test_a_clock_that_goes_back_adds_nothing() -> None:
    rates, alice = Rates(), caller(requests_per_minute=1)
    rates.enter(alice, 0, 100.0)

    with pytest.raises(CallerRateLimit):
        rates.enter(alice, 0, 50.0)
    with pytest.raises(CallerRateLimit):
        rates.enter(alice, 0, 130.0)


def test_changed_limits_hold_at_once() -> None:
    rates = Rates()
    rates.enter(caller(requests_per_minute=1), 0, 0.0)

    rates.enter(caller(requests_per_minute=5), 0, 0.0)

    assert rates.allowances(caller(), 0.0) == {}


def test_callers_whose_buckets_are_full_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IDLE", 3)
    rates = Rates()
    for number in range(50):
        one = caller(f"c{number}", requests_per_minute=60)
        rates.enter(one, 0, float(number * 10))
        rates.leave(one, 0, 0, float(number * 10))

    assert repr(rates) in {"<Rates [1 callers]>", "<Rates [2 callers]>", "<Rates [3 callers]>"}


@given(steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 40)), max_size=80))
def test_over_any_time_no_more_is_let_in_than_the_limit_and_its_refill(steps: list[tuple[float, int]]) -> None:
    rates, alice = Rates(), caller(requests_per_minute=20, tokens_per_minute=100)
    now, requests, tokens = 0.0, 0, 0
    for passed, size in steps:
        now += passed
        try:
            rates.enter(alice, size, now)
        except CallerRateLimit:
            continue
        requests, tokens = requests + 1, tokens + size

    assert requests <= 20 + now / 3 + 1e-3
    assert tokens <= 100 + now * 100 / 60 + 1e-3
