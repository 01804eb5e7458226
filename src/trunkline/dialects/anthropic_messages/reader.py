"""Reads an Anthropic stream into core events.

Refuses to invent an end: without ``message_stop`` or a stop reason there is none.
"""

from trunkline.core.dialect import Frame
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages.completion import EMPTY, Block
from trunkline.dialects.anthropic_messages.finish import finish_of
from trunkline.dialects.anthropic_messages.stream_wire import (
    NO_DELTA,
    Delta,
    StreamEvent,
    never_ended,
    open_frame,
)
from trunkline.dialects.anthropic_messages.usage import Tally


class AnthropicReader:
    """The port ``Reader`` for Anthropic streams. Unknown events and blocks are passed over, as the vendor asks."""

    __slots__ = ("_done", "_ended", "_tally", "_tools")

    def __init__(self) -> None:
        self._tally = Tally()
        self._tools: dict[int, int] = {}  # block index -> number of the tool call
        self._ended: Ended | None = None
        self._done = False

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame. ``Ended`` comes with ``message_stop``."""
        if self._done:
            return []
        event = open_frame(frame)
        match event.type:
            case "content_block_delta":
                return self._more(event.index, event.delta or NO_DELTA)
            case "content_block_start" if event.content_block:
                return self._opened(event.index, event.content_block)
            case "message_start":
                return self._began(event)
            case "message_delta":
                return self._closing(event)
            case "message_stop":
                self._done = True
                return [self._ended or Ended("stop")]
            case _:
                return []

    def end(self) -> list[Event]:
        """``Ended`` where a stop reason came and ``message_stop`` did not. Raises BrokenStream when neither has."""
        if self._done:
            return []
        if self._ended is None:
            raise never_ended()
        return [self._ended]

    def _began(self, event: StreamEvent) -> list[Event]:
        if event.message is None:
            return []
        began = Began(event.message.id, event.message.model)
        return [began, *_seen(self._tally.add(event.message.usage, final=False))]

    def _opened(self, index: int, block: Block) -> list[Event]:
        match block.type:
            case "text":
                return [TextDelta(block.text)] if block.text else []
            case "thinking":
                return [ThoughtDelta(block.thinking)] if block.thinking else []
            case "redacted_thinking":
                return [ThoughtDelta(redacted=block.data)]
            case "tool_use":
                number = self._tools[index] = len(self._tools)
                whole = "" if bytes(block.input) == bytes(EMPTY) else bytes(block.input).decode()
                return [ToolDelta(number, block.id, block.name, whole)]
            case _:
                return []

    def _more(self, index: int, delta: Delta) -> list[Event]:
        match delta.type:
            case "text_delta":
                return [TextDelta(delta.text)] if delta.text else []
            case "thinking_delta":
                return [ThoughtDelta(delta.thinking)] if delta.thinking else []
            case "signature_delta":
                return [ThoughtDelta(signature=delta.signature)] if delta.signature else []
            case "input_json_delta" if index in self._tools:
                return [ToolDelta(self._tools[index], arguments=delta.partial_json)] if delta.partial_json else []
            case _:
                return []

    def _closing(self, event: StreamEvent) -> list[Event]:
        delta = event.delta or NO_DELTA
        if delta.stop_reason:
            self._ended = Ended(finish_of(delta.stop_reason), delta.stop_sequence)
        return _seen(self._tally.add(event.usage, final=True))


def _seen(usage: Usage) -> list[Event]:
    return [] if usage.source == "unknown" else [UsageSeen(usage)]
