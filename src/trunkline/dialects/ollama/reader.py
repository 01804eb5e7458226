"""Reads a stream of lines: into events, or with a look at each.

Refuses to invent an end: without a line that says ``done`` there is none.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.ollama.wire import Line, Said, call_id, line_of

NEVER_ENDED = "the provider's stream ended without a line that says done"


class OllamaReader:
    """The port ``Reader``. A call comes whole, in one line."""

    __slots__ = ("_began", "_calls", "_done")

    def __init__(self) -> None:
        self._began: Began | None = None
        self._calls = 0
        self._done = False

    def read(self, frame: Frame) -> list[Event]:
        """The events of a line; usage and ``Ended`` come with the last one."""
        line = None if self._done else line_of(frame)
        if line is None:
            return []
        events = self._begin(line) + self._said(line.message or Said())
        if line.done:
            self._done = True
            events += [UsageSeen(line.usage)] if line.usage else []
            events.append(Ended(line.finish(called=self._calls > 0)))
        return events

    def end(self) -> list[Event]:
        """Nothing is held back. Raises BrokenStream when the answer had not ended."""
        if not self._done:
            raise BrokenStream(NEVER_ENDED)
        return []

    def _begin(self, line: Line) -> list[Event]:
        if self._began is not None or (line.message is None and not line.done):
            return []
        self._began = line.began
        return [self._began]

    def _said(self, said: Said) -> list[Event]:
        events: list[Event] = [ThoughtDelta(said.thinking, origin="ollama")] if said.thinking else []
        if said.content:
            events.append(TextDelta(said.content))
        for call in said.tool_calls or ():
            name = call_id(self._began or Began("", ""), call, self._calls)
            events.append(ToolDelta(self._calls, name, call.function.name, bytes(call.function.arguments).decode()))
            self._calls += 1
        return events


class OllamaScanner:
    """The port ``Scanner``."""

    __slots__ = ("_called", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0
        self._called = False

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        line = line_of(frame)
        if line is None:
            return False
        self.model = self.model or line.model
        size = 0 if line.message is None else line.message.size
        self._called |= bool(line.message and line.message.tool_calls)
        self.written += size
        if line.done:
            self.done = True
            self.finish = line.finish(called=self._called)
            self.usage = line.usage or self.usage
        return size > 0

    def usage_only(self, frame: Frame) -> bool:
        """Never: usage comes with the last line."""
        return False

    def end(self) -> None:
        """Raises BrokenStream when no line said ``done``."""
        if not self.done:
            raise BrokenStream(NEVER_ENDED)
