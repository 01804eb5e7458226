"""What the edge needs of ASGI: bodies with limits, whole responses, and noticing that a caller left.

Refuses to know dialects and calls.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from trunkline.core.errors import CallerGone, RequestTooLarge
from trunkline.transport.ticker import Ticker

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

WATCH_AFTER = 0.2  # seconds at most; shorter calls need no watcher, and a task for each would cost 5 % of a request


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body. Raises RequestTooLarge or CallerGone; ``receive`` knows how long a body may take."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone("the caller left while sending its request")
        if piece := message.get("body", b""):
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"the request's body is over {limit} bytes; send less, or raise limits.body")


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """One whole response."""
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def pieces(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """An upload's body as it arrives. Raises RequestTooLarge, as soon as it says how large it is, or CallerGone."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise RequestTooLarge(f"the upload is over {limit} bytes; send less, or raise files.largest")
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone("the caller left while sending its upload")
        more = message.get("more_body", False)
        yield message.get("body", b"")


class Watch:
    """Cancels the task that serves a call once its caller has left."""

    __slots__ = ("_receive", "_serving", "_watcher", "gone")

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._serving = asyncio.current_task()

    def start(self) -> None:
        """Look out for the caller's leaving from now on."""
        self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._serving is not None:
            self._serving.cancel()

    def stop(self) -> None:
        """The call is over."""
        if self._watcher is not None:
            self._watcher.cancel()
        # a cancelled task keeps its frames, which hold this: a ring that would wait for the collector
        self._watcher = self._serving = None


class Watches:
    """The watches of calls under way: one timer starts all that are due. A timer for each call would cost 2 % of it."""

    __slots__ = ("_fresh", "_ticker")

    def __init__(self) -> None:
        self._fresh: set[Watch] = set()
        self._ticker = Ticker(WATCH_AFTER, self._start)

    def begin(self, receive: Receive) -> Watch:
        """Watch over the task that calls this."""
        watch = Watch(receive)
        self._fresh.add(watch)
        if not self._ticker.running:
            self._ticker.start()
        return watch

    def end(self, watch: Watch) -> None:
        """Its call is over."""
        self._fresh.discard(watch)
        watch.stop()

    def _start(self) -> bool:
        busy = bool(self._fresh)
        while self._fresh:
            self._fresh.pop().start()
        return busy
