"""Looks at the events of a stream that is handed on verbatim: content, finish, usage, error, end.

Refuses to change or keep a byte of them.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.gemini.chunk import open_frame
from trunkline.dialects.gemini.finish import read_finish
from trunkline.dialects.gemini.usage import read_usage

NEVER_ENDED = "the provider's stream ended without finishReason"


class GeminiScanner:
    """No event says that it is the last: a stream has ended when the connection does, after a finishReason.

    Usage comes with every event and counts from the one that tells the finishReason on: before, the answer's tokens
    are often missing in it.
    """

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
        data = frame.data
        if data is None:
            return False
        chunk = open_frame(frame, data)
        self.model = self.model or chunk.model_version
        before = self.written
        for candidate in chunk.candidates or ():
            for part in candidate.parts:
                self.written += part.size
                self._called |= part.function_call is not None
            if candidate.finish_reason:
                told = read_finish(candidate.finish_reason, called=self._called, written=self.written > 0)
                self.finish = self.finish or told
        if chunk.blocked:
            self.finish = "content_filter"
        if self.finish is not None:
            self.usage = read_usage(chunk.usage_metadata) or self.usage
        return self.written > before

    def usage_only(self, frame: Frame) -> bool:
        """Never: usage comes with every event."""
        return False

    def end(self) -> None:
        """Raises BrokenStream when no finishReason was seen."""
        if self.finish is None:
            raise BrokenStream(NEVER_ENDED)
        self.done = True
