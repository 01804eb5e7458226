"""Every caller's dialect before every provider's, streamed and whole, for every feature: N x N x 2 x F, from two lists.

The request is one in core types, written for the caller by its own dialect; the providers are simulated, and share no
code with the gateway. Answers pass the vendors' types.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.clients.images import PNG
from tests.e2e.conftest import SUM, House
from tests.spoken import ANSWERED, ASKED, Answered, Spoken
from trunkline.core.chat import (
    ChatRequest,
    Completion,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Text,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)

CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = Tool("get_weather", "How the weather is.", CITY)
CALL = ToolUse("call_of_before1", "get_weather", '{"city":"Paris"}')
Check = Callable[[Completion], bool]


@dataclass(frozen=True)
class Feature:
    """What is asked, and what an answer must hold."""

    asked: ChatRequest
    holds: Check


def ask(*turns: Message | str, **more: Any) -> ChatRequest:
    messages = tuple(Message("user", (Text(turn),)) if isinstance(turn, str) else turn for turn in turns)
    return ChatRequest("", messages, max_tokens=400, **more)


def calls(answer: Completion) -> list[Any]:
    return [(call.name, msgspec.json.decode(call.arguments)) for call in answer.tool_calls]


FEATURES = {
    "text": Feature(ask(SUM), lambda answer: answer.text == "17 + 25 = 42." and answer.finish == "stop"),
    "a system prompt": Feature(
        ask(Message("system", (Text("You are terse."),)), SUM), lambda answer: answer.text == "17 + 25 = 42."
    ),
    "a conversation": Feature(
        ask("Hello.", Message("assistant", (Text("Hello!"),)), SUM), lambda answer: answer.text == "17 + 25 = 42."
    ),
    "a tool call": Feature(
        ask("Use get_weather for Paris.", tools=(WEATHER,)),
        lambda answer: calls(answer) == [("get_weather", {"city": "Paris"})] and answer.finish == "tool_calls",
    ),
    "a tool that must be called": Feature(
        ask("Hello, Paris.", tools=(WEATHER,), tool_choice=ToolChoice("tool", "get_weather")),
        lambda answer: [name for name, _ in calls(answer)] == ["get_weather"],
    ),
    "parallel tool calls": Feature(
        ask("What is the weather in both Paris and London? Use get_weather.", tools=(WEATHER,)),
        lambda answer: calls(answer) == [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "London"})],
    ),
    "a tool's result": Feature(
        ask(
            "Use get_weather for Paris.",
            Message("assistant", (CALL,)),
            Message("user", (ToolResult(CALL.id, (Text("sunny"),)),)),
            tools=(WEATHER,),
        ),
        lambda answer: answer.text == "The tool answered: sunny",
    ),
    "an image": Feature(
        ask(Message("user", (Text(SUM), Image(data=PNG, media_type="image/png")))),
        lambda answer: answer.text.startswith("I see 1 image."),
    ),
    "structured output": Feature(
        ask("Which city is the capital of France?", output=OutputFormat("schema", CITY, "city")),
        lambda answer: set(msgspec.json.decode(answer.text)) == {"city"},
    ),
    "thinking": Feature(
        replace(ask(SUM, reasoning=Reasoning("high")), max_tokens=8000),
        lambda answer: answer.thoughts != "" and answer.text == "17 + 25 = 42.",
    ),
    "an answer cut by its limit": Feature(
        replace(ask("Write a long story about the sea."), max_tokens=16), lambda answer: answer.finish == "length"
    ),
}


def ids(row: Spoken | Answered) -> str:
    return row.name


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("provider", ANSWERED, ids=ids)
@pytest.mark.parametrize("caller", ASKED, ids=ids)
async def test_a_feature_reaches_every_caller_from_every_provider(
    house: House, caller: Spoken, provider: Answered, stream: bool, feature: str
):
    asked = replace(FEATURES[feature].asked, stream=stream, include_usage=stream)
    path, body = caller.request(asked, provider.name)

    status, headers, answered = await house.post(path, body)

    assert status == 200, answered
    answer = caller.gathered(answered) if stream else caller.opened(answered)
    assert headers.getone("content-type").startswith("text/event-stream") == (stream and not caller.listed)
    dropped = provider.cannot.get(feature)
    assert dropped in headers["x-trunkline-dropped"] if dropped else FEATURES[feature].holds(answer), answer
    if answer.thoughts and provider.counts_thoughts:
        assert answer.usage.reasoning > 0
    assert headers["x-trunkline-provider"] == provider.short
    (entry,) = await house.logged(1)
    assert (answer.usage.prompt, answer.usage.completion) == (entry.usage.prompt, entry.usage.output)
    (exchange,) = house.ended
    assert exchange.cost == entry.cost_nanodollars
    assert exchange.outcome is not None
    assert exchange.outcome.usage.source == "reported"


@pytest.mark.parametrize("provider", ANSWERED, ids=ids)
@pytest.mark.parametrize("caller", ASKED, ids=ids)
async def test_a_tools_turn_can_be_sent_back_to_every_provider(house: House, caller: Spoken, provider: Answered):
    """What a client is given for a call, it sends back as it is, whoever answers next."""
    first = replace(ask("Use get_weather for Paris.", tools=(WEATHER,), reasoning=Reasoning("high")), max_tokens=8000)
    for other in ANSWERED:
        path, body = caller.request(first, other.name)
        _, _, answered = await house.post(path, body)
        given = caller.opened(answered)
        result = Message("user", (ToolResult(given.tool_calls[0].id, (Text("sunny"),)),))
        second = replace(first, messages=(*first.messages, Message("assistant", given.parts), result))
        path, body = caller.request(second, provider.name)

        status, _, answered = await house.post(path, body)

        assert status == 200, (other.name, answered)
        assert caller.opened(answered).text == "The tool answered: sunny"
