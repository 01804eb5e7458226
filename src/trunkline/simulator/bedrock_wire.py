"""Writing answers as AWS Bedrock's Converse does, whole and streamed.
Written from the vendor's API model; it refuses to know how answers are made, and how events become bytes.
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

Json = dict[str, Any]
_STOP: dict[Finish, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "window": "model_context_window_exceeded",
    "tool": "tool_use",
    "filter": "content_filtered",
}


def completion(delivery: Delivery) -> Json:
    """The body of a whole answer."""
    answer = delivery.answers[0]
    return {
        "output": {"message": {"role": "assistant", "content": [block for block, _, _ in _blocks(answer)]}},
        "stopReason": _STOP[answer.finish],
        "usage": usage_object(delivery.usage),
        "metrics": {"latencyMs": 1 + delivery.usage.output},
    }


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer, ``messageStart`` to ``metadata``. Only calls announce their block."""
    answer, usage = delivery.answers[0], delivery.usage
    pieces = [event({"role": "assistant"}, "preamble", "messageStart")]
    for index, (_, start, deltas) in enumerate(_blocks(answer)):
        if start:
            pieces.append(event({"start": start, "contentBlockIndex": index}, "frame", "contentBlockStart"))
        for delta, count in deltas:
            said: Role = "frame" if "signature" in delta.get("reasoningContent", {}) else "content"
            payload = {"delta": delta, "contentBlockIndex": index}
            pieces.append(event(payload, said, "contentBlockDelta", count))
        pieces.append(event({"contentBlockIndex": index}, "frame", "contentBlockStop"))
    pieces.append(event({"stopReason": _STOP[answer.finish]}, "end", "messageStop"))
    last = {"usage": usage_object(usage), "metrics": {"latencyMs": 1 + usage.output}}
    return [*pieces, event(last, "usage", "metadata")]


def usage_object(usage: Usage) -> Json:
    """`usage`: inputTokens exclude the cached ones; what of the output was thinking is not told."""
    return {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.prompt + usage.output,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": usage.cache_write,
    }


def _blocks(answer: Answer) -> Iterator[tuple[Json, Json | None, list[tuple[Json, int]]]]:
    """Each block, what announces it, and the deltas that spell it out with the tokens each delivers."""
    if answer.thinking:
        signature = b64encode(sha256(answer.thinking.encode()).digest()).decode()
        told = [({"reasoningContent": {"text": one}}, 1) for one in tokens.split(answer.thinking)]
        whole = {"reasoningText": {"text": answer.thinking, "signature": signature}}
        yield {"reasoningContent": whole}, None, [*told, ({"reasoningContent": {"signature": signature}}, 0)]
    if answer.text:
        yield {"text": answer.text}, None, [({"text": one}, 1) for one in tokens.split(answer.text)]
    for call in answer.calls:
        start = {"toolUseId": call.id, "name": call.name}
        parts = [({"toolUse": {"input": one}}, 1) for one in tokens.split(call.arguments)]
        yield {"toolUse": {**start, "input": _parsed(call.arguments)}}, {"toolUse": start}, parts


def _parsed(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}  # cut by maxTokens: the API shows what it could parse, which is nothing
