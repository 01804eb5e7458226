"""Gemini's streams for who does not ask for server-sent events: one JSON array, an element as each event comes.

Refuses to know what an event says: it changes what stands between them, on their way out of the house.
"""

from trunkline.core.dialect import Frame
from trunkline.dialects.sse import Frames
from trunkline.server import gemini_path
from trunkline.server.app import JSON, Door, Visit
from trunkline.server.http import Headers, Message, Send

SSE = b"text/event-stream"
NO_LIMIT = 1 << 40  # bytes of an event: those here are the house's own, held to its limits before


class Listed:
    """A ``Send``. Google's own API answers so where ``?alt=sse`` is not said, errors before a stream included.

    What stands behind an element, a comma or the bracket, waits for the next or for the end. A stream that breaks has
    an error for its last element, as Google's have; one that is torn has no bracket.
    """

    __slots__ = ("_frames", "_next", "_send", "_streamed")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._frames = Frames(NO_LIMIT)
        self._next = b"["
        self._streamed = False

    async def __call__(self, message: Message) -> None:
        """Send it on, as an array's part."""
        if message["type"] == "http.response.start":
            await self._send({**message, "headers": self._headers(message["headers"])})
        elif not self._streamed:
            await self._send({**message, "body": b"[%b]" % message["body"]})
        elif message.get("more_body", False):
            if elements := self._elements(self._frames.feed(message["body"])):
                await self._send({**message, "body": elements})
        else:
            await self._send({**message, "body": self._elements(self._frames.end()) + self._end()})

    def _headers(self, headers: Headers) -> Headers:
        self._streamed = any(name == b"content-type" and value.startswith(SSE) for name, value in headers)
        if self._streamed:
            return [JSON if name == b"content-type" else (name, value) for name, value in headers]
        return [(name, b"%d" % (int(value) + 2) if name == b"content-length" else value) for name, value in headers]

    def _elements(self, frames: list[Frame]) -> bytes:
        """Each with its line end, so that who reads lines has it at once, too."""
        return b"".join([self._element(frame.data) for frame in frames if frame.data])

    def _element(self, data: bytes) -> bytes:
        before, self._next = self._next, b",\r\n"
        return b"%b%b\n" % (before, data)

    def _end(self) -> bytes:
        return b"[]" if self._next == b"[" else b"]"


def either(door: Door) -> Door:
    """The door of streams, which answers in the form that is wanted."""

    async def streamed(visit: Visit) -> None:
        if gemini_path.listed(visit):
            visit.send = Listed(visit.send)
        await door(visit)

    return streamed
