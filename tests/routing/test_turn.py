"""Waiting for one's turn: in order, for no longer than allowed, and nothing is lost when somebody leaves."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.core.exchange import Target
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.providers.health import Health, HealthSettings, TargetHealth
from trunkline.resilience.concurrency_limit import ConcurrencySettings
from trunkline.resilience.gate import NEVER
from trunkline.resilience.waiting_line import WaitingLine
from trunkline.routing.turn import Wanted, turn
from trunkline.testing import run

FINE = Outcome(Usage(), 1.0, 1.0)


def health_of(*, places: int = 1, waiting: int = 1000) -> TargetHealth:
    concurrency = ConcurrencySettings(initial=places, largest=places, waiting=waiting)
    return Health(HealthSettings(concurrency=concurrency)).of(Target("a", "m"))


def now() -> float:
    return asyncio.get_running_loop().time()


async def call(
    health: TargetHealth, number: int, seconds: float, log: list[tuple[int, float]], until: float = 1e6
) -> None:
    """Comes, waits, is answered for so long."""
    if await turn([Wanted(health, 0.0)], number, now, until) is None:
        return
    ticket = health.gates.enter(now())
    log.append((number, now()))
    try:
        await asyncio.sleep(seconds)
    finally:
        health.gates.leave(ticket, FINE, now())
        health.line.call()


def test_calls_enter_in_the_order_in_which_they_came_and_at_once_when_a_place_is_free() -> None:
    async def scene() -> list[tuple[int, float]]:
        health, log = health_of(), []
        async with asyncio.TaskGroup() as calls:
            for number in (2, 0, 3, 1):
                calls.create_task(call(health, number, 7.0, log))
        return log

    assert run(scene()) == [(2, 0.0), (0, 7.0), (1, 14.0), (3, 21.0)]  # 2 came while nobody stood there


def test_a_call_waits_no_longer_than_it_may() -> None:
    async def scene() -> tuple[float, int]:
        health, log = health_of(), []
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(health, 0, 9.0, log))
            await asyncio.sleep(0)
            assert await turn([Wanted(health, 0.0)], 1, now, 2.5) is None
            at = now()
        return at, len(health.line)

    assert run(scene()) == (2.5, 0)


def test_who_leaves_the_line_tells_the_next_one() -> None:
    async def scene() -> list[tuple[int, float]]:
        health, log = health_of(), []
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(health, 0, 5.0, log))
            await asyncio.sleep(0)
            first = calls.create_task(call(health, 1, 5.0, log))
            calls.create_task(call(health, 2, 5.0, log))
            await asyncio.sleep(5.0)
            first.cancel()  # just when it was called
        return log

    assert run(scene()) == [(0, 0.0), (2, 5.0)]


def test_whichever_of_several_targets_has_room_first_is_the_one() -> None:
    async def scene() -> tuple[bool, float]:
        one, two, log = health_of(), health_of(), []
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(one, 0, 9.0, log))
            calls.create_task(call(two, 1, 3.0, log))
            await asyncio.sleep(0)
            found = await turn([Wanted(one, 0.0), Wanted(two, 0.0)], 2, now, 100.0)
            return found is two, now()

    assert run(scene()) == (True, 3.0)


def test_a_target_is_not_asked_before_the_time_that_was_told() -> None:
    async def scene() -> float:
        await turn([Wanted(health_of(), 4.5)], 0, now, 100.0)
        return now()

    assert run(scene()) == 4.5


@settings(max_examples=60, deadline=None)
@given(
    places=st.integers(1, 3),
    calls=st.lists(
        st.tuples(st.integers(0, 10_000), st.floats(0.1, 5), st.none() | st.floats(0.1, 12)),
        min_size=1,
        max_size=25,
        unique_by=lambda call: call[0],  # which of two equal timers comes first is the loop's business
    ),
)
def test_whoever_leaves_when_no_permit_and_no_place_is_lost_and_the_order_holds(
    places: int, calls: list[tuple[int, float, float | None]]
) -> None:
    async def scene() -> tuple[TargetHealth, list[tuple[int, float]]]:
        health, log = health_of(places=places), []

        async def comes(number: int, at: float, seconds: float, patience: float | None) -> None:
            await asyncio.sleep(at / 1000)
            task = asyncio.ensure_future(call(health, number, seconds, log))
            await asyncio.wait([task], timeout=patience)
            task.cancel()
            await asyncio.wait([task])

        async with asyncio.TaskGroup() as group:
            for number, (at, seconds, patience) in enumerate(sorted(calls, key=lambda one: one[0])):
                group.create_task(comes(number, at, seconds, patience))
        return health, log

    health, log = run(scene())
    assert (health.limit.in_flight, len(health.line)) == (0, 0)
    assert [number for number, _ in log] == sorted(number for number, _ in log)
    stayed = sum(patience is None for *_, patience in calls)
    assert len(log) >= stayed


def test_a_full_line_takes_nobody_and_says_never() -> None:
    health = health_of(waiting=2)
    health.gates.enter(0.0)
    for number in (5, 7):
        assert health.turn_at(0.0, number) < NEVER
        health.line.join(number, lambda: None)

    assert (health.turn_at(0.0, 8), health.turn_at(0.0, 6)) == (NEVER, 2.0)  # 6 came before 7
    assert health.why(0.0) == "concurrency limit used up for 1 s more, 2 in line"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60))
def test_the_line_is_always_in_order_and_whoever_becomes_first_by_a_leaving_is_called(
    steps: list[tuple[bool, int]],
) -> None:
    line, standing, called = WaitingLine(10), {}, []
    for joins, number in steps:
        if joins and number not in standing:
            assert line.ahead(number) == sum(other < number for other in standing)
            standing[number] = line.join(number, lambda number=number: called.append(number))
        elif number in standing:
            first = line.is_first(standing[number])
            called.clear()
            line.leave(standing.pop(number))
            assert called == ([min(standing)] if first and standing else [])
        assert [place.number for place in line.places] == sorted(standing)
    assert repr(line) == f"<WaitingLine {len(standing)} of 10>"
