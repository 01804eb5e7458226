"""Looks at the frames of a stream: content, finish, usage, error, end.

Refuses to change or keep a byte of them.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.bedrock_converse.finish import read_finish
from trunkline.dialects.bedrock_converse.stream_wire import NEVER_ENDED, Delta, StreamEvent, open_frame
from trunkline.dialects.bedrock_converse.usage import read_usage


class ConverseScanner:
    """A stream has ended with its ``metadata``, which tells the usage behind ``messageStop``."""

    __slots__ = ("done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""  # never told
        self.written = 0

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        event = open_frame(frame)
        if event is None:
            return False
        before = self.written
        self.written += _size(event)
        if event.stop_reason:
            self.finish = self.finish or read_finish(event.stop_reason, written=self.written > 0)
        if frame.event == b"metadata":
            self.usage = read_usage(event.usage) or self.usage
            self.done = self.finish is not None
        return self.written > before

    def usage_only(self, frame: Frame) -> bool:
        """Never asked: no caller is handed these bytes."""
        return frame.event == b"metadata"

    def end(self) -> None:
        """Raises BrokenStream when no reason for the end was told."""
        if self.finish is None:
            raise BrokenStream(NEVER_ENDED)
        self.done = True


def _size(event: StreamEvent) -> int:
    """Characters of content; 0 for an empty text, which is none."""
    tool = event.start.tool_use if event.start else None
    return (1 + len(tool.name) if tool else 0) + (_delta(event.delta) if event.delta else 0)


def _delta(delta: Delta) -> int:
    if delta.text is not None:
        return len(delta.text)
    if delta.tool_use is not None:
        return len(delta.tool_use.input)
    thought = delta.reasoning_content
    return 0 if thought is None else len(thought.text or thought.redacted_content or "")
