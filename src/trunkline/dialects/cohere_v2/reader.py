"""Reads a stream of Cohere's events: into core events, or with a look at each.

Refuses to invent an end: without ``message-end`` there is none.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.events import Event as CoreEvent
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.cohere_v2.usage import read_usage
from trunkline.dialects.cohere_v2.wire import Event, event_of, read_finish

NEVER_ENDED = "the provider's stream ended without message-end, or without a reason in it"


class CohereReader:
    """The port ``Reader``."""

    __slots__ = ("_calls", "_done")

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}  # the provider's own index -> number of the call
        self._done = False

    def read(self, frame: Frame) -> list[CoreEvent]:
        """The core events of a frame; usage and ``Ended`` come with ``message-end``."""
        event = None if self._done else event_of(frame)
        if event is None:
            return []
        match event.type:
            case "content-start" | "content-delta":
                return self._content(event)
            case "tool-plan-delta":
                return [ThoughtDelta(event.plan, origin="cohere")] if event.plan else []
            case "tool-call-start" | "tool-call-delta":
                return self._call(event)
            case "message-start":
                return [Began(event.id, "")]
            case "message-end":
                return self._end(event)
            case _:
                return []

    def end(self) -> list[CoreEvent]:
        """Nothing is held back. Raises BrokenStream when the answer had not ended."""
        if not self._done:
            raise BrokenStream(NEVER_ENDED)
        return []

    def _content(self, event: Event) -> list[CoreEvent]:
        block = event.block
        found: list[CoreEvent] = [ThoughtDelta(block.thinking, origin="cohere")] if block.thinking else []
        return [*found, TextDelta(block.text)] if block.text else found

    def _call(self, event: Event) -> list[CoreEvent]:
        call = event.call
        if call is None:
            return []
        number = self._calls.setdefault(event.index, len(self._calls))
        return [ToolDelta(number, call.id, call.function.name, call.function.arguments or "")]

    def _end(self, event: Event) -> list[CoreEvent]:
        if event.delta is None or not event.delta.finish_reason:
            return []
        self._done = True
        usage = read_usage(event.delta.usage)
        ended = Ended(read_finish(event.delta.finish_reason, called=bool(self._calls)))
        return [ended] if usage is None else [UsageSeen(usage), ended]


class CohereScanner:
    """The port ``Scanner``."""

    __slots__ = ("_called", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""  # never told
        self.written = 0
        self._called = False

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        event = event_of(frame)
        if event is None:
            return False
        size = event.size
        self.written += size
        self._called |= event.type == "tool-call-start"
        if event.type == "message-end" and event.delta and event.delta.finish_reason:
            self.done = True
            self.finish = read_finish(event.delta.finish_reason, called=self._called)
            self.usage = read_usage(event.delta.usage) or self.usage
        return size > 0

    def usage_only(self, frame: Frame) -> bool:
        """Never: usage comes with the end."""
        return False

    def end(self) -> None:
        """Raises BrokenStream when no ``message-end`` was seen."""
        if not self.done:
            raise BrokenStream(NEVER_ENDED)
