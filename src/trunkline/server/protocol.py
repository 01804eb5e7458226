"""uvicorn's HTTP protocol with the limits it does not have: time and size of a head, time of a body, JSON in a 400.

Refuses to know what is served.
"""

import asyncio
from asyncio import TimerHandle
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import httptools
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trunkline.server.cycle import Cycle

HEAD_BYTES = 64 * 1024
HEAD_FIELDS = 200
VERSIONS = frozenset({"1.0", "1.1"})
PATIENCE = "trunkline.patience"
"""In a scope: the seconds that a door gives a body to arrive, once it knows whose it is."""
Refuse = Callable[[int, str], object]
"""Hears of requests that no door ever saw: the status they were answered with, and why in a word."""


def _unheard(_status: int, _kind: str) -> None: ...


def _staying() -> bool:
    return False


class LimitedProtocol(HttpToolsProtocol):
    """A slow or endless head ends here, before it costs a task; a slow body ends in the cycle that waits for it."""

    header_timeout = 10.0  # seconds from the first byte expected to the last header
    body_timeout = 30.0  # seconds from the last header to the last byte of the body
    cycle_type = Cycle
    refused: Refuse = staticmethod(_unheard)
    leaving: Callable[[], bool] = staticmethod(_staying)
    parser: Any  # httptools' parser, until the connection is lost
    cycle: Any  # the newest request's Cycle, once there was one
    _timer: TimerHandle | None = None  # runs while a head or a body is awaited
    _answered = 0.0  # when the last answer had left, on the loop's clock
    _head_bytes = 0
    _framing_bytes = 0  # since the last piece of a body: what chunks say of themselves, and trailers
    _in_head = True

    def connection_made(self, transport: Any) -> None:
        """Arm the timer: the first request is due."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.header_timeout, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers; uvicorn's own would hold a connection that was reset for another 75 seconds."""
        self._stop_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count a head's bytes before they are parsed, and those that are no body."""
        if self._in_head:
            self._head_bytes += len(data)
        else:
            self._framing_bytes += len(data)
        self._parse(data)
        if self._framing_bytes > HEAD_BYTES:
            self._refuse_framing()
        if self._head_bytes and not self.transport.is_closing():
            self._await_rest()

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                data = b""
            except httptools.HttpParserUpgrade as offer:
                data = self._declined(data[offer.args[0] :])
            except httptools.HttpParserError as error:
                self.send_400_response(str(error))
                data = b""

    def _declined(self, rest: bytes) -> bytes:
        """The bytes to read on with after an offer of another protocol, as if it had not been made.

        Java's HTTP client offers HTTP/2 with its first request, and the parser passes over the body of such a one.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(b"405 Method Not Allowed", b"this is a gateway, not a proxy: send POST /v1/chat/completions")
            return b""
        line = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"".join([line, *fields, b"\r\n", rest])

    def _await_rest(self) -> None:
        """A request has begun and not ended; most come whole, and cost no timer."""
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(b"431 Request Header Fields Too Large", b"the request's headers are over 64 KiB; send less")
        elif self._timer is None:
            seconds = self.header_timeout if self._in_head else self.body_timeout
            self._timer = self.loop.call_later(seconds, self._late)

    def on_headers_complete(self) -> None:
        """The head is here in time; its number of fields is the last thing to be doubted."""
        if self.parser.should_upgrade():  # read again without the offer, see ``_declined``
            return
        self._stop_timer()
        self._in_head = False
        if len(self.headers) > HEAD_FIELDS:
            self._refuse(b"431 Request Header Fields Too Large", b"the request has over 200 headers; send fewer")
            raise ValueError("too many headers")  # ends the parser's run; the connection is closing already
        self._open_scope()
        self.headers = []  # trailers are no headers (RFC 9110, 6.5.1): a proxy in front has not looked at them
        if self.scope["http_version"] not in VERSIONS:
            self._refuse(b"505 HTTP Version Not Supported", b"this is not HTTP/1.1; speak that")
            raise ValueError("another version of HTTP")
        answering, self.cycle = self._answering, self._cycle()
        if answering:  # a pipelined request waits for the answer before it
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self._application()))
        else:
            self._start_asgi_task(self.cycle, self._application())

    @property
    def _answering(self) -> bool:
        """Whether the request before has not been answered to the end."""
        return not getattr(self.cycle, "response_complete", True)

    def _open_scope(self) -> None:
        """What uvicorn says of a request, but for what nothing here asks: websockets and a root path."""
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = self.parser.get_http_version()
        if self.url.startswith(b"/"):
            raw_path, _, query = self.url.partition(b"?")
        else:  # as proxies are asked: http://host/path
            raw_path, query = urlsplit(self.url)[2:4]
        path = raw_path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"], scope["query_string"] = raw_path, query

    def _cycle(self) -> Cycle:
        return self.cycle_type(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive() and not self.leaving(),
            on_response=self.on_response_complete,
        )

    def _application(self) -> Any:
        """The gateway, or uvicorn's 503 when there are more connections than ``limits.connections``."""
        most = self.limit_concurrency
        crowded = most is not None and (len(self.connections) >= most or len(self.tasks) >= most)
        if crowded:
            self.refused(503, "too_many_connections")
        return service_unavailable if crowded else self.app

    def on_message_complete(self) -> None:
        """What comes next is the head of another request."""
        if self.parser.should_upgrade():
            return
        self._stop_timer()
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = self._framing_bytes = 0

    def on_response_complete(self) -> None:
        """As uvicorn's, with one timer for the connection instead of one for each answer, which is 1 % of a call."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._answered = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing has come since its last answer; else look again when that could be."""
        idle = self._in_head and not self._head_bytes and not self._answering
        left = self._answered + self.timeout_keep_alive - self.loop.time() if idle else self.timeout_keep_alive
        if left > 0:
            self._look_again(left)
        else:
            self.transport.close()

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def on_body(self, body: bytes) -> None:
        """A piece of the body is here."""
        self._framing_bytes = 0
        super().on_body(body)

    def _refuse_framing(self) -> None:
        """The parser keeps trailers: without an end to them they would fill the memory."""
        self._framing_bytes = 0
        if self.transport.is_closing():
            return
        if self.cycle.response_started:
            self.transport.close()
            return
        self._refuse(b"431 Request Header Fields Too Large", b"the request's trailers are over 64 KiB; send none")
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets an error in JSON."""
        if not self.transport.is_closing():
            self._refuse(
                b"400 Bad Request", b"this is not an HTTP/1.1 request; check the client and any proxy before it"
            )

    def _late(self, allowed: float = 0.0) -> None:
        self._timer = None
        if self.flow.read_paused or (self._in_head and self._answering):
            self._await_rest()  # it is we who do not read, or do not need to yet
        elif not self._in_head and (patience := self._patience() - self.body_timeout) > 0:
            self._timer = self.loop.call_later(patience, partial(self._late, patience + self.body_timeout))
        elif not self._in_head:
            seconds = allowed or self.body_timeout
            self.cycle.give_up(f"the request's body did not arrive within {seconds:g} s; send it faster")
        elif self._head_bytes:
            self._refuse(b"408 Request Timeout", b"the request's headers did not arrive in time; send them faster")
        else:
            self.transport.close()  # a connection opened ahead and never used

    def _patience(self) -> float:
        scope: Any = self.scope
        given: float = scope.pop(PATIENCE, 0.0)
        return given

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes, message: bytes) -> None:
        if self._in_head and self._answering:
            self.transport.close()  # nothing may come between the pieces of an answer
            return
        words = status.decode().partition(" ")
        self.refused(int(words[0]), words[2].lower().replace(" ", "_"))
        kind = b"invalid_request_error"
        body = b'{"error":{"message":"%s","type":"%s","param":null,"code":null}}' % (message, kind)
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()


def protocol(
    header_timeout: float,
    body_timeout: float,
    write_timeout: float = 60.0,
    refused: Refuse = _unheard,
    leaving: Callable[[], bool] = _staying,
) -> type[HttpToolsProtocol]:
    """The protocol class of a server with its own timeouts, in seconds; ``refused`` hears of what it answers itself.

    While ``leaving``, every answer is its connection's last: whoever kept one open comes back elsewhere.
    """
    cycle = type("ServerCycle", (Cycle,), {"write_timeout": write_timeout})
    limits: dict[str, object] = {"header_timeout": header_timeout, "body_timeout": body_timeout, "cycle_type": cycle}
    limits["refused"], limits["leaving"] = staticmethod(refused), staticmethod(leaving)
    return type("ServerProtocol", (LimitedProtocol,), limits)
