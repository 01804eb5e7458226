"""Tools through the anthropic SDK: calls, parallel calls, streamed calls, and the loop to the final answer."""

import json
from typing import Any

import anthropic
import pytest

from tests.clients.conftest import BOTH, CITY_SCHEMA, PNG, House, say
from tests.clients.proof import proven

WEATHER: Any = {"name": "get_weather", "description": "The weather of a city.", "input_schema": CITY_SCHEMA}
PARIS = "What is the weather in Paris?"


def results_of(message: Any) -> list[Any]:
    return [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"{block.input['city']}: rain"}
        for block in message.content
        if block.type == "tool_use"
    ]


async def test_the_tool_loop_ends_in_an_answer_that_knows_the_result(claude: anthropic.AsyncAnthropic, provider: str):
    conversation = say(PARIS)
    asked: Any = {"model": provider, "max_tokens": 300, "tools": [WEATHER]}
    first = proven(await claude.messages.create(messages=conversation, **asked))
    conversation += [{"role": "assistant", "content": first.content}, *say(results_of(first))]
    second = proven(await claude.messages.create(messages=conversation, **asked))

    assert first.stop_reason == "tool_use"
    assert [block.to_dict()["input"] for block in first.content] == [{"city": "Paris"}]
    assert second.stop_reason == "end_turn"
    assert second.content[0].to_dict()["text"] == "The tool answered: Paris: rain"


async def test_parallel_calls_are_streamed_in_blocks_of_their_own(claude: anthropic.AsyncAnthropic, provider: str):
    conversation = say(BOTH)
    asked: Any = {"model": provider, "max_tokens": 300, "tools": [WEATHER]}
    async with claude.messages.stream(messages=conversation, **asked) as stream:
        opened = [event.index async for event in stream if event.type == "content_block_start"]
        first = proven(await stream.get_final_message())
    conversation += [{"role": "assistant", "content": first.content}, *say(results_of(first))]
    second = proven(await claude.messages.create(messages=conversation, **asked))

    assert opened == [0, 1]
    assert first.stop_reason == "tool_use"
    assert [block.to_dict()["input"] for block in first.content] == [{"city": "Paris"}, {"city": "London"}]
    assert len({block.to_dict()["id"] for block in first.content}) == 2
    assert second.content[0].to_dict()["text"] == "The tool answered: Paris: rain; London: rain"


async def test_choices_of_tools_reach_the_provider(claude: anthropic.AsyncAnthropic, house: House, provider: str):
    reasons = []
    choices: list[Any] = [{"type": "none"}, {"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "get_weather"}]
    for choice in choices:
        answer = await claude.messages.create(
            model=provider, max_tokens=300, messages=say("Say hi"), tools=[WEATHER], tool_choice=choice
        )
        reasons.append(proven(answer).stop_reason)

    assert reasons == ["end_turn", "end_turn", "tool_use", "tool_use"]
    sent = [json.loads(entry.request)["tool_choice"] for entry in await house.logged(4)]
    named = {"type": "function", "function": {"name": "get_weather"}}
    assert sent == (choices if provider == "anthropic" else ["none", "auto", "required", named])


async def test_parallel_calls_can_be_switched_off(claude: anthropic.AsyncAnthropic, provider: str):
    answer = await claude.messages.create(
        model=provider,
        max_tokens=300,
        messages=say(BOTH),
        tools=[WEATHER],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )

    assert len(proven(answer).content) == 1


async def test_results_with_pictures_errors_and_words_after_them_are_understood(
    claude: anthropic.AsyncAnthropic, house: House, provider: str
):
    conversation = say(BOTH)
    asked: Any = {"model": provider, "max_tokens": 300, "tools": [WEATHER]}
    first = await claude.messages.create(messages=conversation, **asked)
    one, two = [block.to_dict()["id"] for block in first.content]
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    results = [
        {"type": "tool_result", "tool_use_id": one, "content": [{"type": "text", "text": "see"}, picture]},
        {"type": "tool_result", "tool_use_id": two, "content": "no such city", "is_error": True},
        {"type": "text", "text": "What now?"},
    ]
    conversation += [{"role": "assistant", "content": first.content}, *say(results)]
    second = proven(await claude.messages.create(messages=conversation, **asked))

    entry = (await house.logged(2))[1]
    sent = json.loads(entry.request)["messages"]
    assert second.content
    if provider == "openai":
        assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool", "user"]
        assert [message.get("content") for message in sent[2:4]] == ["see", "no such city"]
        assert [part["type"] for part in sent[4]["content"]] == ["image_url", "text"]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_tool_runner_runs_to_the_end(claude: anthropic.AsyncAnthropic, provider: str, stream: bool):
    asked_for: list[str] = []

    @anthropic.beta_async_tool
    async def get_weather(city: str) -> str:
        """The weather of a city.

        Args:
            city: its name
        """
        asked_for.append(city)
        return f"{city}: rain"

    runner: Any = claude.beta.messages.tool_runner(
        model=provider, max_tokens=300, messages=say(PARIS), tools=[get_weather], stream=stream
    )
    final = await runner.until_done()

    assert asked_for == ["Paris"]
    assert final.content[0].text == "The tool answered: Paris: rain"
