"""The window of the last calls."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.resilience.sliding_window import SlidingWindow


def test_one_call_a_second_leaves_nine_in_a_window_of_ten_and_then_eight():
    window = SlidingWindow(100, 10.0)
    for second in range(10):
        window.add(second, False, False)

    window.expire(10.0)
    assert len(window) == 9
    window.expire(11.0)
    assert len(window) == 8


def test_a_call_is_gone_after_the_window_exactly():
    window = SlidingWindow(100, 10.0)
    window.add(0.0, True, True)
    window.add(0.0, True, False)

    window.expire(9.999999)
    assert (len(window), window.failures, window.slow) == (2, 2, 1)
    window.expire(10.0)
    assert (len(window), window.failures, window.slow) == (0, 0, 0)
    assert window.rates() is None


def test_it_shows_what_it_holds():
    window = SlidingWindow(100, 10.0)
    window.add(0.0, True, False)

    assert repr(window) == "<SlidingWindow 1 calls | 1 failed | 0 slow>"


@given(
    st.integers(1, 8),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.lists(st.tuples(st.sampled_from([-2.0, 0.0, 0.25, 0.5, 1.0]), st.booleans(), st.booleans())),
)
def test_it_holds_the_newest_calls_that_are_young_enough(size, seconds, calls):
    window = SlidingWindow(size, seconds)
    now, newest = 0.0, float("-inf")
    kept: list[tuple[float, bool, bool]] = []

    for step, failed, slow in calls:
        now += step
        newest = max(newest, now)
        window.add(now, failed, slow)
        kept = [call for call in [*kept, (newest, failed, slow)][-size:] if newest - call[0] < seconds]

        assert len(window) == len(kept)
        assert window.failures == sum(failed for _, failed, _ in kept)
        assert window.slow == sum(slow for *_, slow in kept)
        assert window.rates() == (window.failures / len(kept), window.slow / len(kept))
