"""Answers between all dialects, every way: callers of each, providers of each, whole and streamed."""

import json
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.spoken import SPOKEN, spoken
from trunkline.core.chat import (
    Completion,
    Finish,
    Part,
    Text,
    Thought,
    ToolUse,
)
from trunkline.core.dialect import Dialect, Envelope
from trunkline.core.errors import BrokenStream, ContextLengthExceeded, ModelOverloaded, RateLimit
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.sse import Frames

OPENAI, ANTHROPIC = OpenAIChat(), AnthropicMessages()
ALL = [pytest.param(row.dialect, id=row.name) for row in SPOKEN]

ask_all = pytest.mark.parametrize("caller", ALL)
answer_all = pytest.mark.parametrize("provider", ALL)


def whole(caller: Dialect, provider: Dialect, body: bytes) -> bytes:
    """A provider's whole answer as the caller gets it, checked against the types of the caller's SDK."""
    shown = body
    if caller.name == provider.name:
        provider.sight(body)
    else:
        shown = caller.write_completion(provider.read_completion(body))
    spoken(caller.name).opened(shown)
    return shown


def streamed(caller: Dialect, provider: Dialect, body: bytes, *, include_usage: bool = True) -> bytes:
    """A provider's stream as the caller gets it."""
    frames = Frames().feed(body)
    if caller.name == provider.name:
        scanner = provider.scanner()
        for frame in frames:
            scanner.scan(frame)
        scanner.end()
        return body
    reader, writer = provider.reader(), caller.writer(Envelope("asked", stream=True, include_usage=include_usage))
    events = [event for frame in frames for event in reader.read(frame)] + reader.end()
    return b"".join([*(writer.write(event) for event in events), writer.close()])


def gathered(caller: Dialect, body: bytes) -> Completion:
    """What a client makes of the stream it got, each event checked against the types of its SDK."""
    return spoken(caller.name).gathered(body)


def events_of(answer: Completion, *, piece: int) -> list[Event]:
    """The events that add up to an answer, its words cut into pieces."""

    def cut(text: str) -> list[str]:
        return [text[at : at + piece] for at in range(0, len(text), piece)]

    events: list[Event] = [Began(answer.id, answer.model, answer.created)]
    number = 0
    for part in answer.parts:
        match part:
            case Text(text):
                events += [TextDelta(one) for one in cut(text)]
            case Thought(text, signature):
                events += [ThoughtDelta(one) for one in cut(text)]
                events += [ThoughtDelta(signature=signature)] if signature else []
            case ToolUse(call, name, arguments):
                events.append(ToolDelta(number, call, name))
                events += [ToolDelta(number, arguments=one) for one in cut(arguments)]
                number += 1
            case _:
                raise AssertionError(part)
    return [*events, UsageSeen(answer.usage), Ended(answer.finish)]


def provider_stream(provider: Dialect, answer: Completion, *, piece: int = 3) -> bytes:
    writer = provider.writer(Envelope("m", stream=True, include_usage=True))
    return b"".join([*(writer.write(event) for event in events_of(answer, piece=piece)), writer.close()])


USAGE = Usage(input=10, cache_read=100, cache_write=20, output=35, reasoning=15)


def completion(*parts: Part, finish: Finish = "stop") -> Completion:
    return Completion("id_1", "real-model", parts, finish, USAGE, created=1_700_000_000)


ANSWERS = {
    "text": completion(Text("Grüße, 世界 🌍")),
    "a thought before text": completion(Thought("let me see"), Text("yes")),
    "a tool call": completion(ToolUse("call_1", "f", '{"a":[1,null,"é"]}'), finish="tool_calls"),
    "text and two tool calls": completion(
        Text("looking"), ToolUse("call_1", "f", '{"a":1}'), ToolUse("call_2", "g", "{}"), finish="tool_calls"
    ),
    "cut by length": completion(Text("and then"), finish="length"),
    "refused": completion(Text("I can't."), finish="content_filter"),
    "no words at all": completion(),
}
answers = pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in ANSWERS.items()])


def told(usage: Usage, *dialects: Dialect) -> Usage:
    """The usage as far as it can be told: Gemini has no word for tokens written to a cache."""
    if all(dialect.name != "gemini" for dialect in dialects):
        return usage
    return replace(usage, input=usage.input + usage.cache_write, cache_write=0)


def _told(part: Part) -> Any:
    if isinstance(part, ToolUse):
        return (part.id, part.name, json.loads(part.arguments))
    return (
        (part.text, part.signature) if isinstance(part, Thought) else part
    )  # whose an unsigned thought is, is nothing


def shape(answer: Completion) -> tuple[Any, ...]:
    """All of an answer that all dialects can tell; arguments compared as values."""
    parts = [_told(part) for part in answer.parts]
    return (answer.id, answer.model, parts, answer.finish)


@ask_all
@answer_all
@answers
def test_a_whole_answer_reaches_every_caller_from_every_provider(
    caller: Dialect, provider: Dialect, answer: Completion
):
    body = provider.write_completion(answer)

    shown = whole(caller, provider, body)

    assert shape(caller.read_completion(shown)) == shape(answer)
    assert caller.read_completion(shown).usage == told(USAGE, caller, provider)
    assert (shown == body) is (caller.name == provider.name)


@ask_all
@answer_all
@answers
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_a_streamed_answer_reaches_every_caller_from_every_provider(
    caller: Dialect, provider: Dialect, answer: Completion, piece: int
):
    body = provider_stream(provider, answer, piece=piece)

    shown = gathered(caller, streamed(caller, provider, body))

    assert shape(shown) == shape(answer)
    assert shown.usage == told(USAGE, caller, provider)


PARTS = st.lists(
    st.builds(Text, st.text(min_size=1, max_size=5))
    | st.builds(Thought, st.text(min_size=1, max_size=5))
    | st.builds(
        ToolUse,
        st.just(""),
        st.sampled_from(["f", "g"]),
        st.dictionaries(st.text(max_size=3), st.integers() | st.none() | st.text(max_size=3), max_size=2).map(
            json.dumps
        ),
    ),
    max_size=6,
)


PAIRS = list(permutations([row.dialect for row in SPOKEN], 2))


@given(
    parts=PARTS, piece=st.integers(1, 9), cuts=st.lists(st.integers(0, 4000), max_size=8), pair=st.sampled_from(PAIRS)
)
def test_however_a_stream_is_made_and_cut_its_words_and_calls_cross_every_way(
    parts: list[Part], piece: int, cuts: list[int], pair: tuple[Dialect, Dialect]
):
    numbered = [ToolUse(f"c{at}", part.name, part.arguments) if isinstance(part, ToolUse) else part
                for at, part in enumerate(parts)]  # fmt: skip
    answer = completion(*numbered)
    caller, provider = pair
    body = provider_stream(provider, answer, piece=piece)
    frames, reader, events = Frames(), provider.reader(), list[Event]()
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, end in pairwise(edges):
        for frame in frames.feed(body[start:end]):
            events += reader.read(frame)
    events += reader.end()
    writer = caller.writer(Envelope("asked", include_usage=True))
    shown = gathered(caller, b"".join([*(writer.write(event) for event in events), writer.close()]))

    assert shown.text == answer.text
    assert shown.thoughts == answer.thoughts
    assert [(one.id, one.name, json.loads(one.arguments)) for one in shown.tool_calls] == [
        (one.id, one.name, json.loads(one.arguments)) for one in answer.tool_calls
    ]
    assert shown.usage == told(USAGE, caller, provider)


@pytest.mark.parametrize("provider", [case for case in ALL if case.id != "gemini"])  # it tells no tokens written
def test_cached_tokens_are_disjoint_here_and_told_as_each_dialect_counts_them(provider: Dialect):
    body = provider.write_completion(completion(Text("hi")))

    openai = json.loads(whole(OPENAI, provider, body))["usage"]
    anthropic = json.loads(whole(ANTHROPIC, provider, body))["usage"]

    assert openai["prompt_tokens"] == 10 + 100 + 20
    assert openai["prompt_tokens_details"]["cached_tokens"] == 100
    assert openai["completion_tokens"] == 50
    assert openai["completion_tokens_details"]["reasoning_tokens"] == 15
    assert openai["total_tokens"] == 180
    assert anthropic["input_tokens"] == 10
    assert anthropic["cache_read_input_tokens"] == 100
    assert anthropic["cache_creation_input_tokens"] == 20
    assert anthropic["output_tokens"] == 50


def test_one_usage_chunk_comes_last_when_asked_for_and_none_when_not():
    body = provider_stream(ANTHROPIC, completion(Text("hi")))

    shown = [frame.data for frame in Frames().feed(streamed(OPENAI, ANTHROPIC, body))]
    hidden = streamed(OPENAI, ANTHROPIC, body, include_usage=False)

    told = [json.loads(data or b"") for data in shown[:-1]]
    assert [bool(chunk.get("usage")) for chunk in told] == [False] * (len(told) - 1) + [True]
    assert told[-1]["choices"] == []
    assert shown[-1] == b"[DONE]"
    assert b'"usage":{' not in hidden


def test_id_created_and_model_are_the_same_in_every_chunk():
    body = provider_stream(ANTHROPIC, completion(Text("hello"), ToolUse("c", "f"), finish="tool_calls"))

    chunks = [json.loads(frame.data or b"") for frame in Frames().feed(streamed(OPENAI, ANTHROPIC, body))[:-1]]

    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"


@ask_all
@answer_all
def test_a_stream_cut_before_its_end_is_an_error_for_every_caller(caller: Dialect, provider: Dialect):
    body = provider_stream(provider, completion(Text("hello")))
    cut = body[: body.rindex(b"\n\n", 0, body.rindex(spoken(provider.name).last)) + 2]

    with pytest.raises(BrokenStream):
        streamed(caller, provider, cut)
    streamed(caller, provider, body)


@ask_all
@answer_all
@pytest.mark.parametrize(
    ("status", "openai", "anthropic", "expected"),
    [
        (429, ("rate_limit_exceeded", "requests"), "rate_limit_error", RateLimit),
        (503, ("server_is_overloaded", "server_error"), "overloaded_error", ModelOverloaded),
        (400, ("context_length_exceeded", "invalid_request_error"), "invalid_request_error", ContextLengthExceeded),
    ],
)
def test_a_providers_error_reaches_every_caller_in_its_own_form(
    caller: Dialect, provider: Dialect, status: int, openai: tuple[str, str], anthropic: str, expected: type[Exception]
):
    message = "prompt is too long: 9 tokens > 8 maximum"
    error: dict[str, Any] = {"error": {"message": message, "code": openai[0], "type": openai[1], "param": None}}
    if provider.name == "anthropic":
        error = {"type": "error", "error": {"type": anthropic, "message": message}}
    elif provider.name == "gemini":
        message = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
        word = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}[status]
        error = {"error": {"code": status, "message": message, "status": word}}

    raised = provider.parse_error(status, [], json.dumps(error).encode(), "acme")
    told = json.loads(caller.write_error(raised, "req_1"))

    assert type(raised) is expected
    assert message in told["error"]["message"]
    assert (told.get("type") == "error") is (caller.name == "anthropic")
    form = {"responses": "openai"}
    if form.get(caller.name, caller.name) == form.get(provider.name, provider.name) and status < 500:
        assert told == error
    else:
        assert told["error"]["message"] == f"acme: {message}"


@ask_all
def test_the_error_that_ends_a_stream_is_in_the_callers_form_and_nothing_follows(caller: Dialect):
    event = caller.write_stream_error(RateLimit("slow down", provider="acme"), "req_1")

    (frame,) = Frames().feed(event)

    assert json.loads(frame.data or b"")["error"]["message"] == "acme: slow down"
    assert frame.event == (b"error" if caller.name in {"anthropic", "responses"} else b"message")
    assert b"[DONE]" not in event
    with pytest.raises(RateLimit):
        caller.scanner().scan(frame)
