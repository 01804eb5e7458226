"""Days and months come from the clock and a zone: of 23 and 25 hours, with midnights that do not exist, and no gap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.accounting.windows import period, zone

HOUR = 3_600_000
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Havana", "Pacific/Apia", "Asia/Beirut", "America/Sao_Paulo", "Pacific/Kiritimati", "Africa/Casablanca",
]  # fmt: skip


def millis(text: str, name: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name)).timestamp() * 1000)


def test_a_day_is_half_open_and_named_by_its_date_and_zone() -> None:
    day = period("day", "Europe/Berlin", millis("2026-11-22T12:00", "Europe/Berlin"))

    assert day.label == "day 2026-11-22 Europe/Berlin"
    assert day.start == millis("2026-11-21T23:00")
    assert day.has(day.start)
    assert day.has(day.end - 1)
    assert not day.has(day.end)


@pytest.mark.parametrize(("date", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_days_have_as_many_hours_as_they_have(date: str, hours: int) -> None:
    day = period("day", "Europe/Berlin", millis(f"{date}T12:00", "Europe/Berlin"))

    assert day.end - day.start == hours * HOUR


@pytest.mark.parametrize(
    ("date", "days"), [("2026-01-31", 31), ("2026-02-28", 28), ("2028-02-29", 29), ("2026-12-31", 31)]
)
def test_months_end_where_they_end(date: str, days: int) -> None:
    month = period("month", "UTC", millis(f"{date}T23:59"))

    assert month.end - month.start == days * 24 * HOUR
    assert month.label == f"month {date[:7]} UTC"


def test_a_month_in_which_clocks_change_is_an_hour_shorter() -> None:
    month = period("month", "Europe/Berlin", millis("2026-03-15T00:00"))

    assert month.end - month.start == (31 * 24 - 1) * HOUR


def test_where_midnight_does_not_exist_the_day_begins_with_its_first_moment() -> None:
    day = period("day", "Africa/Cairo", millis("2026-04-24T12:00", "Africa/Cairo"))  # 00:00 became 01:00

    assert day.start == millis("2026-04-23T22:00")
    assert day.end - day.start == 23 * HOUR


def test_the_day_before_one_that_was_left_out_ends_where_the_next_one_begins() -> None:
    before = period("day", "Pacific/Apia", millis("2011-12-30T09:00"))  # Samoa had no 30 December 2011
    after = period("day", "Pacific/Apia", millis("2011-12-30T11:00"))

    assert (before.label, after.label) == ("day 2011-12-29 Pacific/Apia", "day 2011-12-31 Pacific/Apia")
    assert before.end == after.start


@given(
    at=st.integers(min_value=0, max_value=4_000_000_000_000),
    name=st.sampled_from(ZONES),
    window=st.sampled_from(["day", "month"]),
)
@example(at=millis("2026-11-01T04:30"), name="America/Havana", window="day")
def test_every_moment_is_in_one_period_and_periods_follow_without_a_gap(at: int, name: str, window: str) -> None:
    now = period(window, name, at)  # type: ignore[arg-type]

    assert now.has(at)
    assert period(window, name, now.start) == now  # type: ignore[arg-type]
    assert period(window, name, now.end - 1) == now  # type: ignore[arg-type]
    following = period(window, name, now.end)  # type: ignore[arg-type]
    assert following.start == now.end
    assert following.label != now.label
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone(name))
    assert f"{local:%Y-%m}" in now.label


@pytest.mark.parametrize("name", ["Europe/Berlni", "../../etc/passwd", "/etc/localtime", "", "Europe", "\x00"])
def test_an_unknown_zone_says_how_one_is_written(name: str) -> None:
    with pytest.raises(ValueError, match="write one like Europe/Berlin"):
        zone(name)


def test_periods_do_not_depend_on_the_machines_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = millis("2026-11-22T12:00")
    before = period("day", "UTC", noon)
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert period("day", "UTC", noon) == before
    assert timedelta(milliseconds=before.end - before.start) == timedelta(days=1)
