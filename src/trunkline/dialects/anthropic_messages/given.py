"""What a caller holds of a stream that broke, read back from the very bytes it was sent.

Refuses to be generous: an event with anything but the words of one open block, and there is nothing to go on with.
"""

from typing import Any

import msgspec

from trunkline.core.dialect import Envelope, Given
from trunkline.core.events import Began, TextDelta
from trunkline.dialects.anthropic_messages.writer import AnthropicWriter
from trunkline.dialects.sse import Frames

_EVENT = msgspec.json.Decoder(dict[str, Any])


def given(stream: bytes, envelope: Envelope) -> Given | None:
    """The text of the one open block, and a writer that has just written it; None for anything else."""
    text: list[str] = []
    began: Began | None = None
    frames = Frames()
    for frame in [*frames.feed(stream), *frames.end()]:
        if frame.data is None:
            continue
        try:
            event = _EVENT.decode(frame.data)
            words = _words(event)
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
            return None
        if words is None:
            return None
        if event["type"] == "message_start":
            began = Began(str(event["message"].get("id", "")), str(event["message"].get("model", "")))
        text.append(words)
    whole = "".join(text)
    if began is None or not whole:
        return None
    writer = AnthropicWriter(envelope)
    writer.write(began)
    writer.write(TextDelta(whole))
    return Given(whole, writer)


def _words(event: dict[str, Any]) -> str | None:
    """The words of an event, of which there may be none; None where it holds anything else."""
    kind = event.get("type")
    if kind == "ping" or (kind == "message_start" and not event.get("message", {}).get("content")):
        return ""
    if event.get("index") != 0:
        return None
    block = event.get("content_block", {})
    if kind == "content_block_start" and block.get("type") == "text" and not block.get("citations"):
        return str(block.get("text", ""))
    delta = event.get("delta", {})
    if kind == "content_block_delta" and delta.get("type") == "text_delta":
        return str(delta.get("text", ""))
    return None
