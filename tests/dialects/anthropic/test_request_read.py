"""A caller's Anthropic request: peeked at, opened, or refused with what to change."""

import json
from typing import Any

import pytest

from trunkline.core.chat import (
    Document,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.dialect import Envelope
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.anthropic_messages import AnthropicMessages

A = AnthropicMessages()
CACHE = {"type": "ephemeral", "ttl": "1h"}


def body(**fields: Any) -> bytes:
    return json.dumps(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    ).encode()


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def parts_of(role: str, *blocks: Any) -> tuple[Any, ...]:
    return A.parse_request(body(messages=[turn(role, *blocks)])).messages[0].parts


def test_a_peek_sees_what_the_house_needs_and_skips_the_rest():
    assert A.peek(body(stream=True, unknown={"a": 1})) == Envelope("m", True, 9, include_usage=True)
    assert A.peek(b'{"messages":[{"role":"user"}],"model":"m"}') == Envelope("m", False, None, include_usage=True)


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ({"model": 7}, "model", "expected `str`, got `int`"),
        ({"model": ""}, "model", "length >= 1"),
        ({"model": "x" * 257}, "model", "length <= 256"),
        ({"model": "a\nb"}, "model", "control characters"),
        ({"stream": "yes"}, "stream", '"yes"'),
        ({"max_tokens": -1}, "max_tokens", ">= 0"),
        ({"max_tokens": 1.5}, "max_tokens", "1.5"),
        ({"messages": []}, "messages", "length >= 1"),
        ({"messages": "hi"}, "messages", "expected `array`"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0].role", "allowed: assistant, system, user"),
    ],
)
def test_a_peek_refuses_what_can_be_no_request_and_says_what_to_change(fields: dict[str, Any], param: str, said: str):
    with pytest.raises(InvalidRequest) as refused:
        A.peek(body(**fields))

    assert refused.value.param == param
    assert said in refused.value.message


def test_a_body_without_a_model_is_refused():
    with pytest.raises(InvalidRequest, match="`model` is missing"):
        A.peek(b'{"messages":[{"role":"user"}]}')


def test_every_field_with_a_place_in_the_core_gets_there():
    request = A.parse_request(
        body(
            system=[{"type": "text", "text": "be", "cache_control": CACHE}],
            stream=True,
            temperature=0.5,
            top_p=0.9,
            top_k=3,
            stop_sequences=["END"],
            metadata={"user_id": "u", "team": "t"},
            service_tier="standard_only",
            thinking={"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
            output_config={"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
            tools=[
                {"name": "f", "description": "d", "input_schema": {"type": ["object", "null"]}, "strict": True},
                {"name": "g", "input_schema": {}, "type": "custom", "cache_control": CACHE, "defer_loading": True},
                {"type": "web_search_20260318", "name": "web_search"},
            ],
            tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            container="c",
        )
    )

    assert (request.model, request.stream, request.include_usage, request.max_tokens) == ("m", True, True, 9)
    assert request.messages == (Message("system", (Text("be", CACHE),)), Message("user", (Text("hi"),)))
    assert (request.temperature, request.top_p, request.top_k, request.stop) == (0.5, 0.9, 3, ("END",))
    assert (request.user, request.service_tier) == ("u", "standard_only")
    assert request.reasoning == Reasoning("high", 2000)
    assert request.output == OutputFormat("schema", {"type": "object"})
    assert request.tools == (
        Tool("f", "d", {"type": ["object", "null"]}, strict=True),
        Tool("g", None, {}, cache=CACHE),
    )
    assert request.tool_choice == ToolChoice("tool", "f")
    assert request.parallel_tools is False
    assert list(request.extra) == [
        "metadata.team",
        "thinking.display",
        "container",
        "tools.defer_loading",
        "tools.web_search_20260318",
    ]


@pytest.mark.parametrize(
    ("fields", "reasoning"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}, Reasoning("none")),
        ({"thinking": {"type": "adaptive"}}, Reasoning(adaptive=True)),
        ({"thinking": {"type": "between_tools"}}, Reasoning(adaptive=True)),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, Reasoning("low", adaptive=True)),
        ({"output_config": {"effort": "max"}}, Reasoning("max")),
        ({"output_config": {}}, None),
    ],
)
def test_thinking_and_effort_are_one_thing_in_the_core(fields: dict[str, Any], reasoning: Reasoning | None):
    assert A.parse_request(body(**fields)).reasoning == reasoning


def test_the_betas_name_of_an_output_format_is_understood():
    request = A.parse_request(body(output_format={"type": "json_schema", "schema": {"type": "array"}}))

    assert request.output == OutputFormat("schema", {"type": "array"})
    assert request.extra == {}


@pytest.mark.parametrize("mode", ["auto", "any", "none"])
def test_a_tool_choice_without_a_name_keeps_its_mode(mode: str):
    request = A.parse_request(body(tool_choice={"type": mode}))

    assert request.tool_choice == ToolChoice(mode)  # type: ignore[arg-type]
    assert request.parallel_tools is None


def test_an_empty_tools_list_is_fine():
    assert A.parse_request(body(tools=[])).tools == ()


def test_blocks_become_parts_in_their_order():
    assert parts_of(
        "user",
        {"type": "text", "text": "a", "cache_control": CACHE},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}, "cache_control": CACHE},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
            "title": "t",
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
    ) == (
        Text("a", CACHE),
        Image(data="aGk=", media_type="image/png"),
        Image(url="https://x/y.png", cache=CACHE),
        Document(data="aGk=", media_type="application/pdf", name="t"),
        Document(url="https://x/y.pdf"),
        Document(text="words", media_type="text/plain"),
    )


def test_thoughts_and_tool_calls_of_earlier_answers_survive_whole():
    assert parts_of(
        "assistant",
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "thinking", "thinking": "another dialect's", "signature": ""},
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"b": 1, "a": [1.0, None, "é"]}},
    ) == (
        Thought("hm", "sig"),
        Thought("another dialect's"),
        Thought(redacted="opaque"),
        ToolUse("t1", "f", '{"b":1,"a":[1.0,null,"é"]}'),
    )


def test_a_tool_result_is_text_or_blocks_or_nothing():
    picture = {"type": "image", "source": {"type": "url", "url": "u"}}
    assert parts_of(
        "user",
        {"type": "tool_result", "tool_use_id": "1", "content": "ok"},
        {
            "type": "tool_result",
            "tool_use_id": "2",
            "content": [{"type": "text", "text": "t"}, picture],
            "is_error": True,
        },
        {"type": "tool_result", "tool_use_id": "3"},
    ) == (
        ToolResult("1", (Text("ok"),)),
        ToolResult("2", (Text("t"), Image(url="u")), is_error=True),
        ToolResult("3"),
    )


def test_blocks_that_only_anthropic_has_are_kept_whole():
    search = {"type": "search_result", "title": "t", "content": []}
    stored = {"type": "image", "source": {"type": "file", "file_id": "f"}}

    assert parts_of("user", search, stored) == (Foreign("anthropic", search), Foreign("anthropic", stored))


def test_what_a_block_says_beyond_the_core_is_noted_by_name():
    request = A.parse_request(
        body(
            messages=[
                turn(
                    "user",
                    {"type": "text", "text": "a", "citations": []},
                    {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "search_result"}]},
                )
            ]
        )
    )

    assert request.messages[0].parts == (Text("a"), ToolResult("1"))
    assert request.extra == {"text.citations": [], "tool_result.search_result": {"type": "search_result"}}


def test_a_system_turn_stands_where_the_caller_put_it():
    request = A.parse_request(
        body(
            system="first",
            messages=[turn("user", {"type": "text", "text": "a"}), {"role": "system", "content": "late"}],
        )
    )

    assert [message.role for message in request.messages] == ["system", "user", "system"]


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ({"messages": [turn("user", {"type": "video"})]}, "messages[0].content[0].type", "allowed: document, image"),
        ({"messages": [turn("user", {"type": ["x"]})]}, "messages[0].content[0].type", '["x"]'),
        ({"messages": [turn("user", {})]}, "messages[0].content[0].type", "null"),
        ({"messages": [turn("user", {"type": "tool_use"})]}, "messages[0].content[0].type", '"tool_use"; allowed'),
        ({"messages": [turn("assistant", {"type": "tool_result"})]}, "messages[0].content[0].type", "allowed"),
        ({"messages": [turn("user", {"type": "text"})]}, "messages[0].content[0].text", "missing"),
        ({"messages": [turn("user", {"type": "text", "text": 3})]}, "messages[0].content[0].text", "is 3"),
        (
            {"messages": [turn("user", {"type": "image", "source": {"type": "x"}})]},
            "messages[0].content[0].source.type",
            "allowed: base64, url",
        ),
        (
            {"messages": [turn("user", {"type": "image", "source": "x"})]},
            "messages[0].content[0].source",
            '"x"',
        ),
        (
            {"messages": [turn("user", {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "audio"}]})]},
            "messages[0].content[0].content[0].type",
            "allowed: document, image, text",
        ),
        (
            {"messages": [turn("assistant", {"type": "tool_use", "id": "1", "name": "f", "input": []})]},
            "messages[0].content[0].input",
            "expected `object`",
        ),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing"),
        ({"messages": [{"role": "user", "content": [1]}]}, "messages[0].content[0]", "is 1"),
        ({"system": [{"type": "image"}]}, "system[0].type", "allowed: text"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema", "missing"),
        ({"tools": [{"type": 3}]}, "tools[0].type", "allowed: custom"),
        ({"tool_choice": {"type": "required"}}, "tool_choice.type", "allowed: any, auto, none, tool"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name", "missing"),
        ({"thinking": {"type": "on"}}, "thinking.type", "allowed: adaptive, between_tools, disabled, enabled"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens", "missing"),
        ({"temperature": 1.5}, "temperature", "<= 1.0"),
        ({"stop_sequences": "END"}, "stop_sequences", "array"),
        ({"output_config": {"format": {"type": "json"}}}, "output_config.format.type", "allowed: json_schema"),
        ({"max_tokens": None}, "max_tokens", "null"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_path(fields: dict[str, Any], param: str, said: str):
    with pytest.raises(InvalidRequest) as refused:
        A.parse_request(body(**fields))

    assert refused.value.param == param
    assert said in refused.value.message


def test_max_tokens_is_asked_for_in_a_chat_and_not_in_a_count():
    counted = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"system":"s"}'

    with pytest.raises(InvalidRequest, match="`max_tokens` is missing"):
        A.parse_request(counted)
    assert A.parse_count(counted).messages == (Message("system", (Text("s"),)), Message("user", (Text("hi"),)))
    assert A.write_count(17) == b'{"input_tokens":17}'
