"""What a request and a streamed chunk cost the client's CPU: our HTTP client beside aiohttp behind the same port.

Refuses to know the gateway: `python -m bench.transport_cpu [--requests N] [--runs N] [--profile]`.

The upstream is a raw asyncio protocol on uvloop in a process of its own, pinned to the last core; the client is pinned
to the first. What is reported is `time.process_time`, so a busy machine adds noise and not the other process's work.
"""

import argparse
import asyncio
import cProfile
import multiprocessing
import os
import pstats
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import uvloop
from msgspec import Struct

from trunkline.transport.aiohttp_transport import AiohttpTransport
from trunkline.transport.http import HttpTransport
from trunkline.transport.transport import Origin, Request, Transport

CHUNKS = 20
EVENT = b'data: {"id":"c-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word"}}]}\n\n'
BODY = b'{"model":"m","messages":[{"role":"user","content":"%b"}]}' % (b"x" * 900)
FIELDS = b"".join(b"x-ratelimit-field-%d: some value %d\r\n" % (number, number) for number in range(10))
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%bcontent-length: 600\r\n\r\n%b" % (FIELDS, b"y" * 600)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n%btransfer-encoding: chunked\r\n\r\n" % FIELDS
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)


class Upstream(asyncio.Protocol):
    """Answers as soon as a request's last byte (a closing brace) is in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Answer a whole request."""
        self.received += data
        if not self.received.endswith(b"}"):
            return
        streamed = self.received.startswith(b"POST /stream ")
        self.received = b""
        if streamed:
            self.transport.write(STREAM)
            asyncio.get_running_loop().call_later(0.001, self.chunk, CHUNKS)
        else:
            self.transport.write(PLAIN)

    def chunk(self, left: int) -> None:
        """One chunk a millisecond, so that each is a read of its own."""
        self.transport.write(CHUNK if left else b"0\r\n\r\n")
        if left:
            asyncio.get_running_loop().call_later(0.001, self.chunk, left - 1)


class Cost(Struct, frozen=True):
    """Microseconds of CPU in the client."""

    request_alone: float  # one after another
    request_busy: float  # 32 at a time
    stream: float  # of 20 chunks, 32 at a time

    @property
    def chunk(self) -> float:
        """What one chunk adds."""
        return (self.stream - self.request_busy) / CHUNKS


def serve(ready: Connection) -> None:
    _pin(max(os.sched_getaffinity(0)))

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


async def measure(make: Callable[[], Transport], port: int, requests: int) -> Cost:
    transport = make()

    async def one(target: str) -> None:
        request = Request(
            "POST",
            Origin("http", "127.0.0.1", port),
            target,
            [
                (b"content-type", b"application/json"),
                (b"authorization", b"Bearer sk-0123456789"),
                (b"user-agent", b"trunkline"),
                (b"accept", b"*/*"),
            ],
            BODY,
            time.monotonic() + 60.0,
        )
        response = await transport.send(request)
        while await response.receive():
            pass

    await _burst(one, "/plain", 32, 64)
    cost = Cost(
        request_alone=await _burst(one, "/plain", 1, requests),
        request_busy=await _burst(one, "/plain", 32, requests),
        stream=await _burst(one, "/stream", 32, requests // 10),
    )
    await transport.aclose()
    return cost


async def _burst(one: Callable[[str], Awaitable[None]], target: str, tasks: int, requests: int) -> float:
    """Microseconds of CPU per call."""

    async def several() -> None:
        for _ in range(requests // tasks):
            await one(target)

    before = time.process_time()
    await asyncio.gather(*(several() for _ in range(tasks)))
    return (time.process_time() - before) / (requests // tasks * tasks) * 1e6


def report(name: str, costs: list[Cost]) -> None:
    def middle(field: str) -> str:
        values = [getattr(cost, field) for cost in costs]
        return f"{statistics.median(values):8.1f} ({min(values):.1f}-{max(values):.1f})"

    fields = ("request_alone", "request_busy", "stream", "chunk")
    print(f"{name:18}" + "".join(f"{middle(field):>26}" for field in fields))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="profile our client instead")
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    upstream = spawn.Process(target=serve, args=(there,), daemon=True)
    upstream.start()
    port = here.recv()
    _pin(min(os.sched_getaffinity(0)))
    try:
        if options.profile:
            _profile(port, options.requests)
            return
        columns = ("1 at a time", "32 at a time", f"{CHUNKS}-chunk stream", "per chunk")
        print("CPU microseconds, median (min-max)" + f" of {options.runs} runs")
        print(" " * 18 + "".join(f"{column:>26}" for column in columns))
        for name, make in (("HttpTransport", HttpTransport), ("AiohttpTransport", AiohttpTransport)):
            report(name, [uvloop.run(measure(make, port, options.requests)) for _ in range(options.runs)])
    finally:
        upstream.terminate()
        upstream.join()


def _profile(port: int, requests: int) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(uvloop.run, measure(HttpTransport, port, requests))
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def _pin(core: int) -> None:
    os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    main()
