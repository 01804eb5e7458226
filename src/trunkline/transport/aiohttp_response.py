"""A response of aiohttp behind our port, and aiohttp's exceptions sorted into ours.

Refuses to be imported without aiohttp: ``aiohttp_transport`` says how to install it.
"""

import asyncio
import ssl
from collections.abc import Callable

import aiohttp
from aiohttp import http_exceptions

from trunkline.core.errors import (
    BadReply,
    CallError,
    ConnectFailed,
    ConnectionLost,
    ReadTimeout,
    ReplyTooLarge,
    TlsFailed,
)
from trunkline.transport.decode import inflater
from trunkline.transport.response import read_whole
from trunkline.transport.transport import Headers

FOREIGN = (aiohttp.ClientError, http_exceptions.HttpProcessingError, ConnectionError)
"""What aiohttp raises when the network or the other side is at fault; ``sorted_error`` takes these."""

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
            self._timeout.reschedule(loop_time(value, self._clock))

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
            async with asyncio.timeout_at(loop_time(self._expires, self._clock)) as self._timeout:
                data = await self._response.content.readany()
        except TimeoutError as error:
            raise ReadTimeout(f"{self._label} sent no more of the response's body in time") from error
        except FOREIGN as error:
            raise sorted_error(error, self._label) from error
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


def sorted_error(error: BaseException, label: str) -> CallError:
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


def loop_time(expires: float, clock: Callable[[], float]) -> float:
    """A time on the transport's clock as one on the event loop's."""
    return asyncio.get_running_loop().time() + expires - clock()
