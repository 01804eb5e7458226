"""Writing answers as Ollama's own chat does, whole and as lines of JSON.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from trunkline.simulator import tokens
from trunkline.simulator.ask import Answer, Finish, ToolCall
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Role

Json = dict[str, Any]
CONTENT_TYPE = "application/x-ndjson"
BLANK = Piece(b"\n", "frame")
"""What stands for a keep-alive between lines: readers skip it."""

_FINISH: dict[Finish, str] = {"length": "length", "window": "length"}
_NANOSECONDS = 1_000_000


def completion(delivery: Delivery) -> Json:
    """The body of a whole answer."""
    answer = delivery.answers[0]
    said: Json = {"role": "assistant", "content": answer.text}
    if answer.thinking:
        said["thinking"] = answer.thinking
    if answer.calls:
        said["tool_calls"] = [_call(number, call) for number, call in enumerate(answer.calls)]
    return {**_head(delivery, 0), "message": said, **_end(delivery, answer)}


def stream(delivery: Delivery) -> list[Piece]:
    """The lines of a streamed answer; the last says why it ended, and nothing comes behind it."""
    answer = delivery.answers[0]
    said: list[tuple[Json, int]] = [({"content": "", "thinking": one}, 1) for one in tokens.split(answer.thinking)]
    said += [({"content": one}, 1) for one in tokens.split(answer.text)]
    for number, call in enumerate(answer.calls):
        said.append(({"content": "", "tool_calls": [_call(number, call)]}, len(tokens.split(call.arguments))))
    pieces = [
        line({**_head(delivery, at), "message": {"role": "assistant", **one}, "done": False}, "content", count)
        for at, (one, count) in enumerate(said)
    ]
    last = {**_head(delivery, len(said)), "message": {"role": "assistant", "content": ""}, **_end(delivery, answer)}
    return [*pieces, line(last, "end")]


def line(payload: Any, role: Role, count: int = 0) -> Piece:
    """One line of JSON."""
    return Piece(msgspec.json.encode(payload) + b"\n", role, count)


def usage_object(usage: Usage) -> Json:
    """The counts, which stand in the answer itself."""
    return {"prompt_eval_count": usage.prompt, "eval_count": usage.output}


def models(names: list[str], moment: str) -> Json:
    """The body of the model list, ``/api/tags``."""
    details = {"format": "gguf", "family": "sim", "parameter_size": "1B", "quantization_level": "Q4_K_M"}
    return {
        "models": [
            {"name": name, "model": name, "modified_at": moment, "size": 1, "digest": _digest(name), "details": details}
            for name in names
        ]
    }


def _head(delivery: Delivery, number: int) -> Json:
    """The moment is told to the microsecond; that of the first line is what tells answers apart."""
    offset = int(_digest(delivery.id)[:5], 16) % 900_000 + number
    moment = datetime.fromtimestamp(delivery.created, UTC) + timedelta(microseconds=offset)
    return {"model": delivery.ask.model, "created_at": moment.isoformat().replace("+00:00", "Z")}


def _end(delivery: Delivery, answer: Answer) -> Json:
    spent = {"total_duration": 3, "load_duration": 1, "prompt_eval_duration": 1, "eval_duration": 1}
    counts = usage_object(delivery.usage)
    told = {name: count * _NANOSECONDS for name, count in spent.items()} | counts
    return {"done": True, "done_reason": _FINISH.get(answer.finish, "stop"), **told}


def _call(number: int, call: ToolCall) -> Json:
    return {"id": call.id, "function": {"index": number, "name": call.name, "arguments": _parsed(call)}}


def _parsed(call: ToolCall) -> Any:
    try:
        return msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return {}  # cut by the token limit


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
