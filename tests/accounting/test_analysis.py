"""Where the money went: by line and by day, and against always asking one target."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.stores.scenes import record
from trunkline.accounting.analysis import MOST_DAYS, average, moment, spend
from trunkline.catalog.published import PublishedPrice, PublishedTier
from trunkline.core.exchange import Target
from trunkline.core.usage import Usage
from trunkline.stores.memory import MemoryStore
from trunkline.stores.records import DAY, UsageQuery, UsageRecord, UsageSum

NOW = round(datetime(2026, 11, 22, 15, 30, tzinfo=UTC).timestamp()) * 1000
SMALL, LARGE = Target("openai", "small"), Target("anthropic", "large")
TIER = PublishedTier(over=100, input=Decimal(1_000))
PRICES = {
    SMALL: PublishedPrice(input=Decimal(1), output=Decimal(2)).price(),
    LARGE: PublishedPrice(input=Decimal(3), output=Decimal(15), tiers=(TIER,)).price(),
}


async def ledger(*records: UsageRecord) -> MemoryStore:
    store = MemoryStore()
    await store.usage.append(records)
    return store


@pytest.mark.parametrize(
    ("text", "place", "day"),
    [
        ("7d", "UTC", "2026-11-15T15:30"),
        ("12h", "UTC", "2026-11-22T03:30"),
        ("30m", "UTC", "2026-11-22T15:00"),
        ("1w", "UTC", "2026-11-15T15:30"),
        ("2026-11-01", "UTC", "2026-11-01T00:00"),
        ("2026-11-01", "Asia/Kolkata", "2026-10-31T18:30"),
        ("today", "Europe/Berlin", "2026-11-21T23:00"),
        ("month", "Europe/Berlin", "2026-10-31T23:00"),
        ("999999w", "UTC", "1970-01-01T00:00"),
    ],
)
def test_a_time_as_people_write_it(text: str, place: str, day: str) -> None:
    assert datetime.fromtimestamp(moment(text, NOW, place) / 1000, UTC).strftime("%Y-%m-%dT%H:%M") == day


@pytest.mark.parametrize("text", ["", "yesterday", "7", "-1d", "2026-13-01", "2026-11", "9999999d", "1e3d"])
def test_what_is_no_time_says_how_one_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="write an age like 7d"):
        moment(text, NOW)


def test_an_average_is_rounded_half_up_and_over_calls() -> None:
    assert average(UsageSum(calls=2, attempts=5, cost=5)) == 3
    assert average(UsageSum(calls=3, cost=4)) == 1
    assert average(UsageSum(attempts=1, cost=4)) is None


async def test_days_are_those_of_the_zone_and_empty_ones_stand_too() -> None:
    late = round(datetime(2026, 10, 25, 22, 59, tzinfo=UTC).timestamp()) * 1000  # 23:59 in Berlin, on a day of 25 hours
    store = await ledger(record("a", at=late), record("b", at=late + 60_000), record("c", at=late + 60_000 + 2 * DAY))
    query = UsageQuery(since=late - 3_600_000, until=late + 3 * DAY)

    shown = await spend(store.usage, query, "day", place="Europe/Berlin")

    assert [(line.group, line.attempts) for line in shown.lines] == [
        ("2026-10-25", 1),
        ("2026-10-26", 1),
        ("2026-10-27", 0),
        ("2026-10-28", 1),
    ]
    assert shown.total.attempts == 3


async def test_too_many_days_are_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="at most 1100 days"):
        await spend(MemoryStore().usage, UsageQuery(since=0, until=(MOST_DAYS + 1) * DAY), "day")


async def test_the_same_tokens_at_one_target_alone_without_tiers() -> None:
    store = await ledger(
        record("a", usage=Usage(input=1_000, output=100), cost=1_200_000),
        record("b", provider="anthropic", model="large", usage=Usage(input=1_000, output=100), cost=4_500_000),
    )

    shown = await spend(store.usage, UsageQuery(), "model", prices=PRICES, default=SMALL)

    assert shown.dearest is not None
    assert (shown.dearest.target, shown.dearest.cost, shown.dearest.saved) == (LARGE, 9_000_000, 3_300_000)
    assert shown.default is not None
    assert (shown.default.target, shown.default.cost, shown.default.saved) == (SMALL, 2_400_000, -3_300_000)


async def test_what_is_not_known_is_not_compared() -> None:
    store = await ledger(
        record("a", usage=Usage(input=1_000), cost=1_000_000), record("b", model="odd", cost=None, booked=7)
    )

    shown = await spend(store.usage, UsageQuery(), "model", prices=PRICES, default=Target("no", "price"))

    assert shown.dearest is not None
    assert (shown.dearest.cost, shown.dearest.saved) == (3_000_000, 2_000_000)
    assert shown.default is None
    assert (shown.total.unknown, shown.total.at_most) == (1, 7)


async def test_nothing_spent_is_compared_with_nothing() -> None:
    shown = await spend(MemoryStore().usage, UsageQuery(), "model", prices=PRICES, default=SMALL)

    assert (shown.lines, shown.total, shown.dearest, shown.default) == ((), UsageSum(), None, None)
