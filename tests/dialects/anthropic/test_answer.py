"""Whole answers in Anthropic's dialect: looked at, opened and written."""

import json
from typing import Any

import msgspec
import pytest
from anthropic.types import Message as SdkMessage

from trunkline.core.chat import Completion, Finish, Foreign, Image, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.errors import BadReply, CallError, ModelOverloaded
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages

A = AnthropicMessages()
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 100,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
    "output_tokens": 50,
    "output_tokens_details": {"thinking_tokens": 15},
}
COUNTED = Usage(input=10, cache_read=100, cache_write=20, cache_write_1h=10, output=35, reasoning=15)


def answer(*content: Any, **fields: Any) -> bytes:
    message = {"type": "message", "id": "msg_1", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
    return json.dumps({**message, "usage": USAGE, "content": content, **fields}).encode()


def written(*parts: Part, finish: Finish = "stop", **fields: Any) -> dict[str, Any]:
    completion = Completion("msg_1", "claude", parts, finish, COUNTED, **fields)
    body: dict[str, Any] = json.loads(A.write_completion(completion))
    return body


def test_a_look_shows_usage_finish_and_model_without_opening_the_content():
    body = answer().replace(b'"content": []', b'"content": [{"anything": "\\ud83d\\ude00"}]')

    assert A.sight(body) == Sighting(COUNTED, "stop", "claude")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 0, "output_tokens": 0}, Usage()),
        ({"input_tokens": 5, "output_tokens": 2, "cache_creation_input_tokens": 7}, Usage(5, 0, 7, 0, 2)),
        (
            {"input_tokens": 5, "output_tokens": 2, "cache_creation": {"ephemeral_1h_input_tokens": 3}},
            Usage(5, 0, 0, 3, 2),
        ),
        ({"output_tokens": 2, "output_tokens_details": {"thinking_tokens": 9}}, Usage(reasoning=2)),
        ({"input_tokens": "many"}, UNKNOWN_USAGE),
        ({"input_tokens": -4}, UNKNOWN_USAGE),
        (None, UNKNOWN_USAGE),
    ],
)
def test_counts_are_disjoint_and_what_was_not_told_is_unknown_not_zero(usage: Any, expected: Usage):
    assert A.sight(answer(usage=usage)).usage == expected


def test_the_buckets_add_up_to_what_was_billed():
    usage = A.sight(answer()).usage

    assert usage.total == 10 + 30 + 100 + 50


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("model_context_window_exceeded", "context_window"),
        ("pause_turn", "pause"),
        ("a_reason_of_next_year", "stop"),
        (None, None),
    ],
)
def test_every_stop_reason_has_a_finish(reason: str | None, finish: Finish | None):
    assert A.sight(answer(stop_reason=reason)).finish == finish
    assert A.read_completion(answer(stop_reason=reason)).finish == (finish or "stop")


def test_an_opened_answer_has_its_parts_in_order():
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    body = answer(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "hé"},
        search,
        {"type": "tool_use", "id": "t", "name": "f", "input": {"b": 1.0, "a": []}},
        {"type": "tool_use", "id": "u", "name": "g"},
        stop_reason="stop_sequence",
        stop_sequence="END",
    )

    assert A.read_completion(body) == Completion(
        "msg_1",
        "claude",
        (
            Thought("hm", "sig"),
            Thought(redacted="x"),
            Text("hé"),
            Foreign("anthropic", search),
            ToolUse("t", "f", '{"b": 1.0, "a": []}'),
            ToolUse("u", "g"),
        ),
        "stop",
        COUNTED,
        stop_sequence="END",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"[]",
        b"{}",
        b'{"type":"message"}',
        b'{"type":"message","content":"hi"}',
        b'{"type":"message","content":[',
        b'{"model":3,"content":[]}',
        b'{"type":"message","id":"1","content":[ ]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_answer_is_a_bad_reply(body: bytes):
    with pytest.raises(BadReply):
        A.sight(body)
    with pytest.raises(BadReply):
        A.read_completion(body)


@pytest.mark.parametrize("content", [b'[{"type":3}]', b"[7]", b'[{"type":"text","text":"\xff"}]'])
def test_a_block_that_cannot_be_read_is_a_bad_reply(content: bytes):
    body = b'{"id":"1","stop_reason":"end_turn","content":' + content + b"}"

    A.sight(body)
    with pytest.raises(BadReply):
        A.read_completion(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}',
        b'{"error":{"type":"overloaded_error","message":"busy"}}',
    ],
)
def test_an_error_in_a_good_looking_reply_is_that_error(body: bytes):
    with pytest.raises(ModelOverloaded, match="busy"):
        A.sight(body)
    with pytest.raises(CallError):
        A.read_completion(body)


def test_a_written_answer_is_a_message_of_the_vendors_own_sdk():
    body = written(
        Thought("hm", "sig"), Thought("free"), Thought(redacted="x"), Text("hi"), ToolUse("t", "f", '{"a": 1}'),
        finish="tool_calls",
    )  # fmt: skip

    message = SdkMessage.model_validate_json(json.dumps(body), strict=True)
    assert [block.type for block in message.content] == [
        "thinking",
        "thinking",
        "redacted_thinking",
        "text",
        "tool_use",
    ]
    assert message.stop_reason == "tool_use"
    assert {name: told for name, told in body["usage"].items() if told is not None} == USAGE
    assert body["content"][4]["input"] == {"a": 1}


@pytest.mark.parametrize(
    ("finish", "sequence", "reason"),
    [
        ("stop", None, "end_turn"),
        ("stop", "END", "stop_sequence"),
        ("length", None, "max_tokens"),
        ("content_filter", None, "refusal"),
        ("context_window", None, "model_context_window_exceeded"),
        ("pause", None, "pause_turn"),
    ],
)
def test_every_finish_has_a_stop_reason(finish: Finish, sequence: str | None, reason: str):
    body = written(Text("hi"), finish=finish, stop_sequence=sequence)

    assert (body["stop_reason"], body["stop_sequence"]) == (reason, sequence)


def test_an_answer_that_calls_tools_says_so_even_where_its_provider_did_not():
    assert written(ToolUse("t", "f"), finish="stop")["stop_reason"] == "tool_use"
    assert written(ToolUse("t", "f"), finish="length")["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1}', {"a": 1}),
        ('{"a":', {"_raw": '{"a":'}),
        ("[1]", {"_raw": "[1]"}),
        ("[" * 2_000, {"_raw": "[" * 2_000}),
    ],
)
def test_arguments_are_shown_as_an_object_and_never_repaired(arguments: str, told: dict[str, Any]):
    assert written(ToolUse("t", "f", arguments))["content"][0]["input"] == told


def test_what_no_anthropic_answer_holds_is_left_out():
    own = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}

    body = written(Text(""), Image(url="u"), Foreign("openai", {"type": "audio"}), Foreign("anthropic", own))

    assert body["content"] == [own]


def test_an_answer_survives_being_opened_and_written_again():
    body = answer(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "hi"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1]}},
        stop_reason="tool_use",
    )

    again = A.read_completion(A.write_completion(A.read_completion(body)))

    opened = A.read_completion(body)
    assert msgspec.structs.replace(again, parts=()) == msgspec.structs.replace(opened, parts=())
    assert [part for part in again.parts if not isinstance(part, ToolUse)] == list(opened.parts[:3])
    assert json.loads(again.tool_calls[0].arguments) == {"a": [1]}
