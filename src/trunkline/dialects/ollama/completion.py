"""Whole answers: a look at their bytes, and opening them.

Refuses to know streams.
"""

from collections.abc import Iterator

from trunkline.core.chat import Completion, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.ollama.wire import Line, Said, call_id, open_answer


def sight(body: bytes) -> Sighting:
    """Usage, finish and model. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    answer = open_answer(body)
    return Sighting(answer.usage or UNKNOWN_USAGE, answer.finish(called=_called(answer)), answer.model)


def read_completion(body: bytes) -> Completion:
    """The answer; raises as ``sight`` does."""
    answer = open_answer(body)
    began = answer.began
    return Completion(
        id=began.id,
        model=began.model,
        created=began.created,
        parts=tuple(_parts(answer)),
        finish=answer.finish(called=_called(answer)),
        usage=answer.usage or UNKNOWN_USAGE,
    )


def _called(answer: Line) -> bool:
    return bool(answer.message and answer.message.tool_calls)


def _parts(answer: Line) -> Iterator[Part]:
    said = answer.message or Said()
    if said.thinking:
        yield Thought(said.thinking, origin="ollama")
    if said.content:
        yield Text(said.content)
    for number, call in enumerate(said.tool_calls or ()):
        name = call_id(answer.began, call, number)
        yield ToolUse(name, call.function.name, bytes(call.function.arguments).decode())
