"""The wire of an answer: whole, and event by event.

Refuses to join events, and to skip one it cannot read. Unknown events are passed over.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BadReply, BrokenStream, ServerErrorAfterUpload
from trunkline.dialects.errors import provider_error

NOTHING = Raw(b"")
DONE = b"[DONE]"

READ: dict[str, Finish] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
"""Others are a plain stop: what came is all there is."""

FAILED = frozenset({"ERROR", "TIMEOUT"})
"""Reasons that say the answer is not whole."""


class Function(Struct, frozen=True):
    """What is to be called; its arguments are JSON text."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(Struct, frozen=True):
    """A call of a tool, or a piece of one."""

    id: str | None = None
    function: Function = Function()


class Block(Struct, frozen=True):
    """A block of content, or a piece of one: which field it has says what it is."""

    text: str | None = None
    thinking: str | None = None


class Said(Struct, frozen=True):
    """A whole answer's ``message``."""

    content: list[Block] | None = None
    tool_plan: str | None = None
    tool_calls: list[ToolCall] | None = None
    citations: list[Any] | None = None


class Answer(Struct, frozen=True):
    """A whole answer."""

    id: str = ""
    message: Said | None = None
    finish_reason: str | None = None
    usage: Raw = NOTHING


class Piece(Struct, frozen=True):
    """An event's ``message``; in the first event its fields are empty lists, which say nothing."""

    content: Block | list[Any] | None = None
    tool_plan: str | None = None
    tool_calls: ToolCall | list[Any] | None = None


class Delta(Struct, frozen=True):
    """What an event adds; the last one tells the end."""

    message: Piece = Piece()
    finish_reason: str | None = None
    usage: Raw = NOTHING
    error: str | None = None


class Event(Struct, frozen=True):
    """An event of a stream; ``message`` is that of an error."""

    type: str = ""
    id: str = ""
    index: int = 0
    delta: Delta | None = None
    message: str | None = None

    @property
    def block(self) -> Block:
        """Its piece of content."""
        content = self.delta.message.content if self.delta else None
        return content if isinstance(content, Block) else Block()

    @property
    def plan(self) -> str:
        """Its piece of the plan that comes before calls."""
        return (self.delta.message.tool_plan if self.delta else None) or ""

    @property
    def call(self) -> ToolCall | None:
        """Its piece of a call."""
        call = self.delta.message.tool_calls if self.delta else None
        return call if isinstance(call, ToolCall) else None

    @property
    def size(self) -> int:
        """Characters of content."""
        call, block = self.call, self.block
        called = 0 if call is None else len(call.function.name or "") + len(call.function.arguments or "")
        return called + len(block.text or "") + len(block.thinking or "") + len(self.plan)


_ANSWER = msgspec.json.Decoder(Answer)
_EVENT = msgspec.json.Decoder(Event)


def event_of(frame: Frame) -> Event | None:
    """A frame's event; None for one that says nothing. Raises the CallError an error stands for, BrokenStream."""
    data = frame.data
    if data is None or data.startswith(DONE):
        return None
    try:
        event: Event = _decoded(_EVENT, data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a frame of the provider's stream cannot be read: {error}") from error
    if event.message is not None and not event.type:
        raise provider_error("cohere", 200, [], data, provider=None)
    if event.type == "message-end" and event.delta is not None:
        refuse_failed(event.delta.finish_reason, event.delta.error)
    return event


class _Refused(Struct):
    message: str


_REFUSED = msgspec.json.Decoder(_Refused)


def open_answer(body: bytes) -> Answer:
    """A whole answer. Raises the CallError an error body stands for, BadReply for what is no answer."""
    try:
        answer: Answer = _decoded(_ANSWER, body)
    except (msgspec.DecodeError, RecursionError) as error:
        if _is_refused(body):
            raise provider_error("cohere", 200, [], body, provider=None) from error
        raise BadReply(f"the provider's answer cannot be read: {error}") from error
    if answer.message is None:
        raise BadReply("the provider's answer has no message")
    refuse_failed(answer.finish_reason, None)
    return answer


def _is_refused(body: bytes) -> bool:
    """True for an error's form; an answer that was cut also has a message, and was paid for."""
    try:
        _decoded(_REFUSED, body)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def refuse_failed(reason: str | None, said: str | None) -> None:
    """Raises ServerErrorAfterUpload for a reason that says the answer is not whole."""
    if reason in FAILED:
        told = f": {said}" if said else ""
        raise ServerErrorAfterUpload(f"the provider ended its answer with finish_reason {reason}{told}")


def read_finish(reason: str, *, called: bool) -> Finish:
    """The finish a reason stands for."""
    finish = READ.get(reason, "stop")
    return "tool_calls" if called and finish == "stop" else finish


def _decoded(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decoder.decode(data.decode("utf-8", "replace"))
