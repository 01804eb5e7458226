"""Which requests have an answer that may be continued by another model: one text, and nothing else."""

import json
from typing import Any

import pytest

from trunkline.core.call import Call
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.routing.continuation import plain

TOOL = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
OPENAI_TOOLS = {"tools": [{"type": "function", "function": TOOL}]}
ANTHROPIC_TOOLS = {"tools": [{"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}]}
BESIDES_A_TEXT: list[dict[str, Any]] = [
    {"n": 2},
    {"logprobs": True},
    {"logprobs": True, "top_logprobs": 2},
    {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    {"functions": [TOOL], "function_call": {"name": "get_weather"}},
    {"response_format": {"type": "json_object"}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}},
    {"reasoning_effort": "low"},
    {**OPENAI_TOOLS, "tool_choice": "required"},
    {**OPENAI_TOOLS, "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
]
A_TEXT: list[dict[str, Any]] = [
    {},
    {"temperature": 0.2, "max_tokens": 40, "stop": ["."], "seed": 3, "user": "u"},
    {"n": 1, "logprobs": False, "top_logprobs": None},
    {"response_format": {"type": "text"}},
    {"functions": [TOOL]},
    OPENAI_TOOLS,
    {**OPENAI_TOOLS, "tool_choice": "auto"},
    {**OPENAI_TOOLS, "tool_choice": "none"},
]


def openai(more: dict[str, Any]) -> Call:
    return Call(body(more), OpenAIChat())


def anthropic(more: dict[str, Any]) -> Call:
    return Call(body({"max_tokens": 400, **more}), AnthropicMessages())


def body(more: dict[str, Any]) -> bytes:
    return json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}], **more}).encode()


@pytest.mark.parametrize("more", BESIDES_A_TEXT, ids="+".join)
def test_an_answer_that_is_more_than_one_text_is_not_plain(more: dict[str, Any]) -> None:
    assert not plain(openai(more).request)


@pytest.mark.parametrize("more", A_TEXT, ids="+".join)
def test_an_answer_that_is_one_text_is_plain(more: dict[str, Any]) -> None:
    assert plain(openai(more).request)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({**ANTHROPIC_TOOLS, "tool_choice": {"type": "auto"}}, True),
        ({**ANTHROPIC_TOOLS, "tool_choice": {"type": "any"}}, False),
        ({**ANTHROPIC_TOOLS, "tool_choice": {"type": "tool", "name": "get_weather"}}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}, False),
    ],
)
def test_the_same_holds_in_anthropics_dialect(more: dict[str, Any], expected: bool) -> None:
    assert plain(anthropic(more).request) is expected
