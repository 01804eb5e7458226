"""Keeps a copy of every answer on its way to the caller, and hands it over when the caller has it all.

Refuses to open it, to keep more than a bounded part, and to stand in the way: pieces are passed on as they come.
"""

import logging
from collections.abc import AsyncIterator, Callable

from trunkline.core.chat import Completion
from trunkline.core.dialect import Dialect, Envelope
from trunkline.core.errors import CallError
from trunkline.core.events import Event, Gathering
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Hear, Reply
from trunkline.dialects.sse import Frames

log = logging.getLogger("trunkline")
MOST_KEPT = 1024 * 1024  # bytes of one answer


class Heard:
    """What one caller got, not opened yet."""

    __slots__ = ("_blocks", "_completion", "_dialect", "_events", "_stream", "exchange", "size")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.size = 0
        self._blocks: list[bytes] = []
        self._events: list[Event] = []
        self._completion: Completion | None = None
        self._dialect: Dialect | None = None
        self._stream = False

    def as_bytes(self, dialect: Dialect, envelope: Envelope) -> None:
        """It will come as bytes of this dialect."""
        self._dialect, self._stream = dialect, envelope.stream

    def keep(self, block: bytes) -> None:
        """One more piece."""
        self.size += len(block)
        if self.size <= MOST_KEPT:
            self._blocks.append(block)

    def keep_event(self, event: Event) -> None:
        """One more event."""
        self.size += 64
        if self.size <= MOST_KEPT:
            self._events.append(event)

    def keep_whole(self, completion: Completion) -> None:
        """All of it."""
        self._completion = completion

    def body(self) -> bytes | None:
        """Its bytes, all of them; None where it was not read as bytes, or was too large."""
        return b"".join(self._blocks) if self._dialect is not None and self.size <= MOST_KEPT else None

    def completion(self) -> Completion | None:
        """The answer opened; None where it was too large, or cannot be read."""
        if self._completion is not None or self.size > MOST_KEPT:
            return self._completion
        try:
            return self._read()
        except CallError:
            return None

    def _read(self) -> Completion | None:
        if self._dialect is None:
            return _gathered(self._events) if self._events else None
        return opened(self._dialect, b"".join(self._blocks), stream=self._stream)


def unfelt(take: Callable[[Heard], None]) -> Callable[[Heard], None]:
    """The same, but its failure reaches no caller."""

    def taken(heard: Heard) -> None:
        try:
            take(heard)
        except Exception:
            log.exception("who overhears failed on exchange %s; its caller is not affected", heard.exchange.id)

    return taken


def opened(dialect: Dialect, body: bytes, *, stream: bool) -> Completion:
    """An answer in a caller's bytes, whole or streamed. Raises the CallError of one that cannot be read."""
    if not stream:
        return dialect.read_completion(body)
    reader, frames = dialect.reader(), Frames()
    events = [event for frame in frames.feed(body) for event in reader.read(frame)]
    return _gathered([*events, *reader.end()])


def _gathered(events: list[Event]) -> Completion:
    gathering = Gathering()
    for event in events:
        gathering.add(event)
    return gathering.completion()


class Overhear:
    """A handler; ``take`` is told of every answer that reached its caller whole. It must not wait, nor raise.

    What the house asks for itself (judges, canaries) is not overheard: nobody judges judges.
    """

    __slots__ = ("inner", "take")

    def __init__(self, inner: Handler, take: Callable[[Heard], None]) -> None:
        self.inner = inner
        self.take = take

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler."""
        reply = await self.inner(exchange)
        return reply if exchange.purpose else OverheardReply(reply, Heard(exchange), self.take)


class OverheardReply:
    """The inner reply, with a copy of what is read of it."""

    __slots__ = ("_heard", "_inner", "_take", "_told", "_whole")

    def __init__(self, inner: Reply, heard: Heard, take: Callable[[Heard], None]) -> None:
        self._inner = inner
        self._heard = heard
        self._take = take
        self._told = False
        self._whole = False  # read to its end: an answer may settle before its last pieces are handed on

    @property
    def dropped(self) -> tuple[str, ...]:
        """As the inner reply's."""
        return self._inner.dropped

    @property
    def content_type(self) -> bytes | None:
        """As the inner reply's."""
        return self._inner.content_type

    @property
    def outcome(self) -> Outcome | None:
        """As the inner reply's."""
        return self._inner.outcome

    def on_settled(self, hear: Hear) -> None:
        """As the inner reply's."""
        self._inner.on_settled(hear)

    async def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """As the inner reply's."""
        self._heard.as_bytes(dialect, envelope)
        keep = self._heard.keep
        async for block in self._inner.blocks(dialect, envelope, request_id):
            keep(block)
            yield block
        self._whole = True

    async def events(self) -> AsyncIterator[Event]:
        """As the inner reply's."""
        keep = self._heard.keep_event
        async for event in self._inner.events():
            keep(event)
            yield event
        self._whole = True

    async def completion(self) -> Completion:
        """As the inner reply's."""
        whole = await self._inner.completion()
        self._heard.keep_whole(whole)
        self._whole = True
        return whole

    async def aclose(self) -> None:
        """As the inner reply's; what was heard is handed over."""
        await self._inner.aclose()
        outcome = self._inner.outcome
        if self._whole and not self._told and outcome is not None and outcome.ok:
            self._told = True
            self._take(self._heard)

    def __repr__(self) -> str:
        return f"<Overheard {self._inner!r}>"
