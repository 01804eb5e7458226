"""A target that has enough to do gets no more, and a used up one is left before it refuses."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.conftest import Build, eventually
from trunkline.core.exchange import Target

PAIR = "models: {r: [oa/sim, spare/sim]}"
SLOW: dict[str, Any] = {"faults": [{"kind": "slow-head", "seconds": 1.0}]}


@pytest.mark.parametrize(("most", "at_first"), [(2, 2), (64, 5)])
async def test_calls_over_the_concurrency_limit_go_elsewhere(build: Build, most: int, at_first: int) -> None:
    limit = f"health: {{concurrency: {{initial: {most}, largest: {most}}}}}"
    house = await build(limit, routes=PAIR, recovery="{}", oa=SLOW)
    answers = await asyncio.gather(*(house.chat("r") for _ in range(5)))
    assert {status for status, _, _ in answers} == {200}
    assert [headers["x-trunkline-provider"] for _, headers, _ in answers].count("oa") == at_first


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_headroom_learned_from_headers_sends_calls_elsewhere_before_a_429(
    build: Build, dialect: str, stream: bool
) -> None:
    first = "oa" if dialect == "openai" else "an"
    limits: dict[str, Any] = {"limits": {"requests_per_minute": 5}}
    house = await build(routes=f"models: {{r: [{first}/sim, spare/sim]}}", recovery="{}", **{first: limits})
    answers = [await house.ask(dialect, "r", stream=stream) for _ in range(9)]
    assert {(status, headers["x-trunkline-attempts"]) for status, headers, _ in answers} == {(200, "1")}
    entries = await house.logged(9)
    assert {entry.status for entry in entries} == {200}
    assert [entry.provider for entry in entries].count(first) == 5
    # the control: who was not told asks, and is refused
    url = f"{house.simulator.url}/{first}/v1/" + ("chat/completions" if first == "oa" else "messages")
    keys = {"oa": {"authorization": "Bearer sk-oa-0123456789"}, "an": {"x-api-key": "sk-an-0123456789"}}
    headers = {**keys[first], "anthropic-version": "2023-06-01"}
    body = {"model": "sim", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    async with house.http.post(url, json=body, headers=headers) as response:
        assert response.status == 429


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("waiting", "answered"), [(3, 4), (1, 2), (0, 1)])
async def test_calls_over_the_limit_of_the_only_target_wait_in_a_short_line(
    build: Build, waiting: int, answered: int, stream: bool
) -> None:
    limit = f"health: {{concurrency: {{initial: 1, largest: 1, waiting: {waiting}}}}}"
    slow = {"faults": [{"kind": "slow-head", "seconds": 0.3}]}
    house = await build(limit, routes="models: {r: [oa/sim]}", recovery="{}", oa=slow)
    answers = await asyncio.gather(*(house.chat("r", stream=stream) for _ in range(4)))
    assert sorted(status for status, _, _ in answers) == [200] * answered + [503] * (4 - answered)
    entries = await house.logged(answered)
    assert all(
        after.started >= before.ended for before, after in pairwise(sorted(entries, key=lambda one: one.started))
    )
    assert {headers["x-trunkline-attempts"] for status, headers, _ in answers if status == 200} == {"1"}
    assert all(b"in line" in body for status, _, body in answers if status == 503 and waiting)


async def test_a_caller_that_leaves_the_line_leaves_no_place_behind(build: Build) -> None:
    limit = "health: {concurrency: {initial: 1, largest: 1}}"
    house = await build(limit, routes="models: {r: [oa/sim]}", recovery="{}", oa=SLOW)
    calls = [asyncio.create_task(house.chat("r")) for _ in range(3)]
    line = house.gateway.health.of(Target("oa", "sim")).line
    await eventually(lambda: len(line) == 2 or None)
    for call in calls[1:]:
        call.cancel()
    await eventually(lambda: len(line) == 0 or None)
    assert (await calls[0])[0] == 200
    assert (await house.chat("r"))[0] == 200
    assert len(await house.logged(2)) == 2


@pytest.mark.parametrize(("throttle", "least", "most"), [("null", 40, 40), ("{k: 1}", 5, 30)])
async def test_a_throttled_target_that_accepts_nothing_is_spared_most_calls(
    build: Build, throttle: str, least: int, most: int
) -> None:
    more = f"health: {{circuit_breaker: {{mode: disabled}}, throttle: {throttle}}}"
    overloaded = {"faults": [{"kind": "body", "body": "openai_overloaded"}]}
    house = await build(more, routes=PAIR, recovery="{}", oa=overloaded)
    answers = [await house.chat("r") for _ in range(40)]
    assert {(status, headers["x-trunkline-provider"]) for status, headers, _ in answers} == {(200, "spare")}
    entries = await house.logged(40 + least)
    assert least <= [entry.provider for entry in entries].count("oa") <= most
