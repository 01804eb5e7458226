"""Writes turns as the messages of ``/v2/chat``.

Refuses to drop silently: what a message cannot hold is noted by the name its caller knows.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.data_url import made

Json = dict[str, Any]
Note = Callable[[str], None]


def write_messages(turns: tuple[Message, ...], note: Note) -> list[Json]:
    """The messages, in order; a turn of which nothing is left is none."""
    return [message for turn in turns for message in _turn(turn, note)]


def _turn(turn: Message, note: Note) -> Iterator[Json]:
    if turn.name:
        note("messages.name")
    if any(getattr(part, "cache", None) for part in turn.parts):
        note("cache_control")
    for part in turn.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.id, "content": _result(part, note)}
    rest = [part for part in turn.parts if not isinstance(part, ToolResult)]
    message = _assistant(rest, note) if turn.role == "assistant" else _asked(rest, note)
    if message:
        yield {"role": turn.role, **message}


def _asked(parts: Sequence[Part], note: Note) -> Json:
    blocks = [block for part in parts if (block := _block(part, note)) is not None]
    return {"content": _joined(blocks)} if blocks else {}


def _assistant(parts: Sequence[Part], note: Note) -> Json:
    """Thoughts before calls are their plan; without calls they stand in the content."""
    calls = [_call(part) for part in parts if isinstance(part, ToolUse)]
    thoughts = [part for part in parts if isinstance(part, Thought) and part.text and _open(part)]
    kept = [part for part in parts if not isinstance(part, ToolUse) and part not in thoughts]
    blocks = [block for part in kept if (block := _block(part, note)) is not None]
    plan = "\n".join(thought.text for thought in thoughts)
    if calls:
        fields = {"tool_plan": plan, "content": _joined(blocks), "tool_calls": calls}
        return {name: value for name, value in fields.items() if value}
    thinking = [{"type": "thinking", "thinking": plan}] if plan else []
    return {"content": _joined([*thinking, *blocks])} if blocks or thinking else {}


def _open(thought: Thought) -> bool:
    """Words that no vendor has sealed for its own models."""
    return thought.signature is None and thought.redacted is None


def _joined(blocks: list[Json]) -> str | list[Json]:
    """One text is a string: all models take that, and lists only those that see pictures or think."""
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks


def _block(part: Part, note: Note) -> Json | None:
    match part:
        case Text():
            return {"type": "text", "text": part.text} if part.text else None
        case Document(text=str(text)):
            return {"type": "text", "text": text}
        case Image():
            told: Json = {"url": part.url or made(part.media_type or "image/png", part.data)}
            return {"type": "image_url", "image_url": {**told, "detail": part.detail} if part.detail else told}
        case Thought():
            note("reasoning")  # sealed by another vendor, for that vendor's models
        case Foreign():
            note(f"messages.content.{part.kind}")
        case _:
            note(str(part.__struct_config__.tag))
    return None


def _call(call: ToolUse) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _result(result: ToolResult, note: Note) -> str:
    """What a tool answered; that it failed is said in words, for there is no field."""
    words: list[str] = []
    for part in result.content:
        match part:
            case Text():
                words.append(part.text)
            case Document(text=str(text)):
                words.append(text)
            case Image():
                note("image_url")
            case _:
                note("document")
    told = "\n".join(words)
    return f"Error: {told}" if result.is_error else told
