"""What only our own client promises: its pool, its panel, its one timer."""

import asyncio
import socket
import time

import pytest

from trunkline.core.errors import InvalidRequest, ReadTimeout, ShuttingDown, StaleConnection
from trunkline.transport.dial import _connected_socket
from trunkline.transport.http import HttpTransport
from trunkline.transport.limits import HttpLimits
from trunkline.transport.transport import Origin, Request

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


@pytest.fixture
async def transport():
    made = HttpTransport()
    yield made
    await made.aclose()


async def test_the_panel_and_the_numbers_say_what_is_open(transport, serve, answer):
    async with serve(answer(OK)) as server:
        responses = await asyncio.gather(*(transport.send(server.request()) for _ in range(3)))
        for response in responses:
            await response.read(10)
        await transport.send(server.request())
        stats = transport.stats
        assert (stats.open, stats.idle, stats.in_use, stats.opened_total, stats.reused_total) == (3, 3, 0, 3, 1)
        assert repr(transport) == "<HttpTransport [0 in use | 3 idle | 3 opened | 1 reused]>"


async def test_the_youngest_idle_connection_is_used_first(transport, serve):
    served = []

    async def script(wire):
        while True:
            await wire.request()
            served.append(wire.number)
            await wire.send(OK)

    async with serve(script) as server:
        for response in await asyncio.gather(*(transport.send(server.request()) for _ in range(3))):
            await response.read(10)
        served.clear()
        for _ in range(5):
            await (await transport.send(server.request())).read(10)
        assert len(set(served)) == 1


async def test_an_idle_connection_past_its_age_is_not_used(serve, answer):
    now = [0.0]
    transport = HttpTransport(limits=HttpLimits(idle_seconds=50), clock=lambda: now[0])
    async with serve(answer(OK)) as server:
        for moment, connections in ((0.0, 1), (49.0, 1), (99.5, 2)):
            now[0] = moment
            request = Request("GET", server.origin(), "/", [], b"", moment + 5)
            await (await transport.send(request)).read(10)
            assert server.connections == connections
        now[0] = 200.0
        assert transport._reap() is False
        assert transport.stats.open == 0
        await transport.aclose()


async def test_no_timer_is_left_when_nothing_is_in_flight(transport, serve, answer):
    async with serve(answer(OK)) as server:
        await (await transport.send(server.request())).read(10)
        assert transport._sweeper.running
        await asyncio.sleep(0.15)
        assert not transport._sweeper.running


async def test_closing_can_be_cancelled_and_closes_what_is_in_use(serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        assert await wire.gone()

    async with serve(script) as server:
        transport = HttpTransport()
        await transport.send(server.request())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await transport.aclose()
        await asyncio.sleep(0.05)
        assert server.live == 0
        assert transport.stats.open == 0


async def test_two_readers_of_one_response_are_refused(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        await wire.gone()

    async with serve(script) as server:
        response = await transport.send(server.request())
        first = asyncio.ensure_future(response.receive())
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="one reader"):
            await response.receive()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_name_with_several_addresses_is_reached_by_the_one_that_answers(transport, serve, answer):
    async with serve(answer(OK)) as server:  # localhost is ::1 too on most machines, where nobody listens
        response = await transport.send(server.request(origin=Origin("http", "localhost", server.port)))
        assert await response.read(10) == b"hi"


async def test_an_ipv6_host_is_bracketed_in_the_host_header(transport, serve):
    seen = []

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    try:
        async with serve(script, host="::1") as server:
            await transport.send(server.request())
            assert b"host: [::1]:%d" % server.port in seen[0].lines
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")


async def test_a_bad_origin_leaves_no_pool_behind(transport):
    with pytest.raises(InvalidRequest):
        await transport.send(Request("GET", Origin("http", "a b", 80), "/", [], b"", time.monotonic() + 1))
    assert not transport._pools


async def test_a_connection_handed_to_the_next_in_line_is_counted_as_reused(serve, answer):
    async with serve(answer(OK)) as server:
        transport = HttpTransport(limits=HttpLimits(connections_per_origin=1))
        for response in await asyncio.gather(*(transport.send(server.request()) for _ in range(4))):
            await response.read(10)
        assert (transport.stats.opened_total, transport.stats.reused_total) == (1, 3)
        await transport.aclose()


async def test_closing_sends_away_who_waits_and_who_dials(serve):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        await wire.gone()

    async with serve(script) as server:
        transport = HttpTransport(limits=HttpLimits(connections_per_origin=2))
        response = await transport.send(server.request())
        dialling = asyncio.ensure_future(transport.send(server.request()))
        waiting = asyncio.ensure_future(transport.send(server.request()))
        await asyncio.sleep(0)
        assert "1 waiting" in repr(transport._pools)
        closing = asyncio.ensure_future(transport.aclose())
        for task in (dialling, waiting):
            with pytest.raises(ShuttingDown):
                await task
        assert not closing.done()
        response.abort()
        await closing


async def test_a_fresh_connection_at_the_limit_takes_the_place_of_an_idle_one(transport, serve, answer):
    transport._limits = HttpLimits(connections_per_origin=1)
    async with serve(answer(OK)) as server:
        await (await transport.send(server.request())).read(10)
        pool = transport._pools[server.origin()]
        fresh = await pool.acquire(server.request())
        assert (server.connections, fresh.uses, len(pool.connections)) == (2, 0, 1)
        pool.release(fresh)


async def test_a_connection_handed_over_and_closed_meanwhile_is_stale_and_replaced(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.send(OK)
        await wire.gone()

    async with serve(script) as server:
        transport._limits = HttpLimits(connections_per_origin=1)
        first, second = await asyncio.gather(
            *(transport.send(server.request(within=0.5)) for _ in range(2)), return_exceptions=True
        )
        assert (first.status, type(second)) == (200, ReadTimeout)
        handed = await transport._pools[server.origin()].acquire(server.request())
        handed.uses = 1  # as one that has served before
        handed.close()
        with pytest.raises(StaleConnection):
            await transport._exchange(handed, server.request(), b"", time.monotonic())


async def test_a_connection_handed_to_a_cancelled_task_goes_back_to_the_pool(transport, serve, answer):
    transport._limits = HttpLimits(connections_per_origin=1)
    async with serve(answer(OK)) as server:
        await (await transport.send(server.request())).read(10)
        pool = transport._pools[server.origin()]
        connection = pool.take(time.monotonic())
        task = asyncio.ensure_future(transport.send(server.request()))
        await asyncio.sleep(0)
        pool.release(connection)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pool.idle == [connection]


async def test_the_next_address_is_tried_when_one_refuses(serve, answer):
    loop = asyncio.get_running_loop()

    def at(port):
        return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))

    async with serve(answer(OK)) as dead:
        pass
    async with serve(answer(OK)) as server:
        reached = await _connected_socket(loop, [at(dead.port), at(server.port)])
        assert reached.getpeername()[1] == server.port
        assert reached.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        reached.close()
        with pytest.raises(ConnectionRefusedError):
            await _connected_socket(loop, [at(dead.port), at(dead.port)])


async def test_a_large_upload_waits_for_a_slow_server_instead_of_filling_memory(transport, serve):
    over = asyncio.Event()

    async def script(wire):
        await wire.head()
        await over.wait()  # nothing more is read: the stream's own buffer fills, then the kernel's

    async with serve(script) as server:
        sending = asyncio.ensure_future(transport.send(server.request(body=bytes(64 << 20))))
        await asyncio.sleep(0.1)
        (connection,) = transport._pools[server.origin()].connections
        assert 0 < connection._transport.get_write_buffer_size() < 1 << 20
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        over.set()
