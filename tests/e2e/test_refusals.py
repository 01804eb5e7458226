"""Requests refused at the edge are seen: counted by what they were, written down, and a flood of them is few series."""

import asyncio
import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as read

from tests.e2e.conftest import Build, House
from trunkline.telemetry.refusal_log import MOST_A_SECOND, RefusalLog
from trunkline.telemetry.refusals import Refusals, Refused

ADMIN = "sk-admin-0123456789abcdef"
ALICE = "sk-house-alice-0123456789"
KEYED = f"""
admin_key: {ADMIN}
keys: [{{name: alice, key: {ALICE}, models: [openai]}}]
limits: {{body: 2000}}
"""
ASKED = {"model": "openai", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}


async def counted(house: House) -> dict[tuple[str, ...], float]:
    async with house.http.get(f"{house.url}/metrics", headers={"x-api-key": ADMIN}) as response:
        text = await response.text()
    families = {family.name: family for family in read(text)}
    return {
        (one.labels["access"], one.labels["status"], one.labels["kind"]): one.value
        for one in families["llm_refused_requests"].samples
    }


async def test_each_kind_of_refusal_is_counted_once_and_no_call_is_counted_twice(build: Build) -> None:
    house = await build(KEYED)
    alice = {"x-api-key": ALICE}

    async def send(method: str, path: str, headers: dict[str, str], **more: Any) -> int:
        async with house.http.request(method, house.url + path, headers=headers, **more) as response:
            await response.read()
            return response.status

    statuses = [
        await send("POST", "/v1/chat/completions", {"x-api-key": "wrong"}, json=ASKED),
        await send("POST", "/v1/chat/completions", alice, json={**ASKED, "user": "x" * 3000}),
        await send("POST", "/v1/messages", alice, data=b"{no json", skip_auto_headers=["content-type"]),
        await send("GET", "/v1/chat/completions", alice),
        await send("GET", "/nowhere", alice),
        await send("GET", "/v1/models/nobody", alice),
        await send("GET", "/admin/keys", alice),
        await send("POST", "/v1/messages/count_tokens", {}, json=ASKED),
        await send("POST", "/v1/chat/completions", alice, json={**ASKED, "model": "anthropic"}),  # a call: forbidden
        await send("POST", "/v1/chat/completions", alice, json=ASKED),
    ]

    assert statuses == [401, 413, 400, 405, 404, 404, 401, 401, 403, 200]
    assert await counted(house) == {
        ("caller", "401", "invalid_api_key"): 2,
        ("caller", "413", "request_too_large"): 1,
        ("caller", "400", "invalid_request"): 1,
        ("caller", "405", "method_not_allowed"): 1,
        ("caller", "404", "model_not_found"): 1,
        ("nowhere", "404", "not_found"): 1,
        ("admin", "401", "invalid_api_key"): 1,
    }
    assert [exchange.outcome and exchange.outcome.ok for exchange in house.ended] == [False, True]


async def test_what_is_no_request_at_all_is_counted_too(build: Build) -> None:
    house = await build(KEYED)
    host, port = house.url.removeprefix("http://").split(":")

    async def raw(sent: bytes) -> bytes:
        reading, writing = await asyncio.open_connection(host, int(port))
        writing.write(sent)
        answer = await reading.read()
        writing.close()
        return answer[9:12]

    said = [
        await raw(b"\x16\x03\x01 hello\r\n\r\n"),
        await raw(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 300 + b"\r\n"),
        await raw(b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n"),
    ]

    assert said == [b"400", b"431", b"405"]
    assert await counted(house) == {
        ("unread", "400", "bad_request"): 1,
        ("unread", "431", "request_header_fields_too_large"): 1,
        ("unread", "405", "method_not_allowed"): 1,
    }


async def test_ten_thousand_guessed_keys_and_paths_are_a_few_series(build: Build) -> None:
    house = await build(KEYED)

    async def guess(numbers: range) -> None:
        for number in numbers:
            path = "/v1/chat/completions" if number % 2 else f"/v1/{number}/completions"
            key = {"authorization": f"Bearer sk-{number}", f"x-{number}": "junk"}
            async with house.http.post(house.url + path, json=ASKED, headers=key) as response:
                assert response.status == (401 if number % 2 else 404)

    await asyncio.gather(*(guess(range(first, 10_000, 20)) for first in range(20)))

    assert await counted(house) == {
        ("caller", "401", "invalid_api_key"): 5000,
        ("nowhere", "404", "not_found"): 5000,
    }


async def test_a_refusal_leaves_a_line_that_says_who_tried_what_and_repeats_no_key(build: Build) -> None:
    house = await build(KEYED)
    lines: list[bytes] = []
    house.gateway.metrics.refusals.listeners.append(RefusalLog(lines.append, wall=lambda: 1_700_000_000.25))

    await house.post("/v1/chat/completions?key=secret", ASKED, {"x-api-key": "sk-guess", "x-request-id": "mine"})
    await house.http.get(f"{house.url}/{'n' * 900}")

    told = [json.loads(line) for line in lines]
    assert told[0] == {
        "at": "2023-11-14T22:13:20.250Z",
        "id": "mine",
        "outcome": "refused",
        "status": 401,
        "error": "invalid_api_key",
        "method": "POST",
        "path": "/v1/chat/completions",
        "from": "127.0.0.1",
    }
    assert (told[1]["status"], len(told[1]["path"])) == (404, 200)
    assert b"sk-guess" not in b"".join(lines)


def test_a_flood_fills_no_disk() -> None:
    now, lines = [5.0], list[bytes]()
    log = RefusalLog(lines.append, wall=lambda: now[0])

    for _ in range(1000):
        log(Refused("caller", 401, "invalid_api_key"))
    now[0] = 6.0
    log(Refused("caller", 401, "invalid_api_key"))

    assert (len(lines), log.dropped) == (MOST_A_SECOND + 1, 1000 - MOST_A_SECOND)


def test_a_listener_that_raises_is_felt_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    refusals, heard = Refusals(), list[Refused]()

    def down(_: Refused) -> None:
        raise OSError("no sink")

    refusals.listeners += [down, heard.append]

    refusals(Refused("caller", 401, "invalid_api_key"))

    assert len(heard) == 1
    assert "a listener failed" in caplog.text
