"""Runs the gateway as a process: sockets, event loop, memory settings, and a shutdown that loses no answer.

Refuses to know what is served.
"""

import asyncio
import ctypes
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from math import ceil, inf
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trunkline.core.errors import CallError, ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.listen import address, refuse_open_house
from trunkline.server.app import App
from trunkline.server.doors import GatewayDoors
from trunkline.server.houses import Houses, Read
from trunkline.server.metrics import MetricsServer, shared_figures
from trunkline.server.protocol import protocol
from trunkline.server.telling import telling
from trunkline.telemetry.refusals import UNREAD, Refused

log = logging.getLogger("trunkline")
KEEP_ALIVE = 75  # seconds; longer than the 60 s of common load balancers, so that they close first


class Server(uvicorn.Server):
    """uvicorn with the gateway told first that it drains, so that /readyz says so and new calls are refused kindly."""

    def __init__(self, config: uvicorn.Config, houses: Houses) -> None:
        super().__init__(config)
        self.houses = houses
        self._drains_at = inf
        houses.stop = self.leave
        houses.swapped.append(self._limit)

    def _limit(self, house: Gateway) -> None:
        """New connections are under the limits of the new house."""
        self.config.http_protocol_class = protocol_of(house, self.houses)
        self.config.limit_concurrency = house.limits.connections
        self.config.timeout_graceful_shutdown = ceil(house.limits.drain)

    def leave(self) -> None:
        """As the first SIGTERM."""
        self.handle_exit(signal.SIGTERM, None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first SIGTERM gives notice and then drains; SIGINT, which a person sends, and a second signal drain now.

        One during the drain stops at once. uvicorn would raise the signal again at the end; a drained gateway has ended
        well and exits with 0.
        """
        house = self.houses.now
        told, house.leaving = house.leaving, True
        if sig == signal.SIGTERM and not told and house.limits.notice:
            self._drains_at = house.clock() + house.limits.notice
            return
        self.force_exit = self.should_exit
        self._drain()

    def _drain(self) -> None:
        self.houses.refuse()
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, ten times a second; the notice ends here."""
        if self.houses.now.clock() >= self._drains_at:
            self._drains_at = inf
            self._drain()
        return await super().on_tick(counter)


def application(gateway: Gateway) -> App[GatewayDoors]:
    """The ASGI application of a gateway, for any ASGI server; from now on the gateway remembers its last calls."""
    return Houses(gateway).app


def bound(listen: str) -> socket.socket:
    """A socket on the config's address. Raises ConfigError naming the address and the reason."""
    host, port = address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound_socket = socket.socket(family)
    bound_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound_socket.bind((host, port))
        bound_socket.listen(2048)
    except OSError as error:
        bound_socket.close()
        raise ConfigError(f"cannot listen on {listen}: {error.strerror or error}; choose another address") from error
    bound_socket.setblocking(False)
    return bound_socket


def url_of(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(config: Config, ready: Callable[[str, Gateway], None], read: Read | None = None) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is told the base URL once the socket takes connections.

    ``read`` reads the config again, on SIGHUP and when an operator wants it.
    """
    refuse_open_house(config.listen, closed=config.closed)
    keep_freed_memory()
    listening = bound(config.listen)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(config, listening, ready, read))


async def _serve(
    config: Config, listening: socket.socket, ready: Callable[[str, Gateway], None], read: Read | None
) -> None:
    gateway = Gateway(config)
    server = server_of(config, gateway, read)
    houses = server.houses
    gateway.open()
    gc.collect()
    gc.freeze()  # what stands now stands until the end: no collection need look at it again
    gc.set_threshold(20_000, 50, 50)
    with telling(gateway):
        async with shared_figures(lambda: houses.now), metrics_port(gateway, lambda: houses.now):
            ready(url_of(listening), gateway)
            try:
                with hang_up(houses):
                    await server.serve([listening])
            finally:
                await houses.aclose()


@contextmanager
def hang_up(houses: Houses) -> Generator[None, None, None]:
    """On SIGHUP the config is read again; one that cannot be taken is told in the log, and changes nothing."""
    if sys.platform == "win32":
        yield
        return
    loop, reading = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def reload() -> None:
        try:
            await houses.reload()
        except CallError as error:
            log.error("%s", error)  # noqa: TRY400 - the reason is in the text

    def heard() -> None:
        task = loop.create_task(reload())
        reading.add(task)
        task.add_done_callback(reading.discard)

    loop.add_signal_handler(signal.SIGHUP, heard)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def metrics_port(gateway: Gateway, now: Callable[[], Gateway] | None = None) -> AsyncGenerator[str | None, None]:
    """The port for /metrics alone, open as long as the block runs; its base URL, None where the config has none.

    ``now`` is the house whose figures they are, where that may change.
    """
    listen = gateway.config.metrics.listen
    if listen is None:
        yield None
        return
    listening = bound(listen)
    server = MetricsServer(now or (lambda: gateway))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        await serving


def protocol_of(house: Gateway, houses: Houses) -> type[HttpToolsProtocol]:
    """What speaks HTTP on a connection to a house: under its limits, telling it of what never reaches a door.

    A connection may outlive its house: whether all of them are leaving, the newest says.
    """
    limits, refusals = house.limits, house.metrics.refusals
    return protocol(
        limits.header_timeout,
        limits.body_timeout,
        limits.write_timeout,
        lambda status, kind: refusals(Refused(UNREAD, status, kind)),
        lambda: houses.now.leaving,
    )


def server_of(config: Config, gateway: Gateway, read: Read | None = None) -> Server:
    """The uvicorn server of a gateway; give it listening sockets. ``read`` reads the config again."""
    limits, houses = config.limits, Houses(gateway, read)
    settings = uvicorn.Config(
        houses.app,
        http=protocol_of(gateway, houses),
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=ceil(limits.drain),
    )
    return Server(settings, houses)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop's where it exists."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not there on Windows

    return uvloop.new_event_loop


def keep_freed_memory() -> None:
    """Tell glibc not to give freed memory back at once: bodies of megabytes come and go, and cost half so.

    Measured in ``make bench``; elsewhere than on glibc this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    trim_threshold, top_pad, mmap_threshold = -1, -2, -3
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    for option, value in ((trim_threshold, 128 << 20), (top_pad, 16 << 20), (mmap_threshold, 64 << 20)):
        mallopt(option, value)
