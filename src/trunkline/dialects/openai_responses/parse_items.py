"""Reads the input items of a responses request as turns.

Refuses to know the rest of the request.
"""

from collections.abc import Callable, Iterator
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Role, Text, Thought, ToolResult, ToolUse
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.data_url import opened
from trunkline.dialects.openai_responses import request_wire as wire
from trunkline.dialects.openai_responses.reasoning import read_seal
from trunkline.dialects.shape import fit

Json = dict[str, Any]
Shown = Text | Image | Document | Foreign


class ItemReader:
    """Items of one side that follow each other become one turn, as the core (and Anthropic) has them."""

    def __init__(self, extra: Json) -> None:
        self._extra = extra  # takes what an item holds and the core has no place for
        self._turns: list[tuple[Role, list[Part]]] = []
        self._read: dict[str, Callable[[Json, str], None]] = {
            "message": self._message,
            "function_call": self._call,
            "function_call_output": self._output,
            "reasoning": self._reasoning,
            "item_reference": self._reference,
        }

    def messages(self, items: list[Json]) -> tuple[Message, ...]:
        """The turns, in order. Raises InvalidRequest naming the place."""
        for at, item in enumerate(items):
            self._read.get(str(item.get("type") or "message"), self._foreign)(item, f"input[{at}]")
        return tuple(Message(role, tuple(parts)) for role, parts in self._turns)

    def _add(self, role: Role, *parts: Part) -> None:
        joins = role == "assistant" or (bool(parts) and isinstance(parts[0], ToolResult))
        last = self._turns[-1] if self._turns else None
        if joins and last and last[0] == role and (role == "assistant" or isinstance(last[1][0], ToolResult)):
            last[1].extend(parts)
        elif parts:
            self._turns.append((role, list(parts)))

    def _message(self, item: Json, path: str) -> None:
        turn = fit(item, wire.Message, path)
        role: Role = "system" if turn.role == "developer" else turn.role
        self._add(role, *self._parts(turn.content, f"{path}.content"))

    def _call(self, item: Json, path: str) -> None:
        call = fit(item, wire.Call, path)
        self._add("assistant", ToolUse(call.call_id, call.name, call.arguments or "{}"))

    def _output(self, item: Json, path: str) -> None:
        told = fit(item, wire.CallOutput, path)
        content: list[Text | Image | Document] = []
        for part in self._parts(told.output, f"{path}.output"):
            if isinstance(part, Foreign):
                self._extra[f"input.output.{part.kind}"] = part.wire
            else:
                content.append(part)
        self._add("user", ToolResult(told.call_id, tuple(content)))

    def _reasoning(self, item: Json, path: str) -> None:
        told = fit(item, wire.ReasoningItem, path)
        signature, origin = read_seal(told.id, told.encrypted_content)
        text = "\n\n".join(one.text for one in told.summary or told.content or ())
        self._add("assistant", Thought(text, signature, origin=origin))

    def _reference(self, item: Json, path: str) -> None:
        self._extra["item_reference"] = item.get("id", path)

    def _foreign(self, item: Json, path: str) -> None:
        role: Role = "user" if str(item.get("type")).endswith("_output") else "assistant"
        self._add(role, Foreign("responses", item))

    def _parts(self, content: str | wire.Parts, path: str) -> Iterator[Shown]:
        if isinstance(content, str):
            content = [wire.TextPart(content)]
        for at, part in enumerate(content):
            match part:
                case wire.TextPart() | wire.SaidPart() if part.text:
                    yield Text(part.text)
                case wire.RefusalPart() if part.refusal:
                    yield Text(part.refusal)
                case wire.ImagePart():
                    yield _image(part, f"{path}[{at}].image_url")
                case wire.FilePart():
                    yield _file(part, f"{path}[{at}].file_data")
                case wire.AudioPart():
                    yield Foreign("responses", {"type": "input_audio", "input_audio": part.input_audio})
                case _:
                    pass  # empty words


def _image(part: wire.ImagePart, path: str) -> Image | Foreign:
    if part.image_url is None:
        if part.file_id is None:
            raise InvalidRequest(f"`{path}` is missing. Send a URL or a data URL.", param=path)
        return Foreign("responses", {"type": "input_image", "file_id": part.file_id})
    if not part.image_url.startswith("data:"):
        return Image(url=part.image_url, detail=part.detail)
    media_type, data = opened(part.image_url, path)
    return Image(data=data, media_type=media_type, detail=part.detail)


def _file(part: wire.FilePart, path: str) -> Document | Foreign:
    if part.file_data is not None:
        media_type, data = opened(part.file_data, path)
        return Document(data=data, media_type=media_type, name=part.filename)
    if part.file_url is not None:
        return Document(url=part.file_url, name=part.filename)
    return Foreign("responses", {"type": "input_file", "file_id": part.file_id})
