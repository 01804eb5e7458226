"""OpenAI's responses, the corners: what servers send besides the usual, what callers send that others cannot take."""

import json
from typing import Any

import pytest

from trunkline.core.chat import (
    ChatRequest,
    Completion,
    Foreign,
    Image,
    Message,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolUse,
)
from trunkline.core.dialect import Envelope
from trunkline.core.errors import (
    BadReply,
    BrokenStream,
    CallError,
    InvalidRequest,
    RateLimit,
    ServerError,
    Unsupported,
)
from trunkline.core.events import Began, Ended, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_responses import OpenAIResponses
from trunkline.dialects.sse import Frames

R = OpenAIResponses()
LIMITED = {"code": "rate_limit_exceeded", "message": "m"}
ENDED = {"id": "resp_1", "object": "response", "model": "m", "status": "completed", "created_at": 5, "output": []}


def stream(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def read(*events: dict[str, Any]) -> list[Any]:
    reader = R.reader()
    return [event for frame in Frames().feed(stream(*events)) for event in reader.read(frame)] + reader.end()


def scan(*events: dict[str, Any]) -> Any:
    scanner = R.scanner()
    for frame in Frames().feed(stream(*events)):
        scanner.scan(frame)
    return scanner


def done(**more: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {**ENDED, **more}}


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": ""}


def test_arguments_that_come_only_with_the_end_of_their_item_are_delivered_once():
    added = item("response.output_item.added", output_index=0, item=CALL)
    whole = {**CALL, "arguments": '{"a":1}'}

    late = read(added, item("response.output_item.done", output_index=0, item=whole), done())
    told = read(
        added,
        item("response.function_call_arguments.done", output_index=0, arguments='{"a":1}'),
        item("response.output_item.done", output_index=0, item=whole),
        done(),
    )
    never_added = read(item("response.output_item.done", output_index=0, item=whole), done())

    for events in (late, told, never_added):
        calls = [event for event in events if isinstance(event, ToolDelta)]
        assert "".join(call.arguments for call in calls) == '{"a":1}'
        assert (calls[0].id, calls[0].name) == ("call_1", "f")
        assert events[-1] == Ended("tool_calls")


def test_summaries_are_set_apart_and_the_seal_comes_with_the_items_end():
    def delta(number: int, text: str) -> dict[str, Any]:
        return item("response.reasoning_summary_text.delta", output_index=0, summary_index=number, delta=text)

    sealed = {"type": "reasoning", "id": "rs_1", "encrypted_content": "xyz"}
    events = read(delta(0, "a"), delta(0, "b"), delta(1, "c"), item("response.output_item.done", item=sealed), done())

    thoughts = [event for event in events if isinstance(event, ThoughtDelta)]
    assert "".join(thought.text for thought in thoughts) == "ab\n\nc"
    assert (thoughts[-1].signature, thoughts[-1].origin) == ("rs_1|xyz", "responses")


def test_a_refusal_is_text_that_ended_by_the_filter():
    events = read(item("response.refusal.delta", delta="no"), done())

    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("no")]
    assert events[-1] == Ended("content_filter")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            item("response.failed", response={**ENDED, "error": {"code": "rate_limit_exceeded", "message": "m"}}),
            RateLimit,
        ),
        (item("response.failed", response=ENDED), ServerError),
        (item("response.failed"), ServerError),
        (item("response.failed", error=LIMITED), RateLimit),  # Perplexity's stands beside, not in the response
        (item("error", code="server_error", message="m", param=None), ServerError),
        (item("error", error=LIMITED), RateLimit),
    ],
)
def test_events_that_say_the_provider_failed_are_errors_to_both_who_look(
    event: dict[str, Any], expected: type[CallError]
):
    with pytest.raises(expected):
        read(event)
    with pytest.raises(expected):
        scan(event)


def test_without_the_event_that_ends_it_no_stream_is_whole():
    text = item("response.output_text.delta", delta="hi")
    with pytest.raises(BrokenStream):
        read(text)
    scanner = scan(text)
    with pytest.raises(BrokenStream):
        scanner.end()
    assert scanner.usage is UNKNOWN_USAGE
    assert read(text, done())[0] == TextDelta("hi")


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("other", "length")]
)
def test_an_incomplete_response_says_why(reason: str, finish: str):
    body = {**ENDED, "status": "incomplete", "incomplete_details": {"reason": reason}}

    assert R.sight(json.dumps(body).encode()).finish == finish
    assert read(item("response.incomplete", response=body))[-1] == Ended(finish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"output":[]}', b'{"object":"response"}', b'{"output":5}'],
)
def test_what_is_no_response_is_no_answer(body: bytes):
    with pytest.raises(BadReply):
        R.sight(body)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_whole_response_that_failed_is_its_error(status: str):
    body = {**ENDED, "status": status, "error": {"code": "server_error", "message": "boom"}}

    with pytest.raises(ServerError, match="boom"):
        R.sight(json.dumps(body).encode())


def test_a_providers_own_tools_stay_whole_for_its_own_callers():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body = json.dumps({**ENDED, "output": [search]}).encode()

    answer = R.read_completion(body)

    assert answer.parts == (Foreign("responses", search),)
    assert json.loads(R.write_completion(answer))["output"] == [search]
    assert json.loads(AnthropicMessages().write_completion(answer))["content"] == []


def ask(**fields: Any) -> ChatRequest:
    return R.parse_request(json.dumps({"model": "m", "input": "hi", **fields}).encode())


def test_items_of_one_side_become_one_turn_and_results_come_before_words():
    picture = {"type": "input_image", "image_url": "https://x/y"}
    summary = [{"type": "summary_text", "text": "hm"}]
    items = [
        {"role": "developer", "content": "Be terse."},
        {"role": "user", "content": [{"type": "input_text", "text": "look"}, picture]},
        {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "e"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "so"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        {"role": "user", "content": "and now?"},
    ]
    turns = ask(input=items, instructions="First.").messages

    assert [turn.role for turn in turns] == ["system", "system", "user", "assistant", "user", "user"]
    assert turns[2].parts == (Text("look"), Image(url="https://x/y"))
    assert turns[3].parts == (Thought("hm", "rs_1|e", origin="responses"), Text("so"), ToolUse("c", "f", "{}"))


def test_what_others_cannot_take_is_named_or_refused():
    request = ask(
        tools=[{"type": "web_search"}, {"type": "function", "name": "f", "parameters": {"type": "object"}}],
        tool_choice={"type": "web_search"}, include=["reasoning.encrypted_content"], truncation="auto", store=False,
        text={"verbosity": "low"},
    )  # fmt: skip

    rendered = AnthropicMessages().write_request(request, "claude-sonnet-4-5")

    assert set(rendered.dropped) >= {"tools.web_search", "tool_choice", "include", "truncation", "verbosity"}
    assert "store" not in rendered.dropped
    with pytest.raises(Unsupported, match="previous_response_id"):
        AnthropicMessages().write_request(ask(previous_response_id="resp_1"), "claude-sonnet-4-5")
    with pytest.raises(Unsupported, match="item_reference"):
        AnthropicMessages().write_request(ask(input=[{"type": "item_reference", "id": "x"}]), "claude-sonnet-4-5")


def test_allowed_tools_are_the_only_ones_named():
    tools = [{"type": "function", "name": name, "parameters": {}} for name in ("f", "g")]
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}

    request = ask(tools=tools, tool_choice=allowed)

    assert [tool.name for tool in request.tools] == ["g"]
    assert request.tool_choice == ToolChoice("any")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "input_video"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].image_url"),
        ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"input": 5}, "input"),
    ],
)
def test_a_mistake_is_told_with_its_place(body: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as wrong:
        ask(**body)

    assert wrong.value.param == param


def test_a_translated_request_asks_for_sealed_reasoning_and_keeps_nothing_at_the_provider():
    from trunkline.core.chat import Reasoning

    turns = (Message("system", (Text("Be terse."),)), Message("user", (Text("hi"),)))
    request = ChatRequest("", turns, reasoning=Reasoning(budget=9000), stop=("x",), seed=1, tools=(Tool("f"),))

    rendered = R.write_request(request, "gpt-x")
    body = json.loads(rendered.body)

    assert (body["instructions"], body["store"], body["reasoning"]["effort"]) == ("Be terse.", False, "high")
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["tools"][0]["strict"] is False
    assert rendered.dropped == ("stop", "seed")


def test_only_the_model_changes_in_a_callers_own_bytes():
    body = b'{ "model" : "a", "x":[1,  2], "input":"\\u00fc" }'

    assert R.readdress(body, R.peek(body), "b").body == b'{ "model" : "b", "x":[1,  2], "input":"\\u00fc" }'
    assert OpenAIResponses(drop=frozenset({"x"})).readdress(body, R.peek(body), "b").dropped == ("x",)


def test_an_answers_limit_is_set_once():
    limited = json.loads(R.limit_answer(b'{"model":"m","max_output_tokens":9,"input":"x"}', 5))

    assert limited == {"model": "m", "max_output_tokens": 5, "input": "x"}


def test_a_writer_tells_every_item_whole_before_the_response_ends():
    writer = R.writer(Envelope("m", stream=True))
    written = b"".join(
        writer.write(event)
        for event in [
            Began("r1", "real", 7),
            ThoughtDelta(signature="sig"),
            TextDelta("a"),
            ToolDelta(0, "c0", "f"),
            ToolDelta(1, "c1", "g", "{}"),
            ToolDelta(0, arguments='{"x":1}'),
            TextDelta("b"),
            UsageSeen(Usage(input=3, output=2)),
            Ended("length"),
        ]
    )
    events = [json.loads(frame.data or b"") for frame in Frames().feed(written)]
    opened = [event["output_index"] for event in events if event["type"] == "response.output_item.added"]
    closed = [event["output_index"] for event in events if event["type"] == "response.output_item.done"]

    assert sorted(opened) == sorted(closed) == [0, 1, 2, 3, 4]
    last = events[-1]
    assert last["type"] == "response.incomplete"
    assert [one["type"] for one in last["response"]["output"]] == [
        "reasoning", "message", "function_call", "function_call", "message",
    ]  # fmt: skip
    assert last["response"]["output"][2]["arguments"] == '{"x":1}'
    assert last["response"]["output"][0]["encrypted_content"] == "trunkline.anthropic.sig"
    assert last["response"]["usage"]["total_tokens"] == 5


def test_usage_that_nobody_knows_is_null_and_never_zeros():
    answer = Completion("r", "m", (Text("x"),), "stop", UNKNOWN_USAGE)

    assert json.loads(R.write_completion(answer))["usage"] is None
