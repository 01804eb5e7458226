"""Waits between attempts."""

import collections
import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.resilience.backoff import Backoff, growing

BACKOFFS = st.builds(
    lambda base, factor, more: Backoff(base=base, factor=factor, cap=base + more),
    st.floats(0.001, 60),
    st.floats(1, 10),
    st.floats(0, 600),
)


@given(BACKOFFS, st.integers(0, 2000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_between_nothing_and_the_capped_power(backoff, n, draw):
    exact = min(math.log(backoff.cap), math.log(backoff.base) + n * math.log(backoff.factor))

    assert backoff.ceiling(n) == pytest.approx(math.exp(exact))
    assert backoff.ceiling(n) <= backoff.cap
    assert backoff.delay(n, lambda: draw) == draw * backoff.ceiling(n)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 10, 100, 1000, 1024, 1025, 10**9])
def test_no_number_of_retries_overflows(n):
    assert 0 < growing(2.0, 10.0, 30.0, n) <= 30


def test_jitter_is_full_and_uniform():
    backoff = Backoff(base=1, factor=2, cap=20)
    rng = random.Random(7).random

    seconds = collections.Counter(int(backoff.delay(10, rng)) for _ in range(10_000))

    assert sorted(seconds) == list(range(20))
    assert all(400 < count < 600 for count in seconds.values())


def test_a_retry_after_is_waited_for_to_the_second():
    assert Backoff().wait(0, lambda: 0.9, retry_after=20.0) == 20.0


@pytest.mark.parametrize("hint", [None, 0.0, -3.0, float("nan"), float("inf"), float("-inf")])
def test_no_usable_hint_means_backoff(hint):
    assert Backoff(base=0.5).wait(0, lambda: 0.5, retry_after=hint) == 0.25


def test_a_retry_after_beyond_the_longest_is_not_waited_for():
    backoff = Backoff(max_retry_after=120)

    assert backoff.wait(0, lambda: 0.5, retry_after=120.0) == 120.0
    assert backoff.wait(0, lambda: 0.5, retry_after=120.1) is None


def test_a_wait_that_does_not_fit_is_none():
    backoff = Backoff(base=1, cap=8)

    assert backoff.wait(0, lambda: 0.5, left=0.5) == 0.5
    assert backoff.wait(0, lambda: 0.5, left=0.4) is None
    assert backoff.wait(0, lambda: 0.5, left=3.0, retry_after=4.0) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"base": 0}, ">= 0.001"), ({"factor": 0.9}, ">= 1"), ({"base": 10, "cap": 5}, "at least base"), ({"x": 1}, "x")],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_at_load(settings, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, Backoff)
