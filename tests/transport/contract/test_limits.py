"""A hostile or careless server meets a limit, and memory does not."""

import asyncio
import gzip
import zlib

import pytest

from trunkline.core.errors import BadReply, ReplyTooLarge
from trunkline.transport.limits import HttpLimits

TEXT = b"the quick brown fox " * 5000


def encoded(body, encoding):
    return b"HTTP/1.1 200 OK\r\ncontent-encoding: %b\r\ncontent-length: %d\r\n\r\n%b" % (encoding, len(body), body)


def raw_deflate(data):
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(TEXT)),
        (b"X-GZIP", gzip.compress(TEXT)),
        (b"gzip", gzip.compress(TEXT[:30_000]) + gzip.compress(TEXT[30_000:])),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", raw_deflate(TEXT)),
        (b"identity", TEXT),
    ],
    ids=["gzip", "x-gzip", "two gzip members", "deflate", "raw deflate", "identity"],
)
async def test_an_encoded_body_is_decoded(transport, serve, answer, encoding, body):
    message = encoded(body, encoding)
    async with serve(answer(message[:-7], message[-7:])) as server:
        for _ in range(2):
            response = await transport.send(server.request(headers=[(b"accept-encoding", b"gzip, deflate")]))
            assert await response.read(1 << 20) == TEXT
        assert server.connections == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(TEXT)[:-4]),
        (b"gzip", TEXT),
        (b"gzip", gzip.compress(TEXT) + b"tail"),
        (b"deflate", zlib.compress(TEXT)[:-1]),
        (b"deflate", zlib.compress(TEXT) + b"tail"),
        (b"deflate", b"\x78"),
    ],
    ids=["gzip cut", "not gzip", "gzip with a tail", "deflate cut", "deflate with a tail", "one byte of deflate"],
)
async def test_a_broken_encoding_is_a_bad_reply(transport, serve, answer, encoding, body):
    async with serve(answer(encoded(body, encoding))) as server:
        response = await transport.send(server.request())
        with pytest.raises(BadReply) as caught:
            await response.read(1 << 20)
        assert type(caught.value) is BadReply


async def test_a_gzip_bomb_is_cut_off_at_the_limit(open_transport, serve, answer):
    bomb = gzip.compress(bytes(64 << 20))
    async with serve(answer(encoded(bomb, b"gzip"))) as server:
        transport = open_transport(limits=HttpLimits(decoded_bytes=1 << 20))
        response = await transport.send(server.request())
        received = 0
        with pytest.raises(ReplyTooLarge):
            while data := await response.receive():
                assert len(data) <= 256 << 10
                received += len(data)
        assert received <= 1 << 20


async def test_a_body_past_the_transports_limit_is_cut_off(open_transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await wire.send(bytes(1 << 16))

    async with serve(script) as server:
        transport = open_transport(limits=HttpLimits(decoded_bytes=1 << 20))
        response = await transport.send(server.request())
        with pytest.raises(ReplyTooLarge):
            await response.read(1 << 30)


async def test_a_request_may_allow_more_than_the_transport_does(open_transport, serve, answer):
    body = bytes(1 << 20)
    async with serve(answer(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)) as server:
        transport = open_transport(limits=HttpLimits(decoded_bytes=1 << 10))
        response = await transport.send(server.request(most=1 << 20))
        assert await response.read(1 << 30) == body


async def test_a_read_past_its_own_limit_closes_the_connection(transport, serve):
    left = []

    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + bytes(100))
        left.append(await wire.gone())

    async with serve(script) as server:
        response = await transport.send(server.request())
        with pytest.raises(ReplyTooLarge):
            await response.read(99)
        await asyncio.sleep(0.05)
        assert left == [True]


async def test_a_body_of_exactly_the_limit_is_read(transport, serve, answer):
    async with serve(answer(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n" + bytes(99))) as server:
        assert await (await transport.send(server.request())).read(99) == bytes(99)


@pytest.mark.parametrize(
    "fields",
    [
        b"".join(b"x-%d: y\r\n" % number for number in range(300)),
        b"x-long: " + b"y" * 70_000 + b"\r\n",
        b"".join(b"x-%d: %b\r\n" % (number, b"y" * 1000) for number in range(100)),
    ],
    ids=["too many", "one too long", "too long together"],
)
@pytest.mark.parametrize("piece", [1 << 20, 1000])
async def test_a_head_past_the_limits_is_a_bad_reply(transport, serve, answer, fields, piece):
    head = b"HTTP/1.1 200 OK\r\n" + fields + b"content-length: 0\r\n\r\n"
    async with serve(answer(*(head[at : at + piece] for at in range(0, len(head), piece)))) as server:
        with pytest.raises(BadReply):
            await transport.send(server.request())


async def test_a_head_within_the_limits_is_read(transport, serve, answer):
    fields = b"".join(b"x-%d: %b\r\n" % (number, b"y" * 300) for number in range(200))
    async with serve(answer(b"HTTP/1.1 200 OK\r\n" + fields + b"content-length: 0\r\n\r\n")) as server:
        response = await transport.send(server.request())
        assert response.header(b"x-199") == b"y" * 300


async def test_a_reader_that_does_not_read_stops_the_server(transport, serve):
    sent = 0

    async def script(wire):
        nonlocal sent
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1024):
            await wire.send(bytes(1 << 16))
            sent += 1 << 16

    async with serve(script) as server:
        response = await transport.send(server.request())
        await asyncio.sleep(0.3)
        stopped = sent
        await asyncio.sleep(0.1)
        assert sent == stopped < 32 << 20  # the rest waits in the kernel's buffers and the server's
        assert len(await response.read(1 << 30)) == 64 << 20
