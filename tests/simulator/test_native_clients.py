"""The SDKs of vendors with interfaces of their own against the simulator."""

from collections.abc import AsyncIterator
from typing import Any

import cohere
import ollama
import pytest
from google import genai
from google.oauth2.credentials import Credentials

from trunkline.simulator import Simulator

SUM = [{"role": "user", "content": "What is 17 + 25?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "How the weather is.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
async def llama(simulator: Simulator) -> AsyncIterator[ollama.AsyncClient]:
    headers = {"Authorization": "Bearer sk-acme-0123456789"}
    async with ollama.AsyncClient(f"{simulator.url}/acme", headers=headers) as client:
        yield client


async def test_ollama_whole(llama: ollama.AsyncClient):
    answer = await llama.chat("sim-small", SUM, think="low")

    assert (answer.message.content, answer.done, answer.done_reason) == ("17 + 25 = 42.", True, "stop")
    assert answer.message.thinking
    assert answer.prompt_eval_count
    assert (answer.eval_count or 0) > 6


async def test_ollama_streamed(llama: ollama.AsyncClient):
    pieces = [piece async for piece in await llama.chat("sim-small", SUM, stream=True)]

    assert "".join(piece.message.content or "" for piece in pieces) == "17 + 25 = 42."
    assert [piece.done for piece in pieces[-2:]] == [False, True]
    assert pieces[-1].eval_count == 6


async def test_ollama_tools_both_ways(llama: ollama.AsyncClient):
    turns: list[Any] = [{"role": "user", "content": "Use get_weather for Paris."}]
    first = await llama.chat("sim-small", turns, tools=[WEATHER])
    assert first.message.tool_calls
    (call,) = first.message.tool_calls
    turns += [first.message, {"role": "tool", "tool_name": call.function.name, "content": "sunny"}]
    second = await llama.chat("sim-small", turns, tools=[WEATHER])

    assert call.function.arguments == {"city": "Paris"}
    assert second.message.content == "The tool answered: sunny"


async def test_ollama_structured_output_and_limits(llama: ollama.AsyncClient):
    schema = WEATHER["function"]["parameters"]
    shaped = await llama.chat("sim-small", [{"role": "user", "content": "Describe Paris"}], format=schema)
    short = await llama.chat("sim-small", [{"role": "user", "content": "Tell me a story"}], options={"num_predict": 3})

    assert shaped.message.content == '{"city":"Paris"}'
    assert (short.done_reason, short.eval_count) == ("length", 3)


async def test_ollama_cuts_a_prompt_that_does_not_fit_and_says_nothing_of_it(llama: ollama.AsyncClient):
    long = [{"role": "user", "content": "word " * 900}]
    answer = await llama.chat("sim-small", long, options={"num_ctx": 500})

    assert (answer.prompt_eval_count or 0) < 500


async def test_ollama_errors(llama: ollama.AsyncClient):
    with pytest.raises(ollama.ResponseError, match="model 'nobody' not found") as unknown:
        await llama.chat("nobody", SUM)
    with pytest.raises(ollama.ResponseError):
        [piece async for piece in await llama.chat("fault:error-in-stream:2", SUM, stream=True)]

    assert unknown.value.status_code == 404


async def test_ollama_lists_models(llama: ollama.AsyncClient):
    assert [model.model for model in (await llama.list()).models] == ["sim-small", "sim-thinker", "sim-strict"]


# Cohere


@pytest.fixture
async def command(simulator: Simulator) -> AsyncIterator[cohere.AsyncClientV2]:
    async with cohere.AsyncClientV2("sk-acme-0123456789", base_url=f"{simulator.url}/acme", max_retries=0) as client:
        yield client


def user(text: str) -> cohere.UserChatMessageV2:
    return cohere.UserChatMessageV2(content=text)


TOOL = cohere.ToolV2(function=cohere.ToolV2Function(**WEATHER["function"]))


async def test_cohere_whole(command: cohere.AsyncClientV2):
    answer = await command.chat(model="sim-small", messages=[user(SUM[0]["content"])])

    assert answer.message.content
    assert [block.text for block in answer.message.content if block.type == "text"] == ["17 + 25 = 42."]
    assert answer.finish_reason == "COMPLETE"
    assert answer.usage
    assert answer.usage.billed_units
    assert answer.usage.billed_units.output_tokens == 6


async def test_cohere_streamed_with_thoughts(command: cohere.AsyncClientV2):
    events = [
        event
        async for event in command.chat_stream(
            model="sim-small", messages=[user(SUM[0]["content"])], thinking=cohere.Thinking(type="enabled")
        )
    ]

    deltas = [event.delta.message.content for event in events if event.type == "content-delta"]  # pyright: ignore[reportOptionalMemberAccess]
    assert "".join(delta.text or "" for delta in deltas if delta) == "17 + 25 = 42."
    assert "".join(delta.thinking or "" for delta in deltas if delta)
    assert (events[0].type, events[-1].type) == ("message-start", "message-end")


async def test_cohere_tools_both_ways(command: cohere.AsyncClientV2):
    turns: list[Any] = [user("Use get_weather for Paris.")]
    first = await command.chat(model="sim-small", messages=turns, tools=[TOOL])
    assert first.message.tool_calls
    (call,) = first.message.tool_calls
    assert call.function
    turns += [
        cohere.AssistantChatMessageV2(tool_calls=first.message.tool_calls, tool_plan=first.message.tool_plan),
        cohere.ToolChatMessageV2(tool_call_id=call.id, content="sunny"),
    ]
    second = await command.chat(model="sim-small", messages=turns, tools=[TOOL])

    assert (first.finish_reason, call.function.arguments) == ("TOOL_CALL", '{"city":"Paris"}')
    assert second.message.content
    assert second.message.content[0].text == "The tool answered: sunny"  # pyright: ignore[reportAttributeAccessIssue]


async def test_cohere_errors(command: cohere.AsyncClientV2):
    with pytest.raises(cohere.NotFoundError) as unknown:
        await command.chat(model="nobody", messages=[user("Hi")])
    with pytest.raises(cohere.BadRequestError):
        await command.chat(model="sim-small", messages=[user("Hi")], frequency_penalty=-1)

    assert "model 'nobody' not found" in str(unknown.value.body)


# Google's cloud


async def test_claude_on_vertex(simulator: Simulator):
    from anthropic.lib.vertex import AsyncAnthropicVertex

    base = f"{simulator.url}/acme/v1"
    async with AsyncAnthropicVertex(
        project_id="p-12345", region="us-east5", access_token="sk-acme-0123456789", base_url=base, max_retries=0
    ) as client:
        asked: Any = {"model": "sim-small", "max_tokens": 99, "messages": SUM}
        whole = await client.messages.create(**asked)
        async with client.messages.stream(**asked) as stream:
            streamed = await stream.get_final_message()

    for message in (whole, streamed):
        assert [block.text for block in message.content if block.type == "text"] == ["17 + 25 = 42."]
    assert simulator.log[1].path == (
        "/acme/v1/projects/p-12345/locations/us-east5/publishers/anthropic/models/sim-small:streamRawPredict"
    )


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
async def test_gemini_on_vertex(simulator: Simulator):
    client = genai.Client(
        vertexai=True,
        project="p-12345",
        location="us-east5",
        credentials=Credentials("sk-acme-0123456789"),
        http_options=genai.types.HttpOptions(base_url=f"{simulator.url}/acme"),
    )
    answer = await client.aio.models.generate_content(model="sim-small", contents=SUM[0]["content"])
    await client.aio.aclose()

    assert answer.text == "17 + 25 = 42."
    assert "/publishers/google/models/sim-small:generateContent" in simulator.log[0].path
