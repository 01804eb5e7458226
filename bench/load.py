"""Asks as fast as answers come, or one at a time, on raw protocols, and checks every answer it times.

Refuses to know who answers: it is given an address, the bytes of a request and what a right answer is.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import cast

import httptools
from msgspec import Struct

TAIL = 128
PATIENCE = 10.0  # seconds beyond the measurement's own


class WrongAnswer(Exception):
    """An answer was not what it should have been: nothing measured with it counts."""


class Job(Struct, frozen=True):
    """A request to a port of loopback, and what marks its answer: a body's length (0: any) and its last bytes."""

    port: int
    request: bytes
    ending: bytes
    length: int = 0


class Timing(Struct, frozen=True):
    """Seconds from a request's first byte to its answer's first byte of body, and to its last."""

    first: float
    whole: float


def request(path: str, key: str, body: bytes) -> bytes:
    """A request as an SDK sends it."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\nauthorization: Bearer {key}\r\n"
        "content-type: application/json\r\nuser-agent: bench/1.0\r\naccept-language: en\r\n"
        f"x-stainless-lang: python\r\nx-stainless-retry-count: 0\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Caller(asyncio.Protocol):
    """One connection that asks one job, again and again; ``told`` hears each answer's timing, or what was wrong."""

    def __init__(self, job: Job, told: "Told") -> None:
        self._job = job
        self._told = told
        self._parser = httptools.HttpResponseParser(self)
        self._asked = False

    def ask(self) -> None:
        """Send the request."""
        self._asked = True
        self._size = 0
        self._tail = b""
        self._first = 0.0
        self._began = perf_counter()
        self._transport.write(self._job.request)

    def close(self) -> None:
        """Hang up; an answer under way is not wanted."""
        self._asked = False
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that was asked for will not come."""
        if self._asked:
            self._told(self, WrongAnswer(f"the connection was closed before the answer ended: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Count, and keep the end for the check."""
        if not self._size:
            self._first = perf_counter()
        self._size += len(body)
        self._tail = (self._tail + body)[-TAIL:]

    def on_message_complete(self) -> None:
        """Check the answer."""
        now = perf_counter()
        job, status = self._job, self._parser.get_status_code()
        self._asked = False
        if status == 200 and self._tail.endswith(job.ending) and (not job.length or self._size == job.length):
            self._told(self, Timing(self._first - self._began, now - self._began))
        else:
            said = f"status {status} and {self._size} bytes, not {job.length}, that end in {self._tail!r}"
            self._told(self, WrongAnswer(said))


Told = Callable[[Caller, Timing | WrongAnswer], None]


async def connect(job: Job, told: Told) -> Caller:
    """A caller with an open connection."""
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: Caller(job, told), "127.0.0.1", job.port)
    return caller


class Crowd:
    """A closed loop: every connection asks again as soon as it is answered, until the time is over."""

    def __init__(self, job: Job) -> None:
        self.answers = 0
        self._job = job
        self._busy = 0
        self._end = 0.0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, connections: int, seconds: float) -> float:
        """The seconds until the last answer. Raises WrongAnswer, or TimeoutError when answers stay away."""
        callers = [await connect(self._job, self._told) for _ in range(connections)]
        began = perf_counter()
        self._end = began + seconds
        self._busy = connections
        for caller in callers:
            caller.ask()
        try:
            async with asyncio.timeout(seconds + PATIENCE):
                await self._done
        finally:
            for caller in callers:
                caller.close()
        return perf_counter() - began

    def _told(self, caller: Caller, timing: Timing | WrongAnswer) -> None:
        if isinstance(timing, WrongAnswer):
            if not self._done.done():
                self._done.set_exception(timing)
            return
        self.answers += 1
        if perf_counter() < self._end:
            caller.ask()
            return
        self._busy -= 1
        if not self._busy and not self._done.done():
            self._done.set_result(None)


async def saturate(job: Job, connections: int, seconds: float) -> tuple[int, float]:
    """Answers, and the seconds they took, from ``connections`` that ask again at once."""
    crowd = Crowd(job)
    took = await crowd.run(connections, seconds)
    return crowd.answers, took


class Single:
    """One connection that asks when it is told to."""

    def __init__(self) -> None:
        self.timings: list[Timing] = []
        self._waiting: asyncio.Future[Timing] = asyncio.get_running_loop().create_future()

    async def open(self, job: Job) -> None:
        """Connect; first of all."""
        self._caller = await connect(job, self._told)

    async def ask(self) -> None:
        """Ask once and keep the timing."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._caller.ask()
        self.timings.append(await self._waiting)

    def close(self) -> None:
        """Hang up."""
        self._caller.close()

    def _told(self, _caller: Caller, timing: Timing | WrongAnswer) -> None:
        if self._waiting.done():
            return
        if isinstance(timing, WrongAnswer):
            self._waiting.set_exception(timing)
        else:
            self._waiting.set_result(timing)


async def one_by_one(jobs: Sequence[Job], rounds: int) -> list[list[Timing]]:
    """One request at a time, the jobs taking turns so that the machine's noise is everybody's; timings by job."""
    singles: list[Single] = []
    try:
        for job in jobs:
            single = Single()
            await single.open(job)
            singles.append(single)
        async with asyncio.timeout(rounds + PATIENCE):
            for turn in range(rounds):
                for place in range(len(jobs)):
                    await singles[(turn + place) % len(jobs)].ask()
    finally:
        for single in singles:
            single.close()
    return [single.timings for single in singles]
