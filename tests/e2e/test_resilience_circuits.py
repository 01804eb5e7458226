"""When a target is left alone and when it is asked again, counted in the providers' own log."""

import asyncio
import json
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, eventually
from trunkline.client import Client
from trunkline.core.exchange import Target

QUICK = "{backoff: {base: 0.01, cap: 0.05}}"
DIALECTS = ["openai", "anthropic"]
PAIR = "models: {r: [oa/sim, spare/sim]}"
ALONE = "models: {r: [oa/sim]}"
OPEN = 0.4  # seconds


def breaker(open_seconds: float = OPEN, **more: Any) -> str:
    settings = {"consecutive": 3, "open_seconds": open_seconds, "open_jitter": 0, "permits": 1, **more}
    settings.setdefault("open_cap", max(30, open_seconds))
    return f"health: {{circuit_breaker: {json.dumps(settings)}}}"


def failing(times: int, kind: str = "status", **more: Any) -> dict[str, Any]:
    return {"faults": [{"kind": kind, "times": times, **more}]}


async def providers(house: House, count: int) -> list[Any]:
    return [entry.provider for entry in await house.logged(count)]


def states(house: House) -> list[str]:
    """Of the circuits before oa/sim: its endpoint, its credential, its model."""
    return [circuit.state for circuit in house.gateway.health.of(Target("oa", "sim")).circuits]


FAULTS = [
    ("status", {"status": 500}, "model"),
    ("status", {"status": 529}, "model"),
    ("silence", {}, "model"),
    ("login-page", {}, "model"),
    ("status", {"status": 401}, "credential"),
    ("body", {"body": "openai_insufficient_quota"}, "credential"),
]


@pytest.mark.parametrize(("kind", "more", "part"), FAULTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_failing_target_is_left_alone_after_three_failures_probed_once_and_used_again(
    build: Build, kind: str, more: dict[str, Any], part: str, stream: bool
) -> None:
    patience = 0.5 if kind == "silence" else 5
    house = await build(breaker(), patience=patience, routes=PAIR, recovery=QUICK, oa=failing(4, kind, **more))
    for _ in range(8):  # three failures, then the backup alone
        status, headers, _ = await house.chat("r", stream=stream)
        assert (status, headers["x-trunkline-provider"]) == (200, "spare")
    assert (await providers(house, 11)).count("oa") == 3
    assert states(house)[["endpoint", "credential", "model"].index(part)] == "open"
    assert states(house).count("open") == 1
    assert headers["x-trunkline-attempts"] == "1"
    assert "circuit open" in headers["x-trunkline-trail"]
    await asyncio.sleep(OPEN)
    burst = await asyncio.gather(*(house.chat("r", stream=stream) for _ in range(6)))
    assert {status for status, _, _ in burst} == {200}
    assert (await providers(house, 18)).count("oa") == 4  # the one probe; it failed: open again, twice as long
    await asyncio.sleep(2 * OPEN)
    answers = [await house.chat("r", stream=stream) for _ in range(3)]
    assert [headers["x-trunkline-provider"] for _, headers, _ in answers] == ["oa"] * 3
    assert states(house) == ["closed"] * 3


async def test_a_provider_that_cannot_be_reached_is_left_alone_with_all_its_models(build: Build) -> None:
    routes = "models: {r: [dead/sim, spare/sim], other: [dead/sim-thinker, spare/sim]}"
    house = await build(breaker(30), routes=routes, recovery=QUICK)
    attempts = [(await house.chat("r"))[1]["x-trunkline-attempts"] for _ in range(5)]
    assert attempts == ["2", "2", "2", "1", "1"]
    _, headers, _ = await house.chat("other")
    assert (headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == ("spare", "1")
    _, headers, _ = await house.chat("oa/sim")
    assert headers["x-trunkline-provider"] == "oa"


async def test_a_failing_model_does_not_close_the_other_models_of_its_provider(build: Build) -> None:
    routes = "models: {r: [oa/sim, spare/sim], other: [oa/sim-thinker, spare/sim]}"
    house = await build(breaker(30), routes=routes, recovery=QUICK, oa=failing(100, status=500, models=["sim"]))
    for _ in range(4):
        await house.chat("r")
    _, headers, _ = await house.chat("other")
    assert (states(house)[2], headers["x-trunkline-provider"]) == ("open", "oa")


async def test_one_failure_of_one_never_trips(build: Build) -> None:
    house = await build(routes=ALONE, recovery="{max_attempts: 1}", oa=failing(1, status=500))
    assert (await house.chat("r"))[0] == 502
    assert states(house) == ["closed"] * 3
    assert (await house.chat("r"))[0] == 200


MISTAKES = [
    ("status", {"status": 400}, 400),
    ("status", {"status": 413}, 413),
    ("status", {"status": 422}, 400),
    ("body", {"body": "openai_context_length"}, 400),
]


@pytest.mark.parametrize(("kind", "more", "shown"), MISTAKES)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_callers_mistakes_never_trip(
    build: Build, dialect: str, kind: str, more: dict[str, Any], shown: int
) -> None:
    mistaken = {"faults": [{"kind": kind, **more, "models": ["sim"], "times": 10}]}
    house = await build(breaker(30), routes=ALONE, recovery=QUICK, oa=mistaken)
    answers = [await house.ask(dialect, "r") for _ in range(10)]
    assert [(status, headers["x-trunkline-attempts"]) for status, headers, _ in answers] == [(shown, "1")] * 10
    assert states(house) == ["closed"] * 3
    status, headers, _ = await house.ask(dialect, "r")
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")


async def test_a_model_that_does_not_exist_closes_only_its_own_name(build: Build) -> None:
    house = await build(breaker(30), recovery=QUICK)
    statuses = [(await house.chat("oa/no-such-model"))[0] for _ in range(6)]
    assert set(statuses) <= {502, 503}
    assert (await house.chat("oa/sim"))[0] == 200
    assert states(house) == ["closed"] * 3


async def asked(house: House, count: int) -> None:
    """Once the providers have so many requests in hand."""
    held = house.simulator.connections
    await eventually(lambda: sum(one.task is not None for one in held) >= count or None)


async def leave(house: House, model: str, stream: bool, together: int = 1) -> None:
    """A caller that sends a request, waits until ``together`` have reached their provider, and hangs up."""
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rsplit(":", 1)[1]))
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await asked(house, together)
    await asyncio.sleep(0.1)
    writer.transport.abort()


@pytest.mark.parametrize("stream", [False, True])
async def test_callers_that_leave_never_trip(build: Build, stream: bool) -> None:
    house = await build(breaker(30), routes=PAIR, recovery=QUICK, oa=failing(6, "silence"))
    await asyncio.gather(*(leave(house, "r", stream, 6) for _ in range(6)))
    await eventually(lambda: len(house.ended) == 6 or None)
    assert all(exchange.outcome is not None and exchange.outcome.abandoned for exchange in house.ended)
    assert states(house) == ["closed"] * 3
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("door", ["http", "library"])
async def test_a_callers_own_short_timeout_never_trips(build: Build, door: str, stream: bool) -> None:
    house = await build(breaker(30), routes=PAIR, recovery=QUICK, oa=failing(6, "silence"))
    client = Client(house.gateway)
    patiences: list[asyncio.Timeout] = []

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30) as patience:
                patiences.append(patience)
                await (client.chat("r", "hi") if door == "library" else house.chat("r", stream=stream))

    async def run_out() -> None:
        await asked(house, 6)
        for patience in patiences:
            patience.reschedule(asyncio.get_running_loop().time())

    await asyncio.gather(run_out(), *(impatient() for _ in range(6)))
    await eventually(lambda: len(house.ended) == 6 or None)
    assert {entry.provider for entry in await house.logged(6)} == {"oa"}
    assert states(house) == ["closed"] * 3
    assert (await house.chat("r", stream=stream))[1]["x-trunkline-provider"] == "oa"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_gateways_own_timeout_of_the_same_length_trips(build: Build, stream: bool) -> None:
    """The control: the same silence, and nobody leaves."""
    house = await build(breaker(30), patience=0.1, routes=PAIR, recovery=QUICK, oa=failing(6, "silence"))
    await asyncio.gather(*(house.chat("r", stream=stream) for _ in range(6)))
    assert states(house)[2] == "open"


@pytest.mark.parametrize("stream", [False, True])
async def test_callers_that_leave_in_the_middle_of_an_answer_never_trip(build: Build, stream: bool) -> None:
    house = await build(breaker(30), routes=PAIR, recovery=QUICK, oa=failing(6, "stall", stream=stream))
    await asyncio.gather(*(leave(house, "r", stream, 6) for _ in range(6)))
    await eventually(lambda: len(house.ended) == 6 or None)
    assert states(house) == ["closed"] * 3
    assert (await house.chat("r", stream=stream))[1]["x-trunkline-provider"] == "oa"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_probe_whose_caller_leaves_gives_its_permit_back(build: Build, stream: bool) -> None:
    faults = {"faults": [{"kind": "status", "status": 500, "times": 3}, {"kind": "silence", "times": 1}]}
    house = await build(breaker(), routes=PAIR, recovery=QUICK, oa=faults)
    for _ in range(3):
        await house.chat("r", stream=stream)
    await asyncio.sleep(OPEN)
    await leave(house, "r", stream)
    await eventually(lambda: len(house.ended) == 4 or None)
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-provider"]) == (200, "oa")
    assert states(house) == ["closed"] * 3


@pytest.mark.parametrize("stream", [False, True])
async def test_the_only_target_is_tried_again_although_its_circuit_is_open(build: Build, stream: bool) -> None:
    more = breaker(30, panic_seconds=0.2)
    house = await build(
        more, routes=f"{ALONE[:-1]}, pair: [oa/sim, spare/sim]}}", recovery=QUICK, oa=failing(4, status=500)
    )
    once = {"x-trunkline-max-attempts": "1"}
    body = {"model": "r", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    for _ in range(3):
        assert (await house.post("/v1/chat/completions", body, once))[0] == 502
    assert states(house)[2] == "open"
    status, headers, _ = await house.chat("pair", stream=stream)  # the control: with another one it is left alone
    assert (headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == ("spare", "1")
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "2")


async def test_a_retry_after_extends_a_circuit_that_is_open_already(build: Build) -> None:
    faults = {
        "faults": [
            {"kind": "status", "status": 500, "times": 3},
            {"kind": "status", "status": 503, "retry_after": 60, "times": 1},
        ]
    }
    house = await build(breaker(1, panic_seconds=0.05), routes=ALONE, recovery="{max_attempts: 1}", oa=faults)
    for _ in range(3):
        await house.chat("r")
    model = house.gateway.health.of(Target("oa", "sim")).circuits[2]
    before = model.ready_at(now := house.gateway.clock()) - now
    status, _, _ = await house.chat("r")  # let in by panic
    after = model.ready_at(now := house.gateway.clock()) - now
    assert (status, model.state) == (503, "open")
    assert before <= 1
    assert 50 < after <= 60


@pytest.mark.parametrize(("share", "shut"), [(0.5, 1), (1, 2)])
async def test_rates_shut_half_of_a_routes_targets_and_no_more(build: Build, share: float, shut: int) -> None:
    half: dict[str, Any] = {"faults": [{"kind": "status", "status": 500, "every": 2}]}
    more = breaker(30, consecutive=100, minimum=10)[:-1] + f", max_ejected: {share}}}"
    routes = "models: {r: [oa/sim, spare/sim], only: [spare/sim]}"
    house = await build(more, routes=routes, recovery="{max_attempts: 1}", oa=half, spare=half)
    for model in ["r"] * 12 + ["only"] * 12:
        await house.chat(model)
    targets = (Target("oa", "sim"), Target("spare", "sim"))
    assert [house.gateway.health.of(target).circuits[2].state for target in targets].count("open") == shut
