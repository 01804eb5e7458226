"""Clocks that jump, days of 23 and 25 hours and ends of months, seen from the money: nothing is lost, nothing freed."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.accounting.scenes import NOW, PRICED, SMALL, exchange
from tests.layers.scenes import Clock, Endpoint
from trunkline.accounting.budgets import BudgetRule, demands
from trunkline.accounting.purse import LEASE, Purse
from trunkline.core.call import ANYONE
from trunkline.core.errors import CallError
from trunkline.layers.budget import Budget
from trunkline.stores.memory import MemoryStore
from trunkline.stores.ports import Store
from trunkline.stores.records import HOUR, UsageQuery
from trunkline.stores.sqlite import SqliteStore

BERLIN = "Europe/Berlin"
COST = 60_000
"""Nano-dollars of an answered call."""


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "a.db", lambda: NOW)
    yield opened
    await opened.aclose()


class House:
    """One process: a purse with one daily budget, on a clock of its own."""

    def __init__(self, store: Store, clock: Clock, *, limit: str = "1", zone: str = "UTC", window: Any = "day") -> None:
        self.clock = clock
        self.rule = BudgetRule(name="daily", limit=Decimal(limit), window=window, zone=zone)
        self.purse = Purse(store, [self.rule], wall=clock)
        self.budget = Budget(Endpoint(SMALL), PRICED, self.purse)
        self.store = store

    async def begin(self) -> Any:
        return await self.budget(exchange(max_tokens=5))

    async def spend(self) -> None:
        (await self.begin()).end()
        await self.purse.aclose()

    async def money(self, at: int | None = None) -> tuple[int, int]:
        """Spent and held in the window of a moment."""
        await self.purse.aclose()
        (demand,) = demands([self.rule], ANYONE, SMALL, self.clock() if at is None else at)
        balance = (await self.store.budgets.balances([demand.charge.account]))[demand.charge.account]
        return balance.spent, balance.held


def moment(text: str, zone: str = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


async def test_a_clock_that_jumps_ahead_settles_a_living_call_once_and_at_its_real_cost(store: Store) -> None:
    clock, other = Clock(NOW), Clock(NOW)
    here, beside = House(store, clock), House(store, other)
    reply = await here.begin()

    other.now += 12 * HOUR  # one machine's clock is set; to it the other process looks long dead
    await beside.purse.keep()
    presumed = await here.money()
    reply.end()

    assert presumed[0] > COST  # the control: it was taken for dead, and charged its worst case
    assert await here.money() == (COST, 0)
    assert [one.outcome for one in await store.usage.read(UsageQuery())] == ["ok"]


async def test_a_clock_that_is_set_back_frees_no_hold_and_takes_no_living_process_for_dead(store: Store) -> None:
    clock = Clock(NOW)
    here, beside = House(store, clock), House(store, clock)
    reply = await here.begin()
    _, held = await here.money()

    clock.now -= 6 * HOUR
    await here.purse.keep()
    await beside.purse.keep()

    assert await here.money(NOW) == (0, held)
    reply.end()
    assert await here.money(NOW) == (COST, 0)  # in the window it was held in


async def test_a_clock_that_is_set_back_gives_the_dead_no_longer_lives_than_it_was_set_back(store: Store) -> None:
    clock = Clock(NOW)
    dead, beside = House(store, clock), House(store, clock)
    await dead.begin()

    clock.now -= HOUR
    await beside.purse.keep()
    waiting = await dead.money(NOW)
    clock.now += HOUR + LEASE
    await beside.purse.keep()

    assert waiting[1] > 0  # the control: nobody could know yet
    assert (await dead.money(NOW))[1] == 0
    assert [one.outcome for one in await store.usage.read(UsageQuery())] == ["lost"]


@pytest.mark.parametrize(
    ("first", "last", "after", "until"),
    [
        ("2026-03-29T00:10", "2026-03-29T23:50", "2026-03-30T00:10", "2026-03-29 22:00"),  # 23 hours
        ("2026-10-25T00:10", "2026-10-25T23:50", "2026-10-26T00:10", "2026-10-25 23:00"),  # 25 hours
        ("2028-02-29T00:10", "2028-02-29T23:50", "2028-03-01T00:10", "2028-02-29 23:00"),
    ],
)
async def test_a_day_of_any_length_has_one_budget_and_the_next_day_another(
    store: Store, first: str, last: str, after: str, until: str
) -> None:
    clock = Clock(moment(first))
    house = House(store, clock, limit="0.0003", zone=BERLIN)
    await house.spend()

    clock.now = moment(last)
    with pytest.raises(CallError, match=f"wait until {until} UTC"):
        for _ in range(9):
            await house.spend()
    clock.now = moment(after)
    await house.spend()

    assert await house.money() == (COST, 0)
    assert (await house.money(moment(last)))[0] > COST


@pytest.mark.parametrize("text", ["2026-01-31T23:59:59", "2026-02-28T23:59:59", "2028-02-29T23:59:59"])
async def test_a_month_ends_with_its_last_second_and_a_hold_across_it_settles_where_it_was_held(
    store: Store, text: str
) -> None:
    clock = Clock(moment(text))
    house = House(store, clock, zone=BERLIN, window="month")
    reply = await house.begin()

    clock.now += 1000
    fresh = await house.money()
    reply.end()

    assert fresh == (0, 0)
    assert await house.money() == (0, 0)
    assert await house.money(moment(text)) == (COST, 0)
