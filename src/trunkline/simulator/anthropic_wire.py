"""Writing answers as Anthropic's messages API does, whole and streamed.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from trunkline.simulator import tokens
from trunkline.simulator.ask import Answer, Finish
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Role, event

_STOP: dict[Finish, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "window": "model_context_window_exceeded",
    "tool": "tool_use",
    "filter": "refusal",
}
PING = event({"type": "ping"}, "frame", "ping")


def message(delivery: Delivery) -> dict[str, Any]:
    """The body of a whole answer."""
    answer = delivery.answers[0]
    return {
        **_envelope(delivery),
        "content": [block for block, _ in _blocks(answer, hidden=delivery.ask.hide_reasoning)],
        **_stop(answer),
        "usage": usage_object(delivery.usage),
    }


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer, ``message_start`` to ``message_stop``."""
    answer, usage = delivery.answers[0], delivery.usage
    start: dict[str, Any] = {
        **_envelope(delivery),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }
    start["usage"] = {**usage_object(usage), "output_tokens": min(1, usage.output)}
    pieces = [_event("message_start", "preamble", message=start)]
    for index, (block, deltas) in enumerate(_blocks(answer, hidden=delivery.ask.hide_reasoning)):
        role: Role = "frame" if index else "preamble"
        pieces.append(_event("content_block_start", role, index=index, content_block=_opened(block)))
        if not index:
            pieces.append(PING)
        for delta, count in deltas:
            kind: Role = "frame" if delta["type"] == "signature_delta" else "content"
            payload = {"type": "content_block_delta", "index": index, "delta": delta}
            pieces.append(event(payload, kind, "content_block_delta", count))
        pieces.append(_event("content_block_stop", "frame", index=index))
    pieces.append(_event("message_delta", "end", delta=_stop(answer), usage=final_usage(usage)))
    return [*pieces, _event("message_stop", "done")]


def usage_object(usage: Usage) -> dict[str, Any]:
    """`usage`: input_tokens exclude the cached ones."""
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    }


def final_usage(usage: Usage) -> dict[str, Any]:
    """The cumulative usage of a message_delta event."""
    kept = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    whole = usage_object(usage)
    return {**{name: whole[name] for name in kept}, "output_tokens_details": whole["output_tokens_details"]}


def models(names: list[str], created: str) -> dict[str, Any]:
    """The body of the model list; `created` is RFC 3339."""
    data = [model(name, created) for name in names]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def model(name: str, created: str) -> dict[str, Any]:
    """One model's entry."""
    return {"type": "model", "id": name, "display_name": name, "created_at": created, "lifecycle": "active"}


def _event(name: str, role: Role, **fields: Any) -> Piece:
    return event({"type": name, **fields}, role, name)


def _envelope(delivery: Delivery) -> dict[str, Any]:
    return {"id": f"msg_{delivery.id}", "type": "message", "role": "assistant", "model": delivery.ask.model}


def _stop(answer: Answer) -> dict[str, Any]:
    refused = {"type": "refusal", "category": None, "explanation": None} if answer.finish == "filter" else None
    return {"stop_reason": _STOP[answer.finish], "stop_sequence": answer.stop_sequence, "stop_details": refused}


def _blocks(answer: Answer, *, hidden: bool) -> Iterator[tuple[dict[str, Any], list[tuple[dict[str, Any], int]]]]:
    """Each content block, and the deltas that spell it out with the tokens each delivers."""
    if answer.thinking:
        signature = b64encode(sha256(answer.thinking.encode()).digest()).decode()
        shown = [] if hidden else tokens.split(answer.thinking)
        deltas: list[tuple[dict[str, Any], int]] = [({"type": "thinking_delta", "thinking": one}, 1) for one in shown]
        unseen = answer.reasoning_tokens - len(shown)
        deltas.append(({"type": "signature_delta", "signature": signature}, unseen))
        yield {"type": "thinking", "thinking": "".join(shown), "signature": signature}, deltas
    if answer.text:
        spelled = [({"type": "text_delta", "text": one}, 1) for one in tokens.split(answer.text)]
        yield {"type": "text", "text": answer.text, "citations": None}, spelled
    for call in answer.calls:
        parts = [({"type": "input_json_delta", "partial_json": one}, 1) for one in tokens.split(call.arguments)]
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": _parsed(call.arguments)}
        yield block, [({"type": "input_json_delta", "partial_json": ""}, 0), *parts]


def _opened(block: dict[str, Any]) -> dict[str, Any]:
    """A block as content_block_start shows it: empty."""
    empty: dict[str, Any] = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {key: empty.get(key, value) for key, value in block.items()}


def _parsed(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}  # cut by max_tokens: the API shows what it could parse, which is nothing
