"""The HTTP/1.1 client of the hot path: keeps connections alive, sends once, says what happened.

Refuses proxies, redirects and HTTP/2: for a proxy there is ``aiohttp_transport`` behind the same port.
"""

import asyncio
import ssl
import time
from collections.abc import Callable

from msgspec import Struct

from trunkline.core.errors import ConnectTimeout, ShuttingDown, StaleConnection
from trunkline.transport.connection import SMALL_BODY, HttpConnection
from trunkline.transport.dial import tls_context
from trunkline.transport.limits import HttpLimits
from trunkline.transport.pool import Pool
from trunkline.transport.request_head import encode_head
from trunkline.transport.response import HttpResponse
from trunkline.transport.ticker import Ticker
from trunkline.transport.transport import Origin, Request

SWEEP_SECONDS = 0.05
REAP_SECONDS = 5.0


class TransportStats(Struct, frozen=True):
    """Connections now, and since the start."""

    open: int
    idle: int
    in_use: int
    opened_total: int
    reused_total: int


class HttpTransport:
    """Implements ``transport.Transport`` on asyncio and uvloop alike.

    One timer looks after all waiting responses every 50 ms, so a ReadTimeout may come up to 50 ms late.
    ``ca_file``: PEM of authorities to trust beside the system's. ``clock``: what ``expires`` is read on, in seconds.
    """

    def __init__(
        self,
        *,
        limits: HttpLimits | None = None,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or HttpLimits()
        self._clock = clock
        self._ca_file = ca_file
        self._tls = tls_context(ca_file) if ca_file else None
        self._pools: dict[Origin, Pool] = {}
        self._sweeper = Ticker(SWEEP_SECONDS, self._sweep)
        self._reaper = Ticker(REAP_SECONDS, self._reap)
        self._closing = False
        self._empty: asyncio.Future[None] | None = None

    @property
    def stats(self) -> TransportStats:
        """Connections of all origins together."""
        pools = self._pools.values()
        held, idle = sum(len(pool.connections) for pool in pools), sum(len(pool.idle) for pool in pools)
        return TransportStats(
            open=held,
            idle=idle,
            in_use=held - idle,
            opened_total=sum(pool.opened for pool in pools),
            reused_total=sum(pool.reused for pool in pools),
        )

    async def send(self, request: Request) -> HttpResponse:
        """Send once and wait for the response's headers; see the port for what it raises.

        StaleConnection where a kept-alive connection turned out to be closed before a byte of answer. The provider may
        have had the request, so whoever asks again makes another attempt of it; a fresh connection will carry that.
        """
        pool = self._pools.get(request.origin) or self._open_pool(request.origin)
        head = encode_head(request, pool.host_line)
        now = self._clock()
        self._admit(request, now)
        connection = pool.take(now)
        if connection is None:
            connection = await pool.acquire(request)
            now = self._clock()
        try:
            return await self._exchange(connection, request, head, now)
        except StaleConnection:
            pool.close_idle()  # they are as old: the other side has most likely closed them all
            raise

    async def aclose(self) -> None:
        """Close idle connections now and those in use as they end; cancelling the wait closes them too."""
        self._closing = True
        try:
            for pool in self._pools.values():
                pool.close(busy=False)
            self._empty = asyncio.get_running_loop().create_future()
            self._freed()
            await self._empty
        finally:
            for pool in self._pools.values():
                pool.close(busy=True)
            self._sweeper.stop()
            self._reaper.stop()

    def _admit(self, request: Request, now: float) -> None:
        if self._closing:
            raise ShuttingDown("the transport is closed and sends no more requests")
        if request.expires <= now:
            raise ConnectTimeout("the request's time was over before it could be sent")

    async def _exchange(self, connection: HttpConnection, request: Request, head: bytes, now: float) -> HttpResponse:
        if not self._sweeper.running:
            self._sweeper.start()
            self._reaper.start()
        response = connection.start(request, head, now)
        if len(request.body) > SMALL_BODY:
            await connection.upload(response, request.body)
        while not response.begun:
            response.raise_failure()
            await response.change()
        return response

    def _open_pool(self, origin: Origin) -> Pool:
        pool = self._pools[origin] = Pool(origin, self._tls_context, self._limits, self._clock, self._freed)
        return pool

    def _tls_context(self) -> ssl.SSLContext:
        """Built for the first https origin: reading the system's authorities takes 10 ms or more."""
        if self._tls is None:
            self._tls = tls_context(self._ca_file)
        return self._tls

    def _freed(self) -> None:
        """A slot or a socket is gone: the last one ends ``aclose``."""
        if self._empty is not None and not self._empty.done() and all(pool.empty for pool in self._pools.values()):
            self._empty.set_result(None)

    def _sweep(self) -> bool:
        """Fail what is overdue; goes on while a connection is in use."""
        now = self._clock()
        for pool in self._pools.values():
            pool.sweep(now)
        return self.stats.in_use > 0

    def _reap(self) -> bool:
        """Close what has idled too long; goes on while a connection is open."""
        now = self._clock()
        for pool in self._pools.values():
            pool.reap(now)
        return self.stats.open > 0

    def __repr__(self) -> str:
        now = self.stats
        return (
            f"<HttpTransport [{now.in_use} in use | {now.idle} idle | {now.opened_total} opened"
            f" | {now.reused_total} reused]>"
        )
