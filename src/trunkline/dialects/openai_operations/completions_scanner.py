"""Looks at the chunks of a streamed completion that is handed on: content, finish, usage, error, end.

Refuses to change or keep a byte of them.
"""

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.errors import provider_error
from trunkline.dialects.openai_chat.finish import read_finish
from trunkline.dialects.openai_chat.usage import read_usage

DONE = b"[DONE]"
ABSENT = (b"", b"null")


class _Choice(Struct, gc=False):
    index: int = 0
    text: str | None = None
    finish_reason: str | None = None


class _Chunk(Struct, gc=False):
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Raw = Raw(b"")
    error: Raw = Raw(b"")


_CHUNK = msgspec.json.Decoder(_Chunk)


class CompletionScanner:
    """A stream has ended with ``[DONE]``, or once every choice that began has its finish_reason."""

    __slots__ = ("_only_usage", "_open", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0
        self._open: set[int] = set()
        self._only_usage = False

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        self._only_usage = False
        data = frame.data
        if data is None or self.done:
            return False
        if data.startswith(DONE):
            self._close()
            return False
        chunk = _opened(frame, data)
        self.model = self.model or chunk.model or ""
        told = read_usage(chunk.usage)
        self.usage = told or self.usage
        self._only_usage = told is not None and not chunk.choices
        before = self.written
        for choice in chunk.choices or ():
            self._see(choice)
        return self.written > before

    def _see(self, choice: _Choice) -> None:
        self.written += len(choice.text or "")
        if choice.finish_reason:
            self.finish = self.finish or read_finish(choice.finish_reason)
            self._open.discard(choice.index)
        else:
            self._open.add(choice.index)

    def _close(self) -> None:
        if not self.model and not self.written and self.finish is None:
            raise BrokenStream("the provider's stream ended before any chunk of an answer")
        self.done = True

    def usage_only(self, frame: Frame) -> bool:
        """True when the frame just scanned holds usage and no choice; the look was taken in ``scan``."""
        return self._only_usage

    def end(self) -> None:
        """Raises BrokenStream when neither ``[DONE]`` nor every choice's finish_reason was seen."""
        if not self.done and (self.finish is None or self._open):
            raise BrokenStream("the provider's stream ended without finish_reason or [DONE]")


def _opened(frame: Frame, data: bytes) -> _Chunk:
    try:
        chunk = _CHUNK.decode(data.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error
    if frame.event == b"error" or bytes(chunk.error) not in ABSENT:
        raise provider_error("openai", 200, [], data, provider=None)
    return chunk
