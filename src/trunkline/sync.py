"""The same API for programs without an event loop: one engine on one background loop.

Refuses to implement anything twice: every method hands the work to the async client and waits.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from trunkline.client import Answer, Client, Messages, Stream
from trunkline.client import open as open_async
from trunkline.core.events import Event
from trunkline.gateway.config import Config
from trunkline.routing.decision import Decision

T = TypeVar("T")


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="trunkline", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work done on the loop; an interrupt here cancels it there. Raises RuntimeError once it is closed."""
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("this house is closed; make the call inside `with trunkline.open_sync(...)`")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SyncStream:
    """As ``client.Stream``, with plain iteration."""

    def __init__(self, stream: Stream, loop: _Loop) -> None:
        self._stream = stream
        self._loop = loop

    def __iter__(self) -> Iterator[str]:
        return self._drawn(self._stream.__aiter__())

    def events(self) -> Iterator[Event]:
        """Everything that happens, as it comes."""
        return self._drawn(self._stream.events())

    def _drawn(self, items: AsyncIterator[T]) -> Iterator[T]:
        async def following() -> tuple[T, ...]:
            try:
                return (await anext(items),)
            except StopAsyncIteration:  # cannot cross a coroutine's end
                return ()

        while item := self._loop.run(following()):
            yield item[0]

    @property
    def answer(self) -> Answer:
        """What has come so far; the whole answer once the iteration has ended."""
        return self._stream.answer


class SyncClient:
    """A house to call models through, from any thread. Made by ``trunkline.open_sync``."""

    def __init__(self, client: Client, loop: _Loop) -> None:
        self._client = client
        self._loop = loop

    def chat(self, model: str, messages: Messages, **options: Any) -> Answer:
        """As ``Client.chat``."""
        return self._loop.run(self._client.chat(model, messages, **options))

    @contextmanager
    def stream(self, model: str, messages: Messages, **options: Any) -> Generator[SyncStream]:
        """As ``Client.stream``."""
        context = self._client.stream(model, messages, **options)
        stream = self._loop.run(_entered(context))
        try:
            yield SyncStream(stream, self._loop)
        finally:
            self._loop.run(_left(context))

    def route(self, model: str, messages: Messages, **options: Any) -> Decision:
        """As ``Client.route``."""
        return self._client.route(model, messages, **options)

    def models(self) -> list[str]:
        """Every model name that ``chat`` takes."""
        return self._client.models()

    def feedback(self, request_id: str, *, score: float | None = None, label: str = "", comment: str = "") -> None:
        """As ``Client.feedback``."""
        self._loop.run(self._client.feedback(request_id, score=score, label=label, comment=comment))

    def __repr__(self) -> str:
        return f"<Sync{repr(self._client)[1:]}"


async def _entered(context: Any) -> Any:
    return await context.__aenter__()


async def _left(context: Any) -> None:
    await context.__aexit__(None, None, None)


@contextmanager
def open_sync(source: str | Path | Config | None = None) -> Generator[SyncClient]:
    """As ``trunkline.open``, for programs without an event loop."""
    loop = _Loop()
    try:
        context = open_async(source)
        client = loop.run(_entered(context))
        try:
            yield SyncClient(client, loop)
        finally:
            loop.run(_left(context))
    finally:
        loop.close()
