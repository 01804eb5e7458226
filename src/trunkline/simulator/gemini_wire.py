"""Writing answers as Google's generateContent does, whole and streamed.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from trunkline.simulator import tokens
from trunkline.simulator.ask import Answer, Finish, ToolCall
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, event

Json = dict[str, Any]
_FINISH: dict[Finish, str] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "length": "MAX_TOKENS",
    "window": "MAX_TOKENS",
    "tool": "STOP",
    "filter": "SAFETY",
}
_METHODS = ["generateContent", "countTokens", "streamGenerateContent"]


def completion(delivery: Delivery) -> Json:
    """The body of a whole answer."""
    candidates = [
        _candidate(index, [part for part, _ in _parts(answer, whole=True)], _FINISH[answer.finish])
        for index, answer in enumerate(delivery.answers)
    ]
    return {"candidates": candidates, "usageMetadata": usage_object(delivery.usage), **_envelope(delivery)}


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer; the last says why it ended, and nothing comes behind it."""
    envelope = _envelope(delivery)
    counts = {"promptTokenCount": delivery.usage.prompt, "totalTokenCount": delivery.usage.prompt}
    pieces: list[Piece] = []
    for index, answer in enumerate(delivery.answers):
        for part, count in _parts(answer, whole=False):
            chunk = {"candidates": [_candidate(index, [part])], "usageMetadata": counts, **envelope}
            pieces.append(event(chunk, "content", "", count))
    ends = [_candidate(index, [{"text": ""}], _FINISH[answer.finish]) for index, answer in enumerate(delivery.answers)]
    last = {"candidates": ends, "usageMetadata": usage_object(delivery.usage), **envelope}
    return [*pieces, event(last, "end")]


def usage_object(usage: Usage) -> Json:
    """`usageMetadata`: the prompt with cached tokens, the answer without its thoughts."""
    told = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.prompt + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    if usage.cache_read:
        told["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        told["thoughtsTokenCount"] = usage.reasoning
    return told


def models(names: list[str], methods: list[str] | None = None) -> Json:
    """The body of the model list."""
    return {"models": [model(name, methods) for name in names]}


def model(name: str, methods: list[str] | None = None) -> Json:
    """One model's entry."""
    limits = {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}
    head = {"name": f"models/{name}", "version": "001", "displayName": name}
    return {**head, **limits, "supportedGenerationMethods": methods or _METHODS}


def _envelope(delivery: Delivery) -> Json:
    return {"modelVersion": delivery.ask.model, "responseId": delivery.id}


def _candidate(index: int, parts: list[Json], finish: str | None = None) -> Json:
    told: Json = {"content": {"parts": parts, "role": "model"}}
    if finish is not None:
        told["finishReason"] = finish
    return {**told, "index": index}


def _parts(answer: Answer, *, whole: bool) -> Iterator[tuple[Json, int]]:
    """The parts of an answer with the tokens each delivers; calls are never cut."""
    for piece in [answer.thinking] if whole and answer.thinking else tokens.split(answer.thinking):
        yield {"text": piece, "thought": True}, 1
    for piece in [answer.text] if whole and answer.text else tokens.split(answer.text):
        yield {"text": piece}, 1
    for number, call in enumerate(answer.calls):
        part: Json = {"functionCall": {"id": call.id, "name": call.name, "args": _parsed(call)}}
        if number == 0:  # with or without thoughts that show: the next turn is refused without it
            part["thoughtSignature"] = _sealed(answer.thinking or call.id)
        yield part, len(tokens.split(call.arguments))


def _sealed(thoughts: str) -> str:
    return b64encode(sha256(thoughts.encode()).digest()).decode()


def _parsed(call: ToolCall) -> Any:
    try:
        return msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return {}  # cut by the token limit
