"""Writes turns as the input items of a responses request.

Refuses to drop silently: what an item cannot hold is noted by the name its caller knows.
"""

from collections.abc import Callable, Iterator
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.data_url import made
from trunkline.dialects.openai_responses.reasoning import HOME, summary
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
Note = Callable[[str], None]


class ItemWriter:
    """Writes items; ``note`` hears what is dropped."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def items(self, turns: tuple[Message, ...]) -> list[Json]:
        """All turns; a turn becomes as many items as it has kinds of parts.

        Raises Unsupported where nothing is left of the question.
        """
        written, last = list[Json](), None
        for turn in turns:
            items = list(self._turn(turn))
            written += items
            last = turn.role if items else last
        refuse_unasked(turns, last)
        return written

    def _turn(self, turn: Message) -> Iterator[Json]:
        if turn.name:
            self._note("messages.name")
        if any(getattr(part, "cache", None) for part in turn.parts):
            self._note("cache_control")
        said: list[Json] = []
        for part in turn.parts:
            item = self._item(part)
            if item is None:
                said += self._content(part, turn.role)
                continue
            if said:
                yield _message(turn.role, said)
                said = []
            yield item
        if said:
            yield _message(turn.role, said)

    def _item(self, part: Part) -> Json | None:
        """The item a part is by itself; None for what stands in a message."""
        match part:
            case ToolUse():
                head = {"type": "function_call", "call_id": part.id, "name": part.name}
                return {**head, "arguments": part.arguments or "{}"}
            case ToolResult():
                return {"type": "function_call_output", "call_id": part.id, "output": self._output(part)}
            case Thought(origin="responses", signature=str(signature)):
                item_id, _, encrypted = signature.partition("|")
                return {
                    "id": item_id,
                    "type": "reasoning",
                    "summary": summary(part.text),
                    **({"encrypted_content": encrypted} if encrypted else {}),
                }
            case Foreign(dialect=spoken) if spoken == HOME and not str(part.kind).startswith("input_"):
                return part.wire
            case _:
                return None

    def _output(self, result: ToolResult) -> str | list[Json]:
        if result.is_error:
            self._note("is_error")
        if all(isinstance(part, Text) for part in result.content):
            return "\n".join(part.text for part in result.content if isinstance(part, Text))
        return [item for part in result.content for item in self._content(part, "user")]

    def _content(self, part: Part, role: str) -> list[Json]:
        match part:
            case Text():
                return [{"type": "output_text" if role == "assistant" else "input_text", "text": part.text}]
            case Image() if role != "assistant":
                return [_image(part)]
            case Document() if role != "assistant":
                return [_file(part)]
            case Foreign(dialect="responses"):
                return [part.wire]
            case _:
                self._note(part.kind if isinstance(part, Foreign) else str(part.__struct_config__.tag))
                return []


def _message(role: str, content: list[Json]) -> Json:
    """A bare string where one text is all there is, and for the assistant's: their list is one of items with ids."""
    if role == "assistant" and all(part["type"] == "output_text" for part in content):
        return {"type": "message", "role": role, "content": "".join(part["text"] for part in content)}
    bare = len(content) == 1 and content[0]["type"] == "input_text"
    return {"type": "message", "role": role, "content": content[0]["text"] if bare else content}


def _image(image: Image) -> Json:
    url = image.url if image.url is not None else made(image.media_type or "image/png", image.data)
    return {"type": "input_image", "image_url": url, "detail": image.detail or "auto"}


def _file(document: Document) -> Json:
    if document.text is not None:
        return {"type": "input_text", "text": document.text}
    if document.url is not None:
        return {"type": "input_file", "file_url": document.url}
    url = made(document.media_type or "application/pdf", document.data)
    return {"type": "input_file", "filename": document.name or "document.pdf", "file_data": url}
