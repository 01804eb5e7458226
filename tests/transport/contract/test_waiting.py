"""What ends a wait: time, cancellation, abort; and that nothing is left behind."""

import asyncio
import time

import pytest

from trunkline.core.errors import ConnectionLost, ConnectTimeout, ReadTimeout
from trunkline.transport.limits import HttpLimits
from trunkline.transport.transport import Origin

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"


@pytest.fixture
def gone():
    """What each connection saw of the client's leaving."""
    return []


def silent_after(gone, *pieces):
    """Answer the first request with these pieces, then wait for the client to leave."""

    async def script(wire):
        await wire.request()
        await wire.send(*pieces)
        gone.append(await wire.gone())

    return script


async def seen(gone):
    """The client's leaving, as the server saw it within a second."""
    async with asyncio.timeout(1):
        while not gone:
            await asyncio.sleep(0.005)
    return gone == [True]


@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\nx-a: b",), (b"HTTP/1.1 100 Continue\r\n\r\n",)])
async def test_headers_that_do_not_come_in_time_are_a_read_timeout(transport, serve, gone, pieces):
    async with serve(silent_after(gone, *pieces)) as server:
        before = time.monotonic()
        with pytest.raises(ReadTimeout):
            await transport.send(server.request(within=0.1))
        assert 0.09 < time.monotonic() - before < 0.4
        assert await seen(gone)


async def test_a_body_that_stalls_past_its_time_is_a_read_timeout(transport, serve, gone):
    async with serve(silent_after(gone, HALF)) as server:
        response = await transport.send(server.request())
        assert await response.receive() == b"half"
        response.expires = time.monotonic() + 0.1
        with pytest.raises(ReadTimeout):
            await response.receive()
        with pytest.raises(ReadTimeout):
            await response.receive()
        assert await seen(gone)


async def test_a_pending_receive_sees_its_time_moved(transport, serve, gone):
    async with serve(silent_after(gone, HALF)) as server:
        response = await transport.send(server.request(within=30.0))
        assert await response.receive() == b"half"
        waiting = asyncio.ensure_future(response.receive())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        response.expires = time.monotonic() + 0.05
        async with asyncio.timeout(1):
            with pytest.raises(ReadTimeout):
                await waiting


async def test_time_given_later_keeps_a_pending_receive_alive(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(HALF)
        await asyncio.sleep(0.2)
        await wire.send(b" done")
        await wire.gone()

    async with serve(script) as server:
        response = await transport.send(server.request(within=0.1))
        assert await response.receive() == b"half"
        waiting = asyncio.ensure_future(response.receive())
        await asyncio.sleep(0.02)
        response.expires = time.monotonic() + 5
        assert await waiting == b" done"


async def test_bytes_that_are_there_are_given_even_when_the_time_is_over(transport, serve, gone):
    async with serve(silent_after(gone, HALF)) as server:
        response = await transport.send(server.request())
        await asyncio.sleep(0.02)
        response.expires = time.monotonic() + 0.01
        await asyncio.sleep(0.1)  # nobody waits meanwhile: a slow reader is no slow server
        response.expires = time.monotonic() + 1
        assert await response.receive() == b"half"


async def test_a_server_that_never_speaks_tls_is_a_connect_timeout(transport, serve, gone):
    async with serve(silent_after(gone)) as server:
        origin = Origin("https", "127.0.0.1", server.port)
        with pytest.raises(ConnectTimeout):
            await transport.send(server.request(origin=origin, connect_timeout=0.1))


async def test_waiting_for_a_free_connection_counts_as_connecting(open_transport, serve, gone):
    async with serve(silent_after(gone, HALF)) as server:
        transport = open_transport(limits=HttpLimits(connections_per_origin=1))
        response = await transport.send(server.request())
        with pytest.raises(ConnectTimeout):
            await transport.send(server.request(within=0.1))
        assert server.connections == 1
        response.abort()


async def test_requests_past_the_limit_wait_and_are_served(open_transport, serve):
    async def script(wire):
        while True:
            await wire.request()
            await asyncio.sleep(0.002)
            await wire.send(OK)

    async with serve(script) as server:
        transport = open_transport(limits=HttpLimits(connections_per_origin=3))

        async def one():
            return await (await transport.send(server.request())).read(10)

        assert await asyncio.gather(*(one() for _ in range(60))) == [b"hi"] * 60
        assert server.connections == 3


async def test_a_cancelled_wait_for_a_turn_does_not_lose_the_turn(open_transport, serve, answer):
    async with serve(answer(OK)) as server:
        transport = open_transport(limits=HttpLimits(connections_per_origin=1))
        for _ in range(20):
            tasks = [asyncio.ensure_future(transport.send(server.request())) for _ in range(6)]
            for tick in range(5):
                await asyncio.sleep(0)
                tasks[tick].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1):
            assert await (await transport.send(server.request())).read(10) == b"hi"


@pytest.mark.parametrize("where", ["head", "body"])
async def test_a_cancelled_task_closes_its_connection_and_frees_the_slot(open_transport, serve, gone, where):
    async def script(wire):
        if wire.number == 1:
            await silent_after(gone, *([HALF] if where == "body" else []))(wire)
        else:
            await wire.request()
            await wire.send(OK)

    async with serve(script) as server:
        transport = open_transport(limits=HttpLimits(connections_per_origin=1))

        async def one():
            await (await transport.send(server.request())).read(100)

        task = asyncio.ensure_future(one())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await seen(gone)
        assert await (await transport.send(server.request())).read(10) == b"hi"


async def test_an_aborted_response_closes_its_connection_and_frees_the_slot(open_transport, serve, gone):
    async def script(wire):
        await silent_after(gone if wire.number == 1 else [], HALF if wire.number == 1 else OK)(wire)

    async with serve(script) as server:
        transport = open_transport(limits=HttpLimits(connections_per_origin=1))
        response = await transport.send(server.request())
        response.abort()
        response.abort()
        assert await (await transport.send(server.request())).read(10) == b"hi"
        assert await seen(gone)
        with pytest.raises(ConnectionLost):
            await response.receive()


async def test_two_hundred_requests_at_once_are_all_answered(transport, serve):
    async def script(wire):
        while True:
            body = (await wire.request()).body
            await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body)

    async with serve(script) as server:

        async def one(number):
            body = b"%d" % number * 20
            return await (await transport.send(server.request(body=body))).read(1000) == body

        assert all(await asyncio.gather(*(one(number) for number in range(200))))
        assert server.connections <= 200
