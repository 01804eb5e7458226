"""Whole completions: a look at their bytes, opening them, writing them.

Refuses to know streams.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from trunkline.core.chat import Completion, Finish, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.openai_chat.chunk import Said, ToolPiece, open_answer, spoken
from trunkline.dialects.openai_chat.finish import WRITTEN, read_finish
from trunkline.dialects.openai_chat.usage import read_usage, write_usage

_encode = msgspec.json.Encoder().encode


def sight(body: bytes) -> Sighting:
    """Usage, finish and model. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    answer = open_answer(body)
    reasons = [choice.finish_reason for choice in answer.choices or () if choice.finish_reason]
    finish = read_finish(reasons[0]) if reasons else None
    return Sighting(read_usage(answer.usage) or UNKNOWN_USAGE, finish, answer.model or "")


def read_completion(body: bytes) -> Completion:
    """The first choice as a Completion; raises as ``sight`` does."""
    answer = open_answer(body)
    choice = (answer.choices or [])[0]
    said = choice.message or Said()
    parts = tuple(_parts(said, answer.id or ""))
    return Completion(
        id=answer.id or "",
        model=answer.model or "",
        created=int(answer.created or 0),
        parts=parts,
        finish=_finish(choice.finish_reason, said, parts),
        usage=read_usage(answer.usage) or UNKNOWN_USAGE,
    )


def _finish(reason: str | None, said: Said, parts: tuple[Part, ...]) -> Finish:
    finish = read_finish(reason) if reason else "stop"
    if finish != "stop":
        return finish
    if said.refusal:
        return "content_filter"
    # Ollama and Gemini say "stop" after tool calls, and callers of either dialect look for the word.
    return "tool_calls" if any(isinstance(part, ToolUse) for part in parts) else finish


def _parts(said: Said, answer_id: str) -> Iterator[Part]:
    if thought := said.reasoning_content or said.reasoning:
        yield Thought(thought)
    for thinks, text in spoken(said.content):
        if text:
            yield Thought(text) if thinks else Text(text)
    if said.refusal:
        yield Text(said.refusal)
    calls = [*(said.tool_calls or ()), *([ToolPiece(function=said.function_call)] if said.function_call else ())]
    for at, call in enumerate(calls):
        name, arguments = (call.function.name or "", call.function.text) if call.function else ("", "")
        yield ToolUse(call.id or f"call_{answer_id}_{at}", name, arguments or "{}")


def write_completion(answer: Completion) -> bytes:
    """The JSON of ``chat.completion``; ``usage`` is null where none is known, never zeros."""
    usage = answer.usage
    choice = {
        "index": 0,
        "message": _message(answer),
        "logprobs": None,
        "finish_reason": WRITTEN[answer.finish],
    }
    return _encode(
        {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created,
            "model": answer.model,
            "choices": [choice],
            "usage": None if usage.source == "unknown" else write_usage(usage),
        }
    )


def _message(completion: Completion) -> dict[str, Any]:
    calls = completion.tool_calls
    message: dict[str, Any] = {"role": "assistant", "content": completion.text or (None if calls else "")}
    message["refusal"] = None
    if thoughts := completion.thoughts:
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = [write_call(call) for call in calls]
    return message


def write_call(call: ToolUse) -> dict[str, Any]:
    """A tool call as it stands in a message; a thought signature stands where Google's own OpenAI layer puts it."""
    told: dict[str, Any] = {"id": call.id, "type": "function"}
    told["function"] = {"name": call.name, "arguments": call.arguments}
    return told if call.signature is None else {**told, **signed(call.signature)}


def signed(signature: str) -> dict[str, Any]:
    """``extra_content``, as ai.google.dev describes it under "OpenAI compatibility" (November 2026)."""
    return {"extra_content": {"google": {"thought_signature": signature}}}
