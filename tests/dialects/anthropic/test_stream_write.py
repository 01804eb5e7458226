"""Core events written as a caller's Anthropic stream."""

import json
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

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
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.sse import Frames

A = AnthropicMessages()
SDK_EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
BEGAN = Began("msg_1", "claude")


def written(*events: Event) -> bytes:
    writer = A.writer(Envelope("asked", stream=True))
    return b"".join([*(writer.write(event) for event in events), writer.close()])


def told(*events: Event) -> list[dict[str, Any]]:
    """What a client sees: every event's JSON, its name checked."""
    seen = []
    for frame in Frames().feed(written(*events)):
        assert frame.data is not None
        fields = json.loads(frame.data)
        assert frame.event.decode() == fields["type"]
        SDK_EVENT.validate_json(frame.data, strict=True)
        seen.append(fields)
    return seen


def outline(*events: Event) -> list[str]:
    """Starts, deltas and stops with their index, as ``0 tool_use t``, ``0 + {"a"``, ``0 .``."""
    lines = []
    for fields in told(*events):
        match fields:
            case {"type": "content_block_start", "index": at, "content_block": block}:
                lines.append(f"{at} {block['type']} {block.get('id', '')}".strip())
            case {"type": "content_block_delta", "index": at, "delta": delta}:
                lines.append(f"{at} + {next(value for name, value in delta.items() if name != 'type')}")
            case {"type": "content_block_stop", "index": at}:
                lines.append(f"{at} .")
    return lines


def test_a_stream_is_told_in_the_vendors_order():
    usage = Usage(input=3, cache_read=4, cache_write=5, cache_write_1h=6, output=7, reasoning=8)

    seen = told(BEGAN, UsageSeen(Usage(input=3, source="estimated")), TextDelta("hi"), UsageSeen(usage), Ended("stop"))

    assert [fields["type"] for fields in seen] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    message = seen[0]["message"]
    assert (message["id"], message["model"], message["usage"]["input_tokens"]) == ("msg_1", "claude", 3)
    assert seen[4]["delta"]["stop_reason"] == "end_turn"
    assert seen[4]["usage"]["input_tokens"] == 3
    assert seen[4]["usage"]["cache_read_input_tokens"] == 4
    assert "cache_creation" not in seen[4]["usage"]  # the vendor tells it in message_start only
    assert seen[4]["usage"]["cache_creation_input_tokens"] == 11
    assert seen[4]["usage"]["output_tokens"] == 15


def test_nothing_is_told_before_there_is_content():
    writer = A.writer(Envelope("asked"))

    assert writer.write(BEGAN) == b""
    assert writer.write(UsageSeen(Usage(input=1))) == b""


def test_an_answer_of_nothing_is_still_whole():
    seen = told(Ended("length"))

    assert [fields["type"] for fields in seen] == ["message_start", "message_delta", "message_stop"]
    assert seen[0]["message"]["model"] == "asked"
    assert seen[1]["delta"]["stop_reason"] == "max_tokens"


def test_the_provider_names_the_model_where_it_does():
    assert told(Began("1", ""), Ended("stop"))[0]["message"]["model"] == "asked"
    assert told(Began("1", "real"), Ended("stop"))[0]["message"]["model"] == "real"


def test_text_and_thoughts_have_blocks_of_their_own_and_indexes_rise():
    assert outline(
        BEGAN,
        ThoughtDelta("h"),
        ThoughtDelta("m"),
        ThoughtDelta(signature="sig"),
        ThoughtDelta("again"),
        ThoughtDelta(redacted="x"),
        TextDelta("a"),
        TextDelta("b"),
        ThoughtDelta("late"),
        TextDelta(""),
        ThoughtDelta(""),
        Ended("stop"),
    ) == [
        "0 thinking", "0 + h", "0 + m", "0 + sig", "0 .",
        "1 thinking", "1 + again", "1 .",
        "2 redacted_thinking", "2 .",
        "3 text", "3 + a", "3 + b", "3 .",
        "4 thinking", "4 + late", "4 .",
    ]  # fmt: skip


def test_name_and_arguments_in_one_event_are_a_start_and_at_once_the_arguments():
    writer = A.writer(Envelope("m"))
    writer.write(BEGAN)

    first = writer.write(ToolDelta(0, "t", "f", '{"a":1}'))

    assert first.count(b"content_block_start\n") == 1
    assert b'"partial_json":"{\\"a\\":1}"' in first


def test_arguments_that_come_only_at_the_end_are_delivered():
    assert outline(
        ToolDelta(0, "t", "f"),
        ToolDelta(1, "u", "g"),
        ToolDelta(0, arguments="{}"),
        ToolDelta(1, arguments="[]"),
        Ended("tool_calls"),
    ) == [
        "0 tool_use t", "0 + {}", "0 .", "1 tool_use u", "1 + []", "1 .",
    ]  # fmt: skip


def test_parallel_tools_that_the_provider_interleaves_are_told_one_after_another():
    assert outline(
        ToolDelta(0, "t", "f", '{"a"'),
        ToolDelta(1, "u", "g", '{"b"'),
        ToolDelta(0, arguments=":1"),
        TextDelta("and"),
        ToolDelta(1, arguments=":2}"),
        ToolDelta(0, arguments="}"),
        Ended("tool_calls"),
    ) == [
        "0 tool_use t", '0 + {"a"', "0 + :1", "0 + }", "0 .",
        "1 tool_use u", '1 + {"b"', "1 + :2}", "1 .",
        "2 text", "2 + and", "2 .",
    ]  # fmt: skip


def test_a_tool_whose_arguments_are_whole_makes_the_next_one_wait_for_nothing():
    writer = A.writer(Envelope("m"))
    writer.write(ToolDelta(0, "t", "f", '{"a":1}'))

    assert b'"id":"u"' in writer.write(ToolDelta(1, "u", "g"))


def test_arguments_that_never_become_whole_are_delivered_as_they_are():
    assert outline(ToolDelta(0, "t", "f", '{"a'), ToolDelta(1, "u", "g", "[" * 2_000), Ended("length")) == [
        "0 tool_use t", '0 + {"a', "0 .", "1 tool_use u", "1 + " + "[" * 2_000, "1 .",
    ]  # fmt: skip


def test_a_call_without_an_id_is_given_one_of_this_answer():
    assert outline(BEGAN, ToolDelta(3, None, "f"), Ended("stop"))[0] == "0 tool_use toolu_msg_1_3"


def test_an_answer_that_calls_tools_says_so_even_where_its_provider_did_not():
    assert told(ToolDelta(0, "t", "f"), Ended("stop"))[-2]["delta"]["stop_reason"] == "tool_use"
    assert told(TextDelta("x"), Ended("stop", "END"))[-2]["delta"] == {
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "stop_details": None,
        "container": None,
    }


CALLS = st.lists(st.lists(st.sampled_from(["", '{"a":', "1", "}", "{}"]), max_size=4), max_size=3)
OTHERS = st.lists(st.builds(TextDelta, st.text(max_size=3)) | st.builds(ThoughtDelta, st.text(max_size=3)), max_size=6)


@given(calls=CALLS, others=OTHERS, data=st.data())
def test_whatever_is_interleaved_one_block_is_open_at_a_time_and_nothing_is_lost(
    calls: list[list[str]], others: list[Event], data: st.DataObject
):
    queues: list[list[Event]] = [list(others)] + [
        [ToolDelta(at, f"t{at}", "f"), *(ToolDelta(at, arguments=piece) for piece in pieces)]
        for at, pieces in enumerate(calls)
    ]
    events: list[Event] = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        events.append(queue.pop(0))

    lines = outline(*events, Ended("stop"))

    at, is_open = -1, False
    for line in lines:
        index, _, what = line.partition(" ")
        if what == ".":
            assert is_open
            is_open = False
        elif what.startswith("+"):
            assert is_open
        else:
            assert not is_open
            at, is_open = at + 1, True
        assert int(index) == at
    assert not is_open
    frames, reader, gathered = Frames(), A.reader(), Gathering()
    for frame in frames.feed(written(*events, Ended("stop"))):
        for event in reader.read(frame):
            gathered.add(event)
    answer = gathered.completion()
    assert answer.text == "".join(event.text for event in others if isinstance(event, TextDelta))
    assert answer.thoughts == "".join(event.text for event in others if isinstance(event, ThoughtDelta))
    told_calls = {call.id: call.arguments for call in answer.tool_calls}
    assert told_calls.keys() == {f"t{at}" for at in range(len(calls))}


@pytest.mark.parametrize("pieces", [["{}"], ['{"a":', "1}"], [""], ["{", "}"]])
def test_the_arguments_of_one_call_arrive_whole(pieces: list[str]):
    lines = outline(ToolDelta(0, "t", "f"), *(ToolDelta(0, arguments=piece) for piece in pieces), Ended("stop"))

    assert "".join(line.removeprefix("0 + ") for line in lines if "+" in line) == "".join(pieces)
