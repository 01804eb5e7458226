"""What Prometheus sees of a running gateway: its own tools read it, and junk adds nothing to it."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from tests.e2e.conftest import Build, House, eventually
from trunkline.accounting.budgets import demands
from trunkline.accounting.purse import Purse
from trunkline.core.call import Caller
from trunkline.core.exchange import Target
from trunkline.server.run import metrics_port
from trunkline.stores.holds import Settled
from trunkline.stores.memory import MemoryStore

Found = dict[str, dict[tuple[str, ...], float]]

SEED = {
    "llm_requests_total": "counter",
    "llm_request_duration_seconds": "histogram",
    "llm_errors_total": "counter",
    "llm_cost_dollars_total": "counter",
    "llm_circuit_breaker_state": "gauge",
}


async def metrics(house: House, **headers: str) -> tuple[int, str]:
    async with house.http.get(f"{house.url}/metrics", headers=headers) as response:
        return response.status, await response.text()


async def figures(house: House) -> Found:
    _, text = await metrics(house)
    found: Found = {}
    for family in read_plain(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


async def test_the_names_operators_know_are_there_with_their_types(house: House) -> None:
    await house.chat("openai")
    await house.chat("all-down")

    _, text = await metrics(house)

    types = dict(line.split(" ")[2:] for line in text.splitlines() if line.startswith("# TYPE"))
    assert {name: types.get(name) for name in SEED} == SEED


async def test_a_call_is_counted_where_it_was_answered_with_what_it_cost(house: House) -> None:
    status, headers, body = await house.chat("openai")

    found = await figures(house)

    usage = json.loads(body)["usage"]
    assert status == 200
    assert found["llm_requests_total"] == {("openai", "oa", "sim", "ok"): 1}
    assert found["llm_attempts_total"] == {("oa", "sim", "ok"): 1}
    assert found["llm_cost_dollars_total"]["oa", "sim"] == float(headers["x-trunkline-cost-usd"])
    assert found["llm_tokens_total"]["oa", "sim", "output"] == usage["completion_tokens"]
    assert found["llm_request_duration_seconds_count"] == {("openai", "oa", "sim"): 1}
    assert found["llm_time_to_first_content_seconds_count"] == {("oa", "sim"): 1}
    assert "llm_errors_total" not in found


async def test_a_fallback_is_counted_with_its_reason(house: House) -> None:
    await house.chat("down-then-up")

    found = await figures(house)

    assert found["llm_fallbacks_total"] == {
        ("down-then-up", "connect_failed"): 1,
        ("down-then-up", "overloaded"): 1,
    }
    assert found["llm_requests_total"] == {("down-then-up", "an", "sim", "ok"): 1}


async def test_a_stream_is_counted_when_it_has_ended(house: House) -> None:
    await house.chat("both", stream=True)

    found = await figures(house)

    assert found["llm_requests_total"] == {("both", "oa", "sim", "ok"): 1}
    assert found["llm_requests_in_flight"] == {(): 0}


async def test_an_open_circuit_shows_as_two(build: Build) -> None:
    house = await build(more="health: {circuit_breaker: {consecutive: 1}}")

    await house.chat("all-down")
    found = await figures(house)

    states = found["llm_circuit_breaker_state"]
    assert states["an", "fault:status:529", "model"] == 2
    assert states["oa", "sim", "model"] == 0


async def test_a_listener_that_raises_is_felt_by_no_caller(house: House) -> None:
    def broken(_: Any) -> None:
        raise RuntimeError("the sink is down")

    house.gateway._record.listeners.insert(0, broken)

    status, _, _ = await house.chat("openai")

    assert status == 200
    assert (await figures(house))["llm_requests_total"] == {("openai", "oa", "sim", "ok"): 1}


def junk_headers(number: int) -> dict[str, str]:
    """Everything a caller may send that says who or what it is."""
    return {
        "authorization": f"Bearer sk-junk-{number}",
        "x-api-key": f"junk-{number}",
        "x-request-id": f"junk-{number}",
        "x-trunkline-session": f"junk-{number}",
        **({"x-trunkline-strategy": f"junk-{number}"} if number % 10 == 0 else {}),
        **({"x-trunkline-require": f"junk-{number}"} if number % 10 == 5 else {}),
        "x-tenant-id": f"tenant-{number}",
        f"x-junk-{number}": "junk",
        "traceparent": f"00-{number + 1:032x}-{number + 1:016x}-01",
        "user-agent": f"junk/{number}",
    }


async def test_ten_thousand_junk_names_tenants_and_headers_make_no_series(house: House) -> None:
    await house.chat("openai")
    before = len((await metrics(house))[1].splitlines())

    async def junk(numbers: range) -> None:
        for number in numbers:
            name = f'oa/junk-{number}"\n' if number % 2 else f"junk-{number}"
            asked = {
                "model": name,
                "user": f"tenant-{number}",
                "max_tokens": 1,
                "messages": [{"role": "user", "content": "hi"}],
            }
            await house.post(
                "/v1/chat/completions", {**asked, "metadata": {"tenant": f"t{number}"}}, junk_headers(number)
            )

    await asyncio.gather(*(junk(range(first, 10_000, 20)) for first in range(20)))

    after = len((await metrics(house))[1].splitlines())
    assert before < after < before + 100
    assert after < 2000


async def test_openmetrics_carries_the_trace_id_as_exemplar(house: House) -> None:
    await house.chat("openai")

    _, text = await metrics(house, accept="application/openmetrics-text; version=1.0.0")

    families = {family.name: family for family in read_open(text)}
    marks = [one.exemplar.labels for one in families["llm_request_duration_seconds"].samples if one.exemplar]
    assert marks == [{"trace_id": house.ended[0].trace.id}]


KEYED = """
keys: [{name: alice, key: sk-house-alice-0123456789}]
admin_key: sk-admin-0123456789abcdef
"""


async def test_metrics_want_the_admin_key_where_the_house_wants_keys(build: Build) -> None:
    house = await build(more=KEYED)

    nobody, _ = await metrics(house)
    caller, _ = await metrics(house, authorization="Bearer sk-house-alice-0123456789")
    admin, text = await metrics(house, authorization="Bearer sk-admin-0123456789abcdef")

    assert (nobody, caller, admin) == (401, 401, 200)
    assert "llm_requests_in_flight" in text


async def test_a_port_of_its_own_serves_metrics_and_nothing_else(build: Build) -> None:
    house = await build(more=KEYED + "metrics: {listen: '127.0.0.1:0'}")

    async with metrics_port(house.gateway) as url, house.http.get(f"{url}/metrics") as response:
        status, text = response.status, await response.text()
        async with house.http.get(f"{url}/v1/models") as other, house.http.get(f"{url}/admin/health") as admin:
            assert (status, other.status, admin.status) == (200, 404, 404)

    assert "llm_requests_in_flight" in text


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
async def test_promtool_has_nothing_to_say(house: House) -> None:
    await house.chat("down-then-up")
    await house.chat("openai", stream=True)
    _, text = await metrics(house)

    told = await asyncio.to_thread(
        subprocess.run, ["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )

    assert (told.returncode, told.stdout, told.stderr) == (0, b"", b"")


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed (Debian: prometheus)")
async def test_a_real_prometheus_scrapes_it_with_the_admin_key(build: Build, tmp_path: Path) -> None:
    house = await build(more=KEYED)
    for _ in range(3):
        await house.post(
            "/v1/chat/completions",
            {"model": "openai", "messages": [{"role": "user", "content": "What is 2 + 2?"}]},
            {"authorization": "Bearer sk-house-alice-0123456789"},
        )
    port = free_port()
    process = await asyncio.create_subprocess_exec(*prometheus(house.url, port, tmp_path))
    try:
        found = await eventually_async(lambda: asked(house, port, "sum(llm_requests_total)"), 60)
    finally:
        process.terminate()
        await process.wait()

    assert found == "3"


def prometheus(url: str, port: int, folder: Path) -> list[str]:
    config = folder / "prometheus.yml"
    target = url.removeprefix("http://")
    config.write_text(f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: trunkline
    authorization: {{credentials: sk-admin-0123456789abcdef}}
    static_configs: [{{targets: ["{target}"]}}]
""")
    return [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb", "--log.level=error",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip


async def asked(house: House, port: int, query: str) -> str | None:
    try:
        async with house.http.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}) as response:
            result = (await response.json())["data"]["result"]
            return result[0]["value"][1] if result else None
    except (OSError, KeyError, aiohttp.ClientError):  # not listening yet, or it says 503 in plain text while it starts
        return None


async def eventually_async(look: Any, seconds: float) -> Any:
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:
            await asyncio.sleep(0.1)
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_series_of_the_house_are_few(house: House) -> None:
    for model in ("openai", "anthropic", "both", "down-then-up", "all-down"):
        await house.chat(model)
    await eventually(lambda: len(house.ended) == 5 or None)

    _, text = await metrics(house)

    assert len([line for line in text.splitlines() if not line.startswith("#")]) < 500


MONEYED = """
keys: [{name: alice, key: sk-house-alice-0123456789, requests_per_minute: 2}]
admin_key: sk-admin-0123456789abcdef
budgets: [{name: everything, limit: 5, window: month}]
"""
CHOSEN = """
models:
  cheap: {targets: [oa/sim, an/sim], strategy: cost_optimized}
"""


async def test_money_refusals_and_decisions_are_told(build: Build) -> None:
    house = await build(more=MONEYED, routes=CHOSEN)
    body = {"model": "cheap", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "max_tokens": 50}
    alice = {"authorization": "Bearer sk-house-alice-0123456789"}
    statuses = [(await house.post("/v1/chat/completions", body, alice))[0] for _ in range(3)]
    assert house.gateway.money is not None
    await house.gateway.money.purse.settled()

    _, text = await metrics(house, authorization="Bearer sk-admin-0123456789abcdef")

    found = {(one.name, *one.labels.values()): one.value for family in read_plain(text) for one in family.samples}
    spent = sum(exchange.cost or 0 for exchange in house.ended) / 1e9
    assert statuses == [200, 200, 429]
    assert found["llm_budget_remaining_dollars", "everything"] == pytest.approx(5 - spent, abs=1e-12)
    assert spent > 0
    assert found["llm_rate_limit_refusals_total", "requests"] == 1
    assert found["llm_routing_decisions_total", "cheap", "cost_optimized"] == 2
    assert (found["llm_holds",], found["llm_held_dollars",], found["llm_ledger_queue_depth",]) == (0, 0, 0)
    assert found["llm_waiting_calls", "oa", "sim"] == 0


async def test_what_is_held_for_an_open_call_is_told(build: Build) -> None:
    house = await build(more=MONEYED, oa={"faults": [{"kind": "stall"}]})
    body = {
        "model": "oa/sim",
        "stream": True,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
    }
    alice = {"authorization": "Bearer sk-house-alice-0123456789"}
    operator = {"authorization": "Bearer sk-admin-0123456789abcdef"}

    async with house.http.post(f"{house.url}/v1/chat/completions", json=body, headers=alice) as response:
        await response.content.readany()
        _, during = await metrics(house, **operator)
    await eventually(lambda: house.ended or None)

    assert "llm_holds 1.0\n" in during
    assert "llm_held_dollars 0.0\n" not in during
    assert "llm_holds 0.0\n" in (await metrics(house, **operator))[1]


async def test_what_is_left_of_a_keys_own_budget_is_told(build: Build) -> None:
    house = await build(more=f"{MONEYED.replace('requests_per_minute: 2', 'budget: 0.5')}")
    body = {"model": "oa/sim", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "max_tokens": 50}
    await house.post("/v1/chat/completions", body, {"authorization": "Bearer sk-house-alice-0123456789"})
    assert house.gateway.money is not None
    await house.gateway.money.purse.settled()

    _, text = await metrics(house, authorization="Bearer sk-admin-0123456789abcdef")

    found = {(one.name, *one.labels.values()): one.value for family in read_plain(text) for one in family.samples}
    spent = sum(exchange.cost or 0 for exchange in house.ended) / 1e9
    assert spent > 0
    assert found["llm_key_budget_remaining_dollars", "alice"] == pytest.approx(0.5 - spent, abs=1e-12)
    assert found["llm_budget_limit_dollars", "everything"] == 5


async def test_of_ten_thousand_keys_with_budgets_the_fullest_are_told() -> None:
    purse = Purse(MemoryStore(), wall=lambda: 1_700_000_000_000)
    for number in range(10_000):
        caller = Caller(f"key-{number}", budget=1_000_000)
        [demand] = demands((), caller, Target("oa", "sim"), 1_700_000_000_000)
        purse._warn([demand], [Settled(demand.charge.account, 0, number)])

    told = purse.remaining_of_keys()

    assert list(told) == [f"key-{number}" for number in range(9_999, 9_949, -1)]
    assert told["key-9999"] == 1_000_000 - 9_999


SHARING = """
listen: 127.0.0.1:0
providers: {{oa: {{url: "{url}/oa/v1", dialect: openai, key: sk-oa-0123456789}}}}
models: {{one: oa/sim}}
ledger: {{}}
log: {{calls: "off"}}
metrics: {{share: {folder}/shared}}
"""


async def test_of_two_processes_either_tells_the_sum_and_a_killed_one_stays_in_it(house: House, tmp_path: Path) -> None:
    path = tmp_path / "sharing.yaml"
    path.write_text(SHARING.format(url=house.simulator.url, folder=tmp_path))
    command = (sys.executable, "-m", "trunkline", "serve", "-c", str(path))
    processes = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=tmp_path) for _ in range(2)]
    body = {"model": "one", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}

    async def told(url: str) -> str:
        async with house.http.get(f"{url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return next(line.split(" ")[1] for line in lines if line.startswith("llm_requests_total{"))

    try:
        urls = []
        for process in processes:
            assert process.stdout is not None
            urls.append((await asyncio.wait_for(process.stdout.readline(), 20)).decode().split()[-1])
        for url in (*urls, urls[1]):
            async with house.http.post(f"{url}/v1/chat/completions", json=body) as response:
                assert response.status == 200
        await told(urls[0])
        both = [await told(url) for url in reversed(urls)]
        processes[1].kill()
        await processes[1].wait()
        after = await told(urls[0])
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    assert (both, after) == (["3", "3"], "3")
