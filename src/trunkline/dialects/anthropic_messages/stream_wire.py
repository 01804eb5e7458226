"""The shapes of a provider's stream: one struct for all its events, since each has a few of the fields.

Refuses to skip a frame it cannot read: a stream with a hole in it is broken.
"""

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.dialects.anthropic_messages.completion import NOTHING, Block, told
from trunkline.dialects.anthropic_messages.errors import read_error


class Start(Struct, frozen=True, gc=False):
    """The message that begins."""

    id: str = ""
    model: str = ""
    usage: Raw = NOTHING


class Delta(Struct, frozen=True, gc=False):
    """More of a block, or of the message."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    signature: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class StreamEvent(Struct, frozen=True):
    """Any event of the stream."""

    type: str = ""
    index: int = 0
    message: Start | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


_EVENT = msgspec.json.Decoder(StreamEvent)
_SILENT = StreamEvent("ping")
NO_DELTA = Delta()


def open_frame(frame: Frame) -> StreamEvent:
    """The event in a frame. Raises the CallError an error event stands for, BrokenStream for what is no event."""
    data = frame.data
    if not data:
        return _SILENT
    try:
        event = _EVENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenStream(f"the provider's stream holds an event that cannot be read: {error}") from None
    if event.type == "error" or (event.error is not NOTHING and told(event.error)):
        raise read_error(200, [], data)
    return event


def never_ended() -> BrokenStream:
    """The error of a stream that stopped without saying so."""
    return BrokenStream("the provider's stream ended without a stop reason or `message_stop`: the answer is cut")
