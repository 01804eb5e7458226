"""Time that jumps: order, speed, and what has no place in it."""

import asyncio
import socket
import time

import pytest

from trunkline.testing import virtual_time


def test_ten_hours_pass_in_milliseconds_and_in_order():
    seen = []

    async def sleeper(seconds):
        await asyncio.sleep(seconds)
        seen.append((seconds, asyncio.get_running_loop().time()))

    async def main():
        await asyncio.gather(*[sleeper(seconds) for seconds in (36_000, 0.001, 60, 3_600, 0.002)])
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    ended = virtual_time.run(main())

    assert time.perf_counter() - began < 1
    assert ended == pytest.approx(36_000, abs=1e-6)
    assert [seconds for seconds, _ in seen] == [0.001, 0.002, 60, 3_600, 36_000]
    assert all(at == pytest.approx(seconds, abs=1e-6) for seconds, at in seen)


def test_time_stands_still_while_tasks_are_ready():
    async def main():
        for _ in range(100):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main(), start=5.0) == 5.0


def test_a_timeout_strikes_at_its_virtual_second():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1_800):
                await asyncio.sleep(3_600)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) == pytest.approx(1_800, abs=1e-6)


def test_timers_of_one_moment_run_in_the_same_order_each_time():
    async def main(seen):
        loop = asyncio.get_running_loop()
        for number in range(50):
            loop.call_at(7.0, seen.append, number)
        await asyncio.sleep(8)

    runs = [[], []]
    for seen in runs:
        virtual_time.run(main(seen))

    assert runs[0] == runs[1]  # asyncio promises no order here, only that nothing is lost
    assert sorted(runs[0]) == list(range(50))


def test_a_wait_that_nobody_can_end_is_an_error_and_not_a_hang():
    async def main():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="no timer is left"):
        virtual_time.run(main())


def test_sockets_are_refused():
    ours, theirs = socket.socketpair()

    async def main():
        asyncio.get_running_loop().add_reader(ours, print)

    with ours, theirs, pytest.raises(RuntimeError, match="virtual time has no sockets"):
        virtual_time.run(main())


def test_threads_are_refused():
    async def main():
        await asyncio.to_thread(time.sleep, 0)

    with pytest.raises(RuntimeError, match="virtual time has no threads"):
        virtual_time.run(main())
