"""Ollama's own chat: what is asked, what is read, and that no cut makes a difference or passes for an end."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ollama._types import ChatRequest as SdkRequest

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
    ModelOverloaded,
    RateLimit,
    ReplyTooLarge,
    ServerError,
    Unsupported,
)
from trunkline.core.events import Gathering
from trunkline.core.usage import Usage
from trunkline.dialects.ollama import Ollama
from trunkline.dialects.ollama.lines import Lines

TOOL = Tool("get_weather", "How it is.", {"type": "object", "properties": {"city": {"type": "string"}}})
OTHER = Tool("get_time")
CALL = ToolUse("call_1", "get_weather", '{"city":"Paris"}')


def asked(*parts: Part, **more: Any) -> ChatRequest:
    return ChatRequest("m", (Message("user", parts or (Text("Hi"),)),), **more)


def written(request: ChatRequest, dialect: Ollama | None = None) -> tuple[Any, Rendered]:
    """The body, which the vendor's SDK takes for a request of its own."""
    rendered = (dialect or Ollama()).write_request(request, "qwen3")
    body = json.loads(rendered.body)
    SdkRequest(**body)
    return body, rendered


def test_a_request_says_all_that_the_caller_said() -> None:
    body, rendered = written(
        asked(
            Text("Look"),
            Image(data=PNG, media_type="image/png"),
            Document(text="a note"),
            max_tokens=9,
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            stop=("END",),
            seed=7,
            frequency_penalty=0.1,
            presence_penalty=0.2,
            tools=(TOOL,),
            output=OutputFormat("schema", {"type": "object"}),
            reasoning=Reasoning("medium"),
            stream=True,
        )
    )

    assert body == {
        "model": "qwen3",
        "messages": [{"role": "user", "content": "Look\na note", "images": [PNG]}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "tools": [
            {
                "type": "function",
                "function": {"name": "get_weather", "description": "How it is.", "parameters": TOOL.parameters},
            }
        ],
        "format": {"type": "object"},
        "think": "medium",
        "options": {
            "num_predict": 9,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 40,
            "stop": ["END"],
            "seed": 7,
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
        },
    }
    assert rendered.dropped == ()


def test_a_tools_turn_is_told_by_name_and_a_failure_in_words() -> None:
    turns = (
        Message("system", (Text("Be terse."),)),
        Message("user", (Text("Weather?"),)),
        Message("assistant", (Thought("hm", origin="ollama"), CALL)),
        Message("user", (ToolResult("call_1", (Text("no such city"),), is_error=True), Text("Well?"))),
    )
    body, _ = written(ChatRequest("m", turns))

    assert body["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [{"id": "call_1", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}],
        },
        {"role": "tool", "content": "Error: no such city", "tool_name": "get_weather", "tool_call_id": "call_1"},
        {"role": "user", "content": "Well?"},
    ]


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (asked(Text("x"), Image(url="https://h/i.png")), "image_url"),
        (asked(Text("x"), Document(data="JVBERi0=", media_type="application/pdf")), "document"),
        (asked(Text("x"), Thought("sealed", signature="s")), "reasoning"),
        (asked(tools=(TOOL,), tool_choice=ToolChoice("any")), "tool_choice"),
        (asked(tools=(TOOL,), parallel_tools=False), "parallel_tool_calls"),
        (asked(user="u1"), "user"),
        (asked(service_tier="flex"), "service_tier"),
        (asked(extra={"logit_bias": {}}), "logit_bias"),
        (ChatRequest("m", (Message("user", (Text("Hi"),)), Message("assistant", (Text("Yes,"),)))), "prefill"),
    ],
)
def test_what_ollama_cannot_say_is_named(request_: ChatRequest, named: str) -> None:
    _, rendered = written(request_)
    assert rendered.dropped == (named,)


def test_a_forbidden_tool_is_not_shown_and_a_chosen_one_is_shown_alone() -> None:
    none, _ = written(asked(tools=(TOOL, OTHER), tool_choice=ToolChoice("none")))
    one, _ = written(asked(tools=(TOOL, OTHER), tool_choice=ToolChoice("tool", "get_time")))
    assert "tools" not in none
    assert [tool["function"]["name"] for tool in one["tools"]] == ["get_time"]


@pytest.mark.parametrize(
    ("reasoning", "think"),
    [
        (Reasoning("none"), False),
        (Reasoning("minimal"), "low"),
        (Reasoning("max"), "high"),
        (Reasoning(budget=5000), "medium"),
        (Reasoning(adaptive=True), True),
    ],
)
def test_thinking_is_asked_for_by_level(reasoning: Reasoning, think: object) -> None:
    body, _ = written(asked(reasoning=reasoning))
    assert body["think"] == think


def test_the_window_and_how_long_a_model_stays_are_the_providers_own() -> None:
    body, _ = written(asked(), Ollama(num_ctx=32_768, keep_alive="10m", truncate=True, drop=frozenset({"format"})))
    assert body["options"] == {"num_ctx": 32_768}
    assert body["keep_alive"] == "10m"
    assert "truncate" not in body


def test_nothing_to_ask_is_refused() -> None:
    with pytest.raises(Unsupported, match="No message holds anything"):
        written(asked(Image(url="https://h/i.png")))


def test_arguments_that_are_no_object_are_refused() -> None:
    with pytest.raises(Unsupported, match="call_x"):
        written(ChatRequest("m", (Message("assistant", (ToolUse("call_x", "f", "[1"),)), *asked().messages)))


# answers

HEAD = {"model": "qwen3", "created_at": "2026-11-23T10:00:00.123456Z"}
LAST = {"done": True, "done_reason": "stop", "prompt_eval_count": 12, "eval_count": 5}


def line(message: dict[str, Any] | None = None, **more: Any) -> bytes:
    said = {} if message is None else {"message": {"role": "assistant", "content": "", **message}}
    return json.dumps({**HEAD, **said, "done": False, **more}, ensure_ascii=False).encode() + b"\n"


STREAM = b"".join(
    [
        line({"thinking": "let me "}),
        line({"thinking": "see"}),
        line({"content": "Grüße, "}),
        b"\n",
        line({"content": "世界 🌍"}),
        line({"tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, None]}}}]}),
        line({"tool_calls": [{"id": "call_2", "function": {"name": "g", "arguments": {}}}]}),
        line({}, **LAST),
    ]
)


def read(chunks: list[bytes]) -> tuple[Any, Any]:
    """What the reader and the scanner make of a stream that came in these pieces."""
    frames, reader, scanner, gathering = Lines(), Ollama().reader(), Ollama().scanner(), Gathering()
    cut = [frame for chunk in chunks for frame in frames.feed(chunk)] + frames.end()
    for frame in cut:
        scanner.scan(frame)
        for event in reader.read(frame):
            gathering.add(event)
    scanner.end()
    for event in reader.end():
        gathering.add(event)
    return gathering.completion(), (scanner.usage, scanner.finish, scanner.model, scanner.written)


def test_a_stream_is_read_whole() -> None:
    answer, seen = read([STREAM])
    assert answer.thoughts == "let me see"
    assert answer.text == "Grüße, 世界 🌍"
    assert [(one.id, one.name, one.arguments) for one in answer.tool_calls] == [
        ("call_20261123100000123456_0", "f", '{"a": [1, null]}'),
        ("call_2", "g", "{}"),
    ]
    assert (answer.id, answer.model, answer.created) == ("ollama-20261123100000123456", "qwen3", 1_795_428_000)
    assert (answer.finish, answer.usage) == ("tool_calls", Usage(input=12, output=5))
    assert seen[:3] == (answer.usage, "tool_calls", "qwen3")


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_a_stream_is_cut_the_answer_and_the_bill_are_the_same(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(STREAM)]
    assert read([STREAM[a:b] for a, b in pairwise(at)]) == read([STREAM])


@given(st.integers(0, STREAM.rfind(b'"done": true')))
def test_a_stream_that_is_cut_off_is_never_whole(at: int) -> None:
    with pytest.raises(BrokenStream):
        read([STREAM[:at]])


def test_a_whole_answer_is_read_as_its_stream_is() -> None:
    said = {
        "role": "assistant",
        "content": "Grüße, 世界 🌍",
        "thinking": "let me see",
        "tool_calls": [
            {"function": {"name": "f", "arguments": {"a": [1, None]}}},
            {"id": "call_2", "function": {"name": "g", "arguments": {}}},
        ],
    }
    body = json.dumps({**HEAD, "message": said, **LAST}).encode()
    assert Ollama().read_completion(body) == read([STREAM])[0]
    assert Ollama().sight(body).usage == Usage(input=12, output=5)


def test_an_answer_cut_by_its_limit_says_so_and_usage_that_is_missing_is_not_made_up() -> None:
    body = json.dumps({**HEAD, "message": {"content": "and"}, "done": True, "done_reason": "length"}).encode()
    assert Ollama().read_completion(body).finish == "length"
    assert Ollama().sight(body).usage.source == "unknown"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b'{"done":true}', line({"content": "x"})])
def test_what_is_no_answer_is_never_taken_for_one(body: bytes) -> None:
    with pytest.raises(BadReply):
        Ollama().sight(body)


def test_an_error_inside_a_stream_breaks_it() -> None:
    with pytest.raises(ServerError, match="runner"):
        read([line({"content": "x"}), b'{"error":"the runner has died"}\n'])


def test_a_line_that_cannot_be_read_breaks_the_stream() -> None:
    with pytest.raises(BrokenStream):
        read([line({"content": "x"}), b'{"mess\n', line({}, **LAST)])


def test_a_line_has_a_limit() -> None:
    frames = Lines(limit=100)
    with pytest.raises(ReplyTooLarge):
        for _ in range(20):
            frames.feed(b"x" * 10)
    with pytest.raises(ReplyTooLarge):
        Lines(limit=100).feed(b"x" * 101 + b"\n")


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "the input length exceeds the context length", ContextLengthExceeded),
        (400, "request (40000 tokens) exceeds the available context size (4096 tokens)", ContextLengthExceeded),
        (400, '"gemma" does not support tools', Unsupported),
        (400, "invalid role", InvalidRequest),
        (401, "unauthorized", AuthenticationFailed),
        (404, "model 'x' not found", ModelNotFound),
        (429, "too many requests", RateLimit),
        (500, "model requires more system memory", ServerError),
        (503, "server busy, please try again. maximum pending requests exceeded", ModelOverloaded),
    ],
)
def test_errors_are_told_apart(status: int, said: str, kind: type[CallError]) -> None:
    error = Ollama().parse_error(status, [], json.dumps({"error": said}).encode(), "ollama")
    assert type(error) is kind
    assert kind is AuthenticationFailed or error.message == said
    assert (error.provider, error.provider_status) == ("ollama", status)
