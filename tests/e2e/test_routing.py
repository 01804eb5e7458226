"""Strategies seen from outside: who was asked is in the providers' own log, why is in headers and at /admin."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, kept, user
from trunkline.routing.complexity import NAMES
from trunkline.routing.decision import logged

CHEAP = {"input": "0.1", "output": "0.4"}
DEAR = {"input": "10", "output": "40"}
FACTS = {
    "small": {"prices": CHEAP, "quality": 0.3, "context_window": 8000, "vision": False},
    "medium": {"prices": {"input": "1", "output": "4"}, "quality": 0.6, "context_window": 128_000},
    "large": {"prices": DEAR, "quality": 0.95, "context_window": 128_000},
}
MODELS = {name: {"context": facts["context_window"], "prices": facts["prices"]} for name, facts in FACTS.items()}
TARGETS = "targets: [an/large, spare/medium, oa/small]"
ROUTES = f"""
models:
  r: {{strategy: {{kind: cost_optimized, floor: 0.8}}, {TARGETS}}}
  plain: {{{TARGETS}}}
  strict: {{strategy: quality_first, strategies: [], {TARGETS}}}
  halves: {{strategy: {{kind: weighted, weights: {{an/large: 1, spare/medium: 1, oa/small: 0}}}}, {TARGETS}}}
"""
HARD = "Prove, step by step, why the strategy is optimal if both players reason logically. Compare the alternatives."
EASY = "What is the capital of France?"


async def housed(build: Build, **more: Any) -> House:
    wanted: dict[str, Any] = {"routes": ROUTES, "priced": json.dumps(FACTS), **more}
    for provider in ("oa", "an", "spare"):
        wanted[provider] = {"models": MODELS, **wanted.get(provider, {})}
    return await build(**wanted)


def told(body: bytes) -> str:
    """The message of an error."""
    return str(json.loads(body)["error"]["message"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_easy_requests_go_to_the_cheap_and_hard_ones_to_the_good(
    build: Build, dialect: str, stream: bool
) -> None:
    house = await housed(build)

    _, easy, _ = await house.ask(dialect, "r", text=EASY, stream=stream)
    _, hard, _ = await house.ask(dialect, "r", text=HARD, stream=stream)
    _, control, _ = await house.ask(dialect, "plain", text=EASY, stream=stream)

    assert [one["x-trunkline-model"] for one in (easy, hard, control)] == ["small", "large", "large"]
    assert easy["x-trunkline-decision"].startswith("cost_optimized: oa/small; first of 3; quality 0.")
    assert "x-trunkline-decision" not in control
    assert [entry.model for entry in await house.logged(3)] == ["small", "large", "large"]


async def test_a_caller_chooses_a_strategy_by_header_or_metadata_where_the_route_allows_it(build: Build) -> None:
    house = await housed(build)
    body = {"model": "r", "messages": [user(EASY)]}

    _, by_header, _ = await house.post("/v1/chat/completions", body, {"x-trunkline-strategy": "quality_first"})
    metadata = {"metadata": {"trunkline_strategy": "quality_first"}}
    _, by_metadata, _ = await house.post("/v1/chat/completions", {**body, **metadata})
    status, _, refused = await house.post(
        "/v1/chat/completions", {**body, "model": "strict"}, {"x-trunkline-strategy": "balanced"}
    )
    unknown, _, why = await house.post("/v1/chat/completions", body, {"x-trunkline-strategy": "balansed"})
    number = {"metadata": {"trunkline_strategy": 5}}
    wrong, _, typed = await house.post("/v1/chat/completions", {**body, **number})

    assert [one["x-trunkline-model"] for one in (by_header, by_metadata)] == ["large", "large"]
    assert (status, unknown, wrong) == (400, 400, 400)
    assert "must be a strategy's name as text" in told(typed)
    assert "It takes: quality_first" in told(refused)
    assert "balanced" in told(why)


async def test_who_cannot_do_it_is_not_asked_and_named_with_the_reason(build: Build) -> None:
    house = await housed(build)
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}
    seen = [{"role": "user", "content": [{"type": "text", "text": EASY}, picture]}]

    _, pictured, _ = await house.post("/v1/chat/completions", {"model": "r", "messages": seen})
    _, long, _ = await house.chat("r", text="word " * 12_000)

    assert pictured["x-trunkline-model"] == long["x-trunkline-model"] == "medium"
    assert "oa/small: cannot look at images" in pictured["x-trunkline-decision"]
    assert "oa/small: its context window of 8000 tokens is too small" in long["x-trunkline-trail"]


async def test_a_shut_target_is_no_candidate_and_still_the_last_resort(build: Build) -> None:
    down = {"faults": [{"kind": "status", "status": 503, "times": 3}]}
    house = await housed(build, oa=down, more="health: {circuit_breaker: {consecutive: 3}}")

    first = [await house.chat("r", text=EASY) for _ in range(3)]
    _, fourth, _ = await house.chat("r", text=EASY)

    assert {headers["x-trunkline-model"] for _, headers, _ in first} == {"medium"}  # after an attempt that failed
    assert fourth["x-trunkline-attempts"] == "1"
    assert "without oa/small: circuit open" in fourth["x-trunkline-decision"]


async def test_demanded_tags_hold_on_every_route(build: Build) -> None:
    tagged = ROUTES.replace("models:", "models:\n  tagged: [an/large, dead/x, oa/small]")
    more = "keys: [{name: eu, key: sk-test-0123456789abcdef, requires: [eu]}]"
    house = await housed(build, routes=tagged, more=more)
    key = {"authorization": "Bearer sk-test-0123456789abcdef"}

    status, _, body = await house.post("/v1/chat/completions", {"model": "tagged", "messages": [user(EASY)]}, key)

    assert status == 403
    assert "an/large: lacks the tag eu" in told(body)
    assert house.simulator.log == []


async def test_a_request_demands_tags_of_whoever_is_asked(build: Build) -> None:
    house = await housed(build)
    body = {"model": "plain", "messages": [user(EASY)]}

    status, _, refused = await house.post("/v1/chat/completions", body, {"x-trunkline-require": "eu, zero-retention"})
    wrong, _, _ = await house.post("/v1/chat/completions", body, {"x-trunkline-require": "E U"})
    free, _, _ = await house.post("/v1/chat/completions", body)

    assert (status, wrong, free) == (400, 400, 200)
    assert "oa/small: lacks the tags eu, zero-retention" in told(refused)
    assert [entry.model for entry in await house.logged(1)] == ["large"]


async def test_a_session_stays_where_its_cache_is(build: Build) -> None:
    house = await housed(build)
    body = {"model": "halves", "messages": [user(EASY)]}

    async def asked(session: str) -> set[str]:
        headers = {"x-trunkline-session": session}
        return {(await house.post("/v1/chat/completions", body, headers))[1]["x-trunkline-model"] for _ in range(3)}

    sessions = [await asked(f"session {number}") for number in range(16)]  # all on one: once in 30,000 runs

    assert all(len(models) == 1 for models in sessions)
    assert set.union(*sessions) == {"large", "medium"}  # and who has none is spread


async def test_a_decision_is_told_whole_with_what_the_others_would_have_cost(build: Build) -> None:
    house = await housed(build)
    _, headers, _ = await house.chat("r", text=EASY)
    request = headers["x-request-id"]

    async with house.http.get(f"{house.url}/admin/decisions/{request}") as response:
        decision = await response.json()
    async with house.http.get(f"{house.url}/admin/decisions") as response:
        listed = await response.json()
    async with house.http.get(f"{house.url}/admin/decisions/none-of-that-name") as response:
        missing = response.status, (await response.json())["detail"]

    assert listed == {"decisions": [request]}
    assert decision["result"]["target"] == decision["target"] == "oa/small"
    shown = {row["target"]: row for row in decision["candidates"]}
    assert shown["oa/small"]["would_have_cost_usd"] == decision["result"]["cost_usd"] == headers["x-trunkline-cost-usd"]
    spent = {name: float(row["would_have_cost_usd"]) for name, row in shown.items()}
    assert spent["an/large"] == pytest.approx(100 * spent["oa/small"], rel=0.01)
    assert sum(row["propensity"] for row in decision["candidates"]) == 1
    assert missing[0] == 404
    assert "1 of the newest" in missing[1] or "the newest 1" in missing[1]


async def test_ordered_calls_leave_no_decision(build: Build) -> None:
    house = await housed(build)

    await house.chat("plain")

    assert house.gateway.decisions.ids() == []


async def test_the_same_call_and_seed_are_the_same_decision_in_library_and_gateway(build: Build) -> None:
    house = await housed(build)
    _, headers, _ = await house.chat("halves", text=EASY)
    told = house.gateway.decisions.explained(headers["x-request-id"])
    assert told is not None

    again = house.gateway.route(house.ended[0].call, told["seed"])

    assert str(again.target) == told["target"] == f"{headers['x-trunkline-provider']}/{headers['x-trunkline-model']}"
    draws = {str(house.gateway.route(house.ended[0].call, seed).target) for seed in range(20)}
    assert draws == {"an/large", "spare/medium"}


async def test_the_ledger_keeps_what_another_policy_can_be_judged_by(build: Build) -> None:
    house = await housed(build)
    await house.chat("halves", text=EASY)
    await house.chat("plain", text=EASY)

    records = await kept(house, 2)
    ordered, decided = sorted(records, key=lambda record: record.route == "halves")

    assert ordered.decision == ""
    told = logged(decided.decision)
    assert (told.strategy, len(told.vector)) == ("weighted", len(NAMES))
    assert {one.target: one.propensity for one in told.candidates} == {
        "an/large": 0.5,
        "spare/medium": 0.5,
        "oa/small": 0.0,
    }
    assert decided.target == told.candidates[0].target
    again = house.gateway.route(house.ended[0].call, told.seed)
    assert str(again.target) == decided.target
