"""Reads a provider's stream into core events.

Refuses to invent an end: without ``messageStop`` there is none.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.dialects.bedrock_converse.finish import read_finish
from trunkline.dialects.bedrock_converse.stream_wire import (
    NEVER_ENDED,
    Delta,
    Reasoning,
    Start,
    StreamEvent,
    open_frame,
)
from trunkline.dialects.bedrock_converse.usage import read_usage

HOME = "bedrock"


class ConverseReader:
    """Blocks come one after another; which call a piece of arguments belongs to, its index says."""

    __slots__ = ("_began", "_done", "_finish", "_tools", "_written")

    def __init__(self) -> None:
        self._began = False
        self._tools: dict[int, int] = {}  # block's index -> number of the tool call
        self._finish: Finish | None = None
        self._written = False
        self._done = False

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame. Raises as the port says."""
        event = open_frame(frame)
        if event is None or self._done:
            return []
        events: list[Event] = [] if self._began else [Began("", "")]
        self._began = True
        told = self._content(event)
        self._written |= bool(told)
        if event.stop_reason and self._finish is None:
            self._finish = read_finish(event.stop_reason, written=self._written)
        if frame.event == b"metadata":
            told = self._last(event)
        return events + told

    def _last(self, event: StreamEvent) -> list[Event]:
        usage = read_usage(event.usage)
        seen: list[Event] = [] if usage is None else [UsageSeen(usage)]
        self._done = self._finish is not None
        return seen if self._finish is None else [*seen, Ended(self._finish)]

    def end(self) -> list[Event]:
        """``Ended`` where ``metadata`` never came. Raises BrokenStream when no reason for the end was told."""
        if self._done:
            return []
        if self._finish is None:
            raise BrokenStream(NEVER_ENDED)
        self._done = True
        return [Ended(self._finish)]

    def _content(self, event: StreamEvent) -> list[Event]:
        if event.start is not None:
            return self._opened(event.content_block_index, event.start)
        return [] if event.delta is None else self._more(event.content_block_index, event.delta)

    def _opened(self, index: int, start: Start) -> list[Event]:
        tool = start.tool_use
        if tool is None or tool.type is not None:  # a tool that Bedrock runs itself is not the caller's to answer
            return []
        number = self._tools[index] = len(self._tools)
        return [ToolDelta(number, tool.tool_use_id, tool.name)]

    def _more(self, index: int, delta: Delta) -> list[Event]:
        if delta.text:
            return [TextDelta(delta.text)]
        if delta.tool_use is not None and delta.tool_use.input and index in self._tools:
            return [ToolDelta(self._tools[index], arguments=delta.tool_use.input)]
        return [] if delta.reasoning_content is None else _thought(delta.reasoning_content)


def _thought(told: Reasoning) -> list[Event]:
    if told.redacted_content:
        return [ThoughtDelta(redacted=told.redacted_content, origin=HOME)]
    if told.text or told.signature:
        return [ThoughtDelta(told.text or "", told.signature, origin=HOME)]
    return []
