"""A request of another dialect, written for a provider that speaks Anthropic messages."""

import json
from typing import Any

import pytest

from trunkline.core.chat import (
    ChatRequest,
    Document,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Part,
    Reasoning,
    Role,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.errors import InvalidRequest, Unsupported
from trunkline.dialects.anthropic_messages import AnthropicMessages

OLD, MIDDLE, NEW = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-5-5"
HI = Message("user", (Text("hi"),))
TOOL = Tool("f", "d", {"type": "object", "properties": {"a": {"type": ["string", "null"], "enum": []}}, "$schema": "s"})
CACHE = {"type": "ephemeral"}


def written(
    *messages: Message, model: str = OLD, dialect: AnthropicMessages | None = None, **fields: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    request = ChatRequest("asked", messages or (HI,), **fields)
    rendered = (dialect or AnthropicMessages()).write_request(request, model)
    assert rendered.hide_usage is False
    return json.loads(rendered.body), rendered.dropped


def said(role: Role, *parts: Part) -> Message:
    return Message(role, parts)


def test_a_plain_chat_is_as_small_as_it_can_be():
    body, dropped = written()

    assert body == {
        "model": OLD,
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert dropped == ()


def test_every_field_of_the_core_that_anthropic_has_gets_there():
    body, dropped = written(
        said("system", Text("be", CACHE)),
        HI,
        stream=True,
        max_tokens=7,
        temperature=0.5,
        top_k=4,
        stop=("END", " \n"),
        user="u",
        service_tier="default",
        tools=(TOOL, Tool("g", strict=True, cache=CACHE), Tool("h", None, {"properties": {}})),
        tool_choice=ToolChoice("tool", "f"),
        parallel_tools=False,
        output=OutputFormat("schema", {"type": "object"}),
    )

    assert body["system"] == [{"type": "text", "text": "be", "cache_control": CACHE}]
    assert body["stream"] is True
    assert (body["max_tokens"], body["temperature"], body["top_k"]) == (7, 0.5, 4)
    assert body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u"}
    assert body["service_tier"] == "standard_only"
    assert body["tools"] == [
        {"name": "f", "description": "d", "input_schema": TOOL.parameters},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}, "strict": True, "cache_control": CACHE},
        {"name": "h", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert body["tool_choice"] == {"type": "tool", "name": "f", "disable_parallel_tool_use": True}
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert dropped == ("stop",)


def test_what_anthropic_cannot_express_is_named_as_the_caller_spelled_it():
    body, dropped = written(
        Message("user", (Text("hi"), Image(url="u", detail="high")), name="ann"),
        said("assistant", Thought("hm"), Text("ok")),
        said("user", Foreign("openai", {"type": "input_audio"}), Text("go on")),
        seed=1,
        frequency_penalty=0.5,
        presence_penalty=0.0,
        service_tier="flex",
        output=OutputFormat("json"),
        tool_choice=ToolChoice("any"),
        extra={"logprobs": True, "n": 2},
    )

    assert dropped == (
        "image_url.detail",
        "messages.name",
        "reasoning_content",
        "messages.content.input_audio",
        "tool_choice",
        "response_format",
        "service_tier",
        "seed",
        "frequency_penalty",
        "logprobs",
        "n",
    )
    assert body.keys() == {"model", "max_tokens", "messages"}


def test_tool_results_stand_first_and_in_one_turn():
    body, _ = written(
        HI,
        said("assistant", Text("look"), ToolUse("1", "f", '{"a":1}'), ToolUse("2", "f", "")),
        said("user", ToolResult("1", (Text("one"),))),
        said("user", Text("and"), ToolResult("2", (Image(data="aGk=", media_type="image/png"),), is_error=True)),
        said("user", ToolResult("3")),
    )

    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"][1:] == [
        {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "2", "name": "f", "input": {}},
    ]
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "one"}]},
        {"type": "tool_result", "tool_use_id": "2", "content": [picture], "is_error": True},
        {"type": "tool_result", "tool_use_id": "3"},
        {"type": "text", "text": "and"},
    ]


def test_pictures_and_files_keep_their_order_and_their_form():
    body, dropped = written(
        said(
            "user",
            Text("a"),
            Image(url="https://x/y.png", detail="auto", cache=CACHE),
            Document(data="aGk=", name="t"),
            Document(url="https://x/y.pdf"),
            Document(text="words", media_type="text/plain"),
            Text("b"),
        )
    )

    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}, "cache_control": CACHE},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
            "title": "t",
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
        {"type": "text", "text": "b"},
    ]
    assert dropped == ()


def test_system_messages_are_gathered_in_order_wherever_they_stood():
    body, _ = written(said("system", Text("one")), HI, said("system", Text("two")), said("user", Text("there")))

    assert [block["text"] for block in body["system"]] == ["one", "two"]
    assert [[block["text"] for block in turn["content"]] for turn in body["messages"]] == [["hi", "there"]]


def test_a_system_prompt_alone_is_asked_by_the_user():
    body, _ = written(said("system", Text("Say hi.")))

    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hi."}]}]
    assert "system" not in body


def test_words_that_cannot_be_seen_are_left_out_and_a_prefill_ends_in_a_letter():
    body, dropped = written(
        HI, said("assistant", Text(" \n")), said("user", Text("")), said("assistant", Text("So \n"))
    )

    assert body["messages"][1] == {"role": "assistant", "content": [{"type": "text", "text": "So"}]}
    assert len(body["messages"]) == 2
    assert dropped == ()


def test_a_last_turn_of_the_assistant_that_is_a_tool_call_is_left_as_it_is():
    body, _ = written(HI, said("assistant", ToolUse("1", "f")))

    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]


def test_thoughts_go_back_only_with_their_signature():
    body, dropped = written(
        HI, said("assistant", Thought("hm", "sig"), Thought(redacted="x"), Thought("free"), Text("ok")), HI
    )

    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "ok"},
    ]
    assert dropped == ("reasoning_content",)


def test_a_block_of_anthropics_own_goes_back_as_it_was():
    block = {"type": "search_result", "title": "t", "content": []}
    body, dropped = written(said("user", Foreign("anthropic", block)))

    assert body["messages"][0]["content"] == [block]
    assert dropped == ()


@pytest.mark.parametrize("arguments", ["[1]", '{"a":', "null", "[" * 100_000])
def test_arguments_that_are_no_object_are_refused_not_repaired(arguments: str):
    with pytest.raises(Unsupported, match="no JSON object"):
        written(HI, said("assistant", ToolUse("1", "f", arguments)))


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (ToolChoice("any"), None, {"type": "any"}),
        (ToolChoice("auto"), True, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, None, None),
    ],
)
def test_tool_choices_are_told_in_anthropics_words(
    choice: ToolChoice | None, parallel: bool | None, expected: dict[str, Any] | None
):
    body, _ = written(tools=(TOOL,), tool_choice=choice, parallel_tools=parallel)

    assert body.get("tool_choice") == expected


@pytest.mark.parametrize(
    ("part", "named"), [(Text(" "), "takes. Send"), (Foreign("openai", {"type": "input_audio"}), "input_audio")]
)
def test_messages_of_which_nothing_is_left_are_refused_by_name(part: Part, named: str):
    with pytest.raises(Unsupported, match=named) as caught:
        written(said("user", part))

    assert caught.value.param == "messages"


def test_a_choice_of_no_tool_among_none_is_nothing_to_drop():
    body, dropped = written(tool_choice=ToolChoice("none"))

    assert "tool_choice" not in body
    assert dropped == ()


@pytest.mark.parametrize(
    ("model", "dialect", "fields", "kept", "dropped"),
    [
        (OLD, {}, {"temperature": 0.2, "top_p": 0.9, "top_k": 5}, {"temperature": 0.2, "top_k": 5}, ("top_p",)),
        (MIDDLE, {}, {"top_p": 0.9}, {"top_p": 0.9}, ()),
        (OLD, {}, {"temperature": 1.5}, {}, ("temperature",)),
        (OLD, {"version": "2026-10-21"}, {"temperature": 0.2, "top_k": 5}, {}, ("temperature", "top_k")),
        (NEW, {}, {"temperature": 0.2}, {}, ("temperature",)),
        ("qwen-3", {}, {"temperature": 0.2}, {"temperature": 0.2}, ()),
        (OLD, {}, {"temperature": 0.2, "reasoning": Reasoning("low")}, {}, ("temperature",)),
    ],
)
def test_sampling_is_sent_only_where_it_is_taken(
    model: str, dialect: dict[str, Any], fields: dict[str, Any], kept: dict[str, Any], dropped: tuple[str, ...]
):
    body, names = written(model=model, dialect=AnthropicMessages(**dialect), **fields)

    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == kept
    assert names == dropped


@pytest.mark.parametrize(
    ("asked", "max_tokens", "budget", "sent_max", "dropped"),
    [
        (Reasoning("low"), None, 4096, 8192 + 4096, ()),
        (Reasoning("minimal"), None, 1024, 8192 + 1024, ()),
        (Reasoning("max"), None, 32768, 8192 + 32768, ()),
        (Reasoning("high"), 6000, 3000, 6000, ()),
        (Reasoning("high"), 2000, None, 2000, ("reasoning_effort",)),
        (Reasoning(budget=5000), 4000, 3999, 4000, ()),
        (Reasoning(budget=500), None, None, 8192, ("reasoning_effort",)),
        (Reasoning(adaptive=True), None, 8192, 8192 + 8192, ()),
        (Reasoning("extreme"), None, None, 8192, ("reasoning_effort",)),
        (Reasoning("none"), None, None, 8192, ()),
    ],
)
def test_older_models_are_given_a_budget_that_leaves_room_for_the_answer(
    asked: Reasoning, max_tokens: int | None, budget: int | None, sent_max: int, dropped: tuple[str, ...]
):
    body, names = written(reasoning=asked, max_tokens=max_tokens)

    thinking = {"type": "enabled", "budget_tokens": budget} if budget else None
    assert body.get("thinking") == thinking
    assert body["max_tokens"] == sent_max
    assert names == dropped


@pytest.mark.parametrize(
    ("asked", "thinking", "effort", "dropped"),
    [
        (Reasoning("minimal"), {"type": "adaptive"}, "low", ()),
        (Reasoning("xhigh"), {"type": "adaptive"}, "xhigh", ()),
        (Reasoning(budget=4096), {"type": "adaptive"}, "low", ()),
        (Reasoning(budget=99_999), {"type": "adaptive"}, "max", ()),
        (Reasoning(adaptive=True), {"type": "adaptive"}, None, ()),
        (Reasoning("none"), None, "low", ()),
        (Reasoning("extreme"), None, None, ("reasoning_effort",)),
    ],
)
def test_newer_models_find_their_own_budget_from_an_effort(
    asked: Reasoning, thinking: dict[str, Any] | None, effort: str | None, dropped: tuple[str, ...]
):
    body, names = written(model=NEW, reasoning=asked)

    assert body.get("thinking") == thinking
    assert body.get("output_config") == ({"effort": effort} if effort else None)
    assert names == dropped


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_forced_tool_wins_over_thinking_which_is_dropped_by_name(model: str):
    body, dropped = written(model=model, reasoning=Reasoning("high"), tools=(TOOL,), tool_choice=ToolChoice("any"))

    assert "thinking" not in body
    assert dropped == ("reasoning_effort",)


def test_an_older_model_does_not_think_after_a_tool_call_whose_thought_was_lost():
    called = said("assistant", ToolUse("1", "f"))
    signed = said("assistant", Thought("hm", "sig"), ToolUse("1", "f"))
    answered = said("user", ToolResult("1"))

    lost, dropped = written(HI, called, answered, reasoning=Reasoning("low"))
    kept, _ = written(HI, signed, answered, reasoning=Reasoning("low"))
    newer, _ = written(HI, called, answered, reasoning=Reasoning("low"), model=NEW)
    plain, _ = written(HI, said("assistant"), reasoning=Reasoning("low"))

    assert "thinking" not in lost
    assert dropped == ("reasoning_effort",)
    assert "thinking" in kept
    assert "thinking" in newer
    assert "thinking" in plain


def test_fields_the_provider_refuses_are_left_out_and_named():
    body, dropped = written(dialect=AnthropicMessages(drop=frozenset({"metadata", "system"})), user="u")

    assert "metadata" not in body
    assert dropped == ("metadata",)


def test_a_schema_nested_beyond_reason_is_the_callers_mistake():
    schema: dict[str, Any] = {}
    for _ in range(5_000):
        schema = {"items": schema}

    with pytest.raises(InvalidRequest, match="nested too deeply"):
        AnthropicMessages().write_request(ChatRequest("m", (HI,), tools=(Tool("f", None, schema),)), OLD)


@pytest.mark.parametrize("model", ["claude-opus-4@20250514", "claude-sonnet-4@20250514", "claude-3-7-sonnet@20250219"])
def test_a_model_of_googles_cloud_takes_what_the_same_one_takes_at_its_vendor(model):
    body, dropped = written(HI, model=model, temperature=0.5)

    assert body["temperature"] == 0.5
    assert "temperature" not in dropped
    assert "temperature" in written(HI, model="claude-opus-4-7@default", temperature=0.5)[1]
