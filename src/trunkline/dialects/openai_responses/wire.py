"""The shapes of a response, whole and in a stream's events.

Refuses to join events, and to skip one it cannot read.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream, CallError
from trunkline.dialects.errors import provider_error

NOTHING = Raw(b"")
ABSENT = (b"", b"null")


class Words(Struct, gc=False):
    """A part of a message's content, of a summary or of shown reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(Struct):
    """An item of the output; which fields it has, its ``type`` says."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    content: list[Words] | None = None
    summary: list[Words] | None = None
    encrypted_content: str | None = None


class Details(Struct, gc=False):
    """``incomplete_details``."""

    reason: str | None = None


class Glance(Struct):
    """A response without its output."""

    id: str = ""
    object: str = ""
    model: str = ""
    created_at: float = 0
    status: str | None = None
    incomplete_details: Details | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


class Answer(Glance):
    """A response with its output, the items still closed."""

    output: list[Raw] | None = None


class StreamEvent(Struct):
    """An event of a stream; which fields it has, its ``type`` says."""

    type: str = ""
    delta: str | dict[str, Any] | None = None
    output_index: int = 0
    summary_index: int = 0
    arguments: str | None = None
    item: Item | None = None
    response: Glance | None = None
    error: Raw = NOTHING


_EVENT = msgspec.json.Decoder(StreamEvent)
ENDS = frozenset({"response.completed", "response.incomplete", "response.done"})
FAILS = frozenset({"response.failed", "response.cancelled"})


def open_frame(frame: Frame, data: bytes) -> StreamEvent:
    """A frame's event. Raises the CallError of one that says the provider failed, BrokenStream for no event."""
    try:
        event = _EVENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = _second_look(data)
    if event.type == "error" or frame.event == b"error" or (not event.type and bytes(event.error) not in ABSENT):
        raise told(data if bytes(event.error) in ABSENT else b'{"error":' + bytes(event.error) + b"}")
    if event.type in FAILS:
        raise failure(event.response or Glance(error=event.error))  # Perplexity's stands beside, not in it
    return event


def _second_look(data: bytes) -> StreamEvent:
    """What is not UTF-8 becomes U+FFFD, as in a browser, and is no reason to end an answer."""
    try:
        return _EVENT.decode(data.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error


def failure(response: Glance) -> CallError:
    """The error of a response that failed or was cancelled."""
    if bytes(response.error) in ABSENT:
        return told(b'{"error":{"message":"the provider\'s response was cut off","code":"server_error"}}')
    return told(b'{"error":' + bytes(response.error) + b"}")


def told(body: bytes) -> CallError:
    """The error that a body inside a good-looking reply stands for."""
    return provider_error("openai", 200, [], body, provider=None)
