"""Where a body ends, however its bytes are cut, and what a cut one is called."""

import pytest

from trunkline.core.errors import BadReply, ConnectionLost

SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello\r\nbye!"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
    b'5;name="val\xc3\xa9"\r\nhello\r\n002\r\n\r\n\r\n4;a;b=c\r\nbye!\r\n'
    b"0;last\r\nX-Trailer: one\r\nX-Other: two\r\n\r\n"
)
EARLY = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"
BODY = b"hello\r\nbye!"
WHOLE = {"sized": SIZED, "chunked": CHUNKED, "after 1xx": EARLY + SIZED}


@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE.keys())
async def test_a_body_is_the_same_in_every_split_of_its_message(transport, serve, message):
    cuts = range(len(message))

    async def script(wire):
        for cut in cuts:
            await wire.request()
            await wire.send(*(piece for piece in (message[:cut], message[cut:]) if piece))

    async with serve(script) as server:
        for _ in cuts:
            response = await transport.send(server.request())
            assert (response.status, await response.read(100)) == (200, BODY)
        assert server.connections == 1


@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE.keys())
async def test_a_body_is_the_same_when_it_comes_byte_by_byte(transport, serve, answer, message):
    async with serve(answer(*(bytes([byte]) for byte in message))) as server:
        response = await transport.send(server.request())
        assert await response.read(100) == BODY
        assert response.header(b"content-type") == b"text/plain"
        assert response.header(b"link") is None


async def test_a_body_without_framing_ends_with_the_connection(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\n", b"all ", b"of it")

    async with serve(script) as server:
        response = await transport.send(server.request())
        assert await response.read(100) == b"all of it"


@pytest.mark.parametrize("cut", ["close", "reset"])
@pytest.mark.parametrize(
    "message",
    [SIZED[:-1], SIZED[:-11], CHUNKED[:-2], CHUNKED[:-40], CHUNKED[: CHUNKED.index(b"llo")]],
    ids=["sized short of one byte", "sized empty", "chunked without its end", "no last chunk", "inside a chunk"],
)
async def test_a_cut_body_is_never_a_clean_end(transport, serve, message, cut):
    async def script(wire):
        await wire.request()
        await wire.send(message)
        if cut == "reset":
            await wire.gone()

    async with serve(script) as server:
        response = await transport.send(server.request())
        if cut == "reset":
            server.cut_all()
        with pytest.raises(ConnectionLost):
            await response.read(100)
        with pytest.raises(ConnectionLost):
            await response.receive()


async def test_what_came_before_a_cut_can_still_be_read(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst")

    async with serve(script) as server:
        response = await transport.send(server.request())
        assert await response.receive() == b"first"
        with pytest.raises(ConnectionLost):
            await response.receive()


async def test_a_body_without_framing_that_is_reset_is_cut(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
        await wire.reader.read(1)

    async with serve(script) as server:
        response = await transport.send(server.request())
        server.cut_all()
        with pytest.raises(ConnectionLost):
            await response.read(100)


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        ("POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("POST", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    ],
)
async def test_a_response_that_may_not_have_a_body_has_none(transport, serve, answer, method, head):
    async with serve(answer(head)) as server:
        for _ in range(2):
            response = await transport.send(server.request(method))
            assert await response.read(0) == b""


@pytest.mark.parametrize(
    "garbage",
    [
        b"220 smtp.example.com ESMTP ready\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16" * 3,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
    ],
)
async def test_garbage_is_a_bad_reply(transport, serve, answer, garbage):
    async with serve(answer(garbage)) as server:
        with pytest.raises(BadReply) as caught:
            await transport.send(server.request())
        assert type(caught.value) is BadReply


@pytest.mark.parametrize("chunk", [b"zz\r\nhello\r\n", b"5\r\nhelloXX\r\n", b"-5\r\nhello\r\n"])
async def test_broken_chunk_framing_is_a_bad_reply(transport, serve, chunk):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n")
        await wire.reader.read(1)

    async with serve(script) as server:
        response = await transport.send(server.request())
        assert await response.receive() == b"ok"
        server.send_all(chunk)
        with pytest.raises(BadReply):
            await response.read(100)


async def test_headers_keep_order_and_repetitions_in_lower_case(transport, serve, answer):
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-One: \xe9\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    async with serve(answer(head)) as server:
        response = await transport.send(server.request())
        assert response.headers == [
            (b"set-cookie", b"a=1"),
            (b"x-one", b"\xe9"),
            (b"set-cookie", b"b=2"),
            (b"content-length", b"0"),
        ]
        assert response.header(b"set-cookie") == b"a=1"


async def test_a_redirect_is_returned_and_not_followed(transport, serve, answer):
    head = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with serve(answer(head)) as server:
        response = await transport.send(server.request())
        assert (response.status, response.header(b"location")) == (307, b"http://127.0.0.1:1/")
