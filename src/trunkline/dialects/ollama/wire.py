"""The wire of an answer: one line of a stream, or a whole one; both have the same form.

Refuses to join lines, and to skip one it cannot read.
"""

from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BadReply, BrokenStream
from trunkline.core.events import Began
from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count
from trunkline.dialects.errors import provider_error

ABSENT = (b"", b"null")


class Function(Struct, frozen=True):
    """What is to be called; its arguments are an object."""

    name: str = ""
    arguments: Raw = Raw(b"{}")


class ToolCall(Struct):
    """A call of a tool, always whole; servers before 0.12 gave it no id."""

    function: Function = Function()
    id: str | None = None


class Said(Struct):
    """``message``: a piece of the answer."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None

    @property
    def size(self) -> int:
        """Characters of content."""
        calls = sum(1 + len(one.function.name) + len(bytes(one.function.arguments)) for one in self.tool_calls or ())
        return len(self.content or "") + len(self.thinking or "") + calls


class Line(Struct):
    """A line of a stream, or a whole answer."""

    model: str = ""
    created_at: str = ""
    message: Said | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: Count | None = None
    eval_count: Count | None = None
    error: Raw = Raw(b"")

    @property
    def began(self) -> Began:
        """Ollama numbers no answers: the moment at which one began, told to the microsecond, is its name."""
        digits = "".join(filter(str.isdigit, self.created_at))[:20]
        return Began(f"ollama-{digits}", self.model, _seconds(self.created_at))

    @property
    def usage(self) -> Usage | None:
        """The tokens; None where the prompt's are missing, as in lines before the last."""
        if self.prompt_eval_count is None:
            return None
        return Usage(input=self.prompt_eval_count, output=self.eval_count or 0)

    def finish(self, *, called: bool) -> Finish:
        """Why the answer ended; ``stop`` where nothing is said, which is what servers before 0.2 did."""
        if self.done_reason == "length":
            return "length"
        return "tool_calls" if called else "stop"


_LINE = msgspec.json.Decoder(Line)


def open_frame(data: bytes) -> Line:
    """A line of a stream. Raises the CallError an error stands for, BrokenStream for what is no line of an answer."""
    try:
        line = _decoded(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenStream(f"a line of the provider's stream cannot be read: {error}") from error
    if bytes(line.error) not in ABSENT:
        raise provider_error("ollama", 200, [], data, provider=None)
    return line


def open_answer(body: bytes) -> Line:
    """A whole answer. Raises the CallError an error body stands for, BadReply for what is no answer."""
    try:
        answer = _decoded(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from error
    if bytes(answer.error) not in ABSENT:
        raise provider_error("ollama", 200, [], body, provider=None)
    if answer.message is None or not answer.done:
        raise BadReply("the provider's answer has no message, or says that it is not done")
    return answer


def call_id(began: Began, call: ToolCall, number: int) -> str:
    """The id of a call, made of the answer's where it came without one."""
    return call.id or f"call_{began.id.removeprefix('ollama-')}_{number}"


def line_of(frame: Frame) -> Line | None:
    """A frame's line; None for a blank one."""
    return None if frame.data is None else open_frame(frame.data)


def _decoded(data: bytes) -> Line:
    try:
        return _LINE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _LINE.decode(data.decode("utf-8", "replace"))


def _seconds(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0
