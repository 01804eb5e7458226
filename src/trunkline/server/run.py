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
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from math import ceil, inf
from types import FrameType

import uvicorn

from trunkline.core.errors import ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.listen import address, is_loopback, refuse_open_house
from trunkline.server.app import App
from trunkline.server.auth import Keys
from trunkline.server.doors import GatewayDoors
from trunkline.server.metrics import MetricsServer
from trunkline.server.protocol import protocol
from trunkline.server.telling import telling

log = logging.getLogger("trunkline")
KEEP_ALIVE = 75  # seconds; longer than the 60 s of common load balancers, so that they close first


class Server(uvicorn.Server):
    """uvicorn with the gateway told first that it drains, so that /readyz says so and new calls are refused kindly."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway
        self._drains_at = inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first SIGTERM gives notice and then drains; SIGINT, which a person sends, and a second signal drain now.

        One during the drain stops at once. uvicorn would raise the signal again at the end; a drained gateway has ended
        well and exits with 0.
        """
        told, self._gateway.leaving = self._gateway.leaving, True
        if sig == signal.SIGTERM and not told and self._gateway.limits.notice:
            self._drains_at = self._gateway.clock() + self._gateway.limits.notice
            return
        self.force_exit = self.should_exit
        self._drain()

    def _drain(self) -> None:
        self._gateway.draining = True
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, ten times a second; the notice ends here."""
        if self._gateway.clock() >= self._drains_at:
            self._drains_at = inf
            self._drain()
        return await super().on_tick(counter)


def application(gateway: Gateway) -> App:
    """The ASGI application of a gateway, for any ASGI server; from now on the gateway remembers its last calls."""
    gateway.listen(gateway.live)
    return App(GatewayDoors(gateway, keys(gateway)))


def keys(gateway: Gateway) -> Keys:
    """The virtual keys of a house: its config's, then its ledger's."""
    config = gateway.config
    host, _ = address(config.listen)
    rows = [(row.key.reveal(), row.caller) for row in config.keys]
    return Keys(rows, gateway.money, closed=not is_loopback(host))


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


def serve(config: Config, ready: Callable[[str, Gateway], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is told the base URL once the socket takes connections."""
    refuse_open_house(config.listen, closed=config.closed)
    keep_freed_memory()
    listening = bound(config.listen)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(config, listening, ready))


async def _serve(config: Config, listening: socket.socket, ready: Callable[[str, Gateway], None]) -> None:
    gateway = Gateway(config)
    server = server_of(config, gateway)
    gateway.open()
    gc.collect()
    gc.freeze()  # what stands now stands until the end: no collection need look at it again
    gc.set_threshold(20_000, 50, 50)
    with telling(gateway):
        async with metrics_port(gateway):
            ready(url_of(listening), gateway)
            try:
                await server.serve([listening])
            finally:
                await gateway.aclose()


@asynccontextmanager
async def metrics_port(gateway: Gateway) -> AsyncGenerator[str | None, None]:
    """The port for /metrics alone, open as long as the block runs; its base URL, None where the config has none."""
    listen = gateway.config.metrics.listen
    if listen is None:
        yield None
        return
    listening = bound(listen)
    server = MetricsServer(gateway)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        await serving


def server_of(config: Config, gateway: Gateway) -> Server:
    """The uvicorn server of a gateway; give it listening sockets."""
    limits = config.limits
    settings = uvicorn.Config(
        application(gateway),
        http=protocol(limits.header_timeout, limits.body_timeout, limits.write_timeout),
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
    return Server(settings, gateway)


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
