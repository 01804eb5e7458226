"""What was asked and answered, as an event of OpenTelemetry's GenAI conventions: only where a config wants it.

Read 2026-11, still marked as in development: github.com/open-telemetry/semantic-conventions-genai.
Refuses to send pictures, files and sealed thoughts, and more than a bounded part of a text.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from trunkline.core.chat import (
    ChatRequest,
    Completion,
    Document,
    Foreign,
    Image,
    Message,
    Part,
    Text,
    Thought,
    ToolResult,
    ToolUse,
)

LONGEST_TEXT = 16_384  # characters of one part
MOST_MESSAGES = 200  # the newest ones of a conversation
Told = dict[str, Any]
NAME = "gen_ai.client.inference.operation.details"


def content_of(request: ChatRequest | None, answer: Completion) -> dict[str, str]:
    """The attributes that hold messages, each a JSON text in the conventions' form."""
    said = [_message("assistant", answer.parts) | {"finish_reason": answer.finish}]
    found = {"gen_ai.output.messages": _json(said)}
    if request is None:
        return found
    system = [part for one in request.messages if one.role == "system" for part in _parts(one.parts)]
    if system:
        found["gen_ai.system_instructions"] = _json(system)
    asked = [_of(one) for one in request.messages[-MOST_MESSAGES:] if one.role != "system"]
    return {**found, "gen_ai.input.messages": _json(asked)}


def _of(message: Message) -> Told:
    """Results of tools have a role of their own there."""
    results = bool(message.parts) and all(isinstance(part, ToolResult) for part in message.parts)
    return _message("tool" if results else message.role, message.parts)


def _message(role: str, parts: Iterable[Part]) -> Told:
    return {"role": role, "parts": list(_parts(parts))}


def _parts(parts: Iterable[Part]) -> Iterator[Told]:
    for part in parts:
        match part:
            case Text():
                yield {"type": "text", "content": _cut(part.text)}
            case Thought():
                yield {"type": "reasoning", "content": _cut(part.text)}
            case ToolUse():
                yield {"type": "tool_call", "id": part.id, "name": part.name, "arguments": _cut(part.arguments)}
            case ToolResult():
                words = "".join(one.text for one in part.content if isinstance(one, Text))
                yield {"type": "tool_call_response", "id": part.id, "response": _cut(words)}
            case Image():
                yield {"type": "blob", "modality": "image", "mime_type": part.media_type}
            case Document():
                yield {"type": "blob", "modality": "document", "mime_type": part.media_type}
            case Foreign():
                yield {"type": part.kind}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
