"""Amazon's event stream: botocore reads the same out of the same bytes, and what it refuses is refused."""

import struct
from itertools import pairwise
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream, CallError, ReplyTooLarge
from trunkline.dialects.bedrock_converse.event_frames import EventFrames
from trunkline.dialects.bedrock_converse.event_headers import read_headers
from trunkline.simulator.event_stream import message

HEADERS = {":event-type": "contentBlockDelta", ":content-type": "application/json", ":message-type": "event"}
WORDS = st.text(max_size=12)
MESSAGES = st.lists(
    st.builds(lambda name, data: message({**HEADERS, ":event-type": name}, data), WORDS, st.binary(max_size=60)),
    max_size=5,
)


def told(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


ALL_TYPES = b"".join(
    [
        told("yes", 0, b""),
        told("no", 1, b""),
        told("byte", 2, struct.pack(">b", -7)),
        told("short", 3, struct.pack(">h", -300)),
        told("int", 4, struct.pack(">i", -70_000)),
        told("long", 5, struct.pack(">q", -(2**40))),
        told("bytes", 6, struct.pack(">H", 3) + b"\x00\xff\x01"),
        told("text", 7, struct.pack(">H", 2) + "é".encode()),
        told("time", 8, struct.pack(">q", 1_700_000_000_000)),
        told("uuid", 9, UUID(int=5).bytes),
    ]
)


def packed(headers: bytes, payload: bytes = b"{}") -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return body + struct.pack(">I", crc32(body))


def cut(data: bytes, *places: int) -> list[bytes]:
    edges = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def read(*pieces: bytes) -> list[Frame]:
    frames = EventFrames()
    return [frame for piece in pieces for frame in frames.feed(piece)] + frames.end()


def botocores(data: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


@given(MESSAGES)
def test_botocore_reads_the_same_events_out_of_the_same_bytes(messages: list[bytes]):
    data = b"".join(messages)

    ours = read(data) if data else []

    theirs = botocores(data)
    assert [(one.event.decode(), one.data) for one in ours] == [(b.headers[":event-type"], b.payload) for b in theirs]
    assert b"".join(frame.raw for frame in ours) == data


@given(MESSAGES, st.data())
def test_however_the_network_cuts_a_stream_its_frames_are_the_same(messages: list[bytes], data: st.DataObject):
    whole = b"".join(messages)
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))

    assert read(*cut(whole, *places)) == read(*(whole[at : at + 1] for at in range(len(whole)))) == read(whole)


@given(MESSAGES.filter(bool), st.data())
def test_a_changed_byte_is_never_read_as_an_answer(messages: list[bytes], data: st.DataObject):
    whole = bytearray(b"".join(messages))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))

    frames, seen = EventFrames(), []
    with pytest.raises(CallError):
        seen += frames.feed(bytes(whole))
        frames.end()

    assert b"".join(frame.raw for frame in seen) == b"".join(messages)[: sum(len(frame.raw) for frame in seen)]
    assert sum(len(frame.raw) for frame in seen) <= at


@given(MESSAGES.filter(bool), st.data())
def test_a_stream_cut_inside_a_frame_is_broken(messages: list[bytes], data: st.DataObject):
    whole = b"".join(messages)
    edges = {0, *(len(b"".join(messages[:count])) for count in range(len(messages) + 1))}
    at = data.draw(st.integers(0, len(whole)).filter(lambda place: place not in edges))

    with pytest.raises(BrokenStream, match="cut inside a frame"):
        read(whole[:at])


def test_the_frames_before_a_damaged_one_are_handed_out_first():
    good = message(HEADERS, b'{"a":1}')
    frames = EventFrames()

    assert [frame.data for frame in frames.feed(good + good[:-1] + b"\x00")] == [b'{"a":1}']
    with pytest.raises(BrokenStream, match="checksum"):
        frames.feed(b"")
    with pytest.raises(BrokenStream, match="checksum"):
        frames.end()


def test_headers_of_every_type_are_read_as_botocore_reads_them():
    ours, theirs = read_headers(ALL_TYPES), botocores(packed(ALL_TYPES))[0].headers

    assert ours == theirs
    assert len(ours) == 10
    assert (ours["yes"], ours["no"], ours["text"], ours["long"]) == (True, False, "é", -(2**40))


@pytest.mark.parametrize(
    "headers",
    [
        told("a", 10, b""),
        told("a", 7, b"\x00\x09ab"),
        told("a", 7, b"\x00\x01\xff"),
        told("a", 5, b"\x00"),
        told("a", 9, b"\x00"),
        told("a", 7, b""),
        b"\x05ab",
        b"\x01",
        told("a", 0, b"") * 2,
        b"".join(told(f"n{number}", 0, b"") for number in range(129)),
    ],
)
def test_headers_that_cannot_be_read_break_the_stream(headers: bytes):
    with pytest.raises(BrokenStream):
        read(packed(headers))


def test_lengths_that_cannot_be_break_the_stream_at_once():
    for total, headers in ((15, 0), (16, 1), (2**31, 2**20)):
        prelude = struct.pack(">II", total, headers)
        with pytest.raises(BrokenStream, match="impossible lengths"):
            read(prelude + struct.pack(">I", crc32(prelude)))


def test_a_damaged_length_is_told_at_once_and_not_when_the_bytes_it_promises_never_come():
    damaged = bytearray(message(HEADERS, b"{}"))
    damaged[2] ^= 1

    with pytest.raises(BrokenStream, match="checksum"):
        EventFrames().feed(bytes(damaged))


def test_a_giant_frame_is_refused_before_it_is_gathered():
    prelude = struct.pack(">II", 5 << 20, 0)

    with pytest.raises(ReplyTooLarge, match="4194304"):
        read(prelude + struct.pack(">I", crc32(prelude)))


def test_exceptions_and_errors_are_told_from_events():
    thrown = message({":message-type": "exception", ":exception-type": "throttlingException"}, b'{"message":"slow"}')
    failed = message({":message-type": "error", ":error-code": "InternalError", ":error-message": "oh"}, b"")
    odd = message({":message-type": "something new"}, b"x")

    assert [(frame.event, frame.data) for frame in read(thrown + failed + odd)] == [
        (b"exception throttlingException", b'{"message":"slow"}'),
        (b"exception InternalError", b'{"message":"oh"}'),
        (b"", None),
    ]
