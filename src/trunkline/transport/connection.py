"""One socket that carries one request and its response at a time, again and again while both sides agree.

Refuses to know pools and origins, to retry, and to read a byte that belongs to no request.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import httptools

from trunkline.core.errors import BadReply, CallError, ConnectionLost, ReadTimeout, StaleConnection
from trunkline.transport.limits import HttpLimits
from trunkline.transport.response import HttpResponse
from trunkline.transport.transport import Body, Request

SMALL_BODY = 64 << 10  # up to here one copy into one buffer is cheaper than a second write
UPLOAD_PIECE = 256 << 10


class Owner(Protocol):
    """Who is told what becomes of a connection."""

    def made(self) -> None:
        """A socket has opened."""
        ...

    def release(self, connection: "HttpConnection") -> None:
        """It can carry the next request."""
        ...

    def drop(self, connection: "HttpConnection") -> None:
        """It will carry no more. May be said twice."""
        ...

    def lost(self) -> None:
        """A socket has closed."""
        ...


class HttpConnection(asyncio.Protocol):
    """An asyncio protocol that is also httptools' listener."""

    __slots__ = (
        "_clock",
        "_complete",
        "_eof",
        "_head_only",
        "_headers",
        "_keep",
        "_label",
        "_limits",
        "_owner",
        "_parser",
        "_paused",
        "_quiet",
        "_response",
        "_sent_at",
        "_transport",
        "_upload_blocked",
        "_uploading",
        "closed",
        "idle_since",
        "loop",
        "uses",
    )

    def __init__(
        self, owner: Owner, label: str, limits: HttpLimits, clock: Callable[[], float], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.loop = loop
        self.closed = False
        self.uses = 0
        self.idle_since = 0.0
        self._owner = owner
        self._label = label
        self._limits = limits
        self._clock = clock
        self._parser = httptools.HttpResponseParser(self)
        self._response: HttpResponse | None = None
        self._complete = False  # the response's last byte has been parsed
        self._keep = False  # ... and both sides let the connection live
        self._head_only = False
        self._quiet = 0  # bytes since the request, or since the last byte of body
        self._paused = False
        self._eof = False
        self._uploading = False
        self._upload_blocked = False
        self._sent_at = 0.0

    # The sender's side

    def start(self, request: Request, head: bytes, now: float) -> HttpResponse:
        """Send the request, a small body with it; a large one is for ``upload``."""
        response = self._response = HttpResponse(self, request.expires, request.most or self._limits.decoded_bytes)
        self.uses += 1
        self._complete = False
        self._quiet = 0
        self._sent_at = now
        self._head_only = request.method == "HEAD"
        body = request.body
        if self.closed:
            self._lose(None)
        elif len(body) <= SMALL_BODY:
            self._transport.write(head + body if body else head)
        else:
            self._uploading = True
            self._transport.write(head)
        return response

    async def upload(self, response: HttpResponse, body: Body) -> None:
        """Send a large body as fast as the other side takes it; stop when an answer comes first."""
        view = memoryview(body)
        for start in range(0, len(body), UPLOAD_PIECE):
            while self._upload_blocked and self._response is response and not response.begun:
                await response.change()
            if self._response is not response or response.begun:
                return
            self._transport.write(view[start : start + UPLOAD_PIECE])
        self._uploading = False

    def resume(self) -> None:
        """Read the socket again after the reader has caught up."""
        if self._paused and not self.closed:
            self._paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        """Close now, without waiting for anything. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._owner.drop(self)
        # Not close(): what is unsent is not wanted any more, and TLS would wait for the other side's goodbye.
        self._transport.abort()

    def sweep(self, now: float) -> None:
        """Fail the response somebody has waited for beyond its ``expires``."""
        response = self._response
        if response is not None and response.expires <= now and response.waiting:
            what = "body" if response.begun else "headers"
            self._fail(ReadTimeout, f"{self._label} sent no more of the response's {what} in time")

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open for the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._owner.made()

    def data_received(self, data: bytes) -> None:
        """Parse, and wake the reader when there is something for it."""
        response = self._response
        if response is None:
            self.close()  # a byte nobody asked for: the next answer could not be told from it
            return
        arrived = self._quiet = self._quiet + len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._complete:
                self._fail(BadReply, f"{self._label} did not answer in HTTP/1.1: {error}", error)
                return
            self._keep = False
        except httptools.HttpParserUpgrade as error:
            self._fail(BadReply, f"{self._label} switched protocols unasked", error)
            return
        if response.status and not response.begun and not self._begin(response, arrived):
            return
        if self._complete:
            self._finish(response)
        elif response.begun:
            self._progress(response)
        elif arrived > self._limits.header_bytes:
            self._fail_oversized_head()

    def eof_received(self) -> None:
        """The other side has said its last byte; over TLS, uvloop (not asyncio of 3.11) wants its goodbye for that."""
        self._eof = True
        if self._response is None:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: a body that ends with the connection is whole, any other is cut."""
        self.closed = True
        self._owner.drop(self)
        self._owner.lost()
        self._lose(exc)
        del self._parser  # it holds our methods: without this only the garbage collector would free the pair

    def pause_writing(self) -> None:
        """The other side is slower than we upload."""
        self._upload_blocked = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._upload_blocked = False
        if self._response is not None:
            self._response.wake()

    # The parser's side

    def on_message_begin(self) -> None:
        """A second message in answer to one request is a lie about where the first one ended."""
        if self._complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; trailers say nothing we use."""
        response = self._response
        if response is not None and not response.status:
            response.headers.append((name.lower(), value.rstrip()))

    def on_headers_complete(self) -> None:
        """Note the status, or forget a 1xx forerunner."""
        response = self._response
        if response is None or self._complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            response.headers.clear()
            return
        response.status = status
        if self._head_only:  # llhttp expects the body that the headers describe, so its state is of no more use
            self._complete, self._keep = True, False

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        response = self._response
        if response is not None and not self._complete:
            response.chunks.append(body)
            response.buffered += len(body)
            self._quiet = 0

    def on_message_complete(self) -> None:
        """Ask for keep-alive here: the parser forgets when it steps to the next message."""
        response = self._response
        if response is not None and response.status and not self._complete:
            self._complete = True
            self._keep = self._parser.should_keep_alive()

    # Inside

    def _begin(self, response: HttpResponse, arrived: int) -> bool:
        """Judge the head; False when it is refused."""
        limits, headers = self._limits, response.headers
        if len(headers) > limits.headers or (arrived > limits.header_bytes and _size(headers) > limits.header_bytes):
            return self._fail_oversized_head()
        coding = response.header(b"transfer-encoding")
        if coding is not None and coding.lower() != b"chunked":
            return self._fail(BadReply, f"{self._label} used a transfer encoding other than chunked")
        if response.status < 200:
            return self._fail(BadReply, f"{self._label} answered with the status {response.status}")
        try:
            response.begin()
        except BadReply as error:
            return self._fail(BadReply, f"{self._label}: {error.message}")
        return True

    def _progress(self, response: HttpResponse) -> None:
        if response.buffered > self._limits.buffered_bytes and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if self._quiet > self._limits.header_bytes:
            self._fail(BadReply, f"{self._label} sent {self._quiet} bytes of framing without a byte of body")
        response.wake()

    def _finish(self, response: HttpResponse) -> None:
        """The response is whole: free the connection, even if its reader is not there yet."""
        self._response = None
        response.end()
        if self._keep and not self._unsent() and not self._eof:
            self.resume()
            self.idle_since = self._clock()
            self._owner.release(self)
        else:
            self.close()

    def _unsent(self) -> bool:
        """Whether the answer came before the whole request was sent."""
        return self._uploading or self._transport.get_write_buffer_size() > 0

    def _lose(self, exc: Exception | None) -> None:
        response = self._response
        if response is None:
            return
        if exc is None and self._eof and response.begun and _until_close(response):
            self._response = None
            response.end()
        elif response.begun:
            self._fail(ConnectionLost, f"{self._label} closed the connection in the middle of the response", exc)
        elif self._stale():
            self._fail(StaleConnection, f"{self._label} had closed the idle connection", exc)
        else:
            self._fail(ConnectionLost, f"{self._label} closed the connection before it answered", exc)

    def _stale(self) -> bool:
        return self.uses > 1 and not self._quiet and self._clock() - self._sent_at <= self._limits.stale_seconds

    def _fail(self, kind: type[CallError], message: str, cause: BaseException | None = None) -> bool:
        """Give up response and connection; False, for the caller's own return."""
        response, self._response = self._response, None
        self.close()
        if response is not None:
            response.fail(kind, message, cause)
        return False

    def _fail_oversized_head(self) -> bool:
        limits = self._limits
        message = f"{self._label} sent more than {limits.headers} headers or {limits.header_bytes} bytes of them"
        return self._fail(BadReply, message)

    def __repr__(self) -> str:
        state = "closed" if self.closed else "busy" if self._response else "idle"
        return f"<HttpConnection {self._label} [{state} | {self.uses} uses]>"


def _size(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _until_close(response: HttpResponse) -> bool:
    return response.header(b"content-length") is None and response.header(b"transfer-encoding") is None
