"""A caller's whole request, as core types."""

import json

import pytest

from trunkline.core.chat import (
    ChatRequest,
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
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.openai_chat import OpenAIChat

HELLO = [{"role": "user", "content": "hi"}]


def parsed(**fields: object) -> ChatRequest:
    return OpenAIChat().parse_request(json.dumps({"model": "fast", "messages": HELLO} | fields).encode())


def turns(*messages: dict) -> tuple[Message, ...]:
    return parsed(messages=list(messages)).messages


def call(tool_id: str, name: str = "f", arguments: str = '{"a":1}') -> dict:
    return {"id": tool_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_small_request():
    assert parsed() == ChatRequest("fast", (Message("user", (Text("hi"),)),))


def test_all_plain_parameters_have_their_place():
    plain = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": -0.1,
    }
    request = parsed(**plain, user="ann", service_tier="flex", stream=True, stream_options={"include_usage": True})
    assert {name: getattr(request, name) for name in plain} == plain
    assert (request.user, request.service_tier) == ("ann", "flex")
    assert (request.stream, request.include_usage, request.extra) == (True, True, {})


def test_the_newer_name_of_the_limit_wins():
    assert parsed(max_tokens=7).max_tokens == 7
    assert parsed(max_tokens=7, max_completion_tokens=9).max_tokens == 9


@pytest.mark.parametrize(("stop", "expected"), [("a", ("a",)), (["a", "b"], ("a", "b")), (None, ()), ([], ())])
def test_stop_is_one_word_or_several(stop, expected):
    assert parsed(stop=stop).stop == expected


def test_fields_without_a_place_are_kept_by_name():
    request = parsed(logprobs=True, n=2, vendor={"x": 1})
    assert request.extra == {"logprobs": True, "n": 2, "vendor": {"x": 1}}


def test_fields_that_say_nothing_are_not_kept():
    assert parsed(n=1, logprobs=False, store=False, logit_bias={}, modalities=["text"], audio=None).extra == {}


def test_fields_inside_messages_without_a_place_are_kept_by_path():
    assert parsed(messages=[{"role": "user", "content": "hi", "vendor": 1}]).extra == {"messages.vendor": 1}


def test_system_and_developer_are_instructions():
    found = turns({"role": "system", "content": "a"}, {"role": "developer", "content": "b", "name": "ann"}, *HELLO)
    assert found[:2] == (Message("system", (Text("a"),)), Message("system", (Text("b"),), "ann"))


def test_text_images_and_files_keep_their_order():
    content = [
        {"type": "text", "text": "see", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "image_url", "image_url": "https://x.test/b.png"},
        {"type": "text", "text": ""},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
    ]
    (turn,) = turns({"role": "user", "content": content, "name": "ann"})
    assert turn == Message(
        "user",
        (
            Text("see", {"type": "ephemeral"}),
            Image(url="https://x.test/a.png", detail="low"),
            Image(data="aGk=", media_type="image/png"),
            Image(url="https://x.test/b.png"),
            Document(data="aGk=", media_type="application/pdf", name="a.pdf"),
        ),
        "ann",
    )


def test_sound_and_uploaded_files_are_kept_whole_for_a_provider_of_the_dialect():
    audio = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
    upload = {"type": "file", "file": {"file_id": "file-1", "filename": None}}
    (turn,) = turns({"role": "user", "content": [audio, upload]})
    assert turn.parts == (Foreign("openai", audio), Foreign("openai", upload))


@pytest.mark.parametrize("url", ["data:,hi", "data:image/png,hi", "data:base64,aGk=", "data:image/png;base64"])
def test_a_data_url_that_holds_no_base64_is_refused_by_its_place(url):
    content = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(InvalidRequest, match="base64") as refused:
        turns({"role": "user", "content": content})
    assert refused.value.param == "messages[0].content[1].image_url.url"


def test_an_assistants_thoughts_words_and_calls_come_in_that_order():
    told = {"role": "assistant", "content": "w", "reasoning_content": "t", "refusal": "no", "tool_calls": [call("1")]}
    (turn,) = turns(told)
    assert turn.parts == (Thought("t"), Text("w"), Text("no"), ToolUse("1", "f", '{"a":1}'))


def test_openrouters_name_for_thoughts_is_read_too():
    (turn,) = turns({"role": "assistant", "content": None, "reasoning": "t"})
    assert turn.parts == (Thought("t"),)


def test_a_refusal_part_is_text():
    (turn,) = turns({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]})
    assert turn.parts == (Text("no"),)


def test_arguments_stay_as_the_model_wrote_them_and_none_are_an_empty_object():
    (turn,) = turns(
        {"role": "assistant", "tool_calls": [call("1", arguments='{ "a" : 1e2 }'), call("2", arguments="")]}
    )
    assert [part.arguments for part in turn.parts] == ['{ "a" : 1e2 }', "{}"]


def test_a_custom_tools_call_is_kept_whole():
    custom = {"type": "custom", "id": "1", "custom": {"name": "sh", "input": "ls"}}
    (turn,) = turns({"role": "assistant", "tool_calls": [custom]})
    assert turn.parts == (Foreign("openai", custom),)


def test_tool_messages_in_a_row_are_one_user_turn():
    found = turns(
        *HELLO,
        {"role": "assistant", "tool_calls": [call("1"), call("2")]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "y"}]},
        {"role": "user", "content": "go on"},
        {"role": "tool", "tool_call_id": "3", "content": ""},
    )
    assert found[2:] == (
        Message("user", (ToolResult("1", (Text("x"),)), ToolResult("2", (Text("y"),)))),
        Message("user", (Text("go on"),)),
        Message("user", (ToolResult("3"),)),
    )


def test_a_part_that_no_tool_can_answer_is_kept_by_name():
    audio = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
    request = parsed(messages=[{"role": "tool", "tool_call_id": "1", "content": [audio]}])
    assert request.messages == (Message("user", (ToolResult("1"),)),)
    assert request.extra == {"messages.content.input_audio": audio}


def test_the_form_before_tools_is_read_as_tools():
    request = parsed(
        messages=[
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "7"},
            {"role": "assistant", "function_call": {"name": "f", "arguments": ""}},
            {"role": "function", "name": "f", "content": None},
        ],
        functions=[{"name": "f", "parameters": {"type": "object"}}],
        function_call={"name": "f"},
    )
    assert [part for turn in request.messages for part in turn.parts] == [
        ToolUse("call_1", "f"),
        ToolResult("call_1", (Text("7"),)),
        ToolUse("call_2", "f"),
        ToolResult("call_2"),
    ]
    assert request.tools == (Tool("f", parameters={"type": "object"}),)
    assert request.tool_choice == ToolChoice("tool", "f")


def test_tools_keep_their_schemas_untouched():
    odd = {"$schema": "x", "type": ["object", "null"], "properties": {"a": {"enum": []}}}
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": odd, "strict": True}}
    assert parsed(tools=[tool | {"cache_control": {"type": "e"}}]).tools == (Tool("f", "d", odd, True, {"type": "e"}),)


def test_an_empty_tools_list_is_fine():
    assert parsed(tools=[]).tools == ()


def test_a_vendors_own_tool_is_kept_by_name():
    request = parsed(tools=[{"type": "browser_search"}, {"type": "function", "function": {"name": "f"}}])
    assert request.tools == (Tool("f"),)
    assert request.extra == {"tools.browser_search": {"type": "browser_search"}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("any")),
        ("any", ToolChoice("any")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("tool", "f")),
    ],
)
def test_tool_choice(choice, expected):
    assert parsed(tool_choice=choice, parallel_tool_calls=False).tool_choice == expected


@pytest.mark.parametrize(("mode", "expected"), [("auto", "auto"), ("required", "any")])
def test_allowed_tools_are_the_only_tools(mode, expected):
    tools = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
    allowed = {"mode": mode, "tools": [{"type": "function", "function": {"name": "g"}}]}
    request = parsed(tools=tools, tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert (request.tools, request.tool_choice) == ((Tool("g"),), ToolChoice(expected))


def test_a_named_custom_tool_is_kept_by_name():
    choice = {"type": "custom", "custom": {"name": "sh"}}
    assert parsed(tool_choice=choice).extra == {"tool_choice": choice}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, OutputFormat("json")),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True}},
            OutputFormat("schema", {"a": 1}, "n", None, True),
        ),
    ],
)
def test_structured_output(output, expected):
    assert parsed(response_format=output).output == expected


def test_reasoning_effort():
    assert parsed(reasoning_effort="high").reasoning == Reasoning("high")
    assert parsed(reasoning_effort=None).reasoning is None


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "null"),
        ({"messages": [{"role": "user", "content": [{"type": "img"}]}]}, "messages[0].content[0].type", "image_url"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type", "missing"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "missing"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]}]},
            "messages[0].tool_calls[0].function",
            "missing",
        ),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "missing"),
        ({"tools": {}}, "tools", "expected `array"),
        ({"tool_choice": "must"}, "tool_choice", '"must"'),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function", "missing"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools", "missing"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "json_schema"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema", "missing"),
        ({"stop": 7}, "stop", "expected `str"),
        ({"temperature": "hot"}, "temperature", "expected `float"),
        ({"model": "\x7f"}, "model", "printable"),
    ],
)
def test_what_must_be_understood_and_cannot_is_refused_by_its_place(fields, param, words):
    with pytest.raises(InvalidRequest) as refused:
        parsed(**fields)
    assert refused.value.param == param
    assert words in refused.value.message


def test_a_body_that_is_no_json_is_refused():
    with pytest.raises(InvalidRequest):
        OpenAIChat().parse_request(b"{")
