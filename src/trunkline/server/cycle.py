"""One request and its response under uvicorn: a whole response, or the start of a stream, leaves in one write.

Refuses to know what is served. uvicorn's own ``send`` writes head and body apart and searches each header by two
regular expressions: together a tenth of a request's CPU, measured in ``make bench``.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from trunkline.core.errors import RequestTimeout
from trunkline.server.http import Headers

END_OF_CHUNKS = b"0\r\n\r\n"
CHUNKED = (b"transfer-encoding", b"chunked")
CLOSE = (b"connection", b"close")
BODILESS = frozenset({204, 304})
SMALL_BODY = 64 << 10  # up to here one copy into one buffer is cheaper than a write of several


class Cycle(RequestResponseCycle):
    """uvicorn's cycle with a ``send`` of its own; the head waits for the first piece of the body."""

    write_timeout = 60.0  # seconds in which a caller must take something
    _overdue = ""
    _head = b""
    _chunked = False
    _silent = False  # a response without a body: to HEAD, or by its status

    async def receive(self) -> Any:
        """ASGI's ``receive``. Raises RequestTimeout after ``give_up`` if the body had not ended."""
        message = await super().receive()
        if self._overdue and message.get("more_body"):
            raise RequestTimeout(self._overdue)
        return message

    def give_up(self, reason: str) -> None:
        """Wait no longer for the rest of the body."""
        self._overdue = reason
        self.keep_alive = False  # what still comes of it is no next request
        self.message_event.set()

    async def send(self, message: Any) -> None:
        """ASGI's ``send``. Raises RuntimeError for messages out of order and for headers that would forge a line."""
        if self.flow.write_paused and not self.disconnected:
            await self._room()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._start(message["status"], message["headers"])
        else:
            self._continue(message.get("body", b""), more=message.get("more_body", False))

    async def _room(self) -> None:
        """Wait until the caller has taken some of what it was sent; one that takes nothing for too long has left.

        Without an end to this wait it would hold its target's place and its money for as long as it liked.
        """
        giving_up = asyncio.get_running_loop().call_later(self.write_timeout, self.transport.abort)
        try:
            await self.flow.drain()
        finally:
            giving_up.cancel()

    def _start(self, status: int, headers: Headers) -> None:
        if self.response_started:
            raise RuntimeError("a response was started twice")
        self.response_started = True
        self.waiting_for_100_continue = False
        self._silent = self.scope["method"] == "HEAD" or status in BODILESS
        # HTTP/1.0 knows no chunks: there the end of the connection is the end of the body
        sized = self.scope["http_version"] == "1.0" or any(name == b"content-length" for name, _ in reversed(headers))
        self._chunked = not sized
        fields = [*self.default_headers, *headers]
        if not self.keep_alive:
            fields.append(CLOSE)
        if self._chunked and not self._silent:
            fields.append(CHUNKED)
        head = STATUS_LINE[status] + b"".join([b"%b: %b\r\n" % field for field in fields]) + b"\r\n"
        lines = len(fields) + 2
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            raise RuntimeError("a response header holds CR, LF or NUL")
        self._head = head

    def _continue(self, body: bytes, *, more: bool) -> None:
        if not self.response_started or self.response_complete:
            raise RuntimeError("a piece of body came before the response's start or after its end")
        pieces = [self._head] if self._head else []
        self._head = b""
        if body and not self._silent:
            pieces += (b"%x\r\n" % len(body), body, b"\r\n") if self._chunked else (body,)
        if not more and self._chunked and not self._silent:
            pieces.append(END_OF_CHUNKS)
        if len(body) <= SMALL_BODY:
            self.transport.write(b"".join(pieces))
        else:
            self.transport.writelines(pieces)
        if not more:
            self._complete()

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
