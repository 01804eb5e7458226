"""Server-sent events, in every chunking."""

import itertools
import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.dialect import Frame
from trunkline.core.errors import ReplyTooLarge
from trunkline.dialects.sse import Frames

CASES = json.loads((pathlib.Path(__file__).parent / "cases" / "sse.json").read_text())["cases"]


def bytes_of(case: dict) -> bytes:
    return bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].encode()


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def chunkings(data: bytes) -> list[list[bytes]]:
    splits = [[data[:at], data[at:]] for at in range(len(data) + 1)]
    return [[data], *(in_pieces(data, size) for size in (1, 2, 3)), *splits]


def frames_of(pieces: list[bytes]) -> list[Frame]:
    frames = Frames()
    return [frame for piece in pieces for frame in frames.feed(piece)]


def events_of(pieces: list[bytes]) -> list[list[str]]:
    """What the specification dispatches: without what ``end`` offers, and with broken UTF-8 replaced."""
    told = [(frame.event, frame.data) for frame in frames_of(pieces) if frame.data is not None]
    return [[event.decode("utf-8", "replace"), data.decode("utf-8", "replace")] for event, data in told]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_case_holds_in_every_chunking(case):
    data = bytes_of(case)
    for pieces in chunkings(data):
        assert events_of(pieces) == case["events"], pieces


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_raw_bytes_of_all_frames_are_the_stream(case):
    data = bytes_of(case)
    for pieces in chunkings(data):
        frames = Frames()
        raw = [frame.raw for piece in pieces for frame in frames.feed(piece)]
        assert b"".join(raw + [frame.raw for frame in frames.end()]) == data


LINES = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data",
        b"event: x",
        b"event:",
        b": hi",
        b"id: 1",
        b"",
        b"",
        b"\xef\xbb\xbfdata: c",
        b"\xff",
    ]
)
ENDS = st.sampled_from([b"\n", b"\n", b"\r", b"\r\n"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=30), st.lists(st.integers(0, 200), max_size=8))
def test_any_chunking_of_any_stream_gives_the_same_events(lines, cuts):
    data = b"".join(line + end for line, end in lines)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert events_of(pieces) == events_of([data]) == events_of(in_pieces(data, 1))


@given(st.lists(st.tuples(LINES, ENDS), max_size=30))
def test_events_are_those_of_a_line_by_line_reading(lines):
    data = b"".join(line + end for line, end in lines)
    assert events_of([data]) == by_the_letter(data)


def by_the_letter(data: bytes) -> list[list[str]]:
    """The specification's algorithm, one character at a time: slow, and nothing to do with the code under test."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events, held, name = [], "", ""
    for line in text.split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            events += [[name or "message", held[:-1]]] if held else []
            held = name = ""
        elif field == "data":
            held += value + "\n"
        elif field == "event":
            name = value
    return events


def test_a_comment_alone_is_a_frame_without_data():
    (frame,) = frames_of([b": OPENROUTER PROCESSING\n\n"])
    assert frame == Frame(b": OPENROUTER PROCESSING\n\n", b"message", None)


def test_a_comment_before_data_travels_in_the_raw_bytes():
    (frame,) = frames_of([b": hi\ndata: {}\n\n"])
    assert (frame.raw, frame.data) == (b": hi\ndata: {}\n\n", b"{}")


def test_an_event_without_its_blank_line_is_offered_at_the_end_only():
    frames = Frames()
    assert frames.feed(b"data: [DONE]") == []
    assert frames.end() == [Frame(b"data: [DONE]", b"message", b"[DONE]")]
    assert frames.end() == []


def test_a_stream_that_ended_well_has_nothing_left_at_the_end():
    frames = Frames()
    frames.feed(b"data: a\n\n")
    assert frames.end() == []


@pytest.mark.parametrize("ending", [b"\n\n", b"\r\n\r\n", b"\r\r"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_event_over_the_limit_is_refused_after_those_before_it(ending, size):
    stream = b"data: first" + ending + b"data: " + b"x" * 100 + ending
    frames, seen = Frames(limit=64), []
    with pytest.raises(ReplyTooLarge, match="64 bytes"):
        for piece in in_pieces(stream, size):
            seen += frames.feed(piece)
        frames.end()
    assert [frame.data for frame in seen] == [b"first"]


@pytest.mark.parametrize("ending", [b"\n\n", b"\r\n\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_an_event_of_just_the_limit_passes_in_every_chunking(ending, size):
    frames = Frames(limit=64)
    stream = (b"data: " + b"x" * 58 + ending) * 2
    seen = [frame for piece in in_pieces(stream, size) for frame in frames.feed(piece)]
    assert [len(frame.data or b"") for frame in seen] == [58, 58]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_one_byte_over_the_limit_is_refused_in_every_chunking(size):
    frames = Frames(limit=64)
    with pytest.raises(ReplyTooLarge):
        for piece in in_pieces(b"data: " + b"x" * 59 + b"\n\n", size):
            frames.feed(piece)


def test_after_an_overflow_nothing_more_is_read():
    frames = Frames(limit=8)
    with pytest.raises(ReplyTooLarge):
        frames.feed(b"data: " + b"x" * 100)
    with pytest.raises(ReplyTooLarge):
        frames.feed(b"data: a\n\n")
    with pytest.raises(ReplyTooLarge):
        frames.end()


def test_the_first_frame_of_a_stream_has_the_limit_too():
    with pytest.raises(ReplyTooLarge):
        Frames(limit=8).feed(b"data: 123456789\n\n")


def test_a_long_event_in_small_pieces_is_whole():
    data = b"data: " + b"x\ny" * 1000 + b"\n\n"
    (frame,) = frames_of(in_pieces(data, 2))
    assert frame.raw == data
