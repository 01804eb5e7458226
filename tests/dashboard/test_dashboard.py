"""The pages' files, and the doors that they ask."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

import trunkline.server.dashboard as room
from tests.dashboard.conftest import ADMIN, ALICE, HOSTILE, KEYED, asked
from tests.e2e.conftest import Build, House
from trunkline.core.exchange import Exchange
from trunkline.server.dashboard import Dashboard

STATIC = Path(room.__file__).parent / "static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
DOORS = ("/admin/overview", "/admin/calls", "/admin/calls/any", "/admin/events")


async def got(house: House, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any, bytes]:
    async with house.http.get(house.url + path, headers=headers or {}) as response:
        return response.status, response.headers, await response.read()


async def said(house: House, path: str) -> Any:
    status, _, body = await got(house, path, OPERATOR)
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize("path", Dashboard().paths)
async def test_a_file_comes_under_a_policy_that_lets_nothing_in_from_elsewhere(house: House, path: str) -> None:
    status, headers, body = await got(house, path)

    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert status == 200
    assert body
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_runs_text_as_code_or_asks_another_host(path: Path) -> None:
    text = path.read_text("utf-8")

    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:|\son\w+=|style="
    )
    assert re.findall(forbidden, text) == []
    assert [url for url in re.findall(r"https?://[^\s\"')]+", text) if "www.w3.org" not in url] == []
    assert max(len(line) for line in text.splitlines()) < 180


def test_every_file_that_a_file_names_is_served() -> None:
    served = set(Dashboard().paths)
    for path in FILES:
        text = path.read_text("utf-8")
        named = set(re.findall(r'(?:href|src)="(/dashboard/[^"]+)"', text))
        for relative in re.findall(r'from "(\.[^"]+)"', text):
            named.add("/dashboard/" + (path.parent / relative).resolve().relative_to(STATIC.resolve()).as_posix())
        assert named <= served, path


async def test_nothing_but_those_files_is_served(house: House) -> None:
    for path in ("/dashboard/../app.py", "/dashboard/__init__.py", "/dashboard/pages", "/dashboard/%2e%2e/run.py"):
        assert (await got(house, path))[0] == 404


@pytest.mark.parametrize("path", DOORS)
async def test_the_figures_want_the_admin_key(build: Build, path: str) -> None:
    house = await build(more=KEYED)

    nobody, _, _ = await got(house, path)
    caller, _, _ = await got(house, path, {"authorization": f"Bearer {ALICE}"})

    assert (nobody, caller) == (401, 401)


async def test_the_overview_counts_the_last_hour(build: Build) -> None:
    house = await build(more=KEYED)
    statuses = [await asked(house, model) for model in ("openai", "down-then-up", "all-down", "nobody")]

    overview = await said(house, "/admin/overview")

    hour = overview["hour"]
    assert statuses == [200, 200, 503, 404]
    assert (hour["calls"], hour["ok"], hour["errors"], hour["success"]) == (4, 2, 2, 0.5)
    assert sum(minute["calls"] for minute in overview["minutes"]) == 4
    assert hour["p50"] <= hour["p95"]
    assert float(hour["cost_usd"]) == sum((exchange.cost or 0) for exchange in house.ended) / 1e9
    assert {target["target"] for target in overview["targets"]} >= {"oa/sim", "an/sim", "dead/sim"}


async def test_a_call_tells_its_whole_story(build: Build) -> None:
    house = await build(more=KEYED)
    await asked(house, "down-then-up")
    [exchange] = house.ended

    story = await said(house, f"/admin/calls/{exchange.id}")

    assert [(one["target"], one["outcome"], one["status"]) for one in story["tried"]] == [
        ("dead/sim", "connect_failed", None),
        ("oa/fault:status:503", "overloaded", 503),
        ("an/sim", "ok", 200),
    ]
    assert story["caller"] == "alice"
    assert story["cost_usd"] is not None
    assert [one["began"] for one in story["tried"]] == sorted(one["began"] for one in story["tried"])


PRICED = KEYED + "\nquality: {checks: [{name: has_price, matches: '[$]'}]}\n"


async def test_a_story_tells_what_checks_saw_and_every_score_of_the_answer(build: Build) -> None:
    house = await build(more=PRICED)
    await asked(house, "openai")
    [exchange] = house.ended
    quality = house.gateway.quality
    assert quality is not None
    unseen = (await said(house, f"/admin/calls/{exchange.id}"))["quality"]
    await quality.watch.settled()
    await quality.feedback(exchange.id, label="thumbs_down", comment="no price", key="alice")
    await quality.flush()

    story = (await said(house, f"/admin/calls/{exchange.id}"))["quality"]

    assert (unseen["looked_at"], unseen["found"], unseen["scores"]) == (False, [], [])
    assert story["found"] == [{"check": "check has_price", "spoiled": True, "told": "without [$]"}]
    scores = {one["source"]: (one["by"], one["score"], one["comment"]) for one in story["scores"]}
    assert len(story["scores"]) == 2
    assert scores == {"validator": ("check has_price", 0.0, "without [$]"), "user": ("alice", 0.0, "no price")}


async def test_a_story_of_a_house_that_measures_nothing_says_so(build: Build) -> None:
    house = await build(more=KEYED)
    await asked(house, "openai")

    assert (await said(house, f"/admin/calls/{house.ended[0].id}"))["quality"] is None


async def test_a_story_has_no_prompt_answer_or_key(build: Build) -> None:
    house = await build(more=KEYED)
    await asked(house, "all-down", "the vault's number is 4711")
    [exchange] = house.ended

    _, _, body = await got(house, f"/admin/calls/{exchange.id}", OPERATOR)

    assert not any(word in body for word in (b"4711", b"sk-house", b"sk-oa", b"invented"))


async def test_calls_are_found_by_what_they_were(build: Build) -> None:
    house = await build(more=KEYED)
    for model in ("openai", "anthropic", "all-down"):
        await asked(house, model)

    found = [
        [call["asked"] for call in (await said(house, f"/admin/calls?search={word}"))["calls"]]
        for word in ("an/sim", "ALL-down", "alice", "nothing-of-the-kind")
    ]
    newest = (await said(house, "/admin/calls?limit=1"))["calls"]

    assert found == [["anthropic"], ["all-down"], ["all-down", "anthropic", "openai"], []]
    assert [call["asked"] for call in newest] == ["all-down"]


async def test_a_limit_that_is_none_is_told(build: Build) -> None:
    house = await build(more=KEYED)

    status, _, body = await got(house, "/admin/calls?limit=lots", OPERATOR)

    assert status == 400
    assert b"send a number from 1 to 500" in body


async def test_events_bring_each_call_as_it_ends(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.server.live.TICK", 0.02)
    house = await build(more=KEYED)
    async with house.http.get(f"{house.url}/admin/events", headers=OPERATOR) as response, asyncio.timeout(5):
        assert response.content_type == "text/event-stream"
        await response.content.readuntil(b"\n\n")
        await asked(house, HOSTILE)
        while not (frame := await response.content.readuntil(b"\n\n")).startswith(b"event: call"):
            pass

    call = json.loads(frame.partition(b"data: ")[2])
    assert call["asked"] == HOSTILE
    assert frame.count(b"\n") == 3


async def test_an_onlooker_who_leaves_leaves_nothing_behind(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.server.live.TICK", 0.02)
    monkeypatch.setattr("trunkline.server.live.MOST_WATCHERS", 1)
    house = await build(more=KEYED)

    async with house.http.get(f"{house.url}/admin/events", headers=OPERATOR) as response:
        await response.content.readuntil(b"\n\n")
        second, _, told = await got(house, "/admin/events", OPERATOR)
        assert (second, b"others look on already" in told) == (503, True)
    async with asyncio.timeout(5):
        while house.gateway.live.watchers:
            await asyncio.sleep(0.01)


async def test_ten_thousand_calls_leave_a_thousand_in_memory(house: House) -> None:
    await asked(house, "openai")
    [exchange] = house.ended
    live = house.gateway.live

    for number in range(10_000):
        other = Exchange(f"req_{number}", exchange.call, exchange.started)
        other.outcome = exchange.outcome
        live(other)

    assert len(live.calls(5_000)) == 1_000
    assert live.call("req_9999") is not None
    assert live.call("req_1") is None
