"""Streams of sound and of what was said in one, handed on as they come: content, usage, error, end.

Refuses to change or keep a byte of them. Read on platform.openai.com in November 2026: the events are
``speech.audio.*`` and ``transcript.text.*``; the one that ends in ``.done`` is the last.
"""

from base64 import b64encode
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.errors import provider_error
from trunkline.dialects.openai_operations.usage import read_counts

ABSENT = (b"", b"null")
LAST = frozenset({"speech.audio.done", "transcript.text.done"})


class _Event(Struct, gc=False):
    type: str = ""
    delta: str | None = None
    audio: str | None = None
    text: str | None = None
    usage: Raw = Raw(b"")
    error: Raw = Raw(b"")


_EVENT = msgspec.json.Decoder(_Event)


class AudioScanner:
    """A stream has ended with its last event, and with nothing else."""

    __slots__ = ("done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0

    def scan(self, frame: Frame) -> bool:
        """True for content. Raises as the port says."""
        data = frame.data
        if data is None or self.done:
            return False
        event = _opened(frame, data)
        size = len(event.delta or event.audio or "")
        if not self.written:  # the last event has all the words again
            size += len(event.text or "")
        self.written += size
        if event.type in LAST:
            self.usage = read_counts(event.usage) or self.usage
            self.finish, self.done = "stop", True
        return size > 0

    def usage_only(self, frame: Frame) -> bool:
        """Never: usage comes with the last event."""
        return False

    def end(self) -> None:
        """Raises BrokenStream where the last event was not seen."""
        if not self.done:
            raise BrokenStream("the provider's stream ended without its last event, speech.audio.done or ...text.done")


def speech_streamed(sound: bytes) -> bytes:
    """Sound that came in one body, as the stream its caller asked for."""
    told = _event({"type": "speech.audio.delta", "audio": b64encode(sound).decode()})
    return told + _event({"type": "speech.audio.done"})


def transcript_streamed(answer: bytes) -> bytes:
    """Words that came in one body, as the stream its caller asked for; ``whisper-1`` ignores that one was."""
    try:
        told: Any = msgspec.json.decode(answer) if answer.lstrip()[:1] == b"{" else None
    except msgspec.DecodeError:
        told = None
    fields = told if isinstance(told, dict) else {"text": answer.decode("utf-8", "replace")}
    return _event({**fields, "type": "transcript.text.done"})


def _event(told: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(told["type"]).encode(), msgspec.json.encode(told))


def _opened(frame: Frame, data: bytes) -> _Event:
    try:
        event = _EVENT.decode(data.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error
    if frame.event == b"error" or event.type == "error" or bytes(event.error) not in ABSENT:
        raise provider_error("openai", 200, [], data, provider=None)
    return event
