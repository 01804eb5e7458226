"""Hints in headers, as seconds to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.dialects.retry_hints import retry_after, seconds_of, windows_reset

NOW = 1696004797.0  # Fri, 29 Sep 2023 16:26:37 GMT


def headers(**values: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in values.items()]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20.0),
        ("0.5", 0.5),
        (" 61 ", 61.0),
        ("Fri, 29 Sep 2023 16:26:57 GMT", 20.0),
        ("Fri, 29 Sep 2023 16:28:37 GMT", 120.0),
        ("fri, 29 sep 2023 16:27:37 gmt", 60.0),
        ("Fri, 29 Sep 2023 16:26:60 GMT", 22.0),  # a leap second, which Python's datetime does not have
        ("Friday, 29-Sep-23 16:26:57 GMT", 20.0),  # RFC 850
        ("Fri Sep 29 16:26:57 2023", 20.0),  # asctime
        ("Sun Oct  1 16:26:37 2023", 2 * 86400.0),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_every_http_date(value, seconds):
    assert retry_after(headers(retry_after=value), NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "0", "-1", "nan", "inf", "-inf", "99999999999999999999999999999999999", "1e999"),
        *("Fri, 29 Sep 2023 16:26:27 GMT", "Zun, 29 Sep 2023 16:26:57 GMT", "Fri, 29 Sep 100000 16:26:57 GMT"),
        *("Fri, 31 Feb 2023 16:26:57 GMT", "Fri, 29 Xxx 2023 16:26:57 GMT", "Fri, 29 Sep 2023 99:26:57 GMT"),
    ],
)
def test_garbage_zero_the_past_and_the_far_future_are_no_hint(value):
    assert retry_after(headers(retry_after=value), NOW) is None


def test_milliseconds_win_over_seconds():
    assert retry_after(headers(retry_after_ms="3000", retry_after="10")) == 3.0


def test_broken_milliseconds_leave_the_seconds():
    assert retry_after(headers(retry_after_ms="abc", retry_after="10")) == 10.0


def test_header_names_are_read_in_any_case():
    assert retry_after([(b"Retry-After", b"7")]) == 7.0


def test_a_date_is_measured_against_the_answers_own_clock():
    told = headers(date="Fri, 29 Sep 2023 16:26:50 GMT", retry_after="Fri, 29 Sep 2023 16:26:57 GMT")
    assert retry_after(told, NOW) == 7.0


def test_a_date_without_any_clock_is_no_hint():
    assert retry_after(headers(retry_after="Fri, 29 Sep 2023 16:26:57 GMT")) is None


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("6m0s", 360.0), ("1s", 1.0), ("250ms", 0.25), ("1h2m3.5s", 3723.5), ("34.07s", 34.07), ("1d", 86400.0)],
)
def test_durations_are_read_as_seconds(duration, seconds):
    assert seconds_of(duration) == pytest.approx(seconds)


@pytest.mark.parametrize("duration", ["", "s", "1", "1x", "-1s", "0s", "1s " * 50, "9" * 63 + "d"])
def test_what_is_no_duration_is_no_hint(duration):
    assert seconds_of(duration) is None


def test_the_window_that_is_used_up_decides():
    told = headers(
        x_ratelimit_remaining_requests="0",
        x_ratelimit_reset_requests="1s",
        x_ratelimit_remaining_tokens="100",
        x_ratelimit_reset_tokens="6m0s",
    )
    assert windows_reset(told) == 1.0


def test_without_a_used_up_window_the_longest_is_waited_for():
    assert windows_reset(headers(x_ratelimit_reset_requests="1s", x_ratelimit_reset_tokens="2.5")) == 2.5


def test_anthropics_windows_end_at_a_moment():
    told = headers(
        anthropic_ratelimit_input_tokens_remaining="0",
        anthropic_ratelimit_input_tokens_reset="2023-09-29T16:26:57Z",
        anthropic_ratelimit_requests_reset="2023-09-29T16:36:57Z",
    )
    assert windows_reset(told, NOW) == 20.0


@pytest.mark.parametrize("value", ["", "soon", "2023-09-29T16:26:57", "2023-09-29T16:26:27Z"])
def test_a_reset_that_is_no_moment_to_come_is_no_hint(value):
    assert windows_reset(headers(anthropic_ratelimit_requests_reset=value), NOW) is None


def test_a_used_up_window_without_a_reset_leaves_the_others():
    assert windows_reset(headers(x_ratelimit_remaining_requests="0", x_ratelimit_reset_tokens="2s")) == 2.0


@given(st.text(max_size=40), st.text(max_size=40), st.none() | st.floats(allow_nan=False, allow_infinity=False))
def test_no_header_value_is_ever_an_exception_or_a_useless_hint(name_value, reset, now):
    told = [
        (b"retry-after", name_value.encode()),
        (b"retry-after-ms", reset.encode()),
        (b"date", name_value.encode()),
        (b"x-ratelimit-reset-requests", reset.encode()),
        (b"anthropic-ratelimit-requests-reset", name_value.encode()),
    ]
    for hint in (retry_after(told, now), windows_reset(told, now)):
        assert hint is None or 0 < hint <= 366 * 86400
