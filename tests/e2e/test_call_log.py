"""The line that is left of a call: enough to find it again, nothing that must not be kept."""

import asyncio
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Build, House, eventually
from trunkline.telemetry.ended_call import rfc3339
from trunkline.telemetry.exchange_log import ExchangeLog

KEYED = "keys: [{name: alice, key: sk-house-alice-0123456789}]"
SECRET = "the vault's number is 4711"


def listening(house: House) -> list[bytes]:
    lines: list[bytes] = []
    house.gateway.live.hearers.append(ExchangeLog(lines.append))
    return lines


async def only(lines: list[bytes]) -> dict[str, Any]:
    [line] = await eventually(lambda: lines or None)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    found: dict[str, Any] = json.loads(line)
    return found


async def test_a_line_says_who_asked_who_answered_and_what_it_cost(build: Build) -> None:
    house = await build(more=KEYED)
    lines = listening(house)
    body = {"model": "openai", "messages": [{"role": "user", "content": "What is 17 + 25?"}]}

    _, headers, answer = await house.post(
        "/v1/chat/completions", body, {"authorization": "Bearer sk-house-alice-0123456789", "x-request-id": "mine-1"}
    )

    line = await only(lines)
    usage = json.loads(answer)["usage"]
    kept = house.gateway.live.call("mine-1")
    assert kept is not None
    assert line.pop("seconds") >= line.pop("first_content_seconds") > 0
    assert line == {
        "at": rfc3339(kept.at),
        "id": "mine-1",
        "trace": house.ended[0].trace.id,
        "caller": "alice",
        "asked": "openai",
        "outcome": "ok",
        "provider": "oa",
        "model": "sim",
        "stream": False,
        "attempts": 1,
        "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"],
        "cost_usd": headers["x-trunkline-cost-usd"],
    }


def test_a_line_tells_the_time_in_utc_with_milliseconds() -> None:
    assert rfc3339(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"


async def test_a_line_tells_each_attempt_where_there_was_more_than_one(house: House) -> None:
    lines = listening(house)

    await house.chat("down-then-up")

    line = await only(lines)
    assert [(one["target"], one["outcome"]) for one in line["tried"]] == [
        ("dead/sim", "connect_failed"),
        ("oa/fault:status:503", "overloaded"),
        ("an/sim", "ok"),
    ]


async def test_no_line_has_a_prompt_an_answer_or_a_key(build: Build) -> None:
    house = await build(more=KEYED)
    lines = listening(house)
    key = {"authorization": "Bearer sk-house-alice-0123456789"}

    for model in ("openai", "all-down", "junk"):
        content = [{"role": "user", "content": SECRET}]
        await house.post("/v1/chat/completions", {"model": model, "messages": content}, key)
    text = b"".join(lines)

    assert text.count(b"\n") == 3
    assert not any(word in text for word in (SECRET.encode(), b"sk-house", b"sk-oa", b"invented"))


async def test_a_hostile_name_stays_inside_its_line(house: House) -> None:
    lines = listening(house)
    name = '","caller":"root"}\\' * 12

    await house.chat(name)

    line = await only(lines)
    assert (line["asked"], line["caller"]) == (name[:200], "anyone")
    assert (line["outcome"], line["error"], line["provider"], line["attempts"]) == ("error", "model_not_found", None, 0)


FULL = """
listen: 127.0.0.1:0
providers: {oa: {url: "%s/oa/v1", dialect: openai, key: sk-oa-0123456789}}
models: {one: oa/sim}
ledger: {}
"""
PIPE = 4096  # bytes: ten lines fill it


async def test_a_standard_error_that_nobody_reads_holds_up_no_call_and_not_the_end(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "full.yaml"
    path.write_text(FULL % house.simulator.url)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline", "serve", "-c", str(path),
        stdout=asyncio.subprocess.PIPE, stderr=writing, cwd=tmp_path,
    )  # fmt: skip
    os.close(writing)
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().split()[-1]
        body = {"model": "one", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}
        statuses = []
        async with asyncio.timeout(30):
            for _ in range(100):
                async with house.http.post(f"{url}/v1/chat/completions", json=body) as response:
                    statuses.append(response.status)
        process.terminate()
        code = await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    kept = os.read(reading, 10 * PIPE)
    os.close(reading)

    assert (statuses, code) == ([200] * 100, 0)
    assert len(kept) <= PIPE
    assert b'"asked":"one"' in kept
