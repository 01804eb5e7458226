"""A streamed answer that another target may go on with where it breaks: one stream for its caller, with a marked seam.

Refuses to ask: ``continuation`` does. Until the break it hands on the first stream's own bytes and keeps them; what the
caller holds is read back from them, so that nothing is known of a stream that does not break.
"""

from collections.abc import AsyncIterator

from msgspec.structs import replace

from trunkline.core.chat import Completion
from trunkline.core.dialect import Continuable, Dialect, Envelope, Given
from trunkline.core.errors import CallerGone, CallError
from trunkline.core.events import Began, Continued, Event, Gathering, TextDelta, UsageSeen
from trunkline.core.exchange import Attempt
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, Settling
from trunkline.core.usage import Usage
from trunkline.providers.answer import StreamedReply
from trunkline.routing.continuation import Continuation

MOST_KEPT = 4 * 1024 * 1024  # bytes of a stream, some 20,000 tokens; a longer one is not continued


class ContinuedReply(Settling):
    """A reply around a stream. It settles when nothing more can come: with the first part, or with the second."""

    __slots__ = ("_attempt", "_continuation", "_first", "_second", "dropped")

    def __init__(self, first: StreamedReply, attempt: Attempt, continuation: Continuation) -> None:
        super().__init__()
        self.dropped = first.dropped
        self._first = first
        self._attempt = attempt
        self._continuation = continuation
        self._second: Reply | None = None
        first.on_settled(self._first_ended)

    async def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """The caller's bytes. A stream that breaks, and is not continued or breaks again, ends with an error event."""
        kept = bytearray()
        try:
            async for piece in self._first.pieces(dialect, envelope):
                if len(kept) <= MOST_KEPT:
                    kept += piece
                yield piece
        except CallError as error:
            broken = error
        else:
            return
        try:
            given = _given(bytes(kept), dialect, envelope)
            if given is None:
                raise broken
            async for event in self._rest(given.text, broken):
                yield given.writer.write(event) or given.writer.keep_alive
            if rest := given.writer.close():
                yield rest
        except CallError as error:
            self._give_up()
            yield dialect.write_stream_error(error, request_id)

    async def events(self) -> AsyncIterator[Event]:
        """Events as they come; raises the CallError of a stream that breaks and is not continued."""
        given: list[str] = []
        plain = True
        try:
            async for event in self._first.events():
                if isinstance(event, TextDelta):
                    given.append(event.text)
                plain &= isinstance(event, TextDelta | Began | UsageSeen)
                yield event
        except CallError as error:
            broken = error
        else:
            return
        try:
            if not plain:
                raise broken
            async for event in self._rest("".join(given), broken):
                yield event
        except CallError:
            self._give_up()
            raise

    async def completion(self) -> Completion:
        """The stream, gathered."""
        gathering = Gathering()
        async for event in self.events():
            gathering.add(event)
        return gathering.completion()

    async def _rest(self, text: str, broken: CallError) -> AsyncIterator[Event]:
        """The seam, and what another target goes on with. Raises ``broken`` where none does."""
        await self._first.aclose()  # its connection is no more use to anybody
        words = text.rstrip()  # Anthropic refuses a prefill that ends in white space, and models begin with their own
        if not broken.fallback or not words:
            raise broken
        self._second = await self._continuation.ask(self._attempt, words, self.dropped)
        if self._second is None:
            raise broken
        self._second.on_settled(self._second_ended)
        yield Continued(str(self._continuation.exchange.attempts[-1].target))
        skipping = words != text
        async for event in self._second.events():
            match event:
                case Began():
                    pass  # the caller's stream has begun long since, under another id
                case UsageSeen():
                    yield UsageSeen(self._usage_before().plus(event.usage))
                case TextDelta() if skipping:
                    if more := event.text.lstrip():
                        skipping = False
                        yield TextDelta(more)
                case _:
                    yield event

    # the end

    def _first_ended(self, outcome: Outcome) -> None:
        if outcome.error is None or not outcome.error.fallback:
            self.settle(outcome)  # whole, or left: nothing more will come

    def _second_ended(self, outcome: Outcome) -> None:
        """Times count from the attempt that began the answer."""
        seam = self._continuation.exchange.attempts[-1].started - self._attempt.started
        first = self._first.outcome
        self.settle(
            replace(
                outcome,
                usage=self._usage_before().plus(outcome.usage),
                duration=seam + outcome.duration,
                first_content=first.first_content if first else None,
            )
        )

    def _give_up(self, error: CallError | None = None) -> None:
        """Nobody goes on: the answer ended where the first stream broke, whatever asking another has cost."""
        first = self._first.outcome
        if self.outcome is not None or first is None:
            return
        usage = first.usage
        for attempt in self._continuation.exchange.attempts:
            if attempt.continues is self._attempt and attempt.outcome is not None:
                usage = usage.plus(attempt.outcome.usage)
        gone = isinstance(error, CallerGone)
        self.settle(replace(first, usage=usage, error=error or first.error, abandoned=gone))

    def _usage_before(self) -> Usage:
        first = self._first.outcome
        return first.usage if first else Usage()

    async def aclose(self) -> None:
        """As the port says; in between the two parts, a caller that left has left."""
        await self._first.aclose()
        if self._second is not None:
            await self._second.aclose()
        self._give_up(CallerGone("the caller left before the answer ended"))


def _given(stream: bytes, dialect: Dialect, envelope: Envelope) -> Given | None:
    if len(stream) > MOST_KEPT or not isinstance(dialect, Continuable):
        return None
    return dialect.given(stream, envelope)
