"""Writing answers as OpenAI's chat completions API does, whole and streamed.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from collections.abc import Iterator
from typing import Any

from trunkline.simulator import tokens
from trunkline.simulator.ask import Answer, Finish
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, event

_FINISH: dict[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "window": "length",
    "tool": "tool_calls",
    "filter": "content_filter",
}
DONE = Piece(b"data: [DONE]\n\n", "done")


def completion(delivery: Delivery) -> dict[str, Any]:
    """The body of a whole answer."""
    choices = [
        {"index": index, "message": _message(answer), "logprobs": None, "finish_reason": _FINISH[answer.finish]}
        for index, answer in enumerate(delivery.answers)
    ]
    return {**_envelope(delivery, "chat.completion"), "choices": choices, "usage": usage_object(delivery.usage)}


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer, up to and with ``[DONE]``."""
    envelope = _envelope(delivery, "chat.completion.chunk")
    if delivery.shows_usage:
        envelope["usage"] = None

    def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**envelope, "choices": [choice]}

    pieces: list[Piece] = []
    for index, answer in enumerate(delivery.answers):
        opening = {"role": "assistant", "content": None if answer.calls else "", "refusal": None}
        pieces.append(event(chunk(index, opening), "preamble"))
    for index, answer in enumerate(delivery.answers):
        pieces += [event(chunk(index, delta), "content", "", count) for delta, count in _deltas(answer)]
    for index, answer in enumerate(delivery.answers):
        pieces.append(event(chunk(index, {}, _FINISH[answer.finish]), "end"))
    if delivery.shows_usage:
        pieces.append(event({**envelope, "choices": [], "usage": usage_object(delivery.usage)}, "usage"))
    return [*pieces, DONE]


def usage_object(usage: Usage) -> dict[str, Any]:
    """`usage`: prompt_tokens include the cached ones, completion_tokens the reasoning."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def models(names: list[str], created: int, owner: str) -> dict[str, Any]:
    """The body of the model list."""
    return {"object": "list", "data": [model(name, created, owner) for name in names]}


def model(name: str, created: int, owner: str) -> dict[str, Any]:
    """One model's entry."""
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def _envelope(delivery: Delivery, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{delivery.id}",
        "object": kind,
        "created": delivery.created,
        "model": delivery.ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }


def _message(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if answer.calls and not answer.text else answer.text,
        "refusal": None,
        "annotations": [],
    }
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    if answer.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in answer.calls
        ]
    return message


def _deltas(answer: Answer) -> Iterator[tuple[dict[str, Any], int]]:
    for piece in tokens.split(answer.thinking):
        yield {"reasoning_content": piece}, 1
    for piece in tokens.split(answer.text):
        yield {"content": piece}, 1
    for index, call in enumerate(answer.calls):
        start = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [start]}, 0
        for piece in tokens.split(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, 1
