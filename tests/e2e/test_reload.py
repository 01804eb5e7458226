"""A new config under running calls, through a real process: nothing is dropped, and what is wrong changes nothing."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import House, eventually

ADMIN = "sk-admin-0123456789abcdef"
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
ALICE = {"authorization": "Bearer sk-house-alice-0123456789"}
CONFIG = """
listen: {listen}
admin_key: {admin}
keys: [{{name: alice, key: sk-house-alice-0123456789}}]
providers: {{oa: {{url: "{url}/oa/v1", dialect: openai, key: sk-oa-0123456789}}}}
models: {{{models}}}
ledger: {{path: {ledger}}}
log: {{calls: "off"}}
"""


class Process:
    """A gateway of its own process, with a config that can be written anew."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.path = folder / "process.yaml"
        self.url = ""
        self.process: Any = None
        self._ledger = folder / "process.db"

    def write(self, models: str = "one: oa/sim", listen: str = "127.0.0.1:0") -> None:
        url = self.house.simulator.url
        self.path.write_text(CONFIG.format(url=url, models=models, admin=ADMIN, ledger=self._ledger, listen=listen))

    async def chat(self, model: str, **more: Any) -> tuple[int, bytes]:
        body = {"model": model, "messages": [{"role": "user", "content": "What is 17 + 25?"}], **more}
        async with self.house.http.post(f"{self.url}/v1/chat/completions", json=body, headers=ALICE) as response:
            return response.status, await response.read()

    async def admin(self, method: str, path: str) -> tuple[int, Any]:
        async with self.house.http.request(method, f"{self.url}/admin/{path}", headers=OPERATOR) as response:
            return response.status, await response.json(content_type=None)

    async def metrics(self) -> str:
        async with self.house.http.get(f"{self.url}/metrics", headers=OPERATOR) as response:
            return await response.text()


@asynccontextmanager
async def started(house: House, folder: Path) -> AsyncGenerator[Process]:
    made = Process(house, folder)
    made.write()
    command = [sys.executable, "-m", "trunkline", "serve", "-c", str(made.path)]
    pipe = asyncio.subprocess.PIPE
    with (folder / "stderr").open("wb") as errors:
        made.process = await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stderr=errors, env=dict(os.environ), cwd=folder
        )
        try:
            line = await asyncio.wait_for(made.process.stdout.readline(), 20)
            made.url = line.decode().split()[-1]
            yield made
        finally:
            if made.process.returncode is None:
                made.process.terminate()
            await asyncio.wait_for(made.process.wait(), 20)


async def test_calls_and_a_long_stream_run_through_a_reload(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        stream = asyncio.create_task(process.chat("oa/fault:slow:4", stream=True))
        await begun(process)
        stop = asyncio.Event()

        async def call() -> list[int]:
            statuses = []
            while not stop.is_set():
                statuses.append((await process.chat("one"))[0])
            return statuses

        calling = [asyncio.create_task(call()) for _ in range(4)]
        for number in range(3):
            process.write(f"one: oa/sim, new-{number}: oa/sim")
            assert (await process.admin("POST", "reload"))[0] == 200
            assert (await process.chat(f"new-{number}"))[0] == 200
        assert not stream.done()
        still_open = await calls_open(process)
        status, told = await stream
        stop.set()
        statuses = [each for done in await asyncio.gather(*calling) for each in done]
        text = await process.metrics()

    assert still_open >= 1
    assert (status, told.strip().endswith(b"data: [DONE]")) == (200, True)
    assert set(statuses) == {200}
    counted = f'llm_requests_total{{route="one",provider="oa",model="sim",outcome="ok"}} {len(statuses)}\n'
    assert counted in text
    assert 'llm_requests_total{route="new-0",provider="oa",model="sim",outcome="ok"} 1\n' in text
    assert "llm_requests_in_flight 0.0\n" in text


async def calls_open(process: Process) -> int:
    async with process.house.http.get(f"{process.url}/health") as response:
        return int((await response.json())["calls_open"])


async def begun(process: Process) -> None:
    async with asyncio.timeout(5):
        while not await calls_open(process):
            await asyncio.sleep(0.02)


async def test_a_hangup_reads_the_config_again(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        assert (await process.chat("two"))[0] == 404
        process.write("two: oa/sim")
        process.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(10):
            while (await process.chat("two"))[0] != 200:
                await asyncio.sleep(0.05)
        assert (await process.chat("one"))[0] == 404
        _, models = await process.admin("GET", "models")

    assert [one["name"] for one in models["models"]] == ["two"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"models": "one: nobody/sim"}, "nobody"),
        ({"models": "one: [oa/sim"}, "process.yaml"),
        ({"listen": "127.0.0.1:1"}, "listen: cannot change while the gateway runs"),
    ],
)
async def test_a_config_that_cannot_be_taken_changes_nothing_and_says_why(
    house: House, tmp_path: Path, broken: dict[str, str], said: str
) -> None:
    async with started(house, tmp_path) as process:
        process.write(**broken)
        status, told = await process.admin("POST", "reload")
        process.process.send_signal(signal.SIGHUP)
        log = tmp_path / "stderr"
        await eventually(lambda: said in log.read_text("utf-8") or None)
        after = await process.chat("one")
        process.write("three: oa/sim")
        mended = await process.admin("POST", "reload")

    assert (status, told["type"]) == (422, "urn:trunkline:error:bad_config")
    assert said in told["detail"]
    assert after[0] == 200
    assert mended == (200, {"status": "reloaded", "providers": 1, "models": 1})


async def test_the_key_that_opened_the_door_may_be_another_after_a_reload(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        process.path.write_text(process.path.read_text().replace(ADMIN, "sk-admin-another-0123456789"))
        first = await process.admin("POST", "reload")
        second = await process.admin("POST", "reload")

    assert (first[0], second[0]) == (200, 401)


async def test_drain_ends_open_answers_and_then_the_process(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        stream = asyncio.create_task(process.chat("oa/fault:slow:2", stream=True))
        await begun(process)
        told = await process.admin("POST", "drain")
        status, body = await stream
        code = await asyncio.wait_for(process.process.wait(), 20)

    assert told == (202, {"status": "draining"})
    assert (status, body.strip().endswith(b"data: [DONE]"), code) == (200, True, 0)


async def test_an_onlooker_is_sent_away_so_that_it_comes_back_to_the_new_house(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        async with house.http.get(f"{process.url}/admin/events", headers=OPERATOR) as response:
            await response.content.readuntil(b"\n\n")
            process.write("two: oa/sim")
            await process.admin("POST", "reload")
            async with asyncio.timeout(10):
                while await response.content.readany():
                    pass

        assert (await process.admin("GET", "overview"))[0] == 200


async def test_the_config_is_shown_without_its_secrets(house: House, tmp_path: Path) -> None:
    async with started(house, tmp_path) as process:
        status, told = await process.admin("GET", "config")

    text = json.dumps(told)
    assert status == 200
    assert told["providers"]["oa"]["key"] == "****6789"
    assert not any(secret in text for secret in (ADMIN, "sk-oa-0123456789", "sk-house-alice-0123456789"))
    assert told["limits"]["drain"] == 30


async def test_models_are_shown_with_prices_abilities_and_strategy(house: House) -> None:
    async with house.http.get(f"{house.url}/admin/models") as response:
        told = {one["name"]: one for one in (await response.json())["models"]}
    async with house.http.get(f"{house.url}/admin/models?direct=true") as response:
        direct = {one["name"] for one in (await response.json())["models"]}

    [target] = told["openai"]["targets"]
    assert (target["provider"], target["model"], target["usd_per_million_tokens"]["output"]) == ("oa", "sim", "0.6")
    assert told["openai"]["strategy"]["kind"] == "ordered"
    assert "oa/sim" in direct - set(told)
