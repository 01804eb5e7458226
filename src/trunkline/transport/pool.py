"""The connections of one origin: which to use next, when to open one, who waits for a turn.

Refuses to know what is sent over them.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable

from trunkline.core.errors import ConnectFailed, ConnectTimeout, ShuttingDown
from trunkline.transport.connection import HttpConnection
from trunkline.transport.dial import dial
from trunkline.transport.limits import HttpLimits
from trunkline.transport.request_head import authority, host_line
from trunkline.transport.transport import Origin, Request


class Pool:
    """Idle connections leave last in, first out, so that under low load the rest grow old and close.

    A *slot* is the right to hold one socket. Whoever dials holds one, and hands it to the connection that comes of it;
    a slot or a connection set free goes to the request that has waited longest.
    """

    def __init__(
        self,
        origin: Origin,
        tls: Callable[[], ssl.SSLContext],
        limits: HttpLimits,
        clock: Callable[[], float],
        on_freed: Callable[[], None],
    ) -> None:
        self.host_line = host_line(origin)
        self.label = f"{origin.scheme}://{authority(origin)}"
        self.idle: list[HttpConnection] = []
        self.connections: set[HttpConnection] = set()  # those that hold a slot
        self.opened = 0
        self.reused = 0
        self._sockets = 0  # those the event loop has not closed yet
        self._slots = 0
        self._waiters: deque[asyncio.Future[HttpConnection | None]] = deque()
        self._origin = origin
        self._tls = tls() if origin.scheme == "https" else None
        self._limits = limits
        self._clock = clock
        self._on_freed = on_freed
        self._closing = False

    def take(self, now: float) -> HttpConnection | None:
        """An idle connection that is young and open, or None."""
        while self.idle:
            connection = self.idle.pop()
            if now - connection.idle_since < self._limits.idle_seconds and not connection.closed:
                self.reused += 1
                return connection
            connection.close()
        return None

    async def acquire(self, request: Request) -> HttpConnection:
        """A new connection, or at the limit the next one free. ConnectTimeout, ConnectFailed, TlsFailed."""
        if self._slots >= self._limits.connections_per_origin and self.idle:
            self.idle[0].close()  # a fresh one is wanted: the oldest idle one makes room
        if self._slots >= self._limits.connections_per_origin or self._waiters:
            connection = await self._turn(request)
            if connection is not None:
                self.reused += 1
                return connection
        else:
            self._slots += 1
        return await self._connect(request)

    def reap(self, now: float) -> None:
        """Close idle connections that are too old."""
        for connection in [one for one in self.idle if now - one.idle_since >= self._limits.idle_seconds]:
            connection.close()

    def close_idle(self) -> None:
        """Close every idle connection: the next request gets a fresh one."""
        for connection in tuple(self.idle):
            connection.close()

    def sweep(self, now: float) -> None:
        """Fail responses that are waited for beyond their time."""
        for connection in tuple(self.connections):
            connection.sweep(now)

    def close(self, *, busy: bool) -> None:
        """Close idle connections now (with ``busy`` those in use too), others as they end; open no more."""
        self._closing = True
        for connection in tuple(self.connections if busy else self.idle):
            connection.close()
        while (waiter := self._next_waiter()) is not None:
            waiter.set_exception(_shut())

    @property
    def empty(self) -> bool:
        """Whether nothing is open or being opened."""
        return not self._slots and not self._sockets

    # A connection's side

    def made(self) -> None:
        """A socket has opened."""
        self._sockets += 1

    def release(self, connection: HttpConnection) -> None:
        """Hand a connection to who waits longest, or keep it idle."""
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(connection)
        elif self._closing:
            connection.close()
        else:
            self.idle.append(connection)

    def drop(self, connection: HttpConnection) -> None:
        """A connection will carry no more: its slot is free. Saying so twice changes nothing."""
        if connection in self.connections:
            self.connections.remove(connection)
            if connection in self.idle:
                self.idle.remove(connection)
            self._free_slot()

    def lost(self) -> None:
        """A socket has closed."""
        self._sockets -= 1
        self._on_freed()

    # Inside

    async def _connect(self, request: Request) -> HttpConnection:
        """Dial with a slot in hand; give it back if nothing comes of it."""
        loop = asyncio.get_running_loop()
        seconds = min(request.connect_timeout, request.expires - self._clock())
        try:
            async with asyncio.timeout(max(seconds, 0)):
                connection = await dial(self._origin, lambda: self._protocol(loop), self._tls)
            if connection.closed:
                raise ConnectFailed(f"{self.label} closed the connection as soon as it was open")
            if self._closing:
                connection.close()
                raise _shut()
        except TimeoutError as error:
            self._free_slot()
            raise ConnectTimeout(f"no connection to {self.label} within {max(seconds, 0):.3g} s") from error
        except BaseException:
            self._free_slot()
            raise
        self.connections.add(connection)
        self.opened += 1
        return connection

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> HttpConnection:
        return HttpConnection(self, self.label, self._limits, self._clock, loop)

    async def _turn(self, request: Request) -> HttpConnection | None:
        """Wait in line: for a connection, or (None) for a slot to open one."""
        waiter: asyncio.Future[HttpConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(max(request.expires - self._clock(), 0)):
                return await waiter
        except TimeoutError as error:
            self._leave(waiter)
            limit = self._limits.connections_per_origin
            raise ConnectTimeout(f"all {limit} connections to {self.label} stayed busy") from error
        except BaseException:
            self._leave(waiter)
            raise

    def _leave(self, waiter: "asyncio.Future[HttpConnection | None]") -> None:
        """Leave the line; what came too late goes to the next."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        if not waiter.done() or waiter.cancelled() or waiter.exception() is not None:
            return
        connection = waiter.result()
        if connection is None:
            self._free_slot()
        elif not connection.closed:
            self.release(connection)

    def _free_slot(self) -> None:
        """Pass a slot on, or give it up."""
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(None)
        else:
            self._slots -= 1
            self._on_freed()

    def _next_waiter(self) -> "asyncio.Future[HttpConnection | None] | None":
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def __repr__(self) -> str:
        busy = len(self.connections) - len(self.idle)
        return f"<Pool {self.label} [{busy} busy | {len(self.idle)} idle | {len(self._waiters)} waiting]>"


def _shut() -> ShuttingDown:
    return ShuttingDown("the transport is closed and sends no more requests")
