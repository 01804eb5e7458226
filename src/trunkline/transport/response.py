"""One HTTP response: body bytes put in by a connection, taken out by a reader, decoded on the way.

Refuses to know sockets and framing: it sees a connection only as something to resume or to close.
"""

import asyncio
from typing import Protocol

from trunkline.core.errors import BadReply, CallError, ConnectionLost, ReplyTooLarge
from trunkline.transport.decode import Inflater, inflater
from trunkline.transport.transport import Headers, Response


class Line(Protocol):
    """What a response may ask of the connection it arrives on."""

    loop: asyncio.AbstractEventLoop

    def resume(self) -> None:
        """The reader has caught up: read the socket again."""
        ...

    def close(self) -> None:
        """Nobody wants the rest."""
        ...


class HttpResponse:
    """Implements ``transport.Response``. One reader at a time; the connection leaves when the last byte is in."""

    __slots__ = (
        "_decoded",
        "_failure",
        "_index",
        "_inflater",
        "_limit",
        "_line",
        "_waiter",
        "begun",
        "buffered",
        "chunks",
        "ended",
        "expires",
        "headers",
        "status",
    )

    def __init__(self, line: Line, expires: float, decoded_limit: int) -> None:
        self.status = 0
        self.headers: Headers = []
        self.expires = expires
        self.begun = False  # the head is in, and good
        self.ended = False  # the whole body is in
        self.chunks: list[bytes] = []  # body bytes as received, not yet taken
        self.buffered = 0  # their number
        self._line: Line | None = line
        self._limit = decoded_limit
        self._decoded = 0
        self._inflater: Inflater | None = None
        self._index: dict[bytes, bytes] | None = None
        self._failure: tuple[type[CallError], str, BaseException | None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    # The reader's side

    def header(self, name: bytes) -> bytes | None:
        """The first value under a lower-case name, or None."""
        if self._index is None:
            self._index = dict(reversed(self.headers))
        return self._index.get(name)

    async def receive(self) -> bytes:
        """The next bytes of the decoded body, as many as are there; ``b""`` at the end."""
        while True:
            data = self._take()
            if data:
                return data
            if self._failure is not None:
                raise self._error()
            if self.ended:
                return self._end()
            await self.change()

    async def read(self, limit: int) -> bytes:
        """The whole body; ReplyTooLarge when it has more than ``limit`` bytes."""
        return await read_whole(self, limit)

    def abort(self) -> None:
        """Leave now; closes the connection of a response that has not ended."""
        self._refuse(ConnectionLost, "the response was aborted by its reader")

    async def change(self) -> None:
        """Wait until the connection has put something in. A cancelled wait closes the connection."""
        if self._waiter is not None:
            raise RuntimeError("two tasks wait for the same response; give it one reader")
        if self._line is None:
            return
        self._waiter = self._line.loop.create_future()
        try:
            await self._waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._waiter = None

    def raise_failure(self) -> None:
        """Raise what went wrong, if something did."""
        if self._failure is not None:
            raise self._error()

    # The connection's side

    @property
    def waiting(self) -> bool:
        """Whether a task waits for the next bytes: only then does ``expires`` run."""
        return self._waiter is not None and not self._waiter.done()

    def begin(self) -> None:
        """The head is in. BadReply when the body is in an encoding we do not have."""
        self._inflater = inflater(self.header(b"content-encoding"))
        self.begun = True

    def end(self) -> None:
        """The body is in."""
        self.ended = True
        self._line = None
        self.wake()

    def fail(self, kind: type[CallError], message: str, cause: BaseException | None = None) -> None:
        """Nothing more will come; what is there can still be taken. The first failure stays."""
        if self._failure is None:
            self._failure = (kind, message, cause)
        self._line = None
        self.wake()

    def wake(self) -> None:
        """Let the waiting task look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # Inside

    def _take(self) -> bytes:
        """Decoded bytes that are there now, or none."""
        chunks = self.chunks
        data = b""
        if chunks:
            data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            chunks.clear()
            self.buffered = 0
            if self._line is not None:
                self._line.resume()
        if self._inflater is not None and (data or self._inflater.pending):
            data = self._inflate(self._inflater, data)
        self._decoded += len(data)
        if self._decoded > self._limit:
            self._refuse(ReplyTooLarge, f"the body has more than the {self._limit} bytes the transport's limits allow")
            raise self._error()
        return data

    def _inflate(self, inflater: Inflater, data: bytes) -> bytes:
        try:
            return inflater.decode(data)
        except BadReply as error:
            self._refuse(BadReply, error.message, error.__cause__)
            raise self._error() from error.__cause__

    def _end(self) -> bytes:
        if self._inflater is not None:
            self._inflater.finish()
        return b""

    def _refuse(self, kind: type[CallError], message: str, cause: BaseException | None = None) -> None:
        """Want no more of this response, and remember why."""
        line, self._line = self._line, None
        self.chunks.clear()
        self.buffered = 0
        self.fail(kind, message, cause)
        if line is not None:
            line.close()

    def _error(self) -> CallError:
        """A new exception for each raise: one kept would hold the tracebacks, and so the frames, of all."""
        kind, message, cause = self._failure or (ConnectionLost, "the response has ended", None)
        error = kind(message)
        error.__cause__ = cause
        return error

    def __repr__(self) -> str:
        state = "failed" if self._failure else "whole" if self.ended else "open"
        return f"<HttpResponse {self.status} [{state} | {self.buffered} B buffered]>"


async def read_whole(response: Response, limit: int) -> bytes:
    """All that ``receive`` returns; past ``limit`` bytes the response is aborted and ReplyTooLarge raised."""
    pieces: list[bytes] = []
    size = 0
    while data := await response.receive():
        size += len(data)
        if size > limit:
            response.abort()
            raise ReplyTooLarge(f"the body has more than the {limit} bytes allowed here")
        pieces.append(data)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
