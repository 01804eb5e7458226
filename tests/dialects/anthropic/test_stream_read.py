"""A provider's Anthropic stream: watched while it is handed on, and read into events."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream, ModelOverloaded, RateLimit
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.sse import Frames

A = AnthropicMessages()


def wire(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def frame(kind: str, **fields: Any) -> Frame:
    (only,) = Frames().feed(wire(kind, **fields))
    return only


def start(index: int, kind: str, **fields: Any) -> bytes:
    return wire("content_block_start", index=index, content_block={"type": kind, **fields})


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return wire("content_block_delta", index=index, delta={"type": kind, **fields})


BEGAN = wire(
    "message_start",
    message={
        "id": "msg_1",
        "model": "claude",
        "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1},
    },
)
ENDING = wire("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 30}) + wire("message_stop")
STREAM = b"".join(
    (
        b": hello\n\n",
        BEGAN,
        start(0, "thinking", thinking="", signature=""),
        wire("ping"),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="sig"),
        wire("content_block_stop", index=0),
        start(1, "redacted_thinking", data="x"),
        wire("content_block_stop", index=1),
        start(2, "text", text=""),
        delta(2, "text_delta", text="hé"),
        delta(2, "text_delta", text=""),
        delta(2, "citations_delta", citation={}),
        wire("content_block_stop", index=2),
        start(3, "server_tool_use", id="s", name="web_search", input={}),
        delta(3, "input_json_delta", partial_json='{"query":"x"}'),
        start(4, "tool_use", id="t", name="f", input={}),
        delta(4, "input_json_delta", partial_json=""),
        delta(4, "input_json_delta", partial_json='{"a":'),
        delta(4, "input_json_delta", partial_json="1}"),
        start(5, "tool_use", id="u", name="g", input={"whole": True}),
        wire("an_event_of_next_year", index=0),
        ENDING,
        b"data: [DONE]\n\n",
    )
)
EVENTS: list[Event] = [
    Began("msg_1", "claude"),
    UsageSeen(Usage(input=9, cache_read=4, output=1, source="estimated")),
    ThoughtDelta("hm"),
    ThoughtDelta(signature="sig"),
    ThoughtDelta(redacted="x"),
    TextDelta("hé"),
    ToolDelta(0, "t", "f"),
    ToolDelta(0, arguments='{"a":'),
    ToolDelta(0, arguments="1}"),
    ToolDelta(1, "u", "g", '{"whole": true}'),
    UsageSeen(Usage(input=9, cache_read=4, output=30)),
    Ended("tool_calls"),
]


def read(*chunks: bytes) -> list[Event]:
    frames, reader, events = Frames(), A.reader(), []
    for chunk in chunks:
        for one in frames.feed(chunk):
            events += reader.read(one)
    return events + reader.end()


def test_a_stream_becomes_events():
    assert read(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_however_the_network_cuts_the_bytes_the_events_are_the_same(cuts: list[int]):
    edges = [0, *sorted(cuts), len(STREAM)]

    assert read(*(STREAM[a:b] for a, b in pairwise(edges))) == EVENTS


@given(st.integers(0, STREAM.index(b"event: message_delta")))
def test_a_stream_cut_anywhere_is_never_whole(length: int):
    with pytest.raises(BrokenStream):
        read(STREAM[:length])


def test_the_scanner_agrees_with_the_reader_on_what_is_content():
    scanner, reader = A.scanner(), A.reader()
    for one in Frames().feed(STREAM.replace(b"server_tool_use", b"tool_use")):
        content = any(isinstance(event, TextDelta | ThoughtDelta | ToolDelta) for event in reader.read(one))
        if b"citations_delta" not in one.raw and b'"partial_json": ""' not in one.raw:
            assert scanner.scan(one) is content, one
        assert scanner.usage_only(one) is False
    scanner.end()

    assert scanner.done
    assert (scanner.model, scanner.finish) == ("claude", "tool_calls")
    assert scanner.usage == Usage(input=9, cache_read=4, output=30)


@pytest.mark.parametrize(
    ("seen", "content"),
    [
        (frame("ping"), False),
        (frame("content_block_start", index=0, content_block={"type": "text", "text": ""}), False),
        (frame("content_block_start", index=0, content_block={"type": "text", "text": "x"}), True),
        (frame("content_block_start", index=0, content_block={"type": "tool_use", "name": "f"}), True),
        (frame("content_block_start", index=0, content_block={"type": "web_search_tool_result"}), True),
        (frame("content_block_start", index=0), False),
        (frame("content_block_delta", index=0, delta={"type": "text_delta", "text": ""}), False),
        (frame("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "x"}), True),
        (frame("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"}), True),
        (frame("content_block_delta", index=0, delta={"type": "citations_delta"}), True),
        (frame("content_block_stop", index=0), False),
        (frame("message_start"), False),
        (frame("message_delta"), False),
        (Frame(b": keep-alive\n\n", b"message", None), False),
        (Frame(b"data:\n\n", b"message", b""), False),
    ],
)
def test_content_is_what_a_user_could_see(seen: Frame, content: bool):
    scanner = A.scanner()

    assert scanner.scan(seen) is content
    assert scanner.usage == UNKNOWN_USAGE


def test_what_was_written_is_counted_for_an_estimate():
    scanner = A.scanner()
    for one in Frames().feed(STREAM):
        scanner.scan(one)

    assert scanner.written == len("hm" + "hé" + "web_search" + '{"query":"x"}' + "f" + '{"a":1}' + "g")


def test_until_the_end_the_counts_are_estimated():
    scanner = A.scanner()
    scanner.scan(Frames().feed(BEGAN)[0])

    assert scanner.usage == Usage(input=9, cache_read=4, output=1, source="estimated")


def test_a_stream_of_no_counts_has_none():
    stream = wire("message_start", message={"id": "1"}) + wire("message_delta", delta={"stop_reason": "end_turn"})

    assert read(stream, wire("message_stop")) == [Began("1", ""), Ended("stop")]


def test_counts_told_only_at_the_start_are_final_at_the_end():
    events = read(BEGAN, wire("message_delta"), wire("message_stop"))

    assert events[-2:] == [UsageSeen(Usage(input=9, cache_read=4, output=1)), Ended("stop")]


def test_the_matched_stop_sequence_is_told():
    ending = wire("message_delta", delta={"stop_reason": "stop_sequence", "stop_sequence": "END"}, usage={})

    assert read(BEGAN, ending, wire("message_stop"))[-1] == Ended("stop", "END")


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"content_block_de',
        b"<html>",
        b'{"type":3}',
        b'{"type":"ping","index":"x"}',
        b"[" * 5_000,
        b'{"type":"\xff"}',
    ],
)
def test_a_frame_that_cannot_be_read_breaks_the_stream(data: bytes):
    broken = Frame(b"data: " + data + b"\n\n", b"message", data)

    with pytest.raises(BrokenStream):
        A.scanner().scan(broken)
    with pytest.raises(BrokenStream):
        A.reader().read(broken)


@pytest.mark.parametrize(
    ("seen", "error"),
    [
        (frame("error", error={"type": "overloaded_error", "message": "Overloaded"}), ModelOverloaded),
        (Frame(b"", b"message", b'{"error":{"type":"rate_limit_error","message":"slow"}}'), RateLimit),
    ],
)
def test_an_error_event_is_that_error(seen: Frame, error: type[Exception]):
    with pytest.raises(error):
        A.scanner().scan(seen)
    with pytest.raises(error):
        A.reader().read(seen)


def test_nothing_after_the_end_belongs_to_the_answer():
    scanner, reader = A.scanner(), A.reader()
    late = Frame(b"data: not json\n\n", b"message", b"not json")
    for one in Frames().feed(BEGAN + ENDING):
        scanner.scan(one)
        reader.read(one)

    assert scanner.scan(late) is False
    assert reader.read(late) == []
    assert reader.end() == []


def test_a_message_start_without_a_message_begins_nothing():
    assert A.reader().read(frame("message_start")) == []


def test_a_stop_reason_without_message_stop_is_an_end():
    scanner, reader = A.scanner(), A.reader()
    for one in Frames().feed(STREAM[: STREAM.index(b"event: message_stop")]):
        scanner.scan(one)
        reader.read(one)
    scanner.end()

    assert [type(event) for event in reader.end()] == [Ended]


def test_a_watched_stream_that_stops_early_is_broken():
    scanner = A.scanner()
    for one in Frames().feed(STREAM[: STREAM.index(b"event: message_delta")]):
        scanner.scan(one)

    with pytest.raises(BrokenStream, match="message_stop"):
        scanner.end()
