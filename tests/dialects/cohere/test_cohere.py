"""Cohere's own chat: what is asked, what is read, and that no cut makes a difference or passes for an end."""

import json
from itertools import pairwise
from typing import Any

import pytest
from cohere import V2ChatResponse
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.images import PNG
from trunkline.core.chat import (
    ChatRequest,
    Document,
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
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    BrokenStream,
    CallError,
    ContextLengthExceeded,
    InvalidRequest,
    ModelNotFound,
    QuotaExceeded,
    RateLimit,
    ServerError,
    ServerErrorAfterUpload,
    Unsupported,
)
from trunkline.core.events import Gathering
from trunkline.core.usage import Usage
from trunkline.dialects.cohere_v2 import Cohere
from trunkline.dialects.sse import Frames

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = Tool("get_weather", "How it is.", SCHEMA)
OTHER = Tool("get_time")
CALL = ToolUse("call_1", "get_weather", '{"city":"Paris"}')


def asked(*parts: Part, **more: Any) -> ChatRequest:
    return ChatRequest("m", (Message("user", parts or (Text("Hi"),)),), **more)


def written(request: ChatRequest, dialect: Cohere | None = None) -> tuple[Any, Rendered]:
    rendered = (dialect or Cohere()).write_request(request, "command-a")
    return json.loads(rendered.body), rendered


def test_a_request_says_all_that_the_caller_said() -> None:
    body, rendered = written(
        asked(
            Text("Look"),
            Image(data=PNG, media_type="image/png", detail="low"),
            Image(url="https://h/i.png"),
            Document(text="a note"),
            max_tokens=9,
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            stop=("END",),
            seed=7,
            frequency_penalty=0.1,
            presence_penalty=0.2,
            output=OutputFormat("schema", SCHEMA),
            reasoning=Reasoning(budget=2000),
            stream=True,
        )
    )

    assert body == {
        "model": "command-a",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "https://h/i.png"}},
                    {"type": "text", "text": "a note"},
                ],
            }
        ],
        "stream": True,
        "max_tokens": 9,
        "temperature": 0.5,
        "p": 0.9,
        "k": 40,
        "stop_sequences": ["END"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "response_format": {"type": "json_object", "json_schema": SCHEMA},
        "thinking": {"type": "enabled", "token_budget": 2000},
    }
    assert rendered.dropped == ()


def test_thoughts_before_calls_are_their_plan_and_without_calls_a_part_of_the_content() -> None:
    turns = (
        Message("system", (Text("Be terse."),)),
        Message("user", (Text("Weather?"),)),
        Message("assistant", (Thought("I will look", origin="cohere"), CALL)),
        Message("user", (ToolResult("call_1", (Text("no such city"),), is_error=True), Text("Well?"))),
        Message("assistant", (Thought("hm", origin="cohere"), Text("No."))),
        Message("user", (Text("Why?"),)),
    )
    body, _ = written(ChatRequest("m", turns))

    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    assert body["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "tool_plan": "I will look", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Error: no such city"},
        {"role": "user", "content": "Well?"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "No."}]},
        {"role": "user", "content": "Why?"},
    ]


@pytest.mark.parametrize(
    ("choice", "names", "told"),
    [
        (None, ["get_weather", "get_time"], None),
        (ToolChoice("auto"), ["get_weather", "get_time"], None),
        (ToolChoice("any"), ["get_weather", "get_time"], "REQUIRED"),
        (ToolChoice("none"), ["get_weather", "get_time"], "NONE"),
        (ToolChoice("tool", "get_time"), ["get_time"], "REQUIRED"),
    ],
)
def test_a_choice_of_tools_is_told(choice: ToolChoice | None, names: list[str], told: str | None) -> None:
    body, rendered = written(asked(tools=(TOOL, OTHER), tool_choice=choice))
    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert body.get("tool_choice") == told
    assert rendered.dropped == ()


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (asked(Text("x"), Document(data="JVBERi0=", media_type="application/pdf")), "document"),
        (asked(Text("x"), Thought("sealed", signature="s")), "reasoning"),
        (asked(tools=(TOOL,), parallel_tools=False), "parallel_tool_calls"),
        (asked(tools=(TOOL,), output=OutputFormat("json")), "response_format"),
        (asked(tools=(Tool("a", strict=True), OTHER)), "strict"),
        (asked(frequency_penalty=-0.5), "frequency_penalty"),
        (asked(presence_penalty=1.5), "presence_penalty"),
        (asked(stop=tuple("abcdef")), "stop"),
        (asked(user="u1"), "user"),
        (asked(service_tier="flex"), "service_tier"),
        (asked(extra={"logit_bias": {}}), "logit_bias"),
        (ChatRequest("m", (Message("user", (Text("Hi"),)), Message("assistant", (Text("Yes,"),)))), "prefill"),
    ],
)
def test_what_cohere_cannot_say_is_named(request_: ChatRequest, named: str) -> None:
    _, rendered = written(request_)
    assert rendered.dropped == (named,)


@pytest.mark.parametrize(
    ("reasoning", "told"),
    [
        (Reasoning("none"), {"type": "disabled"}),
        (Reasoning("low"), {"type": "enabled", "token_budget": 4096}),
        (Reasoning("max"), {"type": "enabled"}),
        (Reasoning(adaptive=True), {"type": "enabled"}),
    ],
)
def test_thinking_is_asked_for_by_budget(reasoning: Reasoning, told: object) -> None:
    assert written(asked(reasoning=reasoning))[0]["thinking"] == told


def test_the_top_of_a_scale_is_told_as_the_most_that_cohere_takes() -> None:
    body, rendered = written(asked(top_p=1.0, tools=(Tool("a", strict=True),)), Cohere(drop=frozenset({"k"})))
    assert body["p"] == 0.99
    assert body["strict_tools"] is True
    assert rendered.dropped == ()


def test_nothing_to_ask_is_refused() -> None:
    with pytest.raises(Unsupported, match="No message holds anything"):
        written(asked(Document(data="JVBERi0=")))


# answers

USAGE = {
    "billed_units": {"input_tokens": 12.0, "output_tokens": 5.0},
    "tokens": {"input_tokens": 512.0, "output_tokens": 7.0},
    "cached_tokens": 4.0,
}


def event(kind: str, message: dict[str, Any] | None = None, **more: Any) -> bytes:
    delta = {} if message is None else {"delta": {"message": message}}
    told = json.dumps({"type": kind, **delta, **more}, ensure_ascii=False)
    return f"event: {kind}\ndata: {told}\n\n".encode()


def end(reason: str, **more: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **more})


START = event("message-start", {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}, id="c-1")
TEXT = event("content-delta", {"content": {"text": "Hi"}}, index=0)
STREAM = b"".join(
    [
        START,
        event("content-start", {"content": {"type": "thinking", "thinking": ""}}, index=0),
        event("content-delta", {"content": {"thinking": "let me see"}}, index=0),
        event("content-end", index=0),
        event("content-start", {"content": {"type": "text", "text": ""}}, index=1),
        event("content-delta", {"content": {"text": "Grüße, "}}, index=1),
        event("citation-start", {"citations": {"start": 0, "end": 2, "text": "Gr"}}, index=0),
        event("citation-end", index=0),
        event("content-delta", {"content": {"text": "世界 🌍"}}, index=1),
        event("content-end", index=1),
        event("tool-call-start", {"tool_calls": {"id": "f1", "function": {"name": "f", "arguments": ""}}}, index=0),
        event("tool-call-delta", {"tool_calls": {"function": {"arguments": '{"a":'}}}, index=0),
        event("tool-call-delta", {"tool_calls": {"function": {"arguments": "[1]}"}}}, index=0),
        event("tool-call-end", index=0),
        event("tool-call-start", {"tool_calls": {"id": "g1", "function": {"name": "g", "arguments": ""}}}, index=1),
        event("tool-call-end", index=1),
        end("TOOL_CALL"),
        b"data: [DONE]\n\n",
    ]
)


def read(chunks: list[bytes]) -> tuple[Any, Any]:
    """What the reader and the scanner make of a stream that came in these pieces."""
    frames, reader, scanner, gathering = Frames(), Cohere().reader(), Cohere().scanner(), Gathering()
    cut = [frame for chunk in chunks for frame in frames.feed(chunk)] + frames.end()
    for frame in cut:
        scanner.scan(frame)
        for one in reader.read(frame):
            gathering.add(one)
    scanner.end()
    for one in reader.end():
        gathering.add(one)
    return gathering.completion(), (scanner.usage, scanner.finish, scanner.written)


def test_a_stream_is_read_whole_and_billed_by_what_is_billed() -> None:
    answer, seen = read([STREAM])
    assert (answer.id, answer.thoughts, answer.text) == ("c-1", "let me see", "Grüße, 世界 🌍")
    assert [(one.id, one.name, one.arguments) for one in answer.tool_calls] == [
        ("f1", "f", '{"a":[1]}'),
        ("g1", "g", "{}"),
    ]
    assert (answer.finish, answer.usage) == ("tool_calls", Usage(input=8, cache_read=4, output=5))
    assert seen[:2] == (answer.usage, "tool_calls")


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_a_stream_is_cut_the_answer_and_the_bill_are_the_same(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(STREAM)]
    assert read([STREAM[a:b] for a, b in pairwise(at)]) == read([STREAM])


@given(st.integers(0, STREAM.rfind(b'"finish_reason"')))
def test_a_stream_that_is_cut_off_is_never_whole(at: int) -> None:
    with pytest.raises(BrokenStream):
        read([STREAM[:at]])


def test_a_plan_before_calls_is_a_thought() -> None:
    answer, _ = read([START, event("tool-plan-delta", {"tool_plan": "I will"}), end("COMPLETE")])
    assert answer.thoughts == "I will"


def whole(**more: Any) -> bytes:
    content = [{"type": "thinking", "thinking": "let me see"}, {"type": "text", "text": "Grüße, 世界 🌍"}]
    calls = [
        {"id": "f1", "type": "function", "function": {"name": "f", "arguments": '{"a":[1]}'}},
        {"id": "g1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    message = {"role": "assistant", "content": content, "tool_calls": calls}
    return json.dumps({"id": "c-1", "finish_reason": "TOOL_CALL", "message": message, "usage": USAGE, **more}).encode()


def test_a_whole_answer_is_read_as_its_stream_is() -> None:
    V2ChatResponse.model_validate_json(whole())
    assert Cohere().read_completion(whole()) == read([STREAM])[0]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("ERROR_TOXIC", "content_filter")],
)
def test_why_an_answer_ended_is_told(reason: str, finish: str) -> None:
    assert read([START, TEXT, end(reason)])[0].finish == finish


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_failed_is_never_whole(reason: str) -> None:
    with pytest.raises(ServerErrorAfterUpload, match="no luck"):
        read([START, TEXT, end(reason, error="no luck")])
    with pytest.raises(ServerErrorAfterUpload):
        Cohere().sight(whole(finish_reason=reason))


def test_usage_that_is_missing_is_not_made_up_and_units_stand_over_tokens() -> None:
    assert Cohere().sight(whole(usage=None)).usage.source == "unknown"
    assert Cohere().sight(whole(usage={"tokens": {"input_tokens": 3, "output_tokens": 2}})).usage == Usage(3, output=2)
    assert Cohere().sight(whole(usage={"tokens": {"input_tokens": -3}})).usage.source == "unknown"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>"])
def test_what_is_no_answer_is_never_taken_for_one(body: bytes) -> None:
    with pytest.raises(BadReply):
        Cohere().sight(body)


def test_an_error_in_a_200_and_inside_a_stream_is_that_error() -> None:
    with pytest.raises(ServerError, match="on our side"):
        Cohere().sight(b'{"id":"x","message":"something failed on our side"}')
    with pytest.raises(ServerError, match="on our side"):
        read([START, TEXT, b'data: {"message":"something failed on our side"}\n\n'])


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081", ContextLengthExceeded),
        (400, "too many tokens: max tokens must be less than or equal to 4096", InvalidRequest),
        (400, "invalid request", InvalidRequest),
        (401, "invalid api token", AuthenticationFailed),
        (402, "billing limit reached", QuotaExceeded),
        (404, "model 'x' not found", ModelNotFound),
        (422, "unprocessable", InvalidRequest),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month.", QuotaExceeded),
        (429, "You are past the per minute request limit, please wait and try again later.", RateLimit),
        (500, "internal server error", ServerError),
    ],
)
def test_errors_are_told_apart(status: int, said: str, kind: type[CallError]) -> None:
    error = Cohere().parse_error(status, [], json.dumps({"id": "x", "message": said}).encode(), "cohere")
    assert type(error) is kind
    assert kind is AuthenticationFailed or error.message == said


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"x","message":{"role":"assistant","content":[{"type":"text","text":"Hel',
        b'{"id":"x","message":{"role":"assistant","content":7}}',
    ],
)
def test_an_answer_that_was_cut_is_no_error_of_its_providers_though_it_has_a_message(body: bytes) -> None:
    with pytest.raises(BadReply, match="cannot be read") as caught:
        Cohere().sight(body)

    assert caught.value.may_have_cost
