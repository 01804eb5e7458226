"""Reads a provider's stream into core events.

Refuses to hand out an end before the connection's: what tells it may be followed by usage.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.gemini.chunk import Chunk, FunctionCall, Part, open_frame
from trunkline.dialects.gemini.completion import call_id
from trunkline.dialects.gemini.finish import read_finish
from trunkline.dialects.gemini.scanner import NEVER_ENDED
from trunkline.dialects.gemini.signature import heard
from trunkline.dialects.gemini.usage import read_usage


class GeminiReader:
    """Only the first candidate is read: no other dialect, nor the core, has more than one answer."""

    __slots__ = ("_began", "_calls", "_finish", "_usage", "_written")

    def __init__(self) -> None:
        self._began: Began | None = None
        self._calls = 0
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._written = False

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame. Raises as the port says."""
        data = frame.data
        if data is None:
            return []
        chunk = open_frame(frame, data)
        events = self._begin(chunk)
        for candidate in chunk.candidates or ():
            if candidate.index == 0:
                for part in candidate.parts:
                    events += self._part(part)
                if candidate.finish_reason and self._finish is None:
                    called = self._calls > 0
                    self._finish = read_finish(candidate.finish_reason, called=called, written=self._written)
        if chunk.blocked:
            self._finish = "content_filter"
        self._usage = read_usage(chunk.usage_metadata) or self._usage
        return events

    def end(self) -> list[Event]:
        """Usage and ``Ended``. Raises BrokenStream when no finishReason was seen."""
        if self._finish is None:
            raise BrokenStream(NEVER_ENDED)
        usage: list[Event] = [] if self._usage is None else [UsageSeen(self._usage)]
        return [*usage, Ended(self._finish)]

    def _begin(self, chunk: Chunk) -> list[Event]:
        if self._began is not None or (chunk.candidates is None and not chunk.blocked):
            return []
        self._began = Began(chunk.response_id, chunk.model_version)
        return [self._began]

    def _part(self, part: Part) -> list[Event]:
        self._written |= part.size > 0
        signature, origin = heard(part.thought_signature)
        if part.function_call is not None:
            return [self._call(part.function_call, signature)]
        if part.thought:
            told = part.text or signature
            return [ThoughtDelta(part.text or "", signature, origin=origin)] if told else []
        return [TextDelta(part.text)] if part.text else []

    def _call(self, call: FunctionCall, signature: str | None) -> ToolDelta:
        """A call comes whole, in one part."""
        number, self._calls = self._calls, self._calls + 1
        tool_id = call.id or call_id(self._began.id if self._began else "", number)
        return ToolDelta(number, tool_id, call.name, bytes(call.args).decode(), signature)
