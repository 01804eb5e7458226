"""The same port on aiohttp: for HTTP(S)_PROXY, and for servers too odd for our own client.

Refuses to be fast, and to let an aiohttp exception out: they are sorted by table at this border.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.request import getproxies_environment, proxy_bypass
from weakref import WeakSet

from msgspec import Struct

from trunkline.core.errors import (
    BadReply,
    CallError,
    ConfigError,
    ConnectFailed,
    ConnectionLost,
    ConnectTimeout,
    ReadTimeout,
    ReplyTooLarge,
    ShuttingDown,
    StaleConnection,
    TlsFailed,
)
from trunkline.transport.decode import inflater
from trunkline.transport.dial import tls_context
from trunkline.transport.limits import HttpLimits
from trunkline.transport.request_head import authority, encode_head, host_line
from trunkline.transport.response import read_whole
from trunkline.transport.transport import Headers, Origin, Request

try:
    import aiohttp
    from aiohttp import http_exceptions
    from yarl import URL
except ImportError as error:
    raise ConfigError("the aiohttp transport needs aiohttp: pip install 'trunkline[aiohttp]'") from error

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_WRITTEN_AT_ONCE = 64 << 10

_FAILURES: tuple[tuple[type[BaseException], type[CallError], str], ...] = (  # the first that fits
    (aiohttp.ClientConnectorCertificateError, TlsFailed, "its certificate was refused"),
    (aiohttp.ClientConnectorSSLError, TlsFailed, "the TLS handshake failed"),
    (aiohttp.ClientConnectorError, ConnectFailed, "no connection"),
    (aiohttp.ClientHttpProxyError, ConnectFailed, "the proxy refused"),
    (aiohttp.ClientOSError, ConnectionLost, "it closed the connection"),
    (aiohttp.ServerDisconnectedError, ConnectionLost, "it closed the connection"),
    (aiohttp.ClientResponseError, BadReply, "it did not answer in HTTP/1.1"),
    (aiohttp.ClientConnectionError, ConnectionLost, "it closed the connection"),
    (ConnectionError, ConnectionLost, "it closed the connection"),
    (aiohttp.ClientPayloadError, ConnectionLost, "it closed the connection in the middle of the response"),
    (http_exceptions.HttpProcessingError, BadReply, "the response's framing is wrong"),
    (aiohttp.ClientError, BadReply, "it did not answer in HTTP/1.1"),
)


class Proxy(Struct, frozen=True):
    """Where requests of one scheme go through; the credentials travel apart from the URL."""

    url: URL
    auth: aiohttp.BasicAuth | None


class _Connector(aiohttp.TCPConnector):
    """aiohttp takes bytes that came on an idle connection for the answer to the next request: close such a one."""

    def __init__(self, *, tls: ssl.SSLContext, idle_seconds: float) -> None:
        # Turns are ours: aiohttp's own queue loses one when the request that has just got it is cancelled.
        super().__init__(ssl=tls, limit=0, keepalive_timeout=idle_seconds)
        self._used: WeakSet[object] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: "list[Trace]", timeout: aiohttp.ClientTimeout
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


class AiohttpResponse:
    """Implements ``transport.Response``."""

    def __init__(
        self, response: aiohttp.ClientResponse, label: str, expires: float, limit: int, clock: Callable[[], float]
    ) -> None:
        self.status = response.status
        self.headers: Headers = [(name.lower(), value) for name, value in response.raw_headers]
        self._index = dict(reversed(self.headers))
        self._response = response
        self._label = label
        self._expires = expires
        self._limit = limit
        self._clock = clock
        self._decoded = 0
        self._timeout: asyncio.Timeout | None = None
        self._failure: tuple[type[CallError], str] | None = None
        self._inflater = inflater(self.header(b"content-encoding"))
        self._on_end: Callable[[], None] | None = None
        self._framed = bool(response.headers.keys() & {"Content-Length", "Transfer-Encoding"})
        self._reset: BaseException | None = None
        self._protocol = response.connection.protocol if response.connection else None  # None: it has all arrived
        if self._protocol is not None and (closed := self._protocol.closed) is not None:
            closed.add_done_callback(self._lost)

    def when_ended(self, hear: Callable[[], None]) -> None:
        """Call ``hear`` once, when the last byte is in or nobody wants it."""
        self._on_end = hear
        self._response.content.on_eof(self._end)

    @property
    def expires(self) -> float:
        """The time until which ``receive`` waits; moving it moves a pending wait."""
        return self._expires

    @expires.setter
    def expires(self, value: float) -> None:
        self._expires = value
        if self._timeout is not None:
            self._timeout.reschedule(_when(value, self._clock))

    def header(self, name: bytes) -> bytes | None:
        """The first value under a lower-case name, or None."""
        return self._index.get(name)

    async def receive(self) -> bytes:
        """The next bytes of the decoded body; ``b""`` at the end."""
        if self._failure is not None:
            raise self._failure[0](self._failure[1])
        try:
            data = await self._decoded_bytes()
        except CallError as error:
            self._refuse(type(error), error.message)
            raise
        except BaseException:
            self.abort()
            raise
        self._decoded += len(data)
        if self._decoded > self._limit:
            message = f"the body has more than the {self._limit} bytes the transport's limits allow"
            self._refuse(ReplyTooLarge, message)
            raise ReplyTooLarge(message)
        return data

    async def read(self, limit: int) -> bytes:
        """The whole body; ReplyTooLarge when it has more than ``limit`` bytes."""
        return await read_whole(self, limit)

    def abort(self) -> None:
        """Leave now; closes the connection of a response that has not ended."""
        self._refuse(ConnectionLost, "the response was aborted by its reader")

    async def _decoded_bytes(self) -> bytes:
        if self._inflater is None:
            return await self._raw()
        if self._inflater.pending:
            return self._inflater.decode(b"")
        while data := await self._raw():
            if decoded := self._inflater.decode(data):
                return decoded
        self._inflater.finish()
        return b""

    async def _raw(self) -> bytes:
        """Bytes as they came, ``b""`` at the end."""
        try:
            async with asyncio.timeout_at(_when(self._expires, self._clock)) as self._timeout:
                data = await self._response.content.readany()
        except TimeoutError as error:
            raise ReadTimeout(f"{self._label} sent no more of the response's body in time") from error
        except (aiohttp.ClientError, http_exceptions.HttpProcessingError, ConnectionError) as error:
            raise _sorted(error, self._label) from error
        finally:
            self._timeout = None
        if not data and not self._framed and self._reset:
            # aiohttp takes a reset for the end of a body without framing; only its connection knows better.
            raise ConnectionLost(f"{self._label} reset the connection in the middle of the response")
        return data

    def _lost(self, closed: "asyncio.Future[None]") -> None:
        """aiohttp closes on a broken chunk without telling the body's reader, who would wait for ever: tell it."""
        content, protocol = self._response.content, self._protocol
        self._reset = None if closed.cancelled() else closed.exception()
        if protocol is not None and not content.is_eof() and content.exception() is None:
            content.set_exception(protocol.exception() or self._reset or aiohttp.ClientPayloadError("closed"))

    def _refuse(self, kind: type[CallError], message: str) -> None:
        if self._failure is None:
            self._failure = (kind, message)
        self._response.close()
        self._end()

    def _end(self) -> None:
        hear, self._on_end = self._on_end, None
        if hear is not None:
            hear()

    def __repr__(self) -> str:
        return f"<AiohttpResponse {self.status} [{'failed' if self._failure else 'open'}]>"


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
            response = await self._send_again_if_stale(request)
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

    async def _send_again_if_stale(self, request: Request) -> AiohttpResponse:
        try:
            return await self._send_once(request)
        except StaleConnection:
            return await self._send_once(request)

    async def _take_turn(self, turns: asyncio.Semaphore, request: Request) -> None:
        try:
            async with asyncio.timeout_at(_when(request.expires, self._clock)):
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
            async with asyncio.timeout_at(_when(request.expires, self._clock)) as sending.timeout:
                response = await self._request(request, sending)
        except TimeoutError as error:
            if sending.connected:
                raise ReadTimeout(f"{label} sent no more of the response's headers in time") from error
            raise ConnectTimeout(f"no connection to {label} in time") from error
        except (aiohttp.ClientError, http_exceptions.HttpProcessingError, ConnectionError) as error:
            failure = _sorted(error, label)
            unanswered = sending.reused and isinstance(failure, ConnectionLost)
            if unanswered and self._clock() - started <= self._limits.stale_seconds:
                raise StaleConnection(f"{label} had closed the idle connection") from error
            raise failure from error
        return self._judged(response, request, label)

    async def _request(self, request: Request, sending: _Sending) -> aiohttp.ClientResponse:
        proxy = self._proxy(request.origin)
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
            proxy=proxy.url if proxy else None,
            proxy_auth=proxy.auth if proxy else None,
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
            return AiohttpResponse(response, label, request.expires, limits.decoded_bytes, self._clock)
        except BadReply:
            response.close()
            raise

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                connector=_Connector(tls=self._tls, idle_seconds=limits.idle_seconds),
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

    def _proxy(self, origin: Origin) -> Proxy | None:
        # Not aiohttp's trust_env: that would also send credentials of a ~/.netrc, which nobody configured here.
        address = self._environment.get(origin.scheme)
        if not address or proxy_bypass(f"{origin.host}:{origin.port}"):
            return None
        url = URL(address if "://" in address else f"http://{address}")
        auth = aiohttp.BasicAuth(url.user, url.password or "") if url.user else None
        return Proxy(url.with_user(None), auth)

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<AiohttpTransport [{state}]>"


def _phases(clock: Callable[[], float]) -> aiohttp.TraceConfig:
    """Tells a _Sending what happens to it: connecting has its own time limit, waiting for a turn has not."""

    async def connecting(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        limit = min(clock() + sending.request.connect_timeout, sending.request.expires)
        if sending.timeout is not None:
            sending.timeout.reschedule(_when(limit, clock))

    async def connected(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        sending.connected = True
        if sending.timeout is not None:
            sending.timeout.reschedule(_when(sending.request.expires, clock))

    async def reused(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        sending: _Sending = context.trace_request_ctx
        sending.connected = sending.reused = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(connecting)
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(reused)
    return config


def _when(expires: float, clock: Callable[[], float]) -> float:
    """A time on the transport's clock as one on the event loop's."""
    return asyncio.get_running_loop().time() + expires - clock()


def _payload(body: bytes) -> bytes | BytesIO | None:
    """A large body as a file: aiohttp writes bytes in one piece, whatever the other side takes."""
    return BytesIO(body) if len(body) > _WRITTEN_AT_ONCE else body or None


def _size(response: aiohttp.ClientResponse) -> int:
    return sum(len(name) + len(value) + 4 for name, value in response.raw_headers)


def _sorted(error: BaseException, label: str) -> CallError:
    """Our error for one of aiohttp's. Never its text: that may hold the URL, and so a key in its query."""
    kind, what = next((kind, what) for foreign, kind, what in _FAILURES if isinstance(error, foreign))
    reason = _reason(error)
    return kind(f"{label}: {what}: {reason}" if reason else f"{label}: {what}")


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
        return inner.verify_message if isinstance(inner, ssl.SSLCertVerificationError) else type(inner).__name__
    if isinstance(error, OSError):
        return error.strerror or ""
    return ""
