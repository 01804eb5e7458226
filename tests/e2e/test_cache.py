"""The same question twice is paid once, where its route says so, and shown to nobody else."""

import asyncio
import json
from typing import Any

import openai
import pytest

from tests.e2e.conftest import Build, House, eventually
from tests.spoken import NAMES, SPOKEN
from trunkline.client import Client
from trunkline.telemetry.ended_call import ended_call

KEYS = ("sk-trunkline-ann-0123456789", "sk-trunkline-bob-0123456789", "sk-trunkline-cat-0123456789")
ANN, BOB, CAT = ({"authorization": f"Bearer {key}"} for key in KEYS)
ROUTES = (
    "\nmodels:\n"
    + "".join(f"  {row.name}: {{targets: [{row.short}/sim], cache: 10m}}\n" for row in SPOKEN)
    + """
  forgetful: {targets: [oa/sim], cache: 1s}
  plain: [oa/sim]
  slow: {targets: ["oa/fault:slow:3"], cache: 10m}
  cut: {targets: ["oa/fault:cut"], cache: 10m}
  broken: {targets: ["oa/fault:status:503"], cache: 10m}
"""
)
HOLDERS = """
keys:
  - {{name: ann, key: {0}, team: red}}
  - {{name: bob, key: {1}, team: red}}
  - {{name: cat, key: {2}}}
cache: {{share: {share}}}
"""


@pytest.fixture
async def home(build: Build) -> House:
    return await build(routes=ROUTES)


def state(headers: Any) -> tuple[str, str, str]:
    return (
        headers["x-trunkline-cache"].partition(";")[0],
        headers["x-trunkline-attempts"],
        headers["x-trunkline-cost-usd"],
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", NAMES)
@pytest.mark.parametrize("model", NAMES)
async def test_the_same_request_again_asks_nobody_and_shows_the_same_bytes(
    home: House, caller: str, model: str, stream: bool
):
    _, first, paid = await home.ask(caller, model, stream=stream)
    status, again, free = await home.ask(caller, model, stream=stream)

    assert state(first)[:2] == ("miss", "1")
    assert status == 200
    assert state(again) == ("hit", "0", "0")
    assert again["x-trunkline-provider"] == first["x-trunkline-provider"]
    assert again["content-type"] == first["content-type"]
    assert free == paid
    assert len(home.simulator.log) == 1
    assert home.ended[0].cost
    assert home.ended[1].cost == 0


async def test_another_question_another_dialect_and_another_way_of_reading_are_asked(home: House):
    await home.ask("openai", "openai")

    for caller, more in (("openai", {"text": "What is 2 + 2?"}), ("anthropic", {}), ("openai", {"stream": True})):
        _, headers, _ = await home.ask(caller, "openai", **more)
        assert state(headers)[0] == "miss"
    assert len(home.simulator.log) == 4


async def test_without_a_cache_every_call_is_asked_and_nothing_is_said_of_caches(home: House):
    await home.chat("plain")
    _, headers, _ = await home.chat("plain")

    assert "x-trunkline-cache" not in headers
    assert len(home.simulator.log) == 2


async def test_an_answer_is_shown_no_longer_than_its_route_says(home: House):
    await home.chat("forgetful")
    await asyncio.sleep(1.05)
    _, headers, _ = await home.chat("forgetful")

    assert state(headers)[0] == "miss"


@pytest.mark.parametrize(("said", "first", "second"), [("no-cache", "miss", "hit"), ("no-store", None, "miss")])
async def test_callers_can_ask_anew_and_have_nothing_kept(home: House, said: str, first: str | None, second: str):
    body = {"model": "openai", "messages": [{"role": "user", "content": "Hi"}]}
    if said == "no-cache":
        await home.post("/v1/chat/completions", body)

    _, asked, _ = await home.post("/v1/chat/completions", body, {"cache-control": f"max-age=0, {said}"})
    _, again, _ = await home.post("/v1/chat/completions", body)

    assert asked.get("x-trunkline-cache") == first
    assert state(again)[0] == second
    assert len(home.simulator.log) == 2


async def test_what_failed_or_was_cut_is_never_shown_again(home: House):
    for model, stream in (("broken", False), ("cut", True)):
        for _ in range(2):
            _, headers, _ = await home.chat(model, stream=stream)
            assert headers.get("x-trunkline-cache", "miss") == "miss"
    assert home.gateway.cache is not None
    assert len(home.gateway.cache.answers) == 0


async def test_a_caller_who_left_early_leaves_nothing_behind(home: House):
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{home.url}/v1", max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(
            model="slow", stream=True, messages=[{"role": "user", "content": "Hi"}]
        )
        await anext(stream)
        await stream.close()
    await eventually(lambda: home.ended or None)

    assert home.ended[0].outcome is not None
    assert home.ended[0].outcome.abandoned
    assert home.gateway.cache is not None
    assert len(home.gateway.cache.answers) == 0


@pytest.mark.parametrize(
    ("share", "bob", "cat"), [("key", "miss", "miss"), ("team", "hit", "miss"), ("all", "hit", "hit")]
)
async def test_answers_are_shared_as_far_as_the_config_says(build: Build, share: str, bob: str, cat: str):
    home = await build(routes=ROUTES, more=HOLDERS.format(*KEYS, share=share))
    body = {"model": "openai", "messages": [{"role": "user", "content": "Hi"}]}
    await home.post("/v1/chat/completions", body, ANN)

    found = {}
    for name, holder in (("bob", BOB), ("cat", CAT)):
        _, headers, _ = await home.post("/v1/chat/completions", body, holder)
        found[name] = state(headers)[0]

    assert found == {"bob": bob, "cat": cat}


async def test_a_spent_budget_stops_no_answer_that_is_there_already(build: Build):
    home = await build(routes=ROUTES, more="budgets: [{name: tiny, limit: 0.0004}]")
    await home.chat("openai", max_tokens=500)
    for number in range(50):
        status, _, _ = await home.chat("openai", f"What is {number} + 1?", max_tokens=500)
        if status != 200:
            break
    else:
        pytest.fail("the budget was never spent, so this shows nothing")

    status, headers, _ = await home.chat("openai", max_tokens=500)

    assert status == 200
    assert state(headers) == ("hit", "0", "0")


async def test_embeddings_are_shown_again_too(home: House):
    body = {"model": "openai", "input": ["one", "two"]}
    await home.post("/v1/embeddings", body)

    _, headers, answered = await home.post("/v1/embeddings", body)

    assert state(headers)[0] == "hit"
    assert len(json.loads(answered)["data"]) == 2


async def test_the_library_is_shown_answers_again_as_well(home: House):
    client = Client(home.gateway)
    first = await client.chat("openai", "What is 17 + 25?")
    again = await client.chat("openai", "What is 17 + 25?")
    async with client.stream("openai", "What is 17 + 25?") as stream:
        streamed = "".join([text async for text in stream])
    async with client.stream("openai", "What is 17 + 25?") as stream:
        recalled = "".join([text async for text in stream])

    assert again.text == first.text == streamed == recalled
    assert again.cost == 0
    assert first.cost
    assert len(home.simulator.log) == 2


async def test_a_calls_story_says_that_it_was_shown_an_answer_again(home: House):
    await home.chat("openai")
    await home.chat("openai")

    first, again = (ended_call(each, each.outcome, 0.0).line for each in home.ended if each.outcome)

    assert first["cache"] == "miss"
    assert again["cache"] == "hit; age=0"
    assert again["attempts"] == 0
    assert again["provider"] == "oa"


async def test_hits_and_what_they_saved_are_counted(home: House):
    await home.chat("openai")
    await home.chat("openai")

    async with home.http.get(f"{home.url}/metrics") as response:
        shown = await response.text()

    assert 'llm_cache_requests_total{result="hit"} 1' in shown
    assert 'llm_cache_requests_total{result="miss"} 1' in shown
    saved = next(line for line in shown.splitlines() if line.startswith("llm_cache_saved_dollars_total"))
    assert float(saved.split()[1]) > 0
