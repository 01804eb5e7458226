"""The same port on aiohttp: for HTTP(S)_PROXY, and for servers too odd for our own client.

Refuses to be fast, and to let an aiohttp exception out: they are sorted by table at this border.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar
from urllib.request import getproxies_environment, proxy_bypass
from weakref import WeakSet

from trunkline.core.errors import (
    BadReply,
    ConfigError,
    ConnectionLost,
    ConnectTimeout,
    ReadTimeout,
    ShuttingDown,
    StaleConnection,
)
from trunkline.transport.dial import tls_context
from trunkline.transport.limits import HttpLimits
from trunkline.transport.request_head import authority, encode_head, host_line
from trunkline.transport.transport import Body, Origin, Request

try:
    import aiohttp
    from yarl import URL

    from trunkline.transport.aiohttp_response import FOREIGN, AiohttpResponse, loop_time, sorted_error
except ImportError as error:
    raise ConfigError("the aiohttp transport needs aiohttp: pip install 'trunkline[aiohttp]'") from error

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_WRITTEN_AT_ONCE = 64 << 10


class _Connector(aiohttp.TCPConnector):
    """aiohttp takes bytes that came on an idle connection for the answer to the next request: close such a one."""

    _used: ClassVar[WeakSet[object]] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  aiohttp's own
    ) -> "Connection":
        """A connection on which nothing waits to be read, unless it is new."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None or protocol not in self._used or not protocol.should_close:
                self._used.add(protocol)
                return connection
            connection.close()


class _Sending:
    """One request on its way: which phase it is in, and the timer that bounds it."""

    __slots__ = ("connected", "request", "reused", "timeout")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.timeout: asyncio.Timeout | None = None
        self.connected = False
        self.reused = False


class AiohttpTransport:
    """Implements ``transport.Transport``; the arguments are those of HttpTransport, proxies come from the environment.

    ``HTTP_PROXY`` and ``HTTPS_PROXY`` are read once, here. Times are exact rather than swept.
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
        self._tls = tls_context(ca_file)
        self._environment = getproxies_environment()
        self._session: aiohttp.ClientSession | None = None
        self._turns: dict[Origin, asyncio.Semaphore] = {}
        self._active = 0  # requests sent and responses that have not ended
        self._all_ended: asyncio.Future[None] | None = None
        self._closed = False

    async def send(self, request: Request) -> AiohttpResponse:
        """Send once and wait for the response's headers; see the port for what it raises."""
        encode_head(request, host_line(request.origin))  # for its refusals; aiohttp writes the head itself
        if self._closed:
            raise ShuttingDown("the transport is closed and sends no more requests")
        if request.expires <= self._clock():
            raise ConnectTimeout("the request's time was over before it could be sent")
        turns = self._turns.setdefault(request.origin, asyncio.Semaphore(self._limits.connections_per_origin))
        self._active += 1
        try:
            await self._take_turn(turns, request)
        except BaseException:
            self._ended(None)
            raise
        try:
            response = await self._send_once(request)
        except BaseException:
            self._ended(turns)
            raise
        response.when_ended(partial(self._ended, turns))
        return response

    async def aclose(self) -> None:
        """Wait for responses in use to end, then close; cancelling the wait closes them too."""
        self._closed = True
        try:
            if self._active:
                self._all_ended = asyncio.get_running_loop().create_future()
                await self._all_ended
        finally:
            session, self._session = self._session, None
            if session is not None:
                await session.close()

    async def _take_turn(self, turns: asyncio.Semaphore, request: Request) -> None:
        try:
            async with asyncio.timeout_at(loop_time(request.expires, self._clock)):
                await turns.acquire()
        except TimeoutError as error:
            raise ConnectTimeout(f"all {self._limits.connections_per_origin} connections stayed busy") from error

    def _ended(self, turns: asyncio.Semaphore | None) -> None:
        if turns is not None:
            turns.release()
        self._active -= 1
        if self._all_ended is not None and not self._all_ended.done() and not self._active:
            self._all_ended.set_result(None)

    async def _send_once(self, request: Request) -> AiohttpResponse:
        label = f"{request.origin.scheme}://{authority(request.origin)}"
        sending, started = _Sending(request), self._clock()
        try:
            async with asyncio.timeout_at(loop_time(request.expires, self._clock)) as sending.timeout:
                response = await self._request(request, sending)
        except TimeoutError as error:
            if sending.connected:
                raise ReadTimeout(f"{label} sent no more of the response's headers in time") from error
            raise ConnectTimeout(f"no connection to {label} in time") from error
        except FOREIGN as error:
            failure = sorted_error(error, label)
            unanswered = sending.reused and isinstance(failure, ConnectionLost)
            if unanswered and self._clock() - started <= self._limits.stale_seconds:
                raise StaleConnection(f"{label} had closed the idle connection") from error
            raise failure from error
        return self._judged(response, request, label)

    async def _request(self, request: Request, sending: _Sending) -> aiohttp.ClientResponse:
        names = {name.lower() for name, _ in request.headers}
        headers = [(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in request.headers]
        if b"accept-encoding" not in names:
            headers.append(("accept-encoding", "identity"))
        return await self._sessions().request(
            request.method,
            URL(f"{request.origin.scheme}://{authority(request.origin)}{request.target}", encoded=True),
            headers=headers,
            data=_payload(request.body),
            allow_redirects=False,
            proxy=self._proxy(request.origin),
            trace_request_ctx=sending,
        )

    def _judged(self, response: aiohttp.ClientResponse, request: Request, label: str) -> AiohttpResponse:
        """The response, if its head is one we accept."""
        limits = self._limits
        try:
            coding = response.headers.get("transfer-encoding", "chunked")
            if len(response.raw_headers) > limits.headers or _size(response) > limits.header_bytes:
                raise BadReply(
                    f"{label} sent more than {limits.headers} headers or {limits.header_bytes} bytes of them"
                )
            if coding.lower() != "chunked":
                raise BadReply(f"{label} used a transfer encoding other than chunked")
            if response.status < 200:
                raise BadReply(f"{label} answered with the status {response.status}")
            return AiohttpResponse(response, label, request.expires, request.most or limits.decoded_bytes, self._clock)
        except BadReply:
            response.close()
            raise

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    ssl=self._tls,
                    limit=0,  # aiohttp's own queue loses a turn when the request that has just got it is cancelled
                    keepalive_timeout=limits.idle_seconds,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
                read_bufsize=limits.buffered_bytes,
                max_line_size=limits.header_bytes,
                max_field_size=limits.header_bytes,
                max_headers=limits.headers,
                trace_configs=[_phases(self._clock)],
            )
        return self._session

    def _proxy(self, origin: Origin) -> URL | None:
        # Not aiohttp's trust_env: that would also send credentials of a ~/.netrc, which nobody configured here.
        address = self._environment.get(origin.scheme)
        if not address or proxy_bypass(f"{origin.host}:{origin.port}"):
            return None
        return URL(address if "://" in address else f"http://{address}")

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<AiohttpTransport [{state}]>"


def _phases(clock: Callable[[], float]) -> aiohttp.TraceConfig:
    """Tells a _Sending what happens to it: connecting has its own time limit, waiting for a turn has not."""

    async def connecting(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        limit = min(clock() + sending.request.connect_timeout, sending.request.expires)
        if sending.timeout is not None:
            sending.timeout.reschedule(loop_time(limit, clock))

    async def connected(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        sending.connected = True
        if sending.timeout is not None:
            sending.timeout.reschedule(loop_time(sending.request.expires, clock))

    async def reused(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        sending.connected = sending.reused = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(connecting)
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(reused)
    return config


def _payload(body: Body) -> bytes | BytesIO | None:
    """A large body as a file: aiohttp writes bytes in one piece, whatever the other side takes."""
    return BytesIO(body) if len(body) > _WRITTEN_AT_ONCE else bytes(body) or None


def _size(response: aiohttp.ClientResponse) -> int:
    return sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
