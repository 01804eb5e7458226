"""Whole answers: a look at their bytes, opening them, writing them.

Refuses to know streams.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from trunkline.core.chat import Completion, Foreign, Text, Thought, ToolUse
from trunkline.core.chat import Part as CorePart
from trunkline.core.dialect import Sighting
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.gemini.chunk import Candidate, Part, open_answer, opened
from trunkline.dialects.gemini.finish import WRITTEN, read_finish
from trunkline.dialects.gemini.signature import UNSIGNED, heard, told
from trunkline.dialects.gemini.usage import read_usage, write_usage

Json = dict[str, Any]


def sight(body: bytes) -> Sighting:
    """Usage, finish and model. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    answer = open_answer(body)
    usage = read_usage(answer.usage_metadata) or UNKNOWN_USAGE
    if not answer.candidates:
        return Sighting(usage, "content_filter", answer.model_version)
    first = answer.candidates[0]
    called = any(part.function_call for part in first.parts)
    written = any(part.size for part in first.parts)
    reason = first.finish_reason
    finish = read_finish(reason, called=called, written=written) if reason else None
    return Sighting(usage, finish, answer.model_version)


def read_completion(body: bytes) -> Completion:
    """The first candidate; raises as ``sight`` does. A blocked prompt is an answer without a word."""
    seen, answer = sight(body), open_answer(body)
    first = answer.candidates[0] if answer.candidates else Candidate()
    return Completion(
        id=answer.response_id,
        model=answer.model_version,
        parts=tuple(_parts(first.parts, answer.response_id)),
        finish=seen.finish or "stop",
        usage=seen.usage,
    )


def _parts(parts: list[Part], answer_id: str) -> Iterator[CorePart]:
    calls = 0
    for part in parts:
        signature, origin = heard(part.thought_signature)
        if part.function_call is not None:
            call = part.function_call
            arguments = bytes(call.args).decode()
            yield ToolUse(call.id or call_id(answer_id, calls), call.name, arguments, signature=signature)
            calls += 1
        elif part.text is not None and part.thought:
            yield Thought(part.text, signature, origin=origin)
        elif part.text:
            yield Text(part.text)
        else:
            yield from _foreign(part)


def _foreign(part: Part) -> Iterator[Foreign]:
    for name in ("inline_data", "file_data", "executable_code", "code_execution_result"):
        if inner := opened(getattr(part, name)):
            camel = name.split("_")[0] + "".join(word.title() for word in name.split("_")[1:])
            yield Foreign("gemini", {camel: inner, "type": camel})


def call_id(answer_id: str, number: int) -> str:
    """The id of a call that came without one."""
    return f"call_{answer_id}_{number}"


def write_completion(answer: Completion) -> bytes:
    """The JSON of a ``GenerateContentResponse``."""
    calls = [part for part in answer.parts if isinstance(part, ToolUse)]
    parts = [written for part in answer.parts if (written := _written(part, first=calls[:1] == [part]))]
    return msgspec.json.encode(
        {
            "candidates": [candidate(parts, WRITTEN[answer.finish])],
            **write_usage(answer.usage),
            "modelVersion": answer.model,
            "responseId": answer.id,
        }
    )


def candidate(parts: list[Json], finish: str | None = None) -> Json:
    """The one candidate of an answer or an event."""
    ended = {} if finish is None else {"finishReason": finish}
    return {"content": {"parts": parts, "role": "model"}, **ended, "index": 0}


def _written(part: CorePart, *, first: bool) -> Json | None:
    match part:
        case Text(text=text):
            return {"text": text} if text else None
        case Thought():
            return thought(part.text, part.signature or part.redacted, part.origin)
        case ToolUse():
            return call(part.id, part.name, part.arguments, part.signature, first=first)
        case Foreign(dialect="gemini"):
            return {name: value for name, value in part.wire.items() if name != "type"}
        case _:
            return None  # no answer holds such a part


def thought(text: str, signature: str | None, origin: str) -> Json:
    """A part of reasoning."""
    sealed = {"thoughtSignature": told(signature, origin)} if signature else {}
    return {"text": text, "thought": True, **sealed}


def call(tool_id: str, name: str, arguments: str, signature: str | None, *, first: bool) -> Json:
    """A part that calls a function. The first of an answer always carries a signature: it is asked for next time."""
    part: Json = {"functionCall": {"id": tool_id, "name": name, "args": as_object(arguments)}}
    sealed = signature or (UNSIGNED if first else None)
    return {**part, "thoughtSignature": sealed} if sealed else part


def as_object(arguments: str) -> Raw:
    """A call's arguments as an object whatever the model wrote; what is none stands whole under ``_raw``."""
    try:
        if isinstance(msgspec.json.decode(arguments or "{}"), dict):
            return Raw((arguments or "{}").encode())
    except (msgspec.DecodeError, RecursionError):
        pass
    return Raw(msgspec.json.encode({"_raw": arguments}))
