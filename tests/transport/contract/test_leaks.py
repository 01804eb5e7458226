"""Two thousand requests, however they end, leave no socket and no task behind."""

import asyncio
from pathlib import Path

import pytest

from trunkline.core.errors import CallError

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


def sockets() -> int:
    """Open sockets of this process; 0 where the system has no /proc."""
    names = Path("/proc/self/fd")
    if not names.exists():
        return 0
    links = [str(name.readlink()) for name in names.iterdir() if name.is_symlink()]
    return sum(link.startswith("socket:") for link in links)


async def test_two_thousand_requests_leave_nothing_behind(transport, serve):
    async def script(wire):
        for number in range(1000):
            await wire.request()
            if number % 20 == 19:
                await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut")
                return
            await wire.send(OK)

    async def one(server, number):
        try:
            response = await transport.send(server.request())
            if number % 10 == 0:
                response.abort()
            else:
                await response.read(1000)
        except CallError:
            pass

    before = sockets(), len(asyncio.all_tasks())
    async with serve(script) as server:
        for batch in range(40):
            await asyncio.gather(*(one(server, batch * 50 + number) for number in range(50)))
        await transport.aclose()
        async with asyncio.timeout(2):
            while server.live:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    assert (sockets(), len(asyncio.all_tasks())) == before


async def test_cancelled_tasks_leave_nothing_behind(transport, serve):
    async def script(wire):
        await wire.request()
        await wire.gone(5)

    before = sockets(), len(asyncio.all_tasks())
    async with serve(script) as server:
        tasks = [asyncio.ensure_future(transport.send(server.request())) for _ in range(100)]
        for _ in range(3):
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(2):
            await transport.aclose()
            while server.live:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    assert (sockets(), len(asyncio.all_tasks())) == before
