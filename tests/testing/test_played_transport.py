"""The transport without sockets keeps the promises of the port: times, ends, errors, and nothing left open."""

import asyncio

import pytest

from trunkline.core.errors import ConnectFailed, ConnectionLost, ConnectTimeout, ReadTimeout, ReplyTooLarge
from trunkline.testing import virtual_time
from trunkline.testing.played_transport import NEVER, REFUSED, RESET, SILENCE, Part, Plan, PlayedTransport


class Always:
    def __init__(self, plan):
        self._plan = plan

    def plan(self, request, now):
        return self._plan


def play(plan, scene):
    """Run a scene with a transport whose only host does one thing; its result, the time, and what it left open."""

    async def main():
        transport = PlayedTransport({"host": Always(plan)})
        result = await scene(transport)
        return result, asyncio.get_running_loop().time(), transport.open

    return virtual_time.run(main())


async def received(response):
    loop, seen = asyncio.get_running_loop(), []
    while data := await response.receive():
        seen.append((round(loop.time(), 6), data))
    return seen


def test_head_and_parts_come_at_their_times(request_to):
    plan = Plan(headers=[(b"x", b"1")], lead=0.5, parts=(Part(1.0, b"one"), Part(2.0, b"two")), connecting=0.25)

    async def scene(transport):
        response = await transport.send(request_to("host"))
        return response.status, response.header(b"x"), asyncio.get_running_loop().time(), await received(response)

    (status, header, headed, seen), _, left = play(plan, scene)

    assert (status, header, headed) == (200, b"1", pytest.approx(0.75))
    assert seen == [(1.75, b"one"), (3.75, b"two")]
    assert left == 0


def test_a_slow_reader_does_not_delay_what_comes_next(request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        await response.receive()
        await asyncio.sleep(10)
        return await response.receive()

    result, at, _ = play(Plan(parts=(Part(1, b"a"), Part(2, b"b"))), scene)

    assert (result, at) == (b"b", pytest.approx(11))


@pytest.mark.parametrize(
    ("plan", "error", "at"),
    [
        (REFUSED, ConnectFailed, 0.001),
        (Plan(connecting=NEVER), ConnectTimeout, 5),
        (SILENCE, ReadTimeout, 60),
        (RESET, ConnectionLost, 0.01),
    ],
)
def test_what_never_answers_raises_the_error_of_the_port_in_time(plan, error, at, request_to):
    async def scene(transport):
        with pytest.raises(error):
            await transport.send(request_to("host"))

    _, now, left = play(plan, scene)

    assert now == pytest.approx(at)
    assert left == 0


def test_a_cut_body_gives_what_came_and_then_raises_again_and_again(request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        first = await response.receive()
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                await response.receive()
        return first

    result, _, left = play(Plan(parts=(Part(1, b"half"),), error=ConnectionLost), scene)

    assert result == b"half"
    assert left == 0


def test_a_stall_ends_at_expires_and_never_as_a_clean_end(request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        await response.receive()
        response.expires = 7.0
        for _ in range(2):
            with pytest.raises(ReadTimeout):
                await response.receive()

    _, at, left = play(Plan(parts=(Part(1, b"a"), Part(NEVER, b""))), scene)

    assert (at, left) == (pytest.approx(7), 0)


@pytest.mark.parametrize("expires", [3.0, 90.0])
def test_a_pending_receive_sees_a_moved_expires(expires, request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        waiting = asyncio.ensure_future(response.receive())
        await asyncio.sleep(2)
        response.expires = expires
        with pytest.raises(ReadTimeout):
            await waiting

    _, at, _ = play(Plan(parts=(Part(NEVER, b""),)), scene)

    assert at == pytest.approx(expires)


def test_an_abort_ends_a_pending_receive_and_frees_the_response_once(request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        waiting = asyncio.ensure_future(response.receive())
        await asyncio.sleep(2)
        response.abort()
        response.abort()
        with pytest.raises(ConnectionLost):
            await waiting

    _, at, left = play(Plan(parts=(Part(30, b"late"),)), scene)

    assert (at, left) == (pytest.approx(2), 0)


def test_a_cancelled_wait_leaves_nothing_open(request_to):
    async def scene(transport):
        waiting = asyncio.ensure_future(transport.send(request_to("host")))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert play(SILENCE, scene)[2] == 0


def test_a_body_over_the_readers_limit_is_refused(request_to):
    async def scene(transport):
        response = await transport.send(request_to("host"))
        with pytest.raises(ReplyTooLarge):
            await response.read(5)

    assert play(Plan(parts=(Part(0, b"123"), Part(0, b"456"))), scene)[2] == 0


def test_requests_are_counted_by_host_and_an_unknown_host_says_which_there_are(request_to):
    async def scene(transport):
        for _ in range(3):
            await (await transport.send(request_to("host"))).read(100)
        with pytest.raises(ConnectFailed, match="nobody plays elsewhere; there are host"):
            await transport.send(request_to("elsewhere"))
        return list(transport.sent["host"])

    assert play(Plan(lead=1.0), scene)[0] == [0.0, 1.0, 2.0]
