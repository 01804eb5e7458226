"""What many calls leave behind: no memory that grows, no task, no socket, no permit, no hold. 10,000 by command."""

import asyncio
import gc
from collections import Counter
from pathlib import Path

import pytest

from tests.attack import slope
from tests.e2e.conftest import Build, House, eventually
from trunkline.telemetry import live

MONEY = """
budgets: [{name: all, limit: 1000}, {name: teams, per: team, limit: 1000}]
keys: [{name: caller, key: caller-0123456789abcdef, team: t, requests_per_minute: 1000000, concurrent: 1000}]
"""
CALLER = {"authorization": "Bearer caller-0123456789abcdef"}
MODELS = ("both", "down-then-up", "all-down", "oa/fault:cut", "an/fault:malformed", "oa/fault:reset", "no-such-model")


@pytest.fixture(autouse=True)
def few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of the newest calls is full before anything is counted."""
    monkeypatch.setattr(live, "MOST_CALLS", 8)


async def round_of_calls(house: House) -> None:
    """Every kind, in both manners and dialects; the half of the streams are left after their first bytes."""
    before = house.gateway.figures()["calls_ended"]
    count = 0
    for model in MODELS:
        for path in ("/v1/chat/completions", "/v1/messages"):
            for stream in (False, True):
                body = {
                    "model": model,
                    "max_tokens": 50,
                    "stream": stream,
                    "messages": [{"role": "user", "content": "hi"}],
                }
                await house.post(path, body, CALLER)
                count += 1
            async with house.http.post(house.url + path, json={**body, "stream": True}, headers=CALLER) as response:
                await response.content.readany()
                response.close()
            count += 1
    await eventually(lambda: house.gateway.figures()["calls_ended"] == before + count or None)
    house.ended.clear()


def counted() -> Counter[str]:
    """Objects of ours that are alive, by class; what waits for the collector, which a server lets look rarely, too."""
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    ours = {name: count for name, count in kinds.items() if name.startswith("trunkline.")}
    return Counter({name: count for name, count in ours.items() if not name.startswith("trunkline.simulator.")})


async def test_calls_of_every_kind_leave_no_task_and_no_object_not_even_for_the_collector(build: Build) -> None:
    house = await build(MONEY)
    for _ in range(3):
        await round_of_calls(house)
    await quiet(house)
    tasks = len(asyncio.all_tasks())
    gc.collect()
    gc.disable()
    try:
        before = counted()
        for _ in range(4):
            await round_of_calls(house)
        await quiet(house)
        grown = {name: count - before[name] for name, count in counted().items() if count > before[name] + 2}
    finally:
        gc.enable()

    assert grown == {}
    assert len(asyncio.all_tasks()) <= tasks + 2  # the client's own connections come and go


async def test_a_call_that_took_long_enough_to_be_watched_leaves_no_ring_either(build: Build) -> None:
    house = await build(MONEY, oa={"latency": {"first_token": {"median": 0.3}}})
    body = {"model": "oa/sim", "stream": True, "messages": [{"role": "user", "content": "hi"}]}

    async def ask() -> None:
        await asyncio.gather(*[house.post("/v1/chat/completions", body, CALLER) for _ in range(8)])
        await house.post("/v1/chat/completions", body, CALLER)  # the writer's thread keeps hold of its last portion
        house.ended.clear()
        await quiet(house)

    await ask()
    gc.collect()
    gc.disable()
    try:
        before = counted()
        await ask()
        grown = {name: count - before[name] for name, count in counted().items() if count > before[name] + 2}
    finally:
        gc.enable()
    assert grown == {}


async def quiet(house: House) -> None:
    await eventually(lambda: house.gateway.money.purse.unsettled == 0 or None)
    await asyncio.sleep(0.05)


async def test_after_a_thousand_calls_nothing_is_open_in_flight_or_held_and_no_socket_is_left(tmp_path: Path) -> None:
    found = await slope.attack(tmp_path, calls=1000)

    last = found.samples[-1]
    assert (last.open, last.in_flight, last.held) == (0, 0, 0)
    assert last.sockets <= max(one.sockets for one in found.samples[:5]) + 8
    assert found.audit.unrecorded == []
    assert found.audit.doubled == []
    assert len(found.audit.truth) > 600  # the control: there were calls
