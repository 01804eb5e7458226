"""Events as OpenAI's stream of chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from trunkline.core.dialect import Envelope
from trunkline.core.events import (
    Began,
    Ended,
    Event,
    Gathering,
    TextDelta,
    ThoughtDelta,
    ToolDelta,
    UsageSeen,
)
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.sse import Frames

DIALECT = OpenAIChat()
BEGAN = Began("msg_1", "m", 7)
SEEN = UsageSeen(Usage(input=3, cache_read=2, output=4))


def stream(*events: Event, include_usage: bool = False) -> bytes:
    writer = DIALECT.writer(Envelope("asked", stream=True, include_usage=include_usage))
    return b"".join(map(writer.write, events)) + writer.close()


def chunks(*events: Event, include_usage: bool = False) -> list[dict]:
    *told, done = Frames().feed(stream(*events, include_usage=include_usage))
    assert done.data == b"[DONE]"
    for frame in told:
        ChatCompletionChunk.model_validate_json(frame.data or b"", strict=True)
    return [json.loads(frame.data or b"") for frame in told]


def deltas(*events: Event) -> list[dict]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(*events)]


def test_role_words_finish_in_that_order():
    told = chunks(BEGAN, TextDelta("Hel"), TextDelta("lo"), SEEN, Ended("stop"))
    assert [(chunk["choices"][0]["delta"], chunk["choices"][0]["finish_reason"]) for chunk in told] == [
        ({"role": "assistant", "content": "", "refusal": None}, None),
        ({"content": "Hel"}, None),
        ({"content": "lo"}, None),
        ({}, "stop"),
    ]


def test_id_created_and_model_are_constant():
    told = chunks(BEGAN, TextDelta("a"), Began("other", "other", 9), SEEN, Ended("stop"), include_usage=True)
    assert {(chunk["id"], chunk["created"], chunk["model"]) for chunk in told} == {("msg_1", 7, "m")}
    assert {chunk["object"] for chunk in told} == {"chat.completion.chunk"}


def test_asked_for_usage_comes_exactly_once_and_last():
    told = chunks(BEGAN, SEEN, TextDelta("a"), SEEN, Ended("stop"), include_usage=True)
    assert [chunk["usage"] is not None for chunk in told] == [False, False, False, True]
    assert told[-1]["choices"] == []
    assert told[-1]["usage"]["prompt_tokens"] == 5
    assert told[-1]["usage"]["prompt_tokens_details"]["cached_tokens"] == 2


def test_usage_not_asked_for_is_not_shown():
    assert all("usage" not in chunk for chunk in chunks(BEGAN, TextDelta("a"), SEEN, Ended("stop")))


@pytest.mark.parametrize("seen", [[], [UsageSeen(UNKNOWN_USAGE)]])
def test_usage_nobody_knows_is_not_shown_as_zeros(seen):
    told = chunks(BEGAN, TextDelta("a"), *seen, Ended("stop"), include_usage=True)
    assert all(chunk["usage"] is None for chunk in told)


def test_thoughts_are_reasoning_content_and_signatures_nothing():
    told = deltas(BEGAN, ThoughtDelta("hm"), ThoughtDelta(signature="s"), ThoughtDelta(redacted="x"), Ended("stop"))
    assert told[1:-1] == [{"reasoning_content": "hm"}]


def test_a_call_has_its_id_and_name_once():
    told = deltas(BEGAN, ToolDelta(0, "1", "f", '{"a"'), ToolDelta(0, arguments=":1}"), Ended("tool_calls"))
    first = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a"'}}
    assert told[1:-1] == [
        {"tool_calls": [first]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    ]


def test_parallel_calls_keep_their_indexes():
    told = deltas(
        BEGAN, ToolDelta(0, "1", "f"), ToolDelta(1, "2", "g"), ToolDelta(0, arguments="{}"), Ended("tool_calls")
    )
    assert [delta["tool_calls"][0]["index"] for delta in told[1:-1]] == [0, 1, 0]


@pytest.mark.parametrize("first", [TextDelta("a"), ToolDelta(0), Ended("stop")])
def test_a_role_comes_first_even_where_nothing_said_that_it_began(first):
    told = chunks(first) if isinstance(first, Ended) else chunks(first, Ended("stop"))
    assert told[0]["choices"][0]["delta"]["role"] == "assistant"
    assert told[0]["model"] == "asked"


@given(st.lists(st.text(min_size=1), max_size=5))
def test_any_text_survives_being_written_and_read(words):
    events = [BEGAN, *map(TextDelta, words), SEEN, Ended("stop")]
    reader, gathering = DIALECT.reader(), Gathering()
    for frame in Frames().feed(stream(*events, include_usage=True)):
        for event in reader.read(frame):
            gathering.add(event)
    assert gathering.completion().text == "".join(words)
    assert gathering.usage == SEEN.usage
