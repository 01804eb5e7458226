"""Requests between two dialects, both ways, and what is dropped on the way."""

import json
from typing import Any

import pytest

from trunkline.core.chat import (
    ChatRequest,
    Completion,
    Image,
    Message,
    OutputFormat,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.dialect import Dialect
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat

OPENAI, ANTHROPIC = OpenAIChat(), AnthropicMessages()
BOTH = [pytest.param(OPENAI, id="openai"), pytest.param(ANTHROPIC, id="anthropic")]

ask_both = pytest.mark.parametrize("caller", BOTH)
answer_both = pytest.mark.parametrize("provider", BOTH)


def asked(
    caller: Dialect, provider: Dialect, body: dict[str, Any], model: str = "qwen-3"
) -> tuple[Any, tuple[str, ...]]:
    """The JSON a provider gets, and the names of what was dropped."""
    sent = json.dumps(body).encode()
    envelope = caller.peek(sent)
    if caller.name == provider.name:
        rendered = provider.readdress(sent, envelope, model)
    else:
        rendered = provider.write_request(caller.parse_request(sent), model)
    return json.loads(rendered.body), rendered.dropped


def plain(messages: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 100, "messages": messages or [{"role": "user", "content": "hi"}], **fields}


PNG = "iVBORw0KGgo="
ODD_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"a": {"type": ["string", "null"]}, "b": {"enum": []}},
}
HISTORY = (
    Message("system", (Text("Be brief."),)),
    Message(
        "user", (Text("before"), Image(data=PNG, media_type="image/png"), Text("after"), Image(url="https://x/y.png"))
    ),
    Message("assistant", (Text("looking"), ToolUse("t1", "f", '{"a":1}'), ToolUse("t2", "g", "{}"))),
    Message("user", (ToolResult("t1", (Text("one"),)), ToolResult("t2", (Text("two"),)))),
    Message("assistant", (Text("done"),)),
    Message("user", (Text("thanks"),)),
)
REQUEST = ChatRequest(
    "m",
    HISTORY,
    stream=True,
    include_usage=True,
    max_tokens=100,
    temperature=0.5,
    stop=("END",),
    tools=(Tool("f", "does f", ODD_SCHEMA), Tool("g", None, {"type": "object", "properties": {}})),
    tool_choice=ToolChoice("tool", "f"),
    parallel_tools=False,
    output=OutputFormat("schema", {"type": "object"}),
    user="u",
)


@ask_both
@answer_both
def test_a_request_of_every_feature_reaches_every_provider_and_means_the_same(caller: Dialect, provider: Dialect):
    sent = caller.write_request(REQUEST, "m").body
    body, dropped = asked(caller, provider, json.loads(sent), "qwen-3")

    arrived = provider.parse_request(json.dumps(body).encode())

    assert arrived.model == "qwen-3"
    assert arrived.messages == HISTORY
    for name in (
        "stream",
        "max_tokens",
        "temperature",
        "stop",
        "tools",
        "tool_choice",
        "parallel_tools",
        "output",
        "user",
    ):
        assert getattr(arrived, name) == getattr(REQUEST, name), name
    assert dropped == ()


def test_a_tool_result_becomes_a_tool_message_before_the_user_text_of_its_turn():
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "one"}]}
    body, _ = asked(
        ANTHROPIC,
        OPENAI,
        plain(
            [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]},
                {"role": "user", "content": [{"type": "text", "text": "and?"}, result]},
            ]
        ),
    )

    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "tool", "user"]
    assert body["messages"][1]["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]
    assert body["messages"][2] == {"role": "tool", "tool_call_id": "t1", "content": "one"}
    assert body["messages"][3]["content"] == "and?"


def test_words_and_pictures_keep_their_order_and_base64_becomes_a_data_url_and_back():
    blocks = [
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "text", "text": "b"},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    ]
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "text", "text": "b"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    ]

    out, _ = asked(ANTHROPIC, OPENAI, plain([{"role": "user", "content": blocks}]))
    back, _ = asked(OPENAI, ANTHROPIC, plain([{"role": "user", "content": parts}]))

    assert out["messages"][0]["content"] == parts
    assert back["messages"][0]["content"] == blocks


def test_system_blocks_become_a_system_message_and_a_developer_message_a_system_block():
    out, _ = asked(ANTHROPIC, OPENAI, plain(system=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]))
    back, _ = asked(
        OPENAI, ANTHROPIC, plain([{"role": "developer", "content": "a"}, {"role": "user", "content": "hi"}])
    )

    assert out["messages"][0]["role"] == "system"
    assert out["messages"][0]["content"].split() == ["a", "b"]
    assert back["system"] == [{"type": "text", "text": "a"}]
    assert [turn["role"] for turn in back["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("anthropic", "openai"),
    [
        ({"type": "any"}, "required"),
        ({"type": "auto"}, "auto"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_tool_choices_mean_the_same_on_both_sides(anthropic: Any, openai: Any):
    ours = {"name": "f", "input_schema": ODD_SCHEMA}
    theirs = {"type": "function", "function": {"name": "f", "parameters": ODD_SCHEMA}}

    out, _ = asked(ANTHROPIC, OPENAI, plain(tools=[ours], tool_choice=anthropic))
    back, _ = asked(OPENAI, ANTHROPIC, plain(tools=[theirs], tool_choice=openai))

    assert (out["tool_choice"], back["tool_choice"]) == (openai, anthropic)
    assert (out["tools"], back["tools"]) == ([theirs], [ours])


@ask_both
@answer_both
def test_an_empty_tools_list_is_fine(caller: Dialect, provider: Dialect):
    _, dropped = asked(caller, provider, plain(tools=[]))

    assert dropped == ()


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "minimal"),
        ({"thinking": {"type": "enabled", "budget_tokens": 4000}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8000}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 30_000}}, "high"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({}, None),
    ],
)
def test_thinking_becomes_a_reasoning_effort(thinking: dict[str, Any], effort: str | None):
    body, dropped = asked(ANTHROPIC, OPENAI, plain(**thinking))

    assert body.get("reasoning_effort") == effort
    assert dropped == ()


@pytest.mark.parametrize(("effort", "budget"), [("low", 4096), ("medium", 8192), ("high", 16384)])
def test_a_reasoning_effort_becomes_thinking_with_room_for_the_answer(effort: str, budget: int):
    body, dropped = asked(OPENAI, ANTHROPIC, plain(max_tokens=2 * budget, reasoning_effort=effort, temperature=1))

    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == 2 * budget
    assert dropped == ("temperature",)


def test_stop_sequences_and_structured_output_mean_the_same_on_both_sides():
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    ours = {"stop_sequences": ["END"], "output_config": {"format": {"type": "json_schema", "schema": schema}}}

    out, dropped_out = asked(ANTHROPIC, OPENAI, plain(**ours))
    back, dropped_back = asked(OPENAI, ANTHROPIC, {**out, "max_tokens": 100})

    assert out["stop"] == ["END"]
    assert out["response_format"]["type"] == "json_schema"
    assert out["response_format"]["json_schema"]["schema"] == schema
    assert {name: back[name] for name in ours} == ours
    assert dropped_out == dropped_back == ()


def test_what_the_target_cannot_express_is_named_as_its_caller_spelled_it():
    _, to_anthropic = asked(
        OPENAI, ANTHROPIC, plain(seed=1, n=2, logprobs=True, response_format={"type": "json_object"})
    )
    _, to_openai = asked(ANTHROPIC, OPENAI, plain(top_k=5, container="c", mcp_servers=[{"url": "x"}]))
    _, same = asked(OPENAI, OPENAI, plain(seed=1, n=2, logprobs=True))

    assert set(to_anthropic) == {"seed", "n", "logprobs", "response_format"}
    assert set(to_openai) == {"top_k", "container", "mcp_servers"}
    assert same == ()


def test_a_thought_and_its_signature_survive_in_the_same_dialect_and_cross_as_words():
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "yes"}]},
        {"role": "user", "content": "why"},
    ]

    kept, _ = asked(ANTHROPIC, ANTHROPIC, plain(turns))
    told = Completion("1", "m", (Thought("hm", "sig"), Text("yes")), "stop", Usage())
    answer = OPENAI.write_completion(ANTHROPIC.read_completion(ANTHROPIC.write_completion(told)))
    back, dropped = asked(OPENAI, ANTHROPIC, plain([turns[0], json.loads(answer)["choices"][0]["message"], turns[2]]))

    assert kept["messages"] == turns
    assert json.loads(answer)["choices"][0]["message"]["reasoning_content"] == "hm"
    assert back["messages"][1]["content"] == [{"type": "text", "text": "yes"}]
    assert dropped == ("reasoning_content",)


def test_an_effort_with_no_room_to_think_is_dropped_by_name():
    _, dropped = asked(OPENAI, ANTHROPIC, plain(max_tokens=100, reasoning_effort="high"))
    _, kept = asked(OPENAI, ANTHROPIC, plain(max_tokens=10_000, reasoning_effort="high"))

    assert dropped == ("reasoning_effort",)
    assert kept == ()
