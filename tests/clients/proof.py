"""Proves an answer by the vendor's own types: strict, nothing missing, nothing they do not know.

The SDKs themselves build their objects without validation, so that an odd answer passes them unseen.
"""

import json
from typing import Any, TypeVar

import anthropic.types
import openai.types.chat
from pydantic import BaseModel, TypeAdapter

M = TypeVar("M", bound=BaseModel)

EXTENSIONS = ("reasoning_content",)
"""Fields that vendors of a dialect add and the dialect's first vendor has no type for: DeepSeek's thoughts."""

STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(anthropic.types.RawMessageStreamEvent)


def proven(answer: M) -> M:
    """The same answer, once what came over the wire for it has passed its type."""
    kind = type(answer)
    kind.model_validate_json(_known(json.loads(answer.to_json())), strict=True, extra="forbid")  # type: ignore[attr-defined]
    return answer


def prove_whole(dialect: str, body: bytes) -> Any:
    """A whole answer's JSON, proven."""
    kind = openai.types.chat.ChatCompletion if dialect == "openai" else anthropic.types.Message
    kind.model_validate_json(_known(json.loads(body)), strict=True, extra="forbid")
    return json.loads(body)


def prove_stream(dialect: str, body: bytes) -> list[Any]:
    """The JSON of a stream's events, each proven; pings are no part of the SDK's types, which skip them."""
    lines = [line.removeprefix(b"data: ") for line in body.splitlines() if line.startswith(b"data: ")]
    if dialect == "openai":
        assert lines.pop() == b"[DONE]"
    events = [json.loads(line) for line in lines]
    events = [event for event in events if event.get("type") != "ping"]
    for event in events:
        if dialect == "openai":
            kind = openai.types.chat.ChatCompletionChunk
            kind.model_validate_json(_known(event), strict=True, extra="forbid")
        else:
            STREAM_EVENT.validate_json(json.dumps(event), strict=True, extra="forbid")
    return events


def _known(value: Any) -> str:
    return json.dumps(_without_extensions(value))


def _without_extensions(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_extensions(inner) for name, inner in value.items() if name not in EXTENSIONS}
    return [_without_extensions(inner) for inner in value] if isinstance(value, list) else value
