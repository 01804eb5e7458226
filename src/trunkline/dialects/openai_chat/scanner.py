"""Looks at the chunks of a stream that is handed on verbatim: content, finish, usage, error, end.

Refuses to change or keep a byte of them.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_chat.chunk import NOTHING, Choice, open_frame, refuse_error_of_choice
from trunkline.dialects.openai_chat.finish import read_finish
from trunkline.dialects.openai_chat.usage import read_usage

DONE = b"[DONE]"


class ChunkScanner:
    """A stream has ended with ``[DONE]``, or with a finish_reason where the provider leaves ``[DONE]`` out."""

    __slots__ = ("_only_usage", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0
        self._only_usage = False

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        self._only_usage = False
        data = frame.data
        if data is None or self.done:
            return False
        if data.startswith(DONE):
            self._end()
            return False
        chunk = open_frame(frame, data)
        self.model = self.model or chunk.model or ""
        told = None if chunk.usage is NOTHING else read_usage(chunk.usage)
        if told is not None:
            self.usage = told
        if not chunk.choices:
            self._only_usage = told is not None
            return False
        before = self.written
        for choice in chunk.choices:
            self._see(choice)
        return self.written > before

    def _see(self, choice: Choice) -> None:
        delta = choice.delta
        if delta is not None:
            # nearly every chunk holds text and nothing else: a third of the scan's cost is saved here
            text = delta.content
            self.written += len(text) if text and isinstance(text, str) else delta.size
        if choice.finish_reason:
            self.finish = self.finish or read_finish(choice.finish_reason)
        if choice.error is not NOTHING:
            refuse_error_of_choice(choice)

    def _end(self) -> None:
        if not self.model and not self.written and self.finish is None:
            raise BrokenStream("the provider's stream ended before any chunk of an answer")
        self.done = True

    def usage_only(self, frame: Frame) -> bool:
        """True when the frame just scanned holds usage and no choice; the look was taken in ``scan``."""
        return self._only_usage

    def end(self) -> None:
        """Raises BrokenStream when neither ``[DONE]`` nor a finish_reason was seen."""
        if not self.done and self.finish is None:
            raise BrokenStream("the provider's stream ended without finish_reason or [DONE]")
