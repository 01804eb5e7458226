"""The wire of a stream: the payload of one event, opened.

Refuses to join events, and to skip one it cannot read; events of names it does not know are nobody's.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.dialects.bedrock_converse.errors import error_in_answer
from trunkline.dialects.bedrock_converse.event_frames import EXCEPTION

NOTHING = Raw(b"")
NEVER_ENDED = "the provider's stream ended without messageStop"


class ToolStart(Struct, rename="camel"):
    """``start.toolUse``; ``type`` is there for tools that Bedrock runs itself."""

    tool_use_id: str = ""
    name: str = ""
    type: str | None = None


class Start(Struct, rename="camel"):
    """What kind of block begins; text and reasoning begin unannounced."""

    tool_use: ToolStart | None = None


class ToolPiece(Struct, gc=False):
    """More of the arguments of a call: JSON text."""

    input: str = ""


class Reasoning(Struct, rename="camel", gc=False):
    """More of a thought: words, or the signature that closes it, or one that is sealed whole."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class Delta(Struct, rename="camel"):
    """One of its fields is set."""

    text: str | None = None
    tool_use: ToolPiece | None = None
    reasoning_content: Reasoning | None = None
    citation: Raw = NOTHING
    image: Raw = NOTHING
    tool_result: Raw = NOTHING


class StreamEvent(Struct, rename="camel"):
    """The payload of any event."""

    content_block_index: int = 0
    start: Start | None = None
    delta: Delta | None = None
    stop_reason: str | None = None
    usage: Raw = NOTHING


_EVENT = msgspec.json.Decoder(StreamEvent)
KNOWN = frozenset({b"contentBlockDelta", b"contentBlockStart", b"messageStop", b"metadata"})
"""Events that say something; the others open and close what these fill."""


def open_frame(frame: Frame) -> StreamEvent | None:
    """A frame's event, None for one that says nothing. Raises the CallError an exception stands for, BrokenStream."""
    data = frame.data
    if data is None:
        return None
    if frame.event.startswith(EXCEPTION):
        raise error_in_answer(frame.event.removeprefix(EXCEPTION).decode(), data)
    if frame.event not in KNOWN:
        return None
    try:
        return read_json(_EVENT, data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error


T = TypeVar("T")


def read_json(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decoded JSON; what is no UTF-8 in it becomes U+FFFD."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decoder.decode(data.decode("utf-8", "replace"))
