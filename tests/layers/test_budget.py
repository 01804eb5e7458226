"""Money around an endpoint: held before it is sent, settled when it ended, refused where a limit would be passed."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.accounting.scenes import FREE, LARGE, NOW, PRICED, SMALL, UNPRICED, body, exchange
from tests.layers.scenes import Clock, Endpoint
from trunkline.accounting.budgets import BudgetRule
from trunkline.accounting.purse import LEASE, Nearing, Purse
from trunkline.accounting.upkeep import upkeep
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Caller
from trunkline.core.errors import (
    BudgetExceeded,
    CallerGone,
    FirstContentTimeout,
    ServerError,
    StoreUnavailable,
    UnknownPrice,
)
from trunkline.core.exchange import Exchange, Target
from trunkline.layers.budget import Budget
from trunkline.stores.memory import MemoryStore
from trunkline.stores.ports import Store
from trunkline.stores.records import UsageQuery, UsageRecord
from trunkline.stores.sqlite import SqliteStore

ALL = UsageQuery()
WORST = (len(body(max_tokens=5)) * 1_000 + 5 * 10_000) / 10**9
"""Dollars that a call of five tokens of answer may cost at most; it costs 0.00006."""


class House:
    """A purse on a store, with endpoints around which it stands."""

    def __init__(self, store: Store, *rules: BudgetRule, clock: Clock | None = None) -> None:
        self.store = store
        self.clock = clock or Clock(NOW)
        self.purse = Purse(store, rules, wall=self.clock)
        self.endpoint = Endpoint(SMALL)
        self.budget = self.around(self.endpoint, PRICED)

    def around(self, endpoint: Endpoint, offer: Offer) -> Budget:
        return Budget(endpoint, offer, self.purse)

    async def ask(self, one: Exchange | None = None, **fields: Any) -> Exchange:
        """A call from its beginning to its end."""
        asked = one or exchange(**{"max_tokens": 5, **fields})
        (await self.budget(asked)).end()  # type: ignore[attr-defined]
        return asked

    async def money(self) -> tuple[int, int]:
        """Spent and held, in all accounts there are."""
        await self.purse.aclose()
        names = [charge.account for charge in self.charges()]
        balances = (await self.store.budgets.balances(names)).values()
        return sum(one.spent for one in balances), sum(one.held for one in balances)

    def charges(self) -> list[Any]:
        from trunkline.accounting.budgets import demands

        return [one.charge for one in demands(self.purse.rules, Caller("anyone"), SMALL, self.clock())]

    async def records(self) -> list[UsageRecord]:
        await self.purse.aclose()
        return await self.store.usage.read(ALL)


def rule(limit: float, **other: Any) -> BudgetRule:
    return BudgetRule(**{"name": "monthly", "limit": Decimal(str(limit)), **other})


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "a.db", lambda: NOW)
    yield opened
    await opened.aclose()


async def test_money_is_held_before_anything_is_sent_and_settled_when_the_answer_ended(store: Store) -> None:
    house = House(store, rule(1))

    async def look() -> None:
        assert house.endpoint.asked
        assert await house.money() == (0, round(WORST * 10**9))

    house.endpoint.work = look
    await house.ask()

    assert await house.money() == (60_000, 0)
    (record,) = await house.records()
    assert (record.outcome, record.cost, record.booked, record.attempt) == ("ok", 60_000, 60_000, 1)


async def test_what_would_pass_a_hard_limit_is_refused_and_nothing_is_sent(store: Store) -> None:
    house = House(store, rule(WORST - 0.000001))

    with pytest.raises(BudgetExceeded, match=r"the budget monthly has \$.* left .* may cost up to \$") as refused:
        await house.ask()

    assert (refused.value.status, refused.value.retryable, refused.value.fallback) == (402, False, True)
    assert house.endpoint.asked == []
    assert await house.money() == (0, 0)
    assert await house.records() == []


async def test_a_soft_limit_lets_through_and_counts(store: Store) -> None:
    house = House(store, rule(0, hard=False))

    await house.ask()

    assert await house.money() == (60_000, 0)


async def test_only_its_own_traffic_is_blocked_by_an_exhausted_budget(store: Store) -> None:
    house = House(store, rule(0, per="team", only=("research",)), rule(1, name="all"))
    poor = Caller("alice", team="research")

    with pytest.raises(BudgetExceeded, match="the budget monthly of team research"):
        await house.ask(caller=poor)
    await house.ask(caller=Caller("bob", team="sales"))

    assert len(house.endpoint.asked) == 1


async def test_an_exhausted_budget_does_not_stop_what_is_free(store: Store) -> None:
    house = House(store, rule(0))
    free = Endpoint(FREE.target, cost=0)
    asked = exchange()

    (await house.around(free, FREE)(asked)).end()  # type: ignore[attr-defined]

    assert free.asked == [body()]
    assert [one.cost for one in await house.records()] == [0]


async def test_an_unknown_price_is_refused_under_a_hard_budget_and_recorded_as_unknown_without_one(
    store: Store,
) -> None:
    hard, soft = House(store, rule(5)), House(store, rule(5, hard=False))
    unknown = Endpoint(UNPRICED.target, cost=None)

    with pytest.raises(UnknownPrice, match="own/unknown has no known price"):
        await hard.around(unknown, UNPRICED)(exchange())
    (await soft.around(unknown, UNPRICED)(exchange())).end()  # type: ignore[attr-defined]

    assert [(one.cost, one.booked) for one in await soft.records()] == [(None, 0)]


async def test_a_failed_call_gives_its_hold_back(store: Store) -> None:
    house = House(store, rule(1))
    house.endpoint.error = ServerError("the provider answered 500")

    with pytest.raises(ServerError):
        await house.ask()

    assert await house.money() == (0, 0)
    assert [(one.outcome, one.cost) for one in await house.records()] == [("server_error", 0)]


async def test_a_failure_that_may_be_billed_stays_charged_at_its_worst(store: Store) -> None:
    house = House(store, rule(1))
    house.endpoint.error = FirstContentTimeout("nothing came")

    with pytest.raises(FirstContentTimeout):
        await house.ask()

    assert await house.money() == (round(WORST * 10**9), 0)
    assert [(one.cost, one.usage.source) for one in await house.records()] == [(None, "unknown")]


async def test_a_cancelled_call_is_charged_what_was_delivered(store: Store) -> None:
    house = House(store, rule(1))
    reply: Any = await house.budget(exchange(max_tokens=5))

    reply.end(error=CallerGone("left"), abandoned=True)

    assert await house.money() == (60_000, 0)
    assert [one.outcome for one in await house.records()] == ["caller_gone"]


async def test_a_caller_that_leaves_before_the_answer_began_leaves_no_hold(store: Store) -> None:
    house = House(store, rule(1))
    house.endpoint.work = lambda: asyncio.sleep(60)
    calling = asyncio.ensure_future(house.budget(exchange(max_tokens=5)))
    while not house.endpoint.asked:
        await asyncio.sleep(0.001)

    calling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await calling

    assert (await house.money())[1] == 0
    assert len(await house.records()) == 1


async def test_a_shut_gate_gives_the_hold_back_and_leaves_no_record(store: Store) -> None:
    house = House(store, rule(1))
    house.endpoint.shut = ServerError("the circuit is open")

    with pytest.raises(ServerError):
        await house.ask()

    assert await house.money() == (0, 0)
    assert await house.records() == []


async def test_every_attempt_of_a_call_is_held_and_recorded_by_itself(store: Store) -> None:
    house = House(store, rule(1))
    asked = exchange(max_tokens=5)
    house.endpoint.error = ServerError("the provider answered 500")
    with pytest.raises(ServerError):
        await house.budget(asked)
    house.endpoint.error = None

    await house.ask(asked)

    found = sorted(await house.records(), key=lambda one: one.attempt)
    assert [(one.attempt, one.outcome, one.absorbed) for one in found] == [(1, "server_error", True), (2, "ok", False)]
    assert await house.money() == (60_000, 0)


async def test_the_answer_gets_a_limit_where_the_caller_set_none_and_money_may_run_out(store: Store) -> None:
    limited, unlimited = House(store, rule(5)), House(store)

    await limited.ask(max_tokens=None)
    await unlimited.ask(max_tokens=None)

    assert msgspec.json.decode(limited.endpoint.asked[0])["max_tokens"] == 1_000
    assert unlimited.endpoint.asked == [body()]


async def test_a_limit_that_fits_travels_as_it_was_said(store: Store) -> None:
    house = House(store, rule(5))

    await house.ask()

    assert house.endpoint.asked == [body(max_tokens=5)]


async def test_too_little_left_shrinks_the_answer_where_the_rule_says_so(store: Store) -> None:
    house = House(store, rule(0.005, when_short="shrink"))
    asked = exchange(max_tokens=900)

    await house.ask(asked)

    sent = msgspec.json.decode(house.endpoint.asked[0])["max_tokens"]
    prompt = len(body(max_tokens=900))
    assert sent == (5_000_000 - prompt * 1_000) // 10_000
    assert asked.call.body == body(max_tokens=900)  # the next target may afford the whole


async def test_an_answer_shrunk_below_the_least_is_refused(store: Store) -> None:
    house = House(store, rule(0.001, when_short="shrink", least_tokens=200))

    with pytest.raises(BudgetExceeded):
        await house.ask(max_tokens=900)
    assert await house.money() == (0, 0)


async def test_of_many_callers_at_once_none_overspends_and_the_limit_is_used_up(store: Store) -> None:
    limit = 0.01
    house = House(store, rule(limit))
    refused = 0

    async def caller() -> None:
        nonlocal refused
        while True:
            try:
                reply: Any = await house.budget(exchange(max_tokens=5))
            except BudgetExceeded:
                refused += 1
                return
            await asyncio.sleep(0)
            reply.end()
            balances = (await house.store.budgets.balances([one.account for one in house.charges()])).values()
            assert all(one.spent + one.held <= limit * 10**9 for one in balances)

    await asyncio.gather(*[caller() for _ in range(50)])

    spent, still_held = await house.money()
    assert refused == 50
    assert still_held == 0
    assert 0.95 * limit * 10**9 <= spent <= limit * 10**9
    assert sum(one.cost or 0 for one in await house.store.usage.sum(ALL, "total")) == spent


async def test_a_hold_across_midnight_settles_in_its_own_day(store: Store) -> None:
    house = House(store, rule(1, window="day"))
    before = house.charges()
    reply: Any = await house.budget(exchange(max_tokens=5))

    house.clock.now += 24 * 3_600_000
    reply.end()

    await house.purse.aclose()
    assert (await house.store.budgets.balances([before[0].account]))[before[0].account].spent == 60_000
    assert await house.money() == (0, 0)


async def test_nearing_a_limit_is_told_once_with_what_is_spent(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    house = House(store, rule(0.0002, hard=False))
    told: list[Nearing] = []

    def broken(_: Nearing) -> None:
        raise RuntimeError

    house.purse.listeners += [broken, told.append]
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            await house.ask()
            await house.purse.aclose()

    assert [(one.percent, one.spent) for one in told] == [(50, 120_000), (80, 180_000), (95, 240_000)]
    assert "the budget monthly has passed 50 %: $0.00012 of $0.0002" in caplog.text


class Failing(MemoryStore):
    """A store whose settling fails as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.down = True
        real, budgets = self.budgets.settle, self.budgets

        def settle(*arguments: Any) -> Any:
            if not self.down:
                return real(*arguments)
            failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            failed.set_exception(StoreUnavailable("the disk is full"))
            return failed

        self.budgets = type("Down", (), {name: getattr(budgets, name) for name in dir(budgets) if name[0] != "_"})()
        self.budgets.settle = settle


async def test_what_could_not_be_settled_is_settled_when_the_store_is_back() -> None:
    store = Failing()
    house = House(store, rule(1))
    await house.ask()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert house.purse.unsettled == 1

    await house.purse.keep()
    await house.purse.aclose(patience=0)
    assert house.purse.unsettled == 1
    store.down = False
    await house.purse.keep()

    assert await house.money() == (60_000, 0)
    assert house.purse.unsettled == 0
    assert [one.outcome for one in await house.records()] == ["ok"]


async def test_the_holds_of_a_process_that_died_are_settled_by_another(store: Store) -> None:
    clock = Clock(NOW)
    dead, alive = House(store, rule(1), clock=clock), House(store, rule(1), clock=clock)
    await dead.budget(exchange(max_tokens=5))
    clock.now += LEASE // 2
    assert await alive.purse.keep() == 0

    clock.now += LEASE // 2
    assert await alive.purse.keep() == 1

    assert await alive.money() == (round(WORST * 10**9), 0)
    assert [(one.outcome, one.cost) for one in await alive.records()] == [("lost", None)]


async def test_a_living_process_keeps_its_holds_however_long_its_calls_are(store: Store) -> None:
    clock = Clock(NOW)
    busy, other = House(store, rule(1), clock=clock), House(store, rule(1), clock=clock)
    reply: Any = await busy.budget(exchange(max_tokens=5))
    for _ in range(20):
        clock.now += 10_000
        await busy.purse.keep()
        assert await other.purse.keep() == 0

    reply.end()

    assert await busy.money() == (60_000, 0)


async def test_upkeep_says_what_a_dead_process_left(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(NOW)
    dead = House(MemoryStore(), rule(1), clock=clock)
    await dead.budget(exchange(max_tokens=5))
    clock.now += LEASE
    alive = House(dead.store, rule(1), clock=clock)
    turns = iter(range(2))

    async def sleep(_: float) -> None:
        if next(turns):
            raise asyncio.CancelledError

    with caplog.at_level(logging.WARNING), pytest.raises(asyncio.CancelledError):
        await upkeep(alive.purse, clock, sleep)

    assert caplog.text.count("1 attempts of a process that died are in the ledger as lost") == 1


async def test_upkeep_outlives_a_store_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    purse = Purse(store, wall=lambda: NOW)
    turns = 0

    async def sleep(_: float) -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            purse.renew = failing  # type: ignore[method-assign]
        if turns == 3:
            raise asyncio.CancelledError

    async def failing() -> None:
        raise StoreUnavailable("the disk is full")

    with caplog.at_level(logging.ERROR), pytest.raises(asyncio.CancelledError):
        await upkeep(purse, lambda: NOW, sleep)

    assert caplog.text.count("upkeep waits: the disk is full") == 2


def test_a_purse_and_a_budget_show_what_they_are() -> None:
    purse = Purse(MemoryStore(), (rule(1),), wall=lambda: NOW)

    assert repr(purse) == "<Purse [1 budgets | 0 unsettled]>"
    assert repr(Budget(Endpoint(LARGE), Offer(Target("a", "b")), purse)) == "<Budget of a/b>"


async def test_two_requests_of_a_call_that_were_held_for_and_never_ended_are_counted_apart() -> None:
    clock, asked = Clock(NOW), exchange(max_tokens=5)
    store = MemoryStore()
    dying = Purse(store, (rule(1),), wall=clock)
    for target in (PRICED, PRICED):  # a hedge, held for before the first was sent
        await dying.reserve(asked, target)

    clock.now += LEASE + 1
    await store.budgets.expire(clock())

    assert sorted((one.attempt, one.outcome) for one in await store.usage.read(ALL)) == [(1, "lost"), (2, "lost")]
