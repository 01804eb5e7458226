"""Tools through the openai SDK: calls, parallel calls, streamed calls, and the loop to the final answer."""

import json
from typing import Any

import openai
from pydantic import BaseModel

from tests.clients.conftest import BOTH, CITY_SCHEMA, House, say
from tests.clients.proof import proven

WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": CITY_SCHEMA},
}
PARIS = "What is the weather in Paris?"


class GetWeather(BaseModel):
    city: str


def results_of(message: Any) -> list[Any]:
    return [
        {"role": "tool", "tool_call_id": call.id, "content": f"{json.loads(call.function.arguments)['city']}: sunny"}
        for call in message.tool_calls
    ]


async def test_the_tool_loop_ends_in_an_answer_that_knows_the_result(
    gpt: openai.AsyncOpenAI, house: House, provider: str
):
    conversation = say(PARIS)
    asked: Any = {"model": provider, "tools": [WEATHER]}
    first = proven(await gpt.chat.completions.create(messages=conversation, **asked)).choices[0]
    conversation += [first.message.to_dict(), *results_of(first.message)]
    second = proven(await gpt.chat.completions.create(messages=conversation, **asked)).choices[0]

    assert (first.finish_reason, first.message.content) == ("tool_calls", None)
    assert (second.finish_reason, second.message.content) == ("stop", "The tool answered: Paris: sunny")
    assert [entry.status for entry in await house.logged(2)] == [200, 200]


async def test_parallel_calls_are_told_apart_and_answered_together(gpt: openai.AsyncOpenAI, provider: str):
    conversation = say(BOTH)
    asked: Any = {"model": provider, "tools": [WEATHER]}
    first = proven(await gpt.chat.completions.create(messages=conversation, **asked)).choices[0].message
    conversation += [first.to_dict(), *results_of(first)]
    second = proven(await gpt.chat.completions.create(messages=conversation, **asked)).choices[0].message

    calls: Any = first.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "London"}]
    assert len({call.id for call in calls}) == 2
    assert second.content == "The tool answered: Paris: sunny; London: sunny"


async def test_parallel_calls_can_be_switched_off(gpt: openai.AsyncOpenAI, provider: str):
    answer = await gpt.chat.completions.create(
        model=provider, messages=say(BOTH), tools=[WEATHER], parallel_tool_calls=False
    )

    assert len(proven(answer).choices[0].message.tool_calls or ()) == 1


async def test_streamed_calls_come_in_pieces_that_the_helper_joins(gpt: openai.AsyncOpenAI, provider: str):
    pieces: dict[int, str] = {}
    async with gpt.chat.completions.stream(model=provider, messages=say(BOTH), tools=[WEATHER]) as stream:
        async for event in stream:
            if event.type == "tool_calls.function.arguments.delta":
                pieces[event.index] = pieces.get(event.index, "") + event.arguments_delta
        final = (await stream.get_final_completion()).choices[0]

    calls: Any = final.message.tool_calls
    assert final.finish_reason == "tool_calls"
    assert [json.loads(piece) for piece in pieces.values()] == [{"city": "Paris"}, {"city": "London"}]
    assert [call.function.arguments for call in calls] == list(pieces.values())
    assert [call.function.name for call in calls] == ["get_weather"] * 2


async def test_raw_chunks_name_each_call_once_and_keep_its_index(gpt: openai.AsyncOpenAI, provider: str):
    stream = await gpt.chat.completions.create(model=provider, messages=say(BOTH), tools=[WEATHER], stream=True)
    calls = [call async for chunk in stream for call in proven(chunk).choices[0].delta.tool_calls or ()]

    named = [call for call in calls if call.id]
    assert [(call.index, call.type, call.function and call.function.name) for call in named] == [
        (0, "function", "get_weather"),
        (1, "function", "get_weather"),
    ]
    assert sorted(call.index for call in calls) == [call.index for call in calls]


async def test_choices_of_tools_reach_the_provider(gpt: openai.AsyncOpenAI, house: House, provider: str):
    named: Any = {"type": "function", "function": {"name": "get_weather"}}
    finishes = []
    for choice in ("none", "auto", "required", named):
        answer = await gpt.chat.completions.create(
            model=provider, messages=say("Say hi"), tools=[WEATHER], tool_choice=choice
        )
        finishes.append(proven(answer).choices[0].finish_reason)

    assert finishes == ["stop", "stop", "tool_calls", "tool_calls"]
    sent = [json.loads(entry.request)["tool_choice"] for entry in await house.logged(4)]
    wanted = {
        "openai": ["none", "auto", "required", named],
        "anthropic": [{"type": "none"}, {"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "get_weather"}],
    }
    assert sent == wanted[provider]


async def test_a_pydantic_tools_arguments_come_back_parsed(gpt: openai.AsyncOpenAI, provider: str):
    tool = openai.pydantic_function_tool(GetWeather, name="get_weather")
    answer = await gpt.chat.completions.parse(model=provider, messages=say(PARIS), tools=[tool])

    calls: Any = answer.choices[0].message.tool_calls
    assert [call.function.parsed_arguments for call in calls] == [GetWeather(city="Paris")]


async def test_unusual_schemas_survive_the_way(gpt: openai.AsyncOpenAI, house: House, provider: str):
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"unit": {"type": ["string", "null"]}, "days": {"enum": [1, 2]}},
        "required": ["unit", "days"],
    }
    tool: Any = {"type": "function", "function": {"name": "forecast", "parameters": schema}}
    answer = proven(
        await gpt.chat.completions.create(model=provider, messages=say("Hi"), tools=[tool], tool_choice="required")
    )

    (entry,) = await house.logged(1)
    (sent,) = json.loads(entry.request)["tools"]
    assert (sent["function"]["parameters"] if provider == "openai" else sent["input_schema"]) == schema
    assert answer.choices[0].finish_reason == "tool_calls"


async def test_a_result_with_several_parts_stays_readable(gpt: openai.AsyncOpenAI, provider: str):
    conversation = say(PARIS)
    first = await gpt.chat.completions.create(model=provider, messages=conversation, tools=[WEATHER])
    calls: Any = first.choices[0].message.tool_calls
    parts = [{"type": "text", "text": "sunny"}, {"type": "text", "text": ", 25 degrees"}]
    conversation += [
        first.choices[0].message.to_dict(),
        {"role": "tool", "tool_call_id": calls[0].id, "content": parts},
        {"role": "user", "content": "Thank you. And?"},
    ]
    second = await gpt.chat.completions.create(model=provider, messages=conversation, tools=[WEATHER])

    assert proven(second).choices[0].message.content
