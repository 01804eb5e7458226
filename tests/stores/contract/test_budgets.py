"""The contract of a budget store: held in all accounts or in none, settled once, never overspent."""

import asyncio

from tests.stores.scenes import NOW, OWNER, hold, record
from trunkline.stores.holds import Balance, Refusal, Settled
from trunkline.stores.ports import Store
from trunkline.stores.records import UsageQuery

ALL = UsageQuery()


async def standing(store: Store, *accounts: str) -> list[tuple[int, int]]:
    balances = await store.budgets.balances(accounts)
    return [(balances[account].spent, balances[account].held) for account in accounts]


async def test_an_account_that_was_never_used_is_empty(store: Store) -> None:
    assert await store.budgets.balances(["team"]) == {"team": Balance("team", 0, 0)}


async def test_a_hold_counts_in_every_account_of_it(store: Store) -> None:
    held = await store.budgets.reserve(hold(nanos=70, team=100, key=None))

    assert held == (Balance("team", 0, 70), Balance("key", 0, 70))
    assert await standing(store, "team", "key") == [(0, 70), (0, 70)]


async def test_a_hold_that_one_account_refuses_is_held_in_none(store: Store) -> None:
    await store.budgets.reserve(hold("first", 60, team=100))

    answer = await store.budgets.reserve(hold("second", 50, key=1_000, team=100))

    assert answer == Refusal("team", 100, 40)
    assert await standing(store, "team", "key") == [(0, 60), (0, 0)]


async def test_a_refusal_names_the_account_with_the_least_left(store: Store) -> None:
    assert await store.budgets.reserve(hold(nanos=500, team=100, key=50, total=70)) == Refusal("key", 50, 50)


async def test_a_hold_may_use_up_an_account_to_the_last_nano(store: Store) -> None:
    assert await store.budgets.reserve(hold(nanos=100, team=100)) == (Balance("team", 0, 100),)


async def test_an_account_without_a_limit_counts_and_never_refuses(store: Store) -> None:
    assert await store.budgets.reserve(hold(nanos=10**15, team=None)) == (Balance("team", 0, 10**15),)


async def test_nothing_to_pay_is_never_refused(store: Store) -> None:
    over = hold("over", 100, team=None)
    await store.budgets.reserve(over)
    await store.budgets.settle(over, 300, record("over"))

    assert await store.budgets.reserve(hold("free", 0, team=100)) == (Balance("team", 300, 0),)


async def test_settling_gives_back_the_hold_and_books_the_cost_and_the_record_together(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)

    assert await store.budgets.settle(one, 20, record(cost=20)) == (Settled("team", 0, 20),)
    assert await standing(store, "team") == [(20, 0)]
    assert await store.usage.read(ALL) == [record(cost=20)]


async def test_what_was_spent_is_booked_even_where_it_passes_the_limit(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)

    assert await store.budgets.settle(one, 150, record(cost=150)) == (Settled("team", 0, 150),)
    assert await store.budgets.reserve(hold("next", 1, team=100)) == Refusal("team", 100, -50)


async def test_settling_twice_changes_nothing(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)
    await store.budgets.settle(one, 20, record())

    assert await store.budgets.settle(one, 20, record()) == ()
    assert await standing(store, "team") == [(20, 0)]
    assert len(await store.usage.read(ALL)) == 1


async def test_a_hold_of_which_nothing_was_sent_leaves_no_record(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)

    await store.budgets.settle(one, 0, None)

    assert await standing(store, "team") == [(0, 0)]
    assert await store.usage.read(ALL) == []


async def test_settling_is_in_line_before_anybody_waits_for_it(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)

    settled = store.budgets.settle(one, 20, record())
    later = await store.budgets.reserve(hold("later", 80, team=100))

    assert later == (Balance("team", 20, 80),)
    await settled


async def test_the_holds_of_a_living_process_stand(store: Store) -> None:
    await store.budgets.renew(OWNER, NOW + 1)
    await store.budgets.reserve(hold(nanos=70, team=100))

    assert await store.budgets.expire(NOW) == 0
    assert await standing(store, "team") == [(0, 70)]


async def test_the_holds_of_a_dead_process_are_spent_and_their_attempts_lost_at_an_unknown_cost(store: Store) -> None:
    await store.budgets.renew(OWNER, NOW)
    await store.budgets.renew("another", NOW + 1)
    await store.budgets.reserve(hold("dead", 70, team=100))
    await store.budgets.reserve(hold("alive", 10, owner="another", team=100))

    assert await store.budgets.expire(NOW) == 1
    assert await store.budgets.expire(NOW) == 0
    (lost,) = await store.usage.read(ALL)
    assert (lost.id, lost.outcome, lost.cost, lost.booked, lost.usage.source) == ("dead", "lost", None, 70, "unknown")
    assert await standing(store, "team") == [(70, 10)]


async def test_many_holds_of_a_dead_process_expire_at_once(store: Store) -> None:
    await asyncio.gather(*[store.budgets.reserve(hold(f"h{number}", 1, team=None)) for number in range(1_201)])

    assert await store.budgets.expire(NOW) == 1_201
    assert await standing(store, "team") == [(1_201, 0)]


async def test_what_was_presumed_lost_is_corrected_when_it_settles_after_all(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)
    await store.budgets.expire(NOW)

    assert await store.budgets.settle(one, 20, record(cost=20)) == (Settled("team", 70, 20),)
    assert await standing(store, "team") == [(20, 0)]
    assert await store.usage.read(ALL) == [record(cost=20)]
    (total,) = await store.usage.sum(ALL, "total")
    assert (total.attempts, total.cost, total.unknown, total.at_most) == (1, 20, 0, 0)


async def test_what_was_presumed_lost_and_never_sent_leaves_no_record(store: Store) -> None:
    one = hold(nanos=70, team=100)
    await store.budgets.reserve(one)
    await store.budgets.expire(NOW)

    await store.budgets.settle(one, 0, None)

    assert await standing(store, "team") == [(0, 0)]
    assert await store.usage.read(ALL) == []
    assert await store.usage.sum(ALL, "total") == []


async def test_of_many_at_once_exactly_the_affordable_ones_are_held(store: Store) -> None:
    asked = [store.budgets.reserve(hold(f"h{number}", 30, team=1_000, key=None)) for number in range(200)]

    answers = await asyncio.gather(*asked)

    assert sum(not isinstance(answer, Refusal) for answer in answers) == 33
    assert await standing(store, "team", "key") == [(0, 990), (0, 990)]


async def test_amounts_larger_than_floats_can_tell_apart_stay_exact(store: Store) -> None:
    one = hold(nanos=2**53 + 1, team=2**60)
    await store.budgets.reserve(one)

    await store.budgets.settle(one, 2**55 + 1, record(cost=2**55 + 1))

    assert await standing(store, "team") == [(2**55 + 1, 0)]
    assert (await store.usage.sum(ALL, "total"))[0].cost == 2**55 + 1
