"""A core request as a provider of OpenAI's dialect is asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import (
    ChatCompletionContentPartParam,
    ChatCompletionMessageParam,
    ChatCompletionMessageToolCallUnionParam,
    ChatCompletionToolUnionParam,
)
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from trunkline.core.chat import (
    ChatRequest,
    Document,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Part,
    Reasoning,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.dialect import Rendered
from trunkline.core.errors import Unsupported
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_chat.write_messages import fitted_id

PLAIN = OpenAIChat()
HELLO = (Message("user", (Text("hi"),)),)
MARK = {"type": "ephemeral"}


def rendered(dialect: OpenAIChat = PLAIN, messages: tuple[Message, ...] = HELLO, **fields: object) -> Rendered:
    return dialect.write_request(ChatRequest("fast", messages, **fields), "m")


def written(dialect: OpenAIChat = PLAIN, messages: tuple[Message, ...] = HELLO, **fields: object) -> dict:
    return json.loads(rendered(dialect, messages, **fields).body)


def turn(role: str, *parts: Part, dialect: OpenAIChat = PLAIN) -> tuple[list[dict], tuple[str, ...]]:
    told = rendered(dialect, (Message(role, parts),))
    return json.loads(told.body)["messages"], told.dropped


def test_a_small_request():
    assert written() == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_plain_parameters():
    plain = {
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 0,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "user": "a",
    }
    assert written(**plain, stop=("x",)) == written() | plain | {"stop": ["x"]}


@pytest.mark.parametrize(
    ("known", "name"),
    [("keep", "max_tokens"), ("max_tokens", "max_tokens"), ("max_completion_tokens", "max_completion_tokens")],
)
def test_the_token_limit_is_said_under_the_name_the_provider_knows(known, name):
    assert written(OpenAIChat(max_tokens_name=known), max_tokens=7) == written() | {name: 7}


def test_a_stream_is_asked_for_usage():
    assert written(stream=True) == written() | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize("quirk", ["always", "never"])
def test_usage_is_not_asked_for_where_that_is_needless_or_refused(quirk):
    assert written(OpenAIChat(usage_in_stream=quirk), stream=True) == written() | {"stream": True}


def test_top_k_is_dropped_and_named_unless_the_provider_takes_it():
    assert rendered(top_k=4).dropped == ("top_k",)
    assert written(OpenAIChat(accept=frozenset({"top_k"})), top_k=4)["top_k"] == 4


def test_another_vendors_service_tier_is_dropped_and_named():
    assert rendered(service_tier="standard_only").dropped == ("service_tier",)
    assert written(service_tier="flex")["service_tier"] == "flex"


def test_own_fields_pass_and_foreign_ones_are_dropped_and_named():
    told = rendered(extra={"logprobs": True, "container": "x", "messages.vendor": 1})
    assert json.loads(told.body) == written() | {"logprobs": True}
    assert told.dropped == ("container", "messages.vendor")


def test_what_the_provider_refuses_is_dropped_and_named():
    groq = OpenAIChat(drop=frozenset({"seed", "user"}), drop_in_streams=frozenset({"response_format"}))
    told = rendered(groq, seed=1, stream=True, output=OutputFormat("json"))
    assert told.dropped == ("response_format", "seed")
    assert not {"seed", "response_format"} & json.loads(told.body).keys()
    assert "response_format" in written(groq, output=OutputFormat("json"))


def test_tools_keep_their_schemas_untouched():
    odd = {"$schema": "x", "type": ["object", "null"], "properties": {"a": {"enum": []}}}
    tools = (Tool("f", "d", odd, strict=True), Tool("g", cache=MARK))
    told = rendered(tools=tools, parallel_tools=False)
    assert json.loads(told.body)["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": odd, "strict": True}},
        {"type": "function", "function": {"name": "g"}},
    ]
    assert json.loads(told.body)["parallel_tool_calls"] is False
    assert told.dropped == ("cache_control",)
    assert rendered(tools=(Tool("g"),)).dropped == ()


def test_without_tools_nothing_is_said_of_them():
    assert written(tools=(), tool_choice=ToolChoice("auto"), parallel_tools=True) == written()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("any"), "required"),
        (ToolChoice("tool", "g"), {"type": "function", "function": {"name": "g"}}),
    ],
)
def test_tool_choice(choice, expected):
    assert written(tools=(Tool("f"), Tool("g")), tool_choice=choice)["tool_choice"] == expected


def test_a_named_tool_is_given_alone_where_a_name_is_not_taken():
    mistral = OpenAIChat(tool_choice_object=False)
    told = written(mistral, tools=(Tool("f"), Tool("g")), tool_choice=ToolChoice("tool", "g"))
    assert told["tool_choice"] == "any"
    assert [tool["function"]["name"] for tool in told["tools"]] == ["g"]


def test_structured_output():
    assert written(output=OutputFormat("json"))["response_format"] == {"type": "json_object"}
    schema = OutputFormat("schema", {"type": "object"}, "n", "d", strict=True)
    assert written(output=schema)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}, "description": "d", "strict": True},
    }


@pytest.mark.parametrize(
    ("reasoning", "effort"),
    [
        (Reasoning("low"), "low"),
        (Reasoning("none"), "none"),
        (Reasoning("high", 1024), "high"),
        (Reasoning(budget=1024), "minimal"),
        (Reasoning(budget=4096), "low"),
        (Reasoning(budget=8192), "medium"),
        (Reasoning(budget=8193), "high"),
        (Reasoning(adaptive=True), None),
    ],
)
def test_thinking_becomes_an_effort(reasoning, effort):
    assert written(reasoning=reasoning).get("reasoning_effort") == effort


def test_instructions_become_one_text():
    messages, dropped = turn("system", Text("a", MARK), Text("b"), Image(url="u"))
    assert messages == [{"role": "system", "content": "a\n\nb"}]
    assert dropped == ("cache_control", "image")


def test_text_and_images_keep_their_order():
    messages, dropped = turn(
        "user",
        Text("a"),
        Image(data="aGk=", media_type="image/png"),
        Text("b"),
        Image(url="u", detail="low"),
        Image(data="aGk="),
        Document(data="aGk=", name="a.pdf"),
        Document(text="words"),
    )
    assert messages[0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "text", "text": "b"},
        {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
        {"type": "text", "text": "words"},
    ]
    assert dropped == ()


def test_tool_results_come_first_and_what_they_show_comes_after():
    messages, dropped = turn(
        "user",
        Text("look"),
        ToolResult("1", (Text("x"), Text("y"), Image(url="u")), is_error=True),
        ToolResult("2", cache=MARK),
    )
    assert messages == [
        {"role": "tool", "tool_call_id": "1", "content": "x\ny"},
        {"role": "tool", "tool_call_id": "2", "content": ""},
        {
            "role": "user",
            "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "u"}}],
        },
    ]
    assert dropped == ("is_error", "cache_control")


def test_tool_results_alone_need_no_user_message():
    messages, _ = turn("user", ToolResult("1", (Text("x"),)))
    assert [message["role"] for message in messages] == ["tool"]


def test_an_empty_turn_stays_a_turn():
    assert turn("user")[0] == [{"role": "user", "content": ""}]
    assert turn("assistant")[0] == [{"role": "assistant", "content": ""}]


def test_an_assistants_words_and_calls():
    messages, _ = turn("assistant", Text("a"), ToolUse("1", "f", '{ "a" : 1 }'), Text("b"))
    assert messages == [
        {
            "role": "assistant",
            "content": "ab",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{ "a" : 1 }'}}],
        }
    ]


def test_calls_without_words_have_null_content():
    assert turn("assistant", ToolUse("1", "f"))[0][0]["content"] is None


def test_thoughts_are_dropped_and_named():
    messages, dropped = turn("assistant", Thought("hm", "sig"), Thought(redacted="x"), Text("a"))
    assert messages == [{"role": "assistant", "content": "a"}]
    assert dropped == ("thinking", "redacted_thinking", "prefill")


def test_thoughts_go_back_to_a_provider_that_takes_them():
    messages, dropped = turn(
        "assistant", Thought("hm"), Text("a"), dialect=OpenAIChat(reasoning_field="reasoning_content")
    )
    assert messages == [{"role": "assistant", "content": "a", "reasoning_content": "hm"}]
    assert dropped == ("prefill",)


def test_parts_of_the_dialect_itself_pass_and_foreign_ones_are_dropped_and_named():
    audio = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
    search = Foreign("anthropic", {"type": "server_tool_use"})
    messages, dropped = turn("user", Foreign("openai", audio), search, Document(url="u"))
    assert messages == [{"role": "user", "content": [audio]}]
    assert dropped == ("server_tool_use", "document")
    custom = {"type": "custom", "id": "1", "custom": {}}
    messages, dropped = turn("assistant", Foreign("openai", custom), search, Image(url="u"))
    assert messages == [{"role": "assistant", "content": None, "tool_calls": [custom]}]
    assert dropped == ("server_tool_use", "image")


def test_names_are_kept_or_dropped_and_named():
    ann = (Message("user", (Text("hi"),), "ann"),)
    assert written(messages=ann)["messages"] == [{"role": "user", "content": "hi", "name": "ann"}]
    assert rendered(OpenAIChat(names=False), ann).dropped == ("messages.name",)


def test_tool_ids_are_fitted_alike_in_call_and_answer():
    both = (Message("assistant", (ToolUse("toolu_01", "f"),)), Message("user", (ToolResult("toolu_01"),)))
    told = written(OpenAIChat(tool_id_length=9), both)["messages"]
    assert told[0]["tool_calls"][0]["id"] == told[1]["tool_call_id"]
    assert len(told[1]["tool_call_id"]) == 9


@given(st.text(max_size=30), st.integers(1, 43))
def test_a_fitted_id_has_its_length_and_stays_what_it_is(tool_id, length):
    fitted = fitted_id(tool_id, length)
    assert len(fitted) == length
    assert fitted.isascii()
    assert fitted.isalnum()
    assert fitted_id(fitted, length) == fitted


def test_different_ids_stay_different():
    assert len({fitted_id(f"call_{n}", 9) for n in range(1000)}) == 1000


@pytest.mark.parametrize("name", ["thread", "previous_response_id", "conversation"])
def test_earlier_turns_that_the_provider_should_hold_are_refused_and_never_dropped(name: str):
    request = ChatRequest("any", (Message("user", (Text("And now?"),)),), extra={name: {"type": "continue"}})

    with pytest.raises(Unsupported) as caught:
        OpenAIChat().write_request(request, "any")

    assert (caught.value.param, caught.value.code) == (name, f"{name}_unsupported_request")


def test_the_sdks_own_types_take_what_is_written():
    everything = (
        Message("system", (Text("s"),)),
        Message("user", (Text("a"), Image(url="https://x.test/a.png"), Document(data="aGk="))),
        Message("assistant", (Text("w"), ToolUse("1", "f"))),
        Message("user", (ToolResult("1", (Text("x"),)), Text("go on"))),
    )
    told = written(
        messages=everything,
        max_tokens=7,
        stop=("x",),
        tools=(Tool("f", "d", {"type": "object"}),),
        tool_choice=ToolChoice("tool", "f"),
        output=OutputFormat("schema", {"type": "object"}),
        reasoning=Reasoning("low"),
    )
    check(CompletionCreateParamsNonStreaming, told)
    for message in told["messages"]:
        check(ChatCompletionMessageParam, message)
        for part in message["content"] if isinstance(message["content"], list) else ():
            check(ChatCompletionContentPartParam, part)
        for call in message.get("tool_calls", ()):
            check(ChatCompletionMessageToolCallUnionParam, call)
    for tool in told["tools"]:
        check(ChatCompletionToolUnionParam, tool)


def check(shape: object, value: dict) -> None:
    """pydantic looks into no Iterable (as the SDK types its lists), so each item is checked by itself."""
    TypeAdapter(shape).validate_python(value, strict=True)
