"""What the edge needs of ASGI: bodies with limits, whole responses, and noticing that a caller left.

Refuses to know dialects and calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trunkline.core.errors import CallerGone, RequestTooLarge

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

WATCH_AFTER = 0.2  # seconds; shorter calls need no watcher, and a task for each would cost 5 % of a request


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


class Watch:
    """Cancels the task that serves a call once its caller has left."""

    __slots__ = ("_handle", "_receive", "_serving", "_watcher", "gone")

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._serving = asyncio.current_task(loop)
        self._handle = loop.call_later(WATCH_AFTER, self._start)

    def _start(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._serving is not None:
            self._serving.cancel()

    def stop(self) -> None:
        """The call is over."""
        self._handle.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        # a cancelled task keeps its frames, which hold this: a ring that would wait for the collector
        self._watcher = self._serving = None
