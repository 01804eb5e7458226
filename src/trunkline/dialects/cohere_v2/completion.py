"""Whole answers: a look at their bytes, and opening them.

Refuses to know streams. Citations have no place in the core types and are left out.
"""

from collections.abc import Iterator

from trunkline.core.chat import Completion, Finish, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.cohere_v2.usage import read_usage
from trunkline.dialects.cohere_v2.wire import Answer, Said, open_answer, read_finish


def sight(body: bytes) -> Sighting:
    """Usage and finish; the model is not told. Raises the CallError an error-in-200 stands for, BadReply."""
    answer = open_answer(body)
    return Sighting(read_usage(answer.usage) or UNKNOWN_USAGE, _finish(answer))


def read_completion(body: bytes) -> Completion:
    """The answer; raises as ``sight`` does."""
    answer = open_answer(body)
    return Completion(
        id=answer.id,
        model="",
        parts=tuple(_parts(answer.message or Said())),
        finish=_finish(answer) or "stop",
        usage=read_usage(answer.usage) or UNKNOWN_USAGE,
    )


def _finish(answer: Answer) -> Finish | None:
    called = bool(answer.message and answer.message.tool_calls)
    return read_finish(answer.finish_reason, called=called) if answer.finish_reason else None


def _parts(said: Said) -> Iterator[Part]:
    for block in said.content or ():
        if block.thinking:
            yield Thought(block.thinking, origin="cohere")
        if block.text:
            yield Text(block.text)
    if said.tool_plan:
        yield Thought(said.tool_plan, origin="cohere")
    for call in said.tool_calls or ():
        yield ToolUse(call.id or "", call.function.name or "", call.function.arguments or "{}")
