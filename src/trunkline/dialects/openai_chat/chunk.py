"""The wire of an answer: one chunk of a stream, or a whole completion; and how it is opened.

Refuses to join chunks, and to skip one it cannot read.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Frame
from trunkline.core.errors import BadReply, BrokenStream, CallError
from trunkline.dialects.errors import provider_error

NOTHING = Raw(b"")
ABSENT = (b"", b"null")


class Function(Struct, gc=False):
    """A call's name and arguments; some servers send the arguments as an object instead of JSON text."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """The arguments as JSON text, exactly as the model wrote them where they came as text."""
        if isinstance(self.arguments, dict):
            return msgspec.json.encode(self.arguments).decode()
        return self.arguments or ""


class ToolPiece(Struct, gc=False):
    """A call of a tool, or a piece of one; ``index`` tells which, where the provider says so."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Said(Struct, gc=False):
    """A ``delta`` or a ``message``. ``reasoning`` is OpenRouter's and Groq's name, ``reasoning_content`` DeepSeek's.

    ``content`` is a list at Mistral's reasoning models.
    """

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolPiece] | None = None
    function_call: Function | None = None
    audio: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        """Characters of content; 0 for a role, an empty string or null, which are no content."""
        size = len(self.content or "") + len(self.reasoning_content or self.reasoning or "") + len(self.refusal or "")
        for call in self.tool_calls or ():
            size += 1 if call.function is None else 1 + len(call.function.name or "") + len(call.function.text)
        return size + (self.function_call is not None) + (self.audio is not None)


class Choice(Struct, gc=False):
    """One answer of ``n``: its ``delta`` in a stream, its ``message`` in a whole completion."""

    index: int = 0
    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None
    error: Raw = NOTHING


class Chunk(Struct, gc=False):
    """A chunk, or a whole completion."""

    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    choices: list[Choice] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING
    object: str | None = None


_CHUNK = msgspec.json.Decoder(Chunk)


def open_frame(frame: Frame, data: bytes) -> Chunk:
    """A frame's chunk. Raises the CallError an error frame stands for, BrokenStream for what is no chunk."""
    try:
        chunk = _CHUNK.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        chunk = _second_look(data)
    if frame.event == b"error" or chunk.error is not NOTHING or not chunk.choices:
        refuse_error(chunk, data, event=frame.event)
    return chunk


def _second_look(data: bytes) -> Chunk:
    try:
        return decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error


def open_answer(body: bytes) -> Chunk:
    """A whole completion. Raises the CallError an error body stands for, BadReply for what is no answer."""
    try:
        answer = decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from error
    refuse_error(answer, body)
    if not answer.choices:
        raise BadReply("the provider's answer has no choices")
    refuse_error_of_choice(answer.choices[0])
    return answer


def decode(data: bytes) -> Chunk:
    """Bytes as a chunk; what is not UTF-8 becomes U+FFFD, as in a browser, and is no reason to end an answer."""
    try:
        return _CHUNK.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _CHUNK.decode(data.decode("utf-8", "replace"))


def refuse_error(chunk: Chunk, data: bytes, event: bytes = b"") -> None:
    """Raises the CallError that a reply or frame stands for, if it is one."""
    named = bytes(chunk.error) not in ABSENT
    if named or event == b"error" or chunk.object == "error" or (chunk.choices is None and _is_complaint(chunk, data)):
        raise _told(data)


def refuse_error_of_choice(choice: Choice) -> None:
    """OpenRouter puts an upstream's error into the choice."""
    if bytes(choice.error) not in ABSENT:
        raise _told(b'{"error":' + bytes(choice.error) + b"}")


def _is_complaint(chunk: Chunk, data: bytes) -> bool:
    """FastAPI's ``{"detail": ...}`` and Mistral's ``{"message": ..., "type": ...}``; other unknown objects are not."""
    if bytes(chunk.usage) not in ABSENT:
        return False
    found = msgspec.json.decode(data.decode("utf-8", "replace"))
    return "detail" in found or "message" in found


def _told(data: bytes) -> CallError:
    return provider_error("openai", 200, [], data, provider=None)


def spoken(content: str | list[Any] | None) -> Iterator[tuple[bool, str]]:
    """The words of ``content`` in order, each with whether it is a thought.

    Mistral: ``[{"type": "thinking", "thinking": [{"type": "text", "text"}]}, {"type": "text", "text"}]``.
    """
    if isinstance(content, str):
        yield False, content
        return
    for piece in content or ():
        if isinstance(piece, dict) and piece.get("type") == "thinking":
            thinking = piece.get("thinking")
            yield from ((True, text) for _, text in spoken(thinking if isinstance(thinking, str | list) else None))
        elif isinstance(piece, dict) and isinstance(piece.get("text"), str):
            yield False, piece["text"]
