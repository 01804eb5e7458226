"""Whole answers: a look at their bytes, opening them, and writing them for a caller.

Refuses to know streams; what their blocks hold is told in the same words as a stream's ``content_block``.
"""

from typing import Any, assert_never

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Completion, Document, Foreign, Image, Part, Text, Thought, ToolResult, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.errors import BadReply
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.anthropic_messages.errors import read_error
from trunkline.dialects.anthropic_messages.finish import finish_of, reason_of
from trunkline.dialects.anthropic_messages.usage import read_usage, write_usage
from trunkline.dialects.seal import seal

EMPTY = Raw(b"{}")
NOTHING = Raw()


class Glance(Struct, frozen=True):
    """As much of an answer as a look needs."""

    type: str = ""
    model: str = ""
    content: Raw = NOTHING
    stop_reason: str | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


class Answer(Struct, frozen=True):
    """A whole answer, its blocks still closed."""

    id: str
    content: list[Raw]
    model: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None


class Block(Struct, frozen=True):
    """A block of any kind; which fields it has, its ``type`` says."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str | None = None  # empty where the thought came from another dialect
    data: str = ""
    id: str = ""
    name: str = ""
    input: Raw = EMPTY


def told(field: Raw) -> bool:
    """True when a field kept closed was given, and was not null."""
    return bytes(field) not in (b"", b"null")


_GLANCE = msgspec.json.Decoder(Glance)
_ANSWER = msgspec.json.Decoder(Answer)
_BLOCK = msgspec.json.Decoder(Block)


def sight(body: bytes) -> Sighting:
    """Usage, finish and model. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    try:
        seen = _GLANCE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer is no Anthropic message: {error}") from None
    if seen.type == "error" or told(seen.error):
        raise read_error(200, [], body)
    if bytes(seen.content)[:1] != b"[":
        raise BadReply("the provider's answer has no `content`, so it is no Anthropic message")
    if seen.stop_reason is None and not told(seen.usage) and not bytes(seen.content)[1:-1].strip():
        raise BadReply("the provider's answer holds no content, no stop reason and no usage")
    counts = read_usage(seen.usage)
    usage = counts.usage() if counts else UNKNOWN_USAGE
    return Sighting(usage, finish_of(seen.stop_reason) if seen.stop_reason else None, seen.model)


def read_completion(body: bytes) -> Completion:
    """The whole answer. Raises as ``sight`` does."""
    seen = sight(body)
    try:
        answer = _ANSWER.decode(body)
        parts = tuple(_part(raw) for raw in answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer is no Anthropic message: {error}") from None
    return Completion(
        id=answer.id,
        model=answer.model,
        parts=parts,
        finish=seen.finish or "stop",
        usage=seen.usage,
        stop_sequence=answer.stop_sequence,
    )


def _part(raw: Raw) -> Part:
    block = _BLOCK.decode(raw)
    match block.type:
        case "text":
            return Text(block.text)
        case "thinking":
            return Thought(block.thinking, block.signature or None)
        case "redacted_thinking":
            return Thought(redacted=block.data)
        case "tool_use":
            return ToolUse(block.id, block.name, bytes(block.input).decode())
        case _:
            return Foreign("anthropic", msgspec.json.decode(raw))


def write_completion(answer: Completion) -> bytes:
    """The answer as an Anthropic message."""
    return msgspec.json.encode(
        {
            "id": answer.id,
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": [block for part in answer.parts for block in _blocks(part)],
            "stop_reason": reason_of(answer.finish, answer.stop_sequence, called_tools=bool(answer.tool_calls)),
            "stop_sequence": answer.stop_sequence,
            "stop_details": None,
            "container": None,
            "usage": write_usage(answer.usage),
        }
    )


def _blocks(part: Part) -> list[dict[str, Any]]:
    """The block a part becomes: none for an empty text and for what no Anthropic answer holds."""
    match part:
        case Text(text=text):
            return [{"type": "text", "text": text}] if text else []
        case Thought(redacted=str(data)):
            return [{"type": "redacted_thinking", "data": seal(data, part.origin, "anthropic")}]
        case Thought():
            signature = seal(part.signature, part.origin, "anthropic") if part.signature else ""
            return [{"type": "thinking", "thinking": part.text, "signature": signature}]
        case ToolUse():
            return [{"type": "tool_use", "id": part.id, "name": part.name, "input": arguments(part.arguments)}]
        case Foreign(dialect="anthropic"):
            return [part.wire]
        case Foreign() | Image() | Document() | ToolResult():
            return []
        case _:
            assert_never(part)


def arguments(text: str) -> Raw:
    """A tool call's arguments as ``input``, an object whatever the model wrote.

    Arguments that were cut (finish ``length``) or are no object cannot be told as an object without inventing
    something, so they are shown whole under the one name ``_raw``.
    """
    if not text.strip():
        return EMPTY
    try:
        if isinstance(msgspec.json.decode(text), dict):
            return Raw(text.encode())
    except (msgspec.DecodeError, RecursionError):
        pass
    return Raw(msgspec.json.encode({"_raw": text}))
