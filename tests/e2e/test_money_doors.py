"""The operator's doors to the money, and the keys that are made there, on a running gateway."""

import asyncio
import json
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, eventually, user
from trunkline.catalog.price import FREE
from trunkline.catalog.tariff import Tariff

ADMIN = {"authorization": "Bearer sk-admin-0123456789abcdef"}
ALICE = "sk-alice-0123456789abcdef"
ADMINISTERED = "admin_key: sk-admin-0123456789abcdef"
KEYS = f"keys: [{{name: alice, key: {ALICE}, team: research, tags: [nightly]}}]\n{ADMINISTERED}"


async def admin(house: House, method: str, path: str, body: Any = None, key: Any = None) -> tuple[int, Any]:
    headers = ADMIN if key is None else key
    async with house.http.request(method, house.url + path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def chat(house: House, key: str, model: str = "openai", **more: Any) -> tuple[int, Any, dict[str, Any]]:
    said = {"model": model, "messages": [user("What is 17 + 25?")], **more}
    status, headers, body = await house.post("/v1/chat/completions", json.dumps(said).encode(), {"x-api-key": key})
    return status, headers, json.loads(body)


async def settled(house: House) -> None:
    money = house.gateway.money
    assert money is not None
    await eventually(lambda: money.purse.unsettled == 0 or None)


async def test_what_was_spent_is_told_by_team_and_agrees_with_the_providers_own_bill(build: Build) -> None:
    house = await build(KEYS)
    for _ in range(3):
        await chat(house, ALICE)
    await settled(house)

    status, told = await admin(house, "GET", "/admin/spend?by=team&since=1h")

    (line,) = told["lines"]
    billed = sum(entry.cost_nanodollars for entry in await house.logged(3))
    assert (status, line["group"], line["calls"], line["attempts"]) == (200, "research", 3, 3)
    assert round(float(line["cost_usd"]) * 10**9) == billed > 0
    assert told["always_the_default"]["target"] == "oa/sim"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("by=moon", "Invalid enum value 'moon'"),
        ("since=yesterday", "write an age like 7d"),
        ("zone=Mars/Olympus", "is no time zone"),
        ("colour=red", "unknown field `colour`"),
        ("by=day&since=2000-01-01", "at most 1100 days"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_told_what_is_allowed(build: Build, query: str, said: str) -> None:
    house = await build(KEYS)

    status, told = await admin(house, "GET", f"/admin/spend?{query}")

    assert status == 400
    assert said in told["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/spend"),
        ("GET", "/admin/budgets"),
        ("GET", "/admin/keys"),
        ("POST", "/admin/keys"),
        ("POST", "/admin/keys/alice/revoke"),
        ("POST", "/admin/keys/alice/rotate"),
    ],
)
async def test_every_door_asks_for_the_admin_key_and_for_no_other(build: Build, method: str, path: str) -> None:
    house = await build(KEYS)

    for key in ({}, {"x-api-key": ALICE}, {"authorization": "Bearer wrong"}):
        status, told = await admin(house, method, path, {"name": "eve"}, key)
        assert (status, told["title"]) == (401, "invalid api key")


async def test_the_admin_key_calls_no_models(build: Build) -> None:
    house = await build(KEYS)

    status, _, _ = await chat(house, "sk-admin-0123456789abcdef")

    assert status == 401
    assert not house.simulator.log


async def test_a_key_lives_from_its_making_to_its_end(build: Build) -> None:
    house = await build(ADMINISTERED)
    scope = {"name": "bob", "team": "sales", "models": ["openai"], "requests_per_minute": 60}

    status, made = await admin(house, "POST", "/admin/keys", scope)
    assert status == 201
    called, headers, _ = await chat(house, made["key"])
    assert called == 200
    assert headers["x-ratelimit-limit-requests"] == "60"
    assert headers["x-ratelimit-remaining-requests"] == "59"
    assert (await chat(house, made["key"], "anthropic"))[0] == 403

    _, rotated = await admin(house, "POST", "/admin/keys/bob/rotate")
    assert (await chat(house, made["key"]))[0] == 401
    assert (await chat(house, rotated["key"]))[0] == 200

    await admin(house, "POST", "/admin/keys/bob/revoke")
    assert (await chat(house, rotated["key"]))[0] == 401
    _, told = await admin(house, "GET", "/admin/keys")
    assert [(key["name"], key["state"], key["team"]) for key in told["keys"]] == [("bob", "revoked", "sales")] * 2
    assert made["key"] not in json.dumps(told)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "no name for a key"),
        ({"name": "a b"}, "no name for a key"),
        ({"name": "alice"}, "stands in the config"),
        ({"name": "a", "wings": 2}, "wings is no field"),
        ({"name": "a", "requests_per_minute": 0}, "`int` >= 1"),
        ({"name": "a", "budget_usd": 1.5}, "as text"),
        ({"name": "a", "budget_usd": "-1"}, "between 0 and a billion"),
        ({"name": "a", "expires": "soon"}, "write an age"),
        ([], "no JSON object"),
    ],
)
async def test_a_key_that_cannot_be_made_says_why(build: Build, body: Any, said: str) -> None:
    house = await build(KEYS)

    status, told = await admin(house, "POST", "/admin/keys", body)

    assert status == 400
    assert said in told["detail"]


async def test_an_open_house_closes_with_its_first_key_and_stays_closed(build: Build) -> None:
    house = await build()
    assert (await chat(house, "anything"))[0] == 200
    assert (await chat(house, "sk-trunkline-nobody"))[0] == 401  # it looks like a key of ours, and is none

    _, made = await admin(house, "POST", "/admin/keys", {"name": "bob"}, {})

    assert (await chat(house, "anything"))[0] == 401
    assert (await chat(house, made["key"]))[0] == 200
    assert (await admin(house, "GET", "/admin/keys", key={}))[0] == 403


async def test_a_key_with_limits_is_refused_over_them_and_nothing_is_sent(build: Build) -> None:
    house = await build(f"keys: [{{name: alice, key: {ALICE}, requests_per_minute: 2}}]")

    answers = [await chat(house, ALICE) for _ in range(3)]

    assert [status for status, _, _ in answers] == [200, 200, 429]
    _, headers, told = answers[-1]
    assert told["error"]["code"] == "rate_limit"
    assert 0 < int(headers["retry-after"]) <= 30
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert len(house.simulator.log) == 2


async def test_a_budget_is_told_as_it_fills_and_refuses_at_its_limit(build: Build) -> None:
    house = await build(
        f"{KEYS}\nbudgets: [{{name: small, limit: 0.00003, per: team, warn_at: [10]}}, {{name: all, limit: 5}}]"
    )
    answers = []
    for _ in range(20):
        answers.append(await chat(house, ALICE, max_tokens=10))
        await settled(house)

    _, told = await admin(house, "GET", "/admin/budgets")

    statuses = [status for status, _, _ in answers]
    small, everything = told["budgets"]
    refused = answers[statuses.index(402)]
    assert statuses == sorted(statuses)
    assert refused[2]["error"]["code"] == "budget_exceeded"
    assert "the budget small of team research has $" in refused[2]["error"]["message"]
    assert (
        "small; team=research; spent="
        in next(headers for _, headers, _ in answers if "x-trunkline-budget" in headers)["x-trunkline-budget"]
    )
    assert (small["budget"], small["subject"], small["limit_usd"]) == ("small", "research", "0.00003")
    assert 0 < float(small["spent_usd"]) <= 0.00003
    assert everything["spent_usd"] == small["spent_usd"]
    assert [small["held_usd"], everything["held_usd"]] == ["0", "0"]
    billed = sum(entry.cost_nanodollars for entry in house.simulator.log)
    assert round(float(small["spent_usd"]) * 10**9) == billed


async def test_the_budget_that_a_key_carries_is_its_own_and_told_beside_the_others(build: Build) -> None:
    house = await build(f"{ADMINISTERED}\nkeys: [{{name: alice, key: {ALICE}, budget: 0.00001}}]")
    _, bob = await admin(house, "POST", "/admin/keys", {"name": "bob", "budget_usd": "5"})

    poor = [(await chat(house, ALICE, max_tokens=1))[0] for _ in range(2)][-1]
    rich, _, _ = await chat(house, bob["key"])
    await settled(house)
    _, told = await admin(house, "GET", "/admin/budgets")

    assert (poor, rich) == (402, 200)
    alice, bobs = told["budgets"]
    assert [(one["budget"], one["subject"]) for one in (alice, bobs)] == [
        ("own budget", "alice"),
        ("own budget", "bob"),
    ]
    assert 0 < float(bobs["spent_usd"]) < 5


async def test_a_cheaper_target_is_asked_where_the_dearer_one_is_over_the_budget(build: Build) -> None:
    house = await build(
        "budgets: [{name: dear, limit: 0, per: provider, only: [oa]}]", routes="models: {r: [oa/sim, spare/sim]}"
    )

    status, headers, _ = await house.chat("r", max_tokens=10)

    assert status == 200
    assert headers["x-trunkline-provider"] == "spare"
    assert headers["x-trunkline-trail"] == "oa/sim: budget_exceeded; spare/sim: ok"
    assert headers["x-trunkline-attempts"] == "1"


@pytest.mark.parametrize("route", ["openai", "both"])
async def test_a_refusal_of_every_target_says_the_budget_and_asks_nobody(build: Build, route: str) -> None:
    house = await build("budgets: [{name: nothing, limit: 0}]")

    status, headers, body = await house.chat(route)

    assert status == 402
    assert json.loads(body)["error"]["code"] == "budget_exceeded"
    assert b"the budget nothing has $0 of $0 left" in body
    assert headers["x-trunkline-attempts"] == "0"
    assert not house.simulator.log


async def test_calls_at_once_cannot_pass_a_limit_together(build: Build) -> None:
    house = await build("budgets: [{name: small, limit: 0.0003}]")

    answers = await asyncio.gather(*(house.chat("openai", max_tokens=20) for _ in range(60)))
    await settled(house)

    assert {status for status, _, _ in answers} == {200, 402}
    assert 0 < sum(entry.cost_nanodollars for entry in house.simulator.log) <= 300_000


SHIFTING = """
models:
  r: {{targets: [oa/sim, spare/sim-cached], shift: {shift}}}
"""


@pytest.mark.parametrize(("shift", "expected"), [("true", "spare"), ("false", "oa")])
async def test_a_budget_that_runs_out_early_shifts_calls_to_the_cheaper_target(
    build: Build, shift: str, expected: str
) -> None:
    house = await build(
        "budgets: [{name: small, limit: 0.000001, hard: false, warn_at: []}]", routes=SHIFTING.format(shift=shift)
    )
    cheap = house.gateway._routes.find("r").endpoints[1]
    cheap.tariff = Tariff.always(FREE, "scene")
    await house.chat("r")  # one call spends all of it
    await settled(house)

    _, headers, _ = await house.chat("r")

    assert headers["x-trunkline-provider"] == expected
    assert ("x-trunkline-trail" in headers) == (shift == "true")
    if shift == "true":
        assert headers["x-trunkline-trail"] == "oa/sim: dearer, and a budget runs out; spare/sim-cached: ok"
