"""Writes turns as the messages of ``/api/chat``: words, pictures beside them, calls, and their results by name.

Refuses to drop silently: what a message cannot hold is noted by the name its caller knows.
"""

from collections.abc import Callable, Iterator
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.arguments import as_object

Json = dict[str, Any]
Note = Callable[[str], None]


class MessageWriter:
    """Writes all turns; remembers the names of calls, by which results are told apart."""

    __slots__ = ("_names", "_note")

    def __init__(self, note: Note) -> None:
        self._note = note
        self._names: dict[str, str] = {}

    def written(self, turns: tuple[Message, ...]) -> list[Json]:
        """The messages, in order; a turn of which nothing is left is none."""
        return [message for turn in turns for message in self._turn(turn)]

    def _turn(self, turn: Message) -> Iterator[Json]:
        if turn.name:
            self._note("messages.name")
        if any(getattr(part, "cache", None) for part in turn.parts):
            self._note("cache_control")
        results = [part for part in turn.parts if isinstance(part, ToolResult)]
        for result in results:
            yield self._result(result)
        rest = tuple(part for part in turn.parts if not isinstance(part, ToolResult))
        if message := self._said(rest):
            yield {"role": turn.role, "content": "", **message}

    def _said(self, parts: tuple[Part, ...]) -> Json:
        """The fields of one message; none where nothing can be said."""
        words: list[str] = []
        thoughts: list[str] = []
        images: list[str] = []
        calls: list[Json] = []
        for part in parts:
            match part:
                case Text() if part.text:
                    words.append(part.text)
                case Document(text=str(text)):
                    words.append(text)
                case Image(data=str(data)):
                    images.append(data)
                case Thought(signature=None, redacted=None):
                    thoughts.append(part.text)
                case ToolUse():
                    calls.append(self._call(part))
                case Text():
                    pass
                case _:
                    self._note(_name(part))
        fields = {
            "content": "\n".join(words),
            "thinking": "\n".join(thoughts),
            "images": images,
            "tool_calls": calls,
        }
        return {name: value for name, value in fields.items() if value}

    def _call(self, call: ToolUse) -> Json:
        self._names[call.id] = call.name
        return {"id": call.id, "function": {"name": call.name, "arguments": as_object(call)}}

    def _result(self, result: ToolResult) -> Json:
        """What a tool answered; that it failed is said in words, for there is no field."""
        said = self._said(tuple(result.content))
        if result.is_error:
            said["content"] = f"Error: {said.get('content', '')}"
        told = {"tool_name": self._names.get(result.id, result.id), "tool_call_id": result.id}
        return {"role": "tool", "content": "", **said, **told}


def _name(part: Part) -> str:
    match part:
        case Image():
            return "image_url"  # only pictures sent along are taken: the server fetches nothing
        case Thought():
            return "reasoning"  # sealed by another vendor, for that vendor's models
        case Foreign():
            return f"messages.content.{part.kind}"
        case _:
            return str(part.__struct_config__.tag)
