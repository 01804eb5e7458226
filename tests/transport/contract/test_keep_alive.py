"""Which connections are used again, and what happens when one of them was closed meanwhile."""

import asyncio

import pytest

from trunkline.core.errors import ConnectionLost, StaleConnection

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def test_requests_one_after_another_share_a_connection(transport, serve, answer):
    async with serve(answer(OK)) as server:
        for _ in range(10):
            response = await transport.send(server.request())
            assert await response.read(10) == b"hi"
        assert server.connections == 1


async def test_a_chunked_response_is_followed_by_another_on_its_connection(transport, serve, answer):
    async with serve(
        answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"2\r\nhi\r\n0\r\n\r\n")
    ) as server:
        for _ in range(3):
            assert await (await transport.send(server.request())).read(10) == b"hi"
        assert server.connections == 1


@pytest.mark.parametrize(
    "message",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    ],
    ids=["connection: close", "HTTP/1.0", "a second response nobody asked for"],
)
async def test_a_connection_that_may_not_live_is_not_used_again(transport, serve, answer, message):
    async with serve(answer(message)) as server:
        for _ in range(3):
            assert await (await transport.send(server.request())).read(10) == b"hi"
        assert server.connections == 3


async def test_bytes_on_an_idle_connection_are_no_answer_to_the_next_request(transport, serve):
    idle, sent = asyncio.Event(), asyncio.Event()

    async def script(wire):
        await wire.request()
        await wire.send(OK)
        await idle.wait()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        sent.set()
        if not await wire.gone(0.1):
            await wire.send(OK)

    async with serve(script) as server:
        assert await (await transport.send(server.request())).read(10) == b"hi"
        idle.set()
        await sent.wait()
        await asyncio.sleep(0.02)
        assert await (await transport.send(server.request())).read(10) == b"hi"
        assert server.connections == 2


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_connection_closed_while_idle_is_not_used(transport, serve, how):
    async def script(wire):
        await wire.request()
        await wire.send(OK)
        if how == "reset":
            wire.cut()

    async with serve(script) as server:
        for number in range(1, 4):
            assert await (await transport.send(server.request())).read(10) == b"hi"
            await asyncio.sleep(0.02)
            assert server.connections == number


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_stale_connection_is_told_and_the_next_request_has_a_fresh_one(transport, serve, how):
    async def script(wire):
        await wire.request()
        await wire.send(OK)
        await wire.head()  # the second request on this connection is never answered
        if how == "reset":
            wire.cut()

    async with serve(script) as server:
        assert await (await transport.send(server.request())).read(10) == b"hi"
        with pytest.raises(StaleConnection):
            await transport.send(server.request())
        assert server.connections == 1  # nothing was sent twice unseen
        assert await (await transport.send(server.request())).read(10) == b"hi"
        assert server.connections == 2


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_fresh_connection_closed_without_a_byte_is_lost_and_not_tried_again(transport, serve, how):
    async def script(wire):
        await wire.request()
        if how == "reset":
            wire.cut()

    async with serve(script) as server:
        with pytest.raises(ConnectionLost):
            await transport.send(server.request())
        assert server.connections == 1


async def test_beside_a_stale_connection_no_other_that_idled_is_used_again(adapter, transport, serve):
    if adapter.name == "aiohttp":
        pytest.skip("aiohttp does not say which connections idle")

    async def script(wire):
        await wire.request()
        await asyncio.sleep(0.02)  # so that the two are under way at once
        await wire.send(OK)
        await wire.request()  # and closed, unanswered

    async with serve(script) as server:
        both = [transport.send(server.request()) for _ in range(2)]
        for response in await asyncio.gather(*both):
            assert await response.read(10) == b"hi"
        assert server.connections == 2
        with pytest.raises(StaleConnection):
            await transport.send(server.request())
        assert await (await transport.send(server.request())).read(10) == b"hi"
        assert server.connections == 3


async def test_a_reused_connection_that_closes_after_a_first_byte_is_lost(adapter, transport, serve):
    if adapter.name == "aiohttp":
        pytest.skip("aiohttp does not say whether a byte had come")

    async def script(wire):
        await wire.request()
        await wire.send(OK)
        await wire.request()
        await wire.send(b"HTTP/1.1 2")

    async with serve(script) as server:
        assert await (await transport.send(server.request())).read(10) == b"hi"
        with pytest.raises(ConnectionLost):
            await transport.send(server.request())
        assert server.connections == 1


async def test_a_request_long_under_way_is_not_sent_twice(open_transport, serve):
    from trunkline.transport.limits import HttpLimits

    async def script(wire):
        await wire.request()
        await wire.send(OK)
        await wire.request()
        await asyncio.sleep(0.05)

    async with serve(script) as server:
        transport = open_transport(limits=HttpLimits(stale_seconds=0.01))
        assert await (await transport.send(server.request())).read(10) == b"hi"
        with pytest.raises(ConnectionLost):
            await transport.send(server.request())
        assert server.connections == 1
