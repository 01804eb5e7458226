"""The other end of the wire for transport tests: a server that sends exactly the bytes a script says.

Refuses to know HTTP beyond where a request ends.
"""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
import uvloop

from trunkline.transport.aiohttp_transport import AiohttpTransport
from trunkline.transport.http import HttpTransport
from trunkline.transport.transport import Headers, Origin, Request, Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asyncio test of this folder runs on both loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass
class Received:
    """One request as it arrived."""

    head: bytes
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.head.split(b"\r\n")[:-2]


class Wire:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number  # which connection this is, from 1

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def request(self) -> Received:
        head = await self.head()
        lengths = [line[16:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
        return Received(head, await self.reader.readexactly(int(lengths[0]) if lengths else 0))

    async def send(self, *pieces: bytes) -> None:
        """Each piece in a segment of its own, as far as TCP lets one say so."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def gone(self, within: float = 1.0) -> bool:
        """Whether the client closes within some seconds."""
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(1 << 16):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True


Script = Callable[[Wire], Awaitable[None]]


@dataclass
class WireServer:
    """Runs a script for each connection, and closes the connection when the script ends."""

    script: Script
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    connections: int = 0
    live: int = 0
    port: int = 0
    failures: list[BaseException] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=self.tls, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.01)
        assert not self.failures, self.failures

    def origin(self, host: str | None = None) -> Origin:
        return Origin("https" if self.tls else "http", host or self.host, self.port)

    def request(
        self,
        method: str = "POST",
        target: str = "/v1/x",
        headers: Headers | None = None,
        body: bytes = b"{}",
        within: float = 5.0,
        **more: Any,
    ) -> Request:
        headers = [(b"content-type", b"application/json")] if headers is None else headers
        body = body if method == "POST" else b""
        return Request(
            method, more.pop("origin", self.origin()), target, headers, body, time.monotonic() + within, **more
        )

    def cut_all(self) -> None:
        """Reset every connection."""
        for wire in self.wires:
            wire.cut()

    def send_all(self, data: bytes) -> None:
        """Send the same bytes on every connection."""
        for wire in self.wires:
            wire.writer.write(data)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.live += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.wires.append(Wire(reader, writer, self.connections))
        try:
            await self.script(self.wires[-1])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except BaseException as failure:  # noqa: BLE001  a script's failed assertion belongs to the test
            self.failures.append(failure)
        finally:
            self.live -= 1
            self._tasks.discard(task)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()


def answering(*answers: bytes) -> Script:
    """Answer every request with the same pieces, over and over."""

    async def script(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.send(*answers)

    return script


@dataclass
class Adapter:
    """One implementation of the port."""

    name: str
    make: Callable[..., Transport]


ADAPTERS = [Adapter("http", HttpTransport), Adapter("aiohttp", AiohttpTransport)]


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.param
    return found


@pytest.fixture
async def open_transport(adapter: Adapter) -> AsyncIterator[Callable[..., Transport]]:
    """Makes transports and closes them after the test."""
    made: list[Transport] = []

    def make(**options: Any) -> Transport:
        made.append(adapter.make(**options))
        return made[-1]

    yield make
    for transport in made:
        try:
            async with asyncio.timeout(0.3):  # a test that leaves a response open on purpose does not hold us up
                await transport.aclose()
        except TimeoutError:
            pass


@pytest.fixture
def transport(open_transport: Callable[..., Transport]) -> Transport:
    return open_transport()


@pytest.fixture
def serve() -> Callable[..., WireServer]:
    """What a test opens with ``async with`` and a script."""
    return WireServer


@pytest.fixture
def answer() -> Callable[..., Script]:
    return answering
