"""What can happen in a streamed answer, and how the events add up to a whole one.

Refuses to know frames and bytes. Content events (text, thoughts, tool calls) are the ones that commit an answer.
"""

from typing import assert_never

from msgspec import Struct

from trunkline.core.chat import Completion, Finish, Part, Text, Thought, ToolUse
from trunkline.core.usage import UNKNOWN_USAGE, Usage


class Began(Struct, frozen=True):
    """The provider took the request. Not content: a fallback is still possible."""

    id: str
    model: str
    created: int = 0


class TextDelta(Struct, frozen=True):
    """More visible text."""

    text: str


class ThoughtDelta(Struct, frozen=True):
    """More reasoning; a ``signature`` or ``redacted`` block closes the thought it belongs to."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    origin: str = "anthropic"


class ToolDelta(Struct, frozen=True):
    """More of the tool call number ``index`` (0, 1, ...); ``id``, ``name``, ``signature`` come with its first event."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    signature: str | None = None


class UsageSeen(Struct, frozen=True):
    """The tokens so far: cumulative, the last one counts."""

    usage: Usage


class Continued(Struct, frozen=True):
    """What follows is written by another target, which goes on from the text that a broken stream had delivered."""

    by: str


class Ended(Struct, frozen=True):
    """The answer is whole."""

    finish: Finish
    stop_sequence: str | None = None


Event = Began | TextDelta | ThoughtDelta | ToolDelta | UsageSeen | Continued | Ended
CONTENT = (TextDelta, ThoughtDelta, ToolDelta)


class _Open:
    """A part under way: pieces are joined once, at the end, so that a long stream costs no quadratic copying."""

    __slots__ = ("id", "kind", "name", "origin", "pieces", "redacted", "signature")

    def __init__(self, kind: type[Text | Thought | ToolUse]) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.id = self.name = ""
        self.origin = "anthropic"
        self.signature: str | None = None
        self.redacted: str | None = None

    def part(self) -> Part:
        text = "".join(self.pieces)
        if self.kind is Text:
            return Text(text)
        if self.kind is Thought:
            return Thought(text, self.signature, self.redacted, self.origin)
        return ToolUse(self.id, self.name, text or "{}", signature=self.signature)


class Gathering:
    """Adds events up; ``completion()`` says what the whole answer is so far."""

    __slots__ = ("_parts", "_tools", "began", "ended", "usage")

    def __init__(self) -> None:
        self.began = Began("", "")
        self.ended: Ended | None = None
        self.usage = UNKNOWN_USAGE
        self._parts: list[_Open] = []
        self._tools: dict[int, _Open] = {}

    def add(self, event: Event) -> None:
        """Take one event, in the order of the stream."""
        match event:
            case TextDelta():
                self._last(Text).pieces.append(event.text)
            case ThoughtDelta():
                self._thought(event)
            case ToolDelta():
                self._tool(event)
            case UsageSeen():
                self.usage = event.usage
            case Began():
                self.began = event
            case Ended():
                self.ended = event
            case Continued():
                pass  # the words go on; who wrote them stands in the exchange
            case _:
                assert_never(event)

    def _last(self, kind: type[Text | Thought]) -> _Open:
        last = self._parts[-1] if self._parts else None
        closed = last is None or last.kind is not kind or last.signature is not None or last.redacted is not None
        return self._new(kind) if closed or last is None else last

    def _new(self, kind: type[Text | Thought | ToolUse]) -> _Open:
        part = _Open(kind)
        self._parts.append(part)
        return part

    def _thought(self, delta: ThoughtDelta) -> None:
        part = self._last(Thought) if delta.redacted is None else self._new(Thought)
        part.pieces.append(delta.text)
        part.signature, part.redacted, part.origin = delta.signature, delta.redacted, delta.origin

    def _tool(self, delta: ToolDelta) -> None:
        part = self._tools.get(delta.index)
        if part is None:
            part = self._tools[delta.index] = self._new(ToolUse)
        part.id, part.name = part.id or delta.id or "", part.name or delta.name or ""
        part.signature = part.signature or delta.signature
        part.pieces.append(delta.arguments)

    def completion(self) -> Completion:
        """The answer as gathered; ``finish`` is ``length`` while no end was seen."""
        ended = self.ended or Ended("length")
        return Completion(
            id=self.began.id,
            model=self.began.model,
            created=self.began.created,
            parts=tuple(part.part() for part in self._parts),
            finish=ended.finish,
            usage=self.usage,
            stop_sequence=ended.stop_sequence,
        )
