"""However a message is cut into reads, our connection makes the same response of it; no socket is needed for that."""

import asyncio
import gzip
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.core.errors import CallError
from trunkline.transport.connection import HttpConnection
from trunkline.transport.decode import Inflater
from trunkline.transport.limits import HttpLimits
from trunkline.transport.transport import Origin, Request

REQUEST = Request("POST", Origin("http", "h", 80), "/", [], b"", 10.0)
BODY = b"data: caf\xc3\xa9\r\n\r\ndata: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nX-One:  1 \r\n"
SIZED = HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY


class Recorder(asyncio.Transport):
    """A transport that only notes what is asked of it."""

    def __init__(self):
        super().__init__()
        self.aborted = False
        self.reading = True
        self.written = b""

    def write(self, data):
        self.written += data

    def abort(self):
        self.aborted = True

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def get_write_buffer_size(self):
        return 0


class Owner:
    """Counts what a connection tells its pool."""

    def __init__(self):
        self.told = []

    def made(self):
        self.told.append("made")

    def lost(self):
        self.told.append("lost")

    def release(self, _):
        self.told.append("release")

    def drop(self, _):
        self.told.append("drop")


def connection():
    """A connection with a request on it, its response, and what it tells."""
    loop = asyncio.new_event_loop()
    loop.close()  # nothing here waits
    owner = Owner()
    made = HttpConnection(owner, "http://h", HttpLimits(), lambda: 0.0, loop)
    made.connection_made(Recorder())
    return made, made.start(REQUEST, b"POST / HTTP/1.1\r\n\r\n", 0.0), owner


def feed(message, cuts):
    made, response, owner = connection()
    borders = [0, *sorted(cuts), len(message)]
    for start, end in pairwise(borders):
        if start < end and not made.closed:
            made.data_received(message[start:end])
    return made, response, owner


def read(response):
    """Run a read that has nothing to wait for."""
    try:
        response.read(1 << 20).send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("the response waits for more")


def chunked(body, cuts):
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(body)}), len(body)]
    pieces = [body[start:end] for start, end in pairwise(borders)]
    framed = b"".join(b"%X;x=y\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return HEAD + b"transfer-encoding: chunked\r\n\r\n" + framed + b"0\r\nx-trailer: 1\r\n\r\n"


@given(st.sets(st.integers(1, len(SIZED) - 1)))
def test_a_sized_message_is_the_same_in_every_chunking(cuts):
    _, response, owner = feed(SIZED, cuts)
    assert (response.status, response.header(b"x-one"), read(response)) == (200, b"1", BODY)
    assert owner.told == ["made", "release"]


@given(st.data(), st.sets(st.integers(1, len(BODY) - 1)))
def test_a_chunked_message_is_the_same_in_every_chunking(data, frames):
    message = chunked(BODY, frames)
    cuts = data.draw(st.sets(st.integers(1, len(message) - 1)))
    _, response, owner = feed(message, cuts)
    assert read(response) == BODY
    assert owner.told == ["made", "release"]


@given(st.data())
def test_a_message_cut_anywhere_is_never_whole(data):
    message = data.draw(st.sampled_from([SIZED, chunked(BODY, {5, 9})]))
    end = data.draw(st.integers(0, len(message) - 1))
    made, response, owner = feed(message[:end], data.draw(st.sets(st.integers(0, end))))
    made.eof_received()
    made.connection_lost(None)
    with pytest.raises(CallError):
        read(response)
    assert "release" not in owner.told


@given(st.binary(max_size=200), st.sets(st.integers(0, 200)))
def test_whatever_comes_ends_in_a_response_or_one_of_our_errors(noise, cuts):
    made, response, owner = feed(noise, {cut for cut in cuts if cut < len(noise)})
    made.eof_received()
    made.connection_lost(None)
    with suppress(CallError):
        read(response)
    assert owner.told.count("lost") == 1


@given(st.sampled_from([b"\r\n", b"x", b"HTTP/1.1 200 OK\r\n\r\n", b"0\r\n\r\n"]), st.sets(st.integers(1, len(SIZED))))
def test_bytes_after_the_end_close_the_connection(surplus, cuts):
    made, response, owner = feed(SIZED + surplus, cuts)
    assert read(response) == BODY
    if surplus != b"\r\n":  # the parser skips an empty line within one read; it cannot be taken for a message
        assert made.closed
        assert owner.told[-1] == "drop"


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=4), st.integers(1, 50))
def test_gzip_is_decoded_alike_in_every_chunking(members, step):
    encoded = b"".join(gzip.compress(member) for member in members)
    inflater, decoded = Inflater(gzip=True), b""
    for start in range(0, len(encoded), step):
        decoded += inflater.decode(encoded[start : start + step])
        while inflater.pending:
            decoded += inflater.decode(b"")
    inflater.finish()
    assert decoded == b"".join(members)


def test_framing_without_a_body_has_a_limit():
    made, response, _ = connection()
    made.data_received(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;" + b"x" * 1000)
    for _ in range(100):
        if not made.closed:
            made.data_received(b"x" * 1000)
    assert made.closed
    with pytest.raises(CallError, match="framing"):
        read(response)


def test_a_first_message_and_a_second_at_once_is_one_answer():
    made, response, _ = feed(SIZED + SIZED, set())
    assert read(response) == BODY
    assert made.closed


def test_a_connection_whose_reading_is_paused_reads_again_once_it_is_idle():
    made, _, owner = connection()
    half = HttpLimits().buffered_bytes + 1
    made.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (2 * half) + bytes(half))
    assert not made._transport.reading
    made.data_received(bytes(half))  # as a TLS layer may still hand on what it had decrypted
    assert made._transport.reading
    assert owner.told[-1] == "release"
