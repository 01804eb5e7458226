"""The vendors' own SDKs against the simulator: what their types accept is what the wire format is."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import anthropic
import openai
import pytest
from google import genai
from google.genai import types as genai_types
from pydantic import BaseModel

from trunkline.simulator import Simulator

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
OPENAI_TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
ANTHROPIC_TOOL: Any = {"name": "get_weather", "input_schema": WEATHER}
PIXEL = base64.b64encode(b"\x89PNG").decode()


class City(BaseModel):
    name: str
    population: int
    climate: Literal["mild", "harsh"]


@pytest.fixture
async def gpt(simulator: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        api_key="sk-acme-0123456789", base_url=f"{simulator.url}/acme/v1", max_retries=0
    ) as client:
        yield client


@pytest.fixture
async def claude(simulator: Simulator) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        api_key="sk-acme-0123456789", base_url=f"{simulator.url}/acme", max_retries=0
    ) as client:
        yield client


def say(text: Any) -> Any:
    return [{"role": "user", "content": text}]


async def test_openai_text(gpt: openai.AsyncOpenAI, simulator: Simulator):
    answer = await gpt.chat.completions.create(model="sim-small", messages=say("What is 17 + 25?"), n=2)

    assert [choice.message.content for choice in answer.choices] == ["17 + 25 = 42."] * 2
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
    assert answer._request_id is not None
    assert simulator.log[0].cost_nanodollars == answer.usage.prompt_tokens * 150 + 12 * 600


async def test_openai_stream(gpt: openai.AsyncOpenAI):
    chunks = [
        chunk
        async for chunk in await gpt.chat.completions.create(
            model="sim-small", messages=say("What is 17 + 25?"), stream=True, stream_options={"include_usage": True}
        )
    ]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "17 + 25 = 42."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 6
    assert {(chunk.id, chunk.created) for chunk in chunks} == {(chunks[0].id, chunks[0].created)}


async def test_openai_stream_has_no_usage_unless_asked(gpt: openai.AsyncOpenAI):
    stream = await gpt.chat.completions.create(model="sim-small", messages=say("Hi"), stream=True)

    assert all([chunk.usage is None and chunk.choices async for chunk in stream])


async def test_openai_tools_both_ways(gpt: openai.AsyncOpenAI):
    conversation = say("What is the weather in both Paris and London?")
    first = await gpt.chat.completions.create(model="sim-small", messages=conversation, tools=[OPENAI_TOOL])
    calls = first.choices[0].message.tool_calls
    assert calls is not None
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"sunny {number}"} for number, call in enumerate(calls)
    ]
    conversation += [first.choices[0].message.to_dict(), *results]
    second = await gpt.chat.completions.create(model="sim-small", messages=conversation, tools=[OPENAI_TOOL])

    assert first.choices[0].finish_reason == "tool_calls"
    assert [json.loads(call.function.arguments) for call in calls if call.type == "function"] == [
        {"city": "Paris"},
        {"city": "London"},
    ]
    assert second.choices[0].message.content == "The tool answered: sunny 0; sunny 1"


async def test_openai_tool_calls_are_streamed_in_pieces(gpt: openai.AsyncOpenAI):
    async with gpt.chat.completions.stream(
        model="sim-small", messages=say("Hi"), tools=[OPENAI_TOOL], tool_choice="required"
    ) as stream:
        pieces = [
            event.arguments_delta async for event in stream if event.type == "tool_calls.function.arguments.delta"
        ]
        whole = await stream.get_final_completion()

    assert len(pieces) > 3
    calls = whole.choices[0].message.tool_calls
    assert calls is not None
    assert "".join(pieces) == calls[0].function.arguments


async def test_openai_structured_output(gpt: openai.AsyncOpenAI):
    answer = await gpt.chat.completions.parse(model="sim-small", messages=say("Describe Paris"), response_format=City)
    loose = await gpt.chat.completions.create(
        model="sim-small", messages=say("As json"), response_format={"type": "json_object"}
    )

    assert isinstance(answer.choices[0].message.parsed, City)
    assert isinstance(json.loads(loose.choices[0].message.content or ""), dict)


async def test_openai_reasoning_and_images(gpt: openai.AsyncOpenAI):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    answer = await gpt.chat.completions.create(
        model="sim-small", messages=say([{"type": "text", "text": "Look"}, image, image]), reasoning_effort="low"
    )

    assert answer.choices[0].message.to_dict()["reasoning_content"]
    assert (answer.choices[0].message.content or "").startswith("I see 2 images. ")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 512
    assert answer.usage.completion_tokens_details is not None
    assert 0 < (answer.usage.completion_tokens_details.reasoning_tokens or 0) < answer.usage.completion_tokens


async def test_openai_length_and_stop(gpt: openai.AsyncOpenAI):
    short = await gpt.chat.completions.create(
        model="sim-small", messages=say("Tell me a story"), max_completion_tokens=3
    )
    stopped = await gpt.chat.completions.create(model="sim-small", messages=say("What is 17 + 25?"), stop=["="])

    assert (short.choices[0].finish_reason, short.usage and short.usage.completion_tokens) == ("length", 3)
    assert (stopped.choices[0].finish_reason, stopped.choices[0].message.content) == ("stop", "17 + 25 ")


async def test_openai_cached_tokens(gpt: openai.AsyncOpenAI):
    long = [{"role": "system", "content": "Be brief, and again. " * 300}, *say("Hi")]
    usages = [(await gpt.chat.completions.create(model="sim-small", messages=long)).usage for _ in range(2)]

    cached = [usage.prompt_tokens_details.cached_tokens for usage in usages if usage and usage.prompt_tokens_details]
    assert cached[0] == 0
    assert (cached[1] or 0) >= 1024


async def test_openai_models(gpt: openai.AsyncOpenAI):
    names = [model.id async for model in gpt.models.list()]

    assert names == ["sim-small", "sim-thinker", "sim-strict"]
    assert (await gpt.models.retrieve("sim-small")).owned_by == "acme"


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("nobody", openai.NotFoundError, "model_not_found"),
        ("fault:status:429", openai.RateLimitError, "rate_limit_exceeded"),
        ("fault:body:openai_insufficient_quota", openai.RateLimitError, "insufficient_quota"),
        ("fault:body:openai_context_length", openai.BadRequestError, "context_length_exceeded"),
        ("fault:status:503", openai.InternalServerError, "server_is_overloaded"),
        ("fault:body:html_502", openai.InternalServerError, None),
    ],
)
async def test_openai_errors(gpt: openai.AsyncOpenAI, model: str, kind: type[openai.APIStatusError], code: str | None):
    with pytest.raises(kind) as caught:
        await gpt.chat.completions.create(model=model, messages=say("Hi"))

    assert caught.value.code == code


async def test_openai_connection_faults(gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.APIConnectionError):
        await gpt.chat.completions.create(model="fault:reset", messages=say("Hi"))
    stream = await gpt.chat.completions.create(model="fault:error-in-stream:2", messages=say("Hi"), stream=True)
    seen: list[Any] = []
    with pytest.raises(openai.APIError, match="had an error while processing"):
        async for chunk in stream:
            seen.append(chunk)  # noqa: PERF401  what came before the error counts
    assert len(seen) == 3


async def test_openai_wrong_key_and_too_long_a_prompt(simulator: Simulator, gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: wro"):
        await gpt.with_options(api_key="wrong-key-1").chat.completions.create(model="sim-small", messages=say("Hi"))
    with pytest.raises(openai.BadRequestError, match="maximum context length is 4000") as caught:
        await gpt.chat.completions.create(model="sim-small", messages=say("word " * 5000))

    assert caught.value.code == "context_length_exceeded"
    assert [entry.cost_nanodollars for entry in simulator.log] == [0, 0]


async def test_anthropic_text(claude: anthropic.AsyncAnthropic, simulator: Simulator):
    answer = await claude.messages.create(
        model="sim-small", max_tokens=100, system="Be brief.", messages=say("What is 17 + 25?")
    )

    assert [block.to_dict()["text"] for block in answer.content] == ["17 + 25 = 42."]
    assert (answer.stop_reason, answer.usage.output_tokens) == ("end_turn", 6)
    assert answer._request_id is not None
    assert simulator.log[0].headers["anthropic-version"] == "2026-10-21"


async def test_anthropic_stream(claude: anthropic.AsyncAnthropic):
    async with claude.messages.stream(model="sim-small", max_tokens=100, messages=say("What is 17 + 25?")) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()

    assert text == "17 + 25 = 42."
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 6)


async def test_anthropic_tools_both_ways(claude: anthropic.AsyncAnthropic):
    conversation = say("What is the weather in both Paris and London?")
    async with claude.messages.stream(
        model="sim-small", max_tokens=300, messages=conversation, tools=[ANTHROPIC_TOOL]
    ) as stream:
        first = await stream.get_final_message()
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "rain"} for block in first.content]  # type: ignore[union-attr]
    conversation += [{"role": "assistant", "content": [block.to_dict() for block in first.content]}, *say(results)]
    second = await claude.messages.create(
        model="sim-small", max_tokens=300, messages=conversation, tools=[ANTHROPIC_TOOL]
    )

    assert first.stop_reason == "tool_use"
    assert [block.to_dict()["input"] for block in first.content] == [{"city": "Paris"}, {"city": "London"}]
    assert second.content[0].to_dict()["text"] == "The tool answered: rain; rain"


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
async def test_anthropic_forced_tool(claude: anthropic.AsyncAnthropic, choice: Any):
    answer = await claude.messages.create(
        model="sim-small", max_tokens=300, messages=say("Hi"), tools=[ANTHROPIC_TOOL], tool_choice=choice
    )

    assert [block.type for block in answer.content] == ["tool_use"]


async def test_anthropic_structured_output(claude: anthropic.AsyncAnthropic):
    answer = await claude.messages.parse(
        model="sim-small", max_tokens=500, messages=say("Describe Paris"), output_format=City
    )

    assert isinstance(answer.parsed_output, City)


async def test_anthropic_thinking(claude: anthropic.AsyncAnthropic):
    asked: Any = {"model": "sim-small", "max_tokens": 3000, "messages": say("Why is the sky blue?")}
    async with claude.messages.stream(**asked, thinking={"type": "adaptive"}) as stream:
        shown = await stream.get_final_message()
    hidden = await claude.messages.create(**asked, thinking={"type": "adaptive", "display": "omitted"})

    assert [block.type for block in shown.content] == ["thinking", "text"]
    assert shown.content[0].to_dict()["signature"] == hidden.content[0].to_dict()["signature"]
    assert shown.content[0].to_dict()["thinking"]
    assert hidden.content[0].to_dict()["thinking"] == ""
    assert shown.usage.output_tokens_details == hidden.usage.output_tokens_details is not None


async def test_anthropic_stop_sequence_and_length(claude: anthropic.AsyncAnthropic):
    stopped = await claude.messages.create(
        model="sim-small", max_tokens=100, messages=say("What is 17 + 25?"), stop_sequences=["="]
    )
    short = await claude.messages.create(model="sim-small", max_tokens=2, messages=say("What is 17 + 25?"))

    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "=")
    assert (short.stop_reason, short.usage.output_tokens) == ("max_tokens", 2)


async def test_anthropic_cache_is_written_once_and_then_read(claude: anthropic.AsyncAnthropic):
    system: Any = [{"type": "text", "text": "Be brief, and again. " * 300, "cache_control": {"type": "ephemeral"}}]
    usages = [
        (await claude.messages.create(model="sim-small", max_tokens=9, system=system, messages=say("Hi"))).usage
        for _ in range(2)
    ]

    assert usages[0].cache_creation_input_tokens == usages[1].cache_read_input_tokens
    assert (usages[1].cache_read_input_tokens or 0) >= 1024
    assert usages[1].cache_creation_input_tokens == 0
    assert usages[0].input_tokens == usages[1].input_tokens < 130  # cached tokens are not counted twice


async def test_anthropic_count_tokens_is_what_is_billed(claude: anthropic.AsyncAnthropic):
    counted = await claude.messages.count_tokens(model="sim-small", messages=say("What is 17 + 25?"))
    answer = await claude.messages.create(model="sim-small", max_tokens=9, messages=say("What is 17 + 25?"))

    assert counted.input_tokens == answer.usage.input_tokens


async def test_anthropic_models(claude: anthropic.AsyncAnthropic):
    assert [model.id async for model in claude.models.list()] == ["sim-small", "sim-thinker", "sim-strict"]
    assert (await claude.models.retrieve("sim-small")).type == "model"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("nobody", anthropic.NotFoundError),
        ("fault:status:429", anthropic.RateLimitError),
        ("fault:status:529", anthropic.OverloadedError),
        ("fault:body:anthropic_billing", anthropic.PaymentRequiredError),
        ("fault:body:anthropic_credit_balance", anthropic.BadRequestError),
        ("fault:status:413", anthropic.ContentTooLargeError),
        ("fault:status:504", anthropic.GatewayTimeoutError),
        ("fault:reset", anthropic.APIConnectionError),
    ],
)
async def test_anthropic_errors(claude: anthropic.AsyncAnthropic, model: str, kind: type[anthropic.APIError]):
    with pytest.raises(kind):
        await claude.messages.create(model=model, max_tokens=9, messages=say("Hi"))


async def test_anthropic_error_in_a_stream(claude: anthropic.AsyncAnthropic):
    seen: list[str] = []
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        async with claude.messages.stream(model="fault:error-in-stream:2", max_tokens=99, messages=say("Hi")) as stream:
            async for piece in stream.text_stream:
                seen.append(piece)  # noqa: PERF401  what came before the error counts
    assert len(seen) == 2


async def test_anthropics_new_version_refuses_sampling_parameters(claude: anthropic.AsyncAnthropic):
    with pytest.raises(anthropic.BadRequestError, match="temperature: Extra inputs"):
        await claude.messages.create(
            model="sim-small", max_tokens=9, messages=say("Hi"), extra_body={"temperature": 0.5}
        )
    old = await claude.messages.create(
        model="sim-small",
        max_tokens=9,
        messages=say("Hi"),
        extra_body={"temperature": 0.5},
        extra_headers={"anthropic-version": "2023-06-01"},
    )

    assert old.usage.output_tokens == 9


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
async def test_a_gemini_client_sends_a_call_back_with_the_signature_it_came_with(simulator: Simulator):
    options = genai_types.HttpOptions(base_url=f"{simulator.url}/acme", api_version="v1")
    client = genai.Client(api_key="sk-acme-0123456789", http_options=options)

    def get_weather(city: str) -> str:
        """The weather in a city; the SDK calls it by itself and asks again."""
        return f"sunny in {city}"

    answer = await client.aio.models.generate_content(
        model="sim-small", contents="What is the weather in Paris?", config={"tools": [get_weather]}
    )
    await client.aio.aclose()
    client.close()

    assert answer.text == "The tool answered: sunny in Paris"
