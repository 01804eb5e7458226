"""The wire of an answer: one event of a stream, or a whole one; both have the same form.

Refuses to join events, and to skip one it cannot read.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Frame
from trunkline.core.errors import BadReply, BrokenStream
from trunkline.dialects.errors import provider_error

NOTHING = Raw(b"")
ABSENT = (b"", b"null")


class FunctionCall(Struct, gc=False):
    """A call of a function; its arguments are an object."""

    name: str = ""
    id: str | None = None
    args: Raw = Raw(b"{}")


class Part(Struct, rename="camel"):
    """A part of an answer; which field it has says what it is."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Raw = NOTHING
    file_data: Raw = NOTHING
    executable_code: Raw = NOTHING
    code_execution_result: Raw = NOTHING

    @property
    def size(self) -> int:
        """Characters of content; 0 for an empty text, which is none."""
        if self.text is not None:
            return len(self.text)
        if self.function_call is not None:
            return 1 + len(self.function_call.name) + len(bytes(self.function_call.args))
        return sum(bytes(raw) not in ABSENT for raw in (self.inline_data, self.file_data, self.executable_code))


class Content(Struct):
    """A candidate's turn."""

    parts: list[Part] | None = None


class Candidate(Struct, rename="camel"):
    """One answer of ``candidateCount``."""

    content: Content | None = None
    finish_reason: str | None = None
    index: int = 0

    @property
    def parts(self) -> list[Part]:
        """Its parts."""
        return (self.content.parts if self.content else None) or []


class Feedback(Struct, rename="camel"):
    """``promptFeedback``: the prompt was blocked, and there is no answer."""

    block_reason: str | None = None


class Chunk(Struct, rename="camel"):
    """An event, or a whole answer."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: Raw = NOTHING
    model_version: str = ""
    response_id: str = ""
    error: Raw = NOTHING

    @property
    def blocked(self) -> bool:
        """True when the prompt was refused."""
        return self.prompt_feedback is not None and self.prompt_feedback.block_reason is not None


_CHUNK = msgspec.json.Decoder(Chunk)


def open_frame(frame: Frame, data: bytes) -> Chunk:
    """A frame's event. Raises the CallError an error stands for, BrokenStream for what is no event."""
    try:
        chunk = _decoded(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error
    if bytes(chunk.error) not in ABSENT or frame.event == b"error":
        raise provider_error("gemini", 200, [], data, provider=None)
    return chunk


def open_answer(body: bytes) -> Chunk:
    """A whole answer. Raises the CallError an error body stands for, BadReply for what is no answer."""
    try:
        answer = _decoded(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from error
    if bytes(answer.error) not in ABSENT:
        raise provider_error("gemini", 200, [], body, provider=None)
    if not answer.candidates and not answer.blocked:
        raise BadReply("the provider's answer has no candidates")
    return answer


def _decoded(data: bytes) -> Chunk:
    try:
        return _CHUNK.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _CHUNK.decode(data.decode("utf-8", "replace"))


def opened(raw: Raw) -> dict[str, Any] | None:
    """A part's inner object; None where there is none."""
    return None if bytes(raw) in ABSENT else msgspec.json.decode(raw)
