"""Concurrency, rate limits, throttle and latency: what a target can bear."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resilience.scenes import ABANDONED, FAILED, FINE, MISTAKEN, ended
from trunkline.core.errors import FirstContentTimeout, RateLimit, ReadTimeout
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.resilience.concurrency_limit import ConcurrencyLimit, ConcurrencySettings
from trunkline.resilience.gate import Rejected
from trunkline.resilience.latency import NEWEST, Latency
from trunkline.resilience.rate_limit import Headroom, RateLimitGate, RateLimitSettings
from trunkline.resilience.throttle import Throttle, ThrottleSettings

REFUSED = ended(RateLimit("429"))


def refused(seconds):
    return ended(RateLimit("429", retry_after=seconds))


def limit_of(**settings):
    return ConcurrencyLimit(ConcurrencySettings(**settings))


def test_a_full_target_turns_away_and_says_when_a_call_may_end():
    limit = limit_of(initial=2)
    for _ in range(2):
        limit.enter(0.0)

    with pytest.raises(Rejected, match=r"reached \(2 in flight\)") as raised:
        limit.enter(0.0)

    assert raised.value.retry_after == 0.5
    assert limit.ready_at(0.0) == 0.5
    limit.leave(0, ABANDONED, 0.0)
    assert limit.ready_at(0.0) == 0.0
    assert repr(limit) == "<ConcurrencyLimit 1 of 2 in flight>"


@pytest.mark.parametrize("kind", [RateLimit, FirstContentTimeout, ReadTimeout])
def test_a_burst_of_refusals_is_one_sign(kind):
    limit = limit_of(initial=100, fall=0.8)
    tickets = [limit.enter(0.0) for _ in range(100)]

    for ticket in tickets:
        limit.leave(ticket, ended(kind("too much")), 1.0)
    assert limit.limit == 80
    limit.leave(limit.enter(1.0), ended(kind("too much")), 2.0)

    assert limit.limit == 64


@pytest.mark.parametrize("outcome", [FAILED, MISTAKEN, ABANDONED])
def test_what_is_no_congestion_leaves_the_limit_as_it_is(outcome):
    limit = limit_of(initial=1)

    limit.leave(limit.enter(0.0), outcome, 1.0)

    assert limit._limit == 1.0


def test_an_unused_limit_does_not_grow():
    limit = limit_of(initial=10)

    for _ in range(100):
        limit.leave(limit.enter(0.0), FINE, 1.0)

    assert limit.limit == 10


@given(st.integers(1, 50), st.lists(st.booleans(), min_size=1, max_size=60))
def test_it_is_never_below_one_and_grows_by_at_most_one_in_a_round_trip(initial, trips):
    limit = limit_of(initial=initial, largest=60)

    for now, good in enumerate(trips):
        before = limit._limit
        for ticket in [limit.enter(now) for _ in range(limit.limit)]:
            limit.leave(ticket, FINE if good else REFUSED, now + 1)

        assert 1 <= limit.limit <= 60
        if good:
            assert before <= limit._limit <= before + 1
        else:
            assert limit._limit == max(1.0, before * 0.8)
        assert limit.in_flight == 0


def test_a_limit_larger_than_the_largest_is_refused_at_load():
    with pytest.raises(msgspec.ValidationError, match="at most largest"):
        msgspec.convert({"initial": 10, "largest": 5}, ConcurrencySettings)


def test_a_429_blocks_until_its_retry_after_and_a_longer_one_extends():
    gate = RateLimitGate()
    tickets = [gate.enter(0.0) for _ in range(3)]

    for ticket, seconds in zip(tickets, (5.0, 9.0, 2.0), strict=True):
        gate.leave(ticket, refused(seconds), 1.0)

    assert gate.ready_at(1.0) == gate.ready_at(1.0, panic=True) == 10.0
    with pytest.raises(Rejected, match="the rate limit is used up; ask again in 9 s"):
        gate.enter(1.0)
    gate.enter(10.0)


def test_no_429_blocks_for_longer_than_allowed():
    gate = RateLimitGate(RateLimitSettings(longest=60))

    gate.leave(gate.enter(0.0), refused(1e9), 0.0)

    assert gate.ready_at(0.0) == 60.0


def test_429s_without_a_hint_pause_longer_each_time_until_an_answer_comes():
    gate = RateLimitGate(RateLimitSettings(base=1, cap=3))
    pauses, now = [], 0.0

    for _ in range(4):
        burst = [gate.enter(now), gate.enter(now)]
        for ticket in burst:
            gate.leave(ticket, REFUSED, now)
        pauses.append(gate.ready_at(now) - now)
        now = gate.ready_at(now)
    gate.leave(gate.enter(now), FINE, now)
    gate.leave(gate.enter(now), REFUSED, now)
    pauses.append(gate.ready_at(now) - now)

    assert pauses == [1, 2, 3, 3, 1]


def test_a_late_success_does_not_shorten_the_pause():
    gate = RateLimitGate(RateLimitSettings(base=1))
    early = gate.enter(0.0)
    gate.leave(gate.enter(0.0), REFUSED, 0.0)

    gate.leave(early, FINE, 0.5)
    gate.leave(gate.enter(2.0), REFUSED, 2.0)

    assert gate.ready_at(2.0) == 4.0


@pytest.mark.parametrize("outcome", [MISTAKEN, ABANDONED])
def test_other_ends_say_nothing_about_limits(outcome):
    gate = RateLimitGate()

    gate.leave(gate.enter(0.0), outcome, 0.0)

    assert gate.ready_at(0.0) == 0.0
    assert repr(gate) == "<RateLimitGate [nothing known]>"


def test_calls_use_up_what_the_headers_left_and_it_comes_back_evenly():
    gate = RateLimitGate()
    gate.learn(0.0, requests=Headroom(remaining=2, reset=10, limit=12))

    gate.enter(0.0)
    gate.enter(0.0)

    assert gate.ready_at(0.0) == pytest.approx(10 / 12)
    assert repr(gate) == "<RateLimitGate [0 requests left]>"


def test_without_the_size_of_the_window_it_waits_for_the_reset():
    gate = RateLimitGate()

    gate.learn(0.0, requests=Headroom(remaining=0, reset=10))

    assert gate.ready_at(4.0) == 10.0
    assert gate.ready_at(10.0) == 10.0
    assert gate.ready_at(11.0) == 11.0


def test_a_call_waits_for_its_usual_number_of_tokens():
    gate = RateLimitGate()
    gate.learn(0.0, tokens=Headroom(remaining=100, reset=60, limit=10_000))
    used = Outcome(Usage(input=400, output=100), 1.0, 0.5)

    gate.leave(gate.enter(0.0), used, 0.0)

    assert gate.ready_at(0.0) == pytest.approx(60 * 400 / 9900)
    gate.learn(1.0, tokens=Headroom(remaining=9_000, reset=6, limit=10_000))
    assert gate.ready_at(1.0) == 1.0


@pytest.mark.parametrize(
    "told",
    [Headroom(0, 1e12), Headroom(0, 1e12, 10), Headroom(0, 1e12, 0), Headroom(-5, 1e12, 10), Headroom(0, 1e12, 0.5)],
)
def test_hostile_headers_hold_nobody_for_ever(told):
    gate = RateLimitGate(RateLimitSettings(longest=300))

    gate.learn(0.0, requests=told)

    assert 0 < gate.ready_at(0.0) <= 300


@pytest.mark.parametrize(
    ("requests", "accepts", "share"), [(120, 90, 0.1653), (200, 50, None), (0, 0, 0.0), (100, 0, 0.8), (100, 100, 0.0)]
)
def test_the_throttles_share_is_the_sre_formula(requests, accepts, share):
    throttle = Throttle(ThrottleSettings(k=10 / 9, cap=0.8), rng=lambda: 0.99)

    for number in range(requests):
        throttle.leave(throttle.enter(0.0), FINE if number < accepts else REFUSED, 0.0)

    if share is None:
        assert 0.7 < throttle.share(0.0) < 0.8
    else:
        assert throttle.share(0.0) == pytest.approx(share, abs=1e-3)
    assert throttle.share(61.0) == 0.0
    assert throttle.ready_at(5.0) == 5.0


def test_the_throttle_turns_away_by_chance_but_not_in_panic():
    draws = iter([0.9, 0.9, 0.79, 0.79, 0.81])
    throttle = Throttle(ThrottleSettings(k=1, cap=0.8), rng=lambda: next(draws))
    throttle._counts.add(0.0, first=100)

    throttle.leave(throttle.enter(0.0), MISTAKEN, 0.0)
    throttle.enter(0.0)
    with pytest.raises(Rejected, match="turns 80% of calls away"):
        throttle.enter(0.0)
    throttle.enter(0.0, panic=True)
    throttle.enter(0.0)

    assert repr(throttle) == "<Throttle 1 of 105 accepted>"


def test_a_target_without_samples_has_no_latency():
    latency = Latency()

    assert (latency.p50, latency.p95, repr(latency)) == (None, None, "<Latency [no samples]>")


def test_quantiles_are_of_real_samples_and_the_p95_needs_twenty():
    latency = Latency()
    for milliseconds in range(1, 20):
        latency.add(milliseconds / 1000)
    assert (latency.p50, latency.p95) == (0.010, None)

    latency.add(0.020)

    assert (latency.p50, latency.p95, latency.quantile(0), latency.quantile(1)) == (0.010, 0.019, 0.001, 0.020)
    assert repr(latency) == "<Latency [p50 10 ms of 20]>"


@pytest.mark.parametrize("calls", [NEWEST, NEWEST + 1, 3 * NEWEST + 7])
def test_the_oldest_sample_gives_way(calls):
    latency = Latency()

    for call in range(calls):
        latency.add(float(call))

    assert len(latency) == NEWEST
    assert (latency.quantile(0), latency.quantile(1)) == (calls - NEWEST, calls - 1)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=400))
def test_only_the_newest_samples_count(values):
    latency = Latency()
    for value in values:
        latency.leave(latency.enter(0.0), ended(seconds=200.0, first=value), 0.0)

    newest = sorted(values[-NEWEST:])
    assert len(latency) == len(newest)
    assert latency.quantile(1) == newest[-1]
    assert latency.p50 == newest[(len(newest) + 1) // 2 - 1]


def test_a_call_without_content_is_no_sample():
    latency = Latency()

    latency.leave(latency.enter(0.0), FAILED, 0.0)

    assert (len(latency), latency.ready_at(3.0)) == (0, 3.0)
