"""Writing answers as Cohere's own chat does, whole and as its events.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from typing import Any

from trunkline.simulator import tokens
from trunkline.simulator.ask import Finish, ToolCall
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Role, event

Json = dict[str, Any]
_PREAMBLE = 64  # tokens that the vendor's own instructions add, and nobody pays for

_FINISH: dict[Finish, str] = {
    "stop": "COMPLETE",
    "stop_sequence": "STOP_SEQUENCE",
    "length": "MAX_TOKENS",
    "window": "MAX_TOKENS",
    "tool": "TOOL_CALL",
    "filter": "ERROR_TOXIC",
}


def completion(delivery: Delivery) -> Json:
    """The body of a whole answer."""
    answer = delivery.answers[0]
    message: Json = {"role": "assistant"}
    content = [{"type": "thinking", "thinking": answer.thinking}] if answer.thinking and not answer.calls else []
    content += [{"type": "text", "text": answer.text}] if answer.text else []
    if content:
        message["content"] = content
    if answer.calls:
        message["tool_plan"] = answer.thinking
        message["tool_calls"] = [_call(call, call.arguments) for call in answer.calls]
    ended = {"finish_reason": _FINISH[answer.finish], "usage": usage_object(delivery.usage)}
    return {"id": delivery.id, "message": message, **ended}


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer; ``message-end`` says why it ended, and usage comes with it."""
    answer = delivery.answers[0]
    first: Json = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    pieces = [_event("message-start", first, id=delivery.id)]
    if answer.calls:
        pieces += [
            _event("tool-plan-delta", {"tool_plan": one}, role="content") for one in tokens.split(answer.thinking)
        ]
    elif answer.thinking:
        pieces += _block(0, "thinking", answer.thinking)
    if answer.text:
        pieces += _block(int(bool(answer.thinking)), "text", answer.text)
    for number, call in enumerate(answer.calls):
        pieces += _called(number, call)
    ended = {"finish_reason": _FINISH[answer.finish], "usage": usage_object(delivery.usage)}
    return [*pieces, event({"type": "message-end", "delta": ended}, "end", "message-end")]


def usage_object(usage: Usage) -> Json:
    """``usage``: what is billed, and what the model read besides."""
    billed = {"input_tokens": usage.prompt, "output_tokens": usage.output}
    read = {"input_tokens": usage.prompt + _PREAMBLE, "output_tokens": usage.output + 2}
    return {"billed_units": billed, "tokens": read, "cached_tokens": usage.cache_read}


def _block(index: int, kind: str, text: str) -> list[Piece]:
    start = {"content": {"type": kind, kind: ""}}
    pieces = [_event("content-start", start, index=index)]
    pieces += [
        _event("content-delta", {"content": {kind: one}}, role="content", index=index) for one in tokens.split(text)
    ]
    return [*pieces, _event("content-end", None, index=index)]


def _called(index: int, call: ToolCall) -> list[Piece]:
    pieces = [_event("tool-call-start", {"tool_calls": _call(call, "")}, role="content", index=index, count=0)]
    pieces += [
        _event("tool-call-delta", {"tool_calls": {"function": {"arguments": one}}}, role="content", index=index)
        for one in tokens.split(call.arguments)
    ]
    return [*pieces, _event("tool-call-end", None, index=index)]


def _call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _event(kind: str, message: Json | None, *, role: Role = "frame", count: int = 1, **more: Any) -> Piece:
    delta = {} if message is None else {"delta": {"message": message}}
    return event({"type": kind, **more, **delta}, role, kind, count if role == "content" else 0)
