"""The process around the calls: probes, keys, callers that leave, shutting down."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Build, House, eventually

KEYS = "keys: [{name: ci, key: sk-trunkline-0123456789abcdef, models: [openai, 'an/*']}]"


async def test_probes_need_no_key_and_show_no_names(build: Build) -> None:
    house = await build(KEYS)
    for path in ("/livez", "/readyz", "/health", "/"):
        async with house.http.get(house.url + path) as response:
            assert response.status == 200
            shown = await response.text()
            assert not any(name in shown for name in ("oa", "anthropic", "sk-"))
    async with house.http.head(house.url + "/") as response:
        assert response.status == 200


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "api-key", "x-goog-api-key"])
async def test_a_key_is_taken_from_every_usual_header(build: Build, header: str) -> None:
    house = await build(KEYS)
    key = "sk-trunkline-0123456789abcdef"
    body = {"model": "openai", "messages": [{"role": "user", "content": "hi"}]}
    right = {header: f"Bearer {key}" if header == "authorization" else key}
    wrong = {header: right[header][:-1] + "0"}
    assert (await house.post("/v1/chat/completions", body, right))[0] == 200
    status, _, answer = await house.post("/v1/chat/completions", body, wrong)
    assert status == 401
    assert key[:-1] not in answer.decode()
    assert (await house.post("/v1/chat/completions", body))[0] == 401


async def test_a_key_reaches_its_own_models_only(build: Build) -> None:
    house = await build(KEYS)
    key = {"x-api-key": "sk-trunkline-0123456789abcdef"}

    async def status(model: str) -> int:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        return (await house.post("/v1/chat/completions", body, key))[0]

    assert [await status(model) for model in ("openai", "an/sim", "both", "oa/sim")] == [200, 200, 403, 403]
    async with house.http.get(house.url + "/v1/models", headers=key) as response:
        listed = [row["id"] for row in (await response.json())["data"]]
    assert "openai" in listed
    assert all(name == "openai" or name.startswith("an/") for name in listed)


async def test_the_model_list_has_the_form_of_the_dialect_that_asks(house: House) -> None:
    async with house.http.get(house.url + "/v1/models") as response:
        openai = await response.json()
    async with house.http.get(house.url + "/v1/models", headers={"anthropic-version": "2023-06-01"}) as response:
        anthropic = await response.json()
    assert openai["object"] == "list"
    assert [row["id"] for row in openai["data"]] == [row["id"] for row in anthropic["data"]]
    assert anthropic["has_more"] is False
    assert anthropic["first_id"] == openai["data"][0]["id"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_that_leaves_stops_the_providers_work_and_is_counted_once(house: House, stream: bool) -> None:
    model = "oa/fault:stall:3" if stream else "oa/fault:silence"
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rsplit(":", 1)[1]))
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await asyncio.sleep(0.5)
    writer.transport.abort()
    left = asyncio.get_running_loop().time()
    await house.logged(1)  # the provider's side would last for hours: it ends because we left
    await eventually(lambda: house.ended or None)
    assert asyncio.get_running_loop().time() - left < 1
    assert len(house.ended) == 1
    outcome = house.ended[0].outcome
    assert outcome is not None
    assert outcome.abandoned
    assert outcome.usage.source in {"estimated", "unknown"}


async def test_the_callers_own_request_id_is_kept_if_it_is_a_sane_one(house: House) -> None:
    body = {"model": "openai", "messages": [{"role": "user", "content": "hi"}]}
    _, kept, _ = await house.post("/v1/chat/completions", body, {"x-request-id": "mine-1"})
    _, replaced, _ = await house.post("/v1/chat/completions", body, {"x-request-id": "a b" * 100})
    assert kept["x-request-id"] == "mine-1"
    assert replaced["x-request-id"].startswith("req_")


async def test_tokens_are_counted_by_the_provider_or_estimated(house: House) -> None:
    body = {"messages": [{"role": "user", "content": "What is 17 + 25?"}], "system": "Be short."}
    counts, told = {}, {}
    for model in ("anthropic", "openai"):
        status, headers, answer = await house.post("/v1/messages/count_tokens", {"model": model, **body})
        assert status == 200
        counts[headers["x-trunkline-token-source"]] = json.loads(answer)["input_tokens"]
        told[model] = [headers[f"x-trunkline-{name}"] for name in ("provider", "model", "attempts", "cost-usd")]
    assert set(counts) == {"provider", "estimated"}
    assert all(count > 0 for count in counts.values())
    assert told == {"anthropic": ["an", "sim", "1", "0"], "openai": ["none", "none", "0", "0"]}
    status, headers, _ = await house.post("/v1/messages/count_tokens", {"model": "nobody", **body})
    assert (status, headers["x-trunkline-provider"]) == (404, "none")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/openai", "/livez", "/readyz", "/health", "/"])
async def test_head_is_answered_as_get_without_a_body(house: House, path: str) -> None:
    async with house.http.head(house.url + path) as head, house.http.get(house.url + path) as got:
        assert (head.status, got.status) == (200, 200)
        assert await head.read() == b""
    async with house.http.head(house.url + "/v1/messages") as refused:
        assert (refused.status, refused.headers["allow"]) == (405, "POST")
    async with house.http.post(house.url + "/v1/models") as refused:
        assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_an_unknown_model_is_a_404_that_says_nobody_was_asked(house: House, dialect: str) -> None:
    status, headers, _ = await house.ask(dialect, "nobody")
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (404, "none", "0")
    async with house.http.get(house.url + "/v1/models/nobody") as response:
        assert (response.status, response.headers["x-trunkline-attempts"]) == (404, "0")


async def test_a_target_that_cannot_express_a_call_is_no_attempt(build: Build) -> None:
    house = await build(routes="models: {r: {targets: [an/sim, oa/sim], on_unsupported: refuse}}")
    status, headers, _ = await house.chat("r", seed=7)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")
    assert "an/sim: unsupported_parameter" in headers["x-trunkline-trail"]
    assert [entry.provider for entry in await house.logged(1)] == ["oa"]
    _, control, _ = await house.chat("r")
    assert (control["x-trunkline-provider"], control["x-trunkline-attempts"]) == ("an", "1")


CONFIG = """
listen: 127.0.0.1:0
providers: {oa: {url: "%s/oa/v1", dialect: openai, key: sk-oa-0123456789}}
limits: {drain: %s, notice: %s}
"""


async def _process(
    tmp_path: Path, house: House, drain: float, notice: float = 0
) -> tuple[asyncio.subprocess.Process, str]:
    path = tmp_path / "process.yaml"
    path.write_text(CONFIG % (house.simulator.url, drain, notice))
    command = [sys.executable, "-m", "trunkline", "serve", "-c", str(path)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=dict(os.environ), cwd=tmp_path
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    return process, line.decode().split()[-1]


@pytest.mark.parametrize("drain", [10, 0.5])
async def test_sigterm_drains_open_answers_and_says_so_when_time_is_up(
    house: House, tmp_path: Path, drain: float
) -> None:
    process, url = await _process(tmp_path, house, drain)
    model = "oa/fault:slow:1.5" if drain > 1 else "oa/fault:stall:3"
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}

    async def call() -> bytes:
        async with house.http.post(url + "/v1/chat/completions", json=body) as response:
            return await response.read()

    calling = asyncio.create_task(call())
    await asyncio.sleep(0.8)
    process.send_signal(signal.SIGTERM)
    answer = await asyncio.wait_for(calling, 15)
    assert await asyncio.wait_for(process.wait(), 15) == 0
    if drain > 1:
        assert answer.endswith(b"data: [DONE]\n\n")
    else:
        assert b"[DONE]" not in answer
        assert b'"error"' in answer.rstrip().rpartition(b"\n\n")[2]
    with pytest.raises(OSError, match="Cannot connect"):
        await call()


async def test_after_sigterm_the_gateway_says_that_it_leaves_and_serves_until_the_notice_is_over(
    house: House, tmp_path: Path
) -> None:
    process, url = await _process(tmp_path, house, 5, notice=1.5)
    body = {"model": "oa/sim", "messages": [{"role": "user", "content": "hi"}]}

    async def ready() -> int:
        async with house.http.get(url + "/readyz") as response:
            return response.status

    async def kept() -> tuple[int, str]:
        async with house.http.post(url + "/v1/chat/completions", json=body) as response:
            return response.status, response.headers.get("connection", "keep-alive")

    async with asyncio.timeout(10):
        while await ready() != 200:
            await asyncio.sleep(0.02)
        assert await kept() == (200, "keep-alive")
        process.send_signal(signal.SIGTERM)
        while await ready() == 200:
            await asyncio.sleep(0.02)
    assert await kept() == (200, "close")  # and whoever comes next is served as well, on a connection of its own
    assert await kept() == (200, "close")
    assert process.returncode is None
    assert await asyncio.wait_for(process.wait(), 15) == 0
    with pytest.raises(OSError, match="Cannot connect"):
        await ready()


async def test_the_operators_door_wants_its_own_key_and_calls_no_models(build: Build) -> None:
    house = await build(KEYS + "\nadmin_key: sk-admin-0123456789abcdef")
    caller, admin = {"x-api-key": "sk-trunkline-0123456789abcdef"}, {"x-api-key": "sk-admin-0123456789abcdef"}
    body = {"model": "openai", "messages": [{"role": "user", "content": "hi"}]}

    async def look(headers: dict[str, str]) -> int:
        async with house.http.get(house.url + "/admin/health", headers=headers) as response:
            return response.status

    assert [await look(headers) for headers in ({}, caller, admin)] == [401, 401, 200]
    assert (await house.post("/v1/chat/completions", body, admin))[0] == 401
    shut = await build(KEYS)
    async with shut.http.get(shut.url + "/admin/health", headers=caller) as response:
        assert response.status == 403
        assert "admin_key" in (await response.json())["detail"]


async def test_the_operator_sees_which_target_is_shut_why_and_for_how_long(build: Build) -> None:
    house = await build("health: {circuit_breaker: {consecutive: 2, open_seconds: 30}}")
    for _ in range(2):
        await house.chat("oa/fault:status:503")
    await house.chat("openai")
    async with house.http.get(house.url + "/admin/health") as response:
        targets = {row["target"]: row for row in (await response.json())["targets"]}
    command = [sys.executable, "-m", "trunkline", "status", "--url", house.url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    shown = (await process.communicate())[0].decode()
    broken, well = targets["oa/fault:status:503"], targets["oa/sim"]
    assert 20 < broken["ready_in"] <= 30
    assert "circuit open" in broken["why"]
    assert [circuit["state"] for circuit in broken["circuits"]] == ["closed", "closed", "open"]
    assert well["why"] is None
    assert "circuit open" in shown
    assert "sk-" not in shown
