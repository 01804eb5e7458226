"""A stream of text that breaks after its first content, on a route that lets another target go on with it."""

import asyncio
import json
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.conftest import Build, House, eventually
from tests.spoken import payloads, spoken
from trunkline.client import Client
from trunkline.core.errors import BrokenStream, CallError
from trunkline.core.events import Continued

DIALECTS = ["openai", "anthropic"]
WORDS = "one two three four five six seven eight nine ten eleven twelve"
ASKED = f"Repeat exactly: {WORDS}"
CONTINUE = "{retries: 0, rounds: 1, continue_streams: true}"
BREAKS = ["cut", "drop", "chunk-cut", "malformed", "error-in-stream", "stall", "ping-stall"]


def torn(kind: str = "cut", after: int = 6) -> dict[str, Any]:
    return {"faults": [{"kind": kind, "after_events": after, "times": 1}]}


def route(*targets: str) -> str:
    return f"models: {{r: [{', '.join(targets)}]}}"


async def repeat(house: House, caller: str) -> tuple[int, Any, bytes]:
    return await house.ask(caller, "r", text=ASKED, stream=True)


def marks(body: bytes) -> list[str | None]:
    return [event.get("trunkline", {}).get("continued_by") for event in payloads(body)]


@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("first", ["oa/sim", "an/sim"])
async def test_a_text_that_breaks_off_is_continued_as_one_marked_stream_with_one_id_and_both_bills(
    build: Build, first: str, caller: str, kind: str
) -> None:
    provider = first.partition("/")[0]
    house = await build(
        patience=0.8, routes=route(first, "an/claude-haiku-4-5"), recovery=CONTINUE, **{provider: torn(kind)}
    )
    status, headers, body = await repeat(house, caller)
    assert (status, headers["x-trunkline-attempts"]) == (200, "1")
    assert spoken(caller).said_in(body) == WORDS
    assert spoken(caller).whole(body)
    assert not spoken(caller).error_at_end(body)
    shown = [mark for mark in marks(body) if mark]
    assert marks(body)[1] is None
    assert set(shown) == {"an/claude-haiku-4-5"}
    assert b": continued by another target\n\n" in body
    if caller == "openai":
        assert len({event["id"] for event in payloads(body)}) == 1
    (exchange,) = house.ended
    assert exchange.outcome is not None
    assert exchange.outcome.ok
    assert [attempt.outcome is not None and attempt.outcome.ok for attempt in exchange.attempts] == [False, True]
    assert exchange.trail.endswith(f"an/claude-haiku-4-5: ok, continuing {first}")
    log = await house.logged(2)
    assert [entry.provider for entry in log] == [provider, "an"]
    assert exchange.attempts[1].cost == log[1].cost_nanodollars
    assert exchange.cost == sum(attempt.cost or 0 for attempt in exchange.attempts) > (log[1].cost_nanodollars or 0)


@pytest.mark.parametrize("caller", DIALECTS)
async def test_without_the_setting_the_same_break_is_an_error_event(build: Build, caller: str) -> None:
    house = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), oa=torn())
    _, _, body = await repeat(house, caller)
    assert spoken(caller).error_at_end(body)
    assert len(await house.logged(1)) == 1


async def test_the_official_sdks_read_a_continued_stream_as_one_whole_answer(build: Build) -> None:
    faults = {"faults": [{"kind": "cut", "after_events": 6, "times": 2}]}
    house = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=faults)
    asked: Any = [{"role": "user", "content": ASKED}]
    async with openai.AsyncOpenAI(base_url=f"{house.url}/v1", api_key="any", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="r", messages=asked, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == WORDS
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-2].model_extra or {})["trunkline"] == {"continued_by": "an/claude-haiku-4-5"}
    assert chunks[-1].usage is not None
    assert house.ended[0].outcome is not None
    assert chunks[-1].usage.total_tokens == house.ended[0].outcome.usage.total
    async with (
        anthropic.AsyncAnthropic(base_url=house.url, api_key="any", max_retries=0) as caller,
        caller.messages.stream(model="r", max_tokens=500, messages=asked) as told,
    ):
        message = await told.get_final_message()
    assert [block.text for block in message.content if block.type == "text"] == [WORDS]
    assert message.stop_reason == "end_turn"


async def test_a_provider_that_repeats_the_prefill_is_not_heard_twice(build: Build) -> None:
    house = await build(routes=route("an/sim", "echoing/sim-prefix"), recovery=CONTINUE, an=torn())
    _, _, body = await house.message("r", ASKED, stream=True)
    assert spoken("anthropic").said_in(body) == WORDS
    assert spoken("anthropic").whole(body)
    sent = json.loads((await house.logged(2))[1].request)
    assert sent["messages"][-1]["role"] == "assistant"
    assert sent["messages"][-1]["prefix"] is True


@pytest.mark.parametrize("after", [5, 6])  # one of the two breaks behind a word, the other behind the blanks after it
@pytest.mark.parametrize("caller", DIALECTS)
async def test_white_space_at_the_seam_is_neither_sent_nor_shown_twice(build: Build, caller: str, after: int) -> None:
    spaced = WORDS.replace(" ", "  ")
    house = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn(after=after))
    _, _, body = await house.ask(caller, "r", text=f"Repeat exactly: {spaced}", stream=True)
    assert spoken(caller).said_in(body) == spaced
    assert spoken(caller).whole(body)
    assert (
        len(await house.logged(2)) == 2
    )  # the simulator refuses a prefill that ends in white space, as Anthropic does


async def test_the_limit_on_tokens_holds_over_both_parts(build: Build) -> None:
    house = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn())
    _, _, body = await house.chat("r", ASKED, stream=True, max_tokens=8)
    log = await house.logged(2)
    first, second = (json.loads(entry.request) for entry in log)
    assert first["max_tokens"] == 8
    assert 0 < second["max_tokens"] < 8
    assert [event["choices"][0]["finish_reason"] for event in payloads(body) if event["choices"]][-1] == "length"


@pytest.mark.parametrize("caller", DIALECTS)
async def test_a_continuation_that_breaks_too_ends_in_one_error_event_and_nobody_is_asked_again(
    build: Build, caller: str
) -> None:
    house = await build(
        routes=route("oa/sim", "an/claude-haiku-4-5", "an/claude-sonnet-4-5"),
        recovery=CONTINUE,
        oa=torn(),
        an=torn(after=5),
    )
    _, _, body = await repeat(house, caller)
    assert spoken(caller).error_at_end(body)
    assert body.count(b'"error":') == 1
    assert not spoken(caller).whole(body)
    (exchange,) = house.ended
    assert exchange.outcome is not None
    assert isinstance(exchange.outcome.error, CallError)
    assert exchange.outcome.usage.output > 0
    assert [entry.provider for entry in await house.logged(2)] == ["oa", "an"]


@pytest.mark.parametrize("caller", DIALECTS)
async def test_a_continuation_that_is_refused_ends_in_the_first_break(build: Build, caller: str) -> None:
    house = await build(
        routes=route("oa/sim", "an/claude-haiku-4-5"),
        recovery=CONTINUE,
        oa=torn(),
        an={"faults": [{"kind": "status", "status": 500, "times": 1}]},
    )
    _, _, body = await repeat(house, caller)
    assert spoken(caller).error_at_end(body)
    assert not any(marks(body))
    (exchange,) = house.ended
    assert exchange.outcome is not None
    assert exchange.outcome.error is exchange.attempts[0].outcome.error  # type: ignore[union-attr]
    assert len(exchange.attempts) == 2


TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
NOT_CONTINUED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tool calls": ("oa/sim", "Use get_weather", {"tools": [TOOL]}),
    "thoughts": ("oa/sim-thinker", ASKED, {}),
    "structured output": ("oa/sim", ASKED, {"response_format": {"type": "json_object"}}),
    "reasoning": ("oa/sim", ASKED, {"reasoning_effort": "low"}),
    "several choices": ("oa/sim", ASKED, {"n": 2}),
    "a prefill of the caller's own": ("oa/sim", ASKED, {}),
}


@pytest.mark.parametrize("what", NOT_CONTINUED)
async def test_what_is_more_than_a_text_is_never_continued(build: Build, what: str) -> None:
    target, text, more = NOT_CONTINUED[what]
    house = await build(routes=route(target, "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn("error-in-stream", 4))
    messages = [{"role": "user", "content": text}]
    if what.startswith("a prefill"):
        messages.append({"role": "assistant", "content": "one two"})
    status, _, body = await house.post(
        "/v1/chat/completions", {"model": "r", "messages": messages, "stream": True, **more}
    )
    assert status == 200
    assert spoken("openai").error_at_end(body)
    assert len(await house.logged(1)) == 1


@pytest.mark.parametrize("second", ["an/claude-opus-4-7", "spare/sim"])
async def test_a_target_that_is_not_known_to_take_a_prefill_is_not_asked(build: Build, second: str) -> None:
    house = await build(routes=route("oa/sim", second), recovery=CONTINUE, oa=torn())
    _, _, body = await house.message("r", ASKED, stream=True)
    assert spoken("anthropic").error_at_end(body)
    assert len(await house.logged(1)) == 1


async def test_a_caller_that_allows_one_attempt_gets_no_continuation(build: Build) -> None:
    house = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn())
    asked = {"model": "r", "messages": [{"role": "user", "content": ASKED}], "stream": True}
    _, _, body = await house.post("/v1/chat/completions", asked, {"x-trunkline-max-attempts": "1"})
    assert spoken("openai").error_at_end(body)
    assert len(await house.logged(1)) == 1


@pytest.mark.parametrize("when", ["before its first content", "after it"])
async def test_a_caller_that_leaves_during_a_continuation_stops_it_and_is_counted_once(build: Build, when: str) -> None:
    latency: dict[str, Any] = {"first_token": {"median": 3}} if when.startswith("before") else {"tokens_per_second": 5}
    house = await build(
        routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn(), an={"latency": latency}
    )
    asked = {"model": "r", "messages": [{"role": "user", "content": ASKED}], "stream": True}
    async with house.http.post(f"{house.url}/v1/chat/completions", json=asked) as response:
        got = b""
        while (b"continued_by" if when == "after it" else b"five") not in got:
            got += await response.content.readany()
        await asyncio.sleep(0.1)
        response.close()
    (exchange,) = await eventually(lambda: house.ended or None)
    assert exchange.outcome is not None
    assert exchange.outcome.abandoned
    assert len(exchange.attempts) == 2
    assert all(attempt.outcome is not None for attempt in exchange.attempts)
    await asyncio.sleep(0.05)
    assert len(house.ended) == 1
    assert house.gateway._record.open == 0
    (entry,) = [entry for entry in await house.logged(2) if entry.provider == "an"]
    assert entry.end == "client_gone"


async def test_the_library_tells_of_the_seam_and_raises_without_one(house: House, build: Build) -> None:
    made = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), recovery=CONTINUE, oa=torn())
    async with Client(made.gateway).stream("r", ASKED) as stream:
        events = [event async for event in stream.events()]
    assert Continued("an/claude-haiku-4-5") in events
    assert stream.answer.text == WORDS
    assert stream.answer.continued
    plain = await build(routes=route("oa/sim", "an/claude-haiku-4-5"), oa=torn())
    with pytest.raises(BrokenStream):
        async with Client(plain.gateway).stream("r", ASKED) as stream:
            _ = [event async for event in stream.events()]
    assert not stream.answer.continued
