"""uvicorn's HTTP protocol with the limits it does not have: time and size of a request's head, and JSON in a 400.

Refuses to know what is served.
"""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024
HEAD_FIELDS = 200


class LimitedProtocol(HttpToolsProtocol):
    """A slow or endless head ends here, before it costs a task."""

    header_timeout = 10.0  # seconds from the first byte expected to the last header
    _head_timer: TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: Any) -> None:
        """Arm the timer: the first request is due."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.header_timeout, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count a head's bytes before they are parsed."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(self.header_timeout, self._late)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large", b"the request's headers are over 64 KiB; send less")

    def on_headers_complete(self) -> None:
        """The head is here in time; its number of fields is the last thing to be doubted."""
        self._stop_timer()
        self._in_head = False
        if len(self.headers) > HEAD_FIELDS:
            self._refuse(b"431 Request Header Fields Too Large", b"the request has over 200 headers; send fewer")
            raise ValueError("too many headers")  # ends the parser's run; the connection is closing already
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is the head of another request."""
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets an error in JSON."""
        if not self.transport.is_closing():
            self._refuse(
                b"400 Bad Request", b"this is not an HTTP/1.1 request; check the client and any proxy before it"
            )

    def _late(self) -> None:
        self._head_timer = None
        if self._head_bytes:
            self._refuse(b"408 Request Timeout", b"the request's headers did not arrive in time; send them faster")
        else:
            self.transport.close()  # a connection opened ahead and never used

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: bytes, message: bytes) -> None:
        kind = b"invalid_request_error"
        body = b'{"error":{"message":"%s","type":"%s","param":null,"code":null}}' % (message, kind)
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()


def protocol(header_timeout: float) -> type[HttpToolsProtocol]:
    """The protocol class of a server with its own header timeout, in seconds."""
    return type("ServerProtocol", (LimitedProtocol,), {"header_timeout": header_timeout})
