"""The simulator as a server on real sockets, for tests and for the command.
It refuses to read command lines and files.
"""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self

from trunkline.simulator.config import Config
from trunkline.simulator.connection import Connection
from trunkline.simulator.ground_truth import Entry, GroundTruth
from trunkline.simulator.provider import SimulatedProvider
from trunkline.simulator.site import Site


class Simulator:
    """``async with Simulator(config) as simulator:`` serves on ``simulator.url`` until the block ends.

    `log_file` takes the ground truth as JSON lines; it is flushed and stays open. `monotonic` drives faults and limits,
    `wall` only dates things.
    """

    def __init__(
        self,
        config: Config,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        log_file: BinaryIO | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Nothing listens before `start`. Port 0 is any free one."""
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._arrivals = 0
        start = monotonic()
        self.clock: Callable[[], float] = lambda: monotonic() - start
        self.site = Site(config, epoch=wall())
        self.truth = GroundTruth(log_file)
        self.connections: dict[Connection, int] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self.closing = False

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the simulator has not been started: use `async with` or await start()")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The origin, without a slash at the end."""
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{shown}:{self.port}"

    @property
    def log(self) -> list[Entry]:
        """The last 10,000 finished requests, the oldest first."""
        return list(self.truth.entries)

    @property
    def providers(self) -> dict[str, SimulatedProvider]:
        """The pure models behind the sockets."""
        return self.site.providers

    def admit(self, connection: Connection) -> int:
        """Note a connection; its number, from 1."""
        self._arrivals += 1
        self.connections[connection] = self._arrivals
        self._empty.clear()
        return self._arrivals

    def dismiss(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        del self.connections[connection]
        if not self.connections:
            self._empty.set()

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self._host, self._port, backlog=1024)

    async def aclose(self) -> None:
        """Stop listening, break off what is being served, and log it."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        tasks = [connection.task for connection in self.connections if connection.task is not None]
        for connection in list(self.connections):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._empty.wait()
        if self._server is not None:
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.aclose()
