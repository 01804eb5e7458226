"""When a target is asked again, and when a call ends: Retry-After, backoff, timeouts and the one deadline."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from tests.spoken import NAMES

QUICK = "{backoff: {base: 0.01, cap: 0.05}}"
DIALECTS = ["openai", "anthropic"]
ALONE = "models: {r: [oa/sim]}"
PAIR = "models: {r: [oa/sim, spare/sim]}"


def limited(*waits: float | str) -> dict[str, Any]:
    """A provider whose first answers are 429s with these hints."""
    return {"faults": [{"kind": "status", "status": 429, "retry_after": wait, "times": 1} for wait in waits]}


async def gaps(house: House, count: int) -> list[float]:
    """Seconds from the end of each request to the start of the next, by the provider's clock."""
    entries = await house.logged(count)
    assert len(entries) == count
    return [after.started - before.ended for before, after in pairwise(entries)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_retry_after_is_waited_for_and_a_later_longer_one_too(build: Build, dialect: str, stream: bool) -> None:
    provider = "oa" if dialect == "openai" else "an"
    besides = {provider: limited(0.3, 0.6)}
    house = await build(routes=f"models: {{r: [{provider}/sim]}}", recovery="{retries: 3}", **besides)
    status, headers, _ = await house.ask(dialect, "r", stream=stream)
    assert (status, headers["x-trunkline-attempts"]) == (200, "3")
    first, second = await gaps(house, 3)
    assert 0.29 < first < 0.6 < second < 2


async def test_a_retry_after_of_whole_seconds_is_waited_for(build: Build) -> None:
    house = await build(routes=ALONE, recovery=QUICK, oa=limited(1))
    status, _, _ = await house.chat("r")
    assert status == 200
    assert (await gaps(house, 2))[0] > 0.99


async def test_a_retry_after_as_a_date_is_waited_for(build: Build) -> None:
    house = await build(routes=ALONE, recovery=QUICK, oa=limited("date+2"))
    status, _, _ = await house.chat("r")
    assert status == 200
    assert 0.99 < (await gaps(house, 2))[0] < 5  # a date has whole seconds: up to one of the two is lost


async def test_without_a_hint_the_gateways_own_short_wait_is_enough(build: Build) -> None:
    """The control: it is the hint that makes the others wait."""
    flaky = {"faults": [{"kind": "status", "status": 500, "times": 1}]}
    house = await build(routes=ALONE, recovery=QUICK, oa=flaky)
    status, _, _ = await house.chat("r")
    assert status == 200
    assert (await gaps(house, 2))[0] < 0.29


@pytest.mark.parametrize("stream", [False, True])
async def test_a_retry_after_longer_than_the_deadline_means_elsewhere_now(build: Build, stream: bool) -> None:
    house = await build(
        routes="models: {r: [oa/sim, spare/sim], alone: [an/sim]}", recovery=QUICK, oa=limited(60), an=limited(60)
    )
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "spare", "2")
    assert (await gaps(house, 2))[0] < 1
    status, headers, _ = await house.chat("alone", stream=stream)  # nobody else: the hint is passed on
    assert (status, headers["x-trunkline-attempts"]) == (429, "1")
    assert 50 < float(headers["retry-after"]) <= 60


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_rate_limited_target_gets_no_other_call_before_its_time(build: Build, dialect: str) -> None:
    house = await build(routes=PAIR, recovery=QUICK, oa=limited(60))
    await house.ask(dialect, "r")
    status, headers, _ = await house.ask(dialect, "r")
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "spare", "1")
    assert "rate limit used up" in headers["x-trunkline-trail"]
    assert [entry.provider for entry in await house.logged(3)] == ["oa", "spare", "spare"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", NAMES)
async def test_where_rate_limits_alone_keep_every_target_shut_it_is_a_429_with_the_time_that_is_left(
    build: Build, dialect: str, stream: bool
) -> None:
    house = await build(routes=PAIR, recovery=QUICK, oa=limited(60), spare=limited(40))
    first, _, _ = await house.ask(dialect, "r", stream=stream)
    status, headers, body = await house.ask(dialect, "r", stream=stream)
    assert (first, status, headers["x-trunkline-attempts"]) == (429, 429, "0")
    assert 30 < float(headers["retry-after"]) <= 40  # the sooner of the two
    assert "x-should-retry" not in headers  # nothing was tried: sending it again then is right
    told = json.loads(body)["error"]
    assert {told.get("code"), told.get("type"), told.get("status")} & {
        "rate_limit",
        "rate_limit_error",
        "RESOURCE_EXHAUSTED",
    }
    assert "oa/sim: rate limit used up" in told["message"]
    assert len(await house.logged(2)) == 2
    status, headers, _ = await house.ask(dialect, "an/sim", stream=stream)  # the control: another is not concerned
    assert status == 200


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["silence", "stall:0", "ping-stall:0:0.05"])
async def test_a_silent_provider_ends_at_the_first_content_timeout_and_pings_are_no_content(
    build: Build, dialect: str, kind: str
) -> None:
    provider = "oa" if dialect == "openai" else "an"
    house = await build(patience=0.4)
    began = asyncio.get_running_loop().time()
    status, _, body = await house.ask(dialect, f"{provider}/fault:{kind}", stream=True)
    took = asyncio.get_running_loop().time() - began
    assert (status, b"first_content" in body) == (504, True)
    assert 0.39 < took < 3
    status, _, _ = await house.ask(dialect, f"{provider}/fault:slow:0.2", stream=True)
    assert status == 200


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["stall", "ping-stall"])
async def test_a_stalled_stream_ends_at_the_idle_timeout_with_an_error_and_what_came_is_billed(
    build: Build, dialect: str, kind: str
) -> None:
    provider = "oa" if dialect == "openai" else "an"
    stalled: dict[str, Any] = {"faults": [{"kind": kind, "after_events": 3, "times": 1}]}
    house = await build(patience=0.6, **{provider: stalled})
    status, _, body = await house.ask(dialect, f"{provider}/sim", stream=True)
    assert status == 200
    assert b"no content for 0.6 s" in body.rstrip().rpartition(b"data: ")[2]
    assert b"[DONE]" not in body
    assert b"message_stop" not in body
    (exchange,) = house.ended
    assert exchange.cost
    assert exchange.outcome is not None
    assert exchange.outcome.usage.output > 0
    _, _, body = await house.ask(dialect, f"{provider}/sim", stream=True)
    assert b"[DONE]" in body or b"message_stop" in body


@pytest.mark.parametrize("stream", [False, True])
async def test_one_deadline_holds_over_all_attempts_and_waits(build: Build, stream: bool) -> None:
    route = "models: {r: {targets: [oa/sim, spare/sim], timeouts: {total: 0.8}}, longer: [oa/sim, spare/sim]}"
    recovery = "{max_attempts: 100, rounds: 10, retries: 3, backoff: {base: 0.1, cap: 0.1}}"
    hung = {"faults": [{"kind": "silence", "times": 3}]}
    house = await build(patience=0.3, routes=route, recovery=recovery, oa=hung, spare=hung)
    began = asyncio.get_running_loop().time()
    status, headers, _ = await house.chat("r", stream=stream)
    took = asyncio.get_running_loop().time() - began
    assert status == 504
    assert int(headers["x-trunkline-attempts"]) == len(await house.logged(3)) == 3
    assert 0.6 < took < 2
    assert (await house.chat("longer", stream=stream))[0] == 200


async def test_max_attempts_is_the_number_of_requests_on_the_providers_bills(build: Build) -> None:
    recovery = "{max_attempts: 3, rounds: 10, retries: 10, backoff: {base: 0.01, cap: 0.01}}"
    down = {"faults": [{"kind": "status", "status": 500, "times": 3}]}
    house = await build(routes=ALONE, recovery=recovery, oa=down)
    status, headers, _ = await house.chat("r")
    assert (status, headers["x-trunkline-attempts"], len(await house.logged(3))) == (502, "3", 3)
    status, headers, _ = await house.chat("r")
    assert (status, headers["x-trunkline-attempts"]) == (200, "1")


@pytest.mark.parametrize(("budget", "attempts"), [("{ratio: 0, reserve: 0}", "1"), ("{ratio: 0, reserve: 1}", "2")])
async def test_a_target_is_asked_again_only_while_its_retry_budget_lasts(
    build: Build, budget: str, attempts: str
) -> None:
    recovery = "{rounds: 1, retries: 1, backoff: {base: 0.01, cap: 0.01}}"
    down = {"faults": [{"kind": "status", "status": 500}]}
    house = await build(f"health: {{retry_budget: {budget}}}", routes=ALONE, recovery=recovery, oa=down)
    status, headers, _ = await house.chat("r")
    assert (status, headers["x-trunkline-attempts"]) == (502, attempts)


SILENT: dict[str, Any] = {"faults": [{"kind": "silence"}]}


@pytest.mark.parametrize("stream", [False, True])
async def test_one_target_of_a_route_may_have_timeouts_of_its_own(build: Build, stream: bool) -> None:
    own = "{model: oa/sim, timeouts: {first_content: 0.2, answer: 0.2}}"
    house = await build(routes=f"models: {{r: [{own}, spare/sim]}}", recovery=QUICK, oa=SILENT)
    began = asyncio.get_running_loop().time()
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-provider"]) == (200, "spare")
    assert asyncio.get_running_loop().time() - began < 4  # the house's is 5


@pytest.mark.parametrize(("limit", "least", "most"), [({"max_tokens": 5}, 0.3, 2.5), ({}, 3.0, 9.0)])
async def test_a_silent_provider_of_a_short_whole_answer_is_left_before_the_time_of_a_long_one(
    build: Build, limit: dict[str, int], least: float, most: float
) -> None:
    own = "timeouts: {first_content: 0.2, answer: 3, slowest: 50}"
    house = await build(routes=f"models: {{r: {{targets: [oa/sim, spare/sim], {own}}}}}", recovery=QUICK, oa=SILENT)
    began = asyncio.get_running_loop().time()
    status, headers, _ = await house.chat("r", **limit)
    assert (status, headers["x-trunkline-provider"]) == (200, "spare")
    assert least <= asyncio.get_running_loop().time() - began + 0.001 < most
