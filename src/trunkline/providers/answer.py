"""Answers as they come from a provider: whole, or a stream that never lies about its end.

Refuses to know where the bytes go and what they cost.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.chat import Completion, Text, Thought, ToolUse
from trunkline.core.dialect import (
    Dialect,
    Envelope,
    Fitting,
    Frame,
    Framing,
    ProviderDialect,
    Reader,
    Rendered,
    Unstreamed,
    Writer,
)
from trunkline.core.errors import (
    BrokenStream,
    CallerGone,
    CallError,
    DeadlineExceeded,
    FirstContentTimeout,
    ReadTimeout,
    ReplyTooLarge,
    StalledStream,
)
from trunkline.core.events import Began, Ended, Event, Gathering, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.outcome import Outcome
from trunkline.core.reply import OneBlock, Settling
from trunkline.core.usage import Usage
from trunkline.dialects.echo import WithoutEcho
from trunkline.providers.calibration import Calibration
from trunkline.providers.media import MEDIA
from trunkline.transport.transport import Response

Taken = TypeVar("Taken")

UNCOMMITTED_LIMIT = 64 * 1024  # bytes held back before the first content; real preludes are below 2 KiB
DRAIN_SECONDS = 0.5  # for the last chunk after the terminator, so that the connection can be used again


class Pace(Struct, frozen=True):
    """The time limits of one attempt: absolute ``started`` and ``deadline``, the rest in seconds.

    ``unsaid`` is what an answer is told to be where its provider does not say: Anthropic tells no time, Bedrock none
    of it.
    """

    clock: Callable[[], float]
    started: float
    deadline: float
    first_content: float
    idle: float
    streamed: bool
    unsaid: Began

    def until(self, now: float, seconds: float) -> float:
        """The moment ``seconds`` from now, or the deadline if that is earlier."""
        return min(self.deadline, now + seconds)

    def late(self, *, committed: bool) -> CallError:
        """The error that running out of time means here."""
        if self.clock() >= self.deadline:
            return DeadlineExceeded("the call's total time ended before the answer did; raise timeouts.total")
        if committed:
            return StalledStream(f"the stream sent no content for {self.idle:g} s (timeouts.idle); pings do not count")
        name = "first_content" if self.streamed else "answer and slowest"
        return FirstContentTimeout(f"nothing came within {self.first_content:g} s (timeouts.{name})")


class WholeReply(Settling):
    """An answer that came in one body; it has settled when it is made."""

    __slots__ = ("_body", "_completion", "_dialect", "_media", "_unsaid", "dropped")

    def __init__(
        self,
        body: bytes,
        dialect: ProviderDialect,
        completion: Completion | None,
        dropped: tuple[str, ...],
        outcome: Outcome,
        unsaid: Began,
        media: bytes | None = None,
    ) -> None:
        super().__init__()
        self._unsaid = unsaid
        self._media = media
        self._body = readable(body) if media is None else body
        self._dialect = dialect
        self._completion = completion
        self.dropped = dropped
        self.settle(outcome)

    @property
    def content_type(self) -> bytes | None:
        """See the port."""
        return self._media

    def _opened(self) -> Completion:
        if self._completion is None:
            self._completion = self._dialect.read_completion(self._body)
        told, unsaid = self._completion, self._unsaid
        if not (told.created and told.id and told.model):
            told = self._completion = replace(
                told, id=told.id or unsaid.id, model=told.model or unsaid.model, created=told.created or unsaid.created
            )
        return told

    async def completion(self) -> Completion:
        """The answer opened."""
        return self._opened()

    async def events(self) -> AsyncIterator[Event]:
        """The answer as the events a stream would have had."""
        for event in unfold(self._opened()):
            yield event

    def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """One block: the provider's own bytes where the dialect is the same, else a translation.

        A caller that asked for a stream of a provider that does not stream gets one made of the whole answer.
        """
        if envelope.stream and isinstance(dialect, Unstreamed):
            return OneBlock(dialect.as_stream(self._body))
        if envelope.stream:
            writer = dialect.writer(envelope)
            return OneBlock(b"".join(map(writer.write, unfold(self._opened()))) + writer.close())
        if dialect.name == self._dialect.name:
            return OneBlock(self._body)
        body = dialect.write_completion(self._opened())
        if dialect.operation == "embeddings" and isinstance(dialect, Fitting):
            body = dialect.fitted(body, envelope)
        return OneBlock(body)

    async def aclose(self) -> None:
        """Nothing is open."""


class StreamedReply(Settling):
    """A stream: ``begin`` waits for its first content, then it is read once, by ``blocks`` or by ``events``.

    Every frame is scanned, whoever reads it: that is where the commit, the usage, the true end and the errors
    are seen, so that a verbatim answer is held to the same truth as a translated one.
    """

    __slots__ = (
        "_broken",
        "_dialect",
        "_echo",
        "_ended",
        "_first",
        "_frames",
        "_guess",
        "_held",
        "_hidden",
        "_hide",
        "_pace",
        "_prompt",
        "_scanner",
        "_source",
        "dropped",
    )  # fmt: skip

    def __init__(
        self,
        source: Response,
        frames: Framing,
        dialect: ProviderDialect,
        pace: Pace,
        rendered: Rendered,
        guess: Calibration,
        prompt: int,
    ) -> None:
        super().__init__()
        self.dropped = rendered.dropped
        self._source = source
        self._dialect = dialect
        self._pace = pace
        self._guess = guess  # for streams that end without usage
        self._prompt = prompt  # characters
        self._frames = frames
        self._scanner = dialect.scanner()
        self._hide = rendered.hide_usage
        self._echo = rendered.echo
        self._hidden: list[Frame] = []
        self._held: list[Frame] = []
        self._first: float | None = None
        self._broken: CallError | None = None
        self._ended = False

    # up to the commit

    async def begin(self) -> None:
        """Wait for the first content. Raises the CallError of a stream that has none; nothing was shown then."""
        try:
            while self._first is None and not self._ended:
                self._hold(await self._next())
        except BaseException as error:
            self._source.abort()
            if isinstance(error, CallError) and not error.may_have_cost:
                error.usage = self._usage()  # it took the request with a 200, so it may bill the prompt
            raise

    def _hold(self, frames: list[Frame]) -> None:
        self._held += [frame for frame in frames if frame.data is not None]  # early keep-alives are nobody's
        if self._broken and self._first is None:
            raise self._broken
        if self._first is None and sum(len(frame.raw) for frame in self._held) > UNCOMMITTED_LIMIT:
            raise ReplyTooLarge(f"over {UNCOMMITTED_LIMIT} bytes came before the first content")

    # frames, each scanned once

    async def _next(self) -> list[Frame]:
        """The frames that the next bytes complete, up to the terminator or to the first that is broken."""
        if self._broken:
            raise self._broken
        try:
            data = await self._source.receive()
        except ReadTimeout as error:
            raise self._pace.late(committed=self._first is not None) from error
        good = self._scan(self._frames.feed(data) if data else [_closed(frame) for frame in self._frames.end()])
        self._ended = not data or self._scanner.done
        if self._ended and not self._broken:
            self._check_end()
        return good

    def _check_end(self) -> None:
        """An end is only an answer's end if it says so, and has something to show or a reason for having nothing."""
        if not self._scanner.done:
            self._scanner.end()
        if self._first is None and self._scanner.finish is None:
            raise BrokenStream("the stream ended with neither content nor a finish reason")

    def _scan(self, frames: list[Frame]) -> list[Frame]:
        scanner, content = self._scanner, False
        for count, frame in enumerate(frames):
            try:
                content |= scanner.scan(frame)
            except CallError as error:  # what came before it in the same bytes is still the caller's
                self._broken = error
                frames = frames[:count]
                break
            if self._hide and scanner.usage_only(frame):
                self._hidden.append(frame)
            if scanner.done:
                frames = frames[: count + 1]
                break
        if content:
            self._progress()
        return frames

    def _progress(self) -> None:
        now = self._pace.clock()
        if self._first is None:
            self._first = now - self._pace.started
        self._source.expires = self._pace.until(now, self._pace.idle)

    async def _arriving(self, take: Callable[[list[Frame]], Taken]) -> AsyncIterator[Taken]:
        """What ``take`` makes of the frames, in the groups they came in; raises where the answer broke, and settles.

        The last group is taken before that: a reader looks deeper than the scanner, and may find the end no end.
        """
        frames, self._held = self._held, []
        try:
            while not self._ended:
                if frames and (taken := take(frames)):
                    yield taken
                frames = await self._next()
            taken = take(frames)
        except CallError as error:
            self._settle(error)
            raise
        self._settle(self._broken)
        if taken:
            yield taken
        if self._broken:
            raise self._broken

    # the ways to read it

    async def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """The caller's bytes: the provider's own where the dialect is the same, else a translation.

        A stream that breaks ends with one error event and without its terminator.
        """
        try:
            async for piece in self.pieces(dialect, envelope):
                yield piece
        except CallError as error:
            yield dialect.write_stream_error(error, request_id)

    def pieces(self, dialect: Dialect, envelope: Envelope) -> AsyncIterator[bytes]:
        """As ``blocks``, but raises the CallError of a stream that breaks."""
        same = dialect.name == self._dialect.name
        return self._arriving(self._verbatim if same else self._translation(dialect.writer(envelope)))

    def _verbatim(self, frames: list[Frame]) -> bytes:
        if self._hidden:
            frames = [frame for frame in frames if not any(frame is hidden for hidden in self._hidden)]
        return readable(frames[0].raw if len(frames) == 1 else b"".join([frame.raw for frame in frames]))

    def _translation(self, writer: Writer) -> Callable[[list[Frame]], bytes]:
        reader = self._reader()

        def translated(frames: list[Frame]) -> bytes:
            block = b"".join(map(writer.write, self._read(reader, frames)))
            return block + writer.close() if self._whole else block or writer.keep_alive

        return translated

    async def events(self) -> AsyncIterator[Event]:
        """Events as they come; raises the CallError of a stream that breaks."""
        reader = self._reader()
        async for batch in self._arriving(lambda frames: self._read(reader, frames)):
            for event in batch:
                yield event

    def _reader(self) -> Reader:
        reader = self._dialect.reader()
        return WithoutEcho(reader, self._echo) if self._echo else reader

    def _read(self, reader: Reader, frames: list[Frame]) -> list[Event]:
        """The events of these frames, up to the first that is broken for the reader."""
        events: list[Event] = []
        try:
            for frame in frames:
                events += reader.read(frame)
            if self._whole:
                events += reader.end()
        except CallError as error:
            self._broken = error
        return [self._told(event) for event in events]

    @property
    def _whole(self) -> bool:
        return self._ended and not self._broken

    def _told(self, event: Event) -> Event:
        unsaid = self._pace.unsaid
        if isinstance(event, Began) and not (event.created and event.id and event.model):
            return Began(event.id or unsaid.id, event.model or unsaid.model, event.created or unsaid.created)
        return event

    async def completion(self) -> Completion:
        """The stream, gathered."""
        gathering = Gathering()
        async for event in self.events():
            gathering.add(event)
        return gathering.completion()

    # the end

    def _settle(self, error: CallError | None = None) -> None:
        if self.outcome is None:
            pace = self._pace
            duration = pace.clock() - pace.started
            gone = isinstance(error, CallerGone)
            self.settle(Outcome(self._usage(), duration, self._first, self._scanner.finish, error, gone))

    def _usage(self) -> Usage:
        """What the provider reported; what it did not is estimated from what was seen, and never zero."""
        scanner = self._scanner
        if scanner.usage.source == "reported":
            self._guess.saw_answer(scanner.written, scanner.usage.output)
            return scanner.usage
        if self._dialect.operation in MEDIA:
            return scanner.usage  # no length of sound says how many tokens it was
        written = self._guess.answer(scanner.written)
        if scanner.usage.source == "estimated":  # the start told the prompt, and a placeholder for the answer
            return replace(scanner.usage, output=written, reasoning=0)
        return Usage(input=self._guess.prompt(self._prompt), output=written, source="estimated")

    async def aclose(self) -> None:
        """Give the connection back where the answer ended; else the caller left: stop the provider's work."""
        if self.outcome is None:
            self._settle(CallerGone("the caller left before the answer ended"))
        elif self.outcome.ok and self._scanner.done and not self._broken:
            await self._drain()
        self._source.abort()

    async def _drain(self) -> None:
        """Read the framing after the terminator, else every stream would cost a new connection."""
        self._source.expires = self._pace.clock() + DRAIN_SECONDS
        with suppress(CallError):
            while await self._source.receive():
                pass


def readable(block: bytes) -> bytes:
    """Whole frames or a whole body as they are; what is no UTF-8 in them becomes U+FFFD.

    The official SDKs of both vendors raise UnicodeDecodeError on such bytes and lose the answer around them.
    """
    if block.isascii():
        return block
    try:
        block.decode()
    except UnicodeDecodeError:
        return block.decode(errors="replace").encode()
    return block


def _closed(frame: Frame) -> Frame:
    """The last frame of a connection, which no blank line ended: what follows it must not run into it."""
    return Frame(frame.raw + b"\n\n", frame.event, frame.data)


def unfold(completion: Completion) -> list[Event]:
    """The events whose sum a whole answer is."""
    events: list[Event] = [Began(completion.id, completion.model, completion.created)]
    calls = 0
    for part in completion.parts:
        match part:
            case Text():
                events.append(TextDelta(part.text))
            case Thought():
                events.append(ThoughtDelta(part.text, part.signature, part.redacted, part.origin))
            case ToolUse():
                events.append(ToolDelta(calls, part.id, part.name, part.arguments, part.signature))
                calls += 1
            case _:
                pass  # answers hold no images, documents or tool results
    return [*events, UsageSeen(completion.usage), Ended(completion.finish, completion.stop_sequence)]
