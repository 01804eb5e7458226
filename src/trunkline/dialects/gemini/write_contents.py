"""Writes turns as the contents of a generateContent request.

Refuses to drop silently: what a part cannot hold is noted by the name its caller knows.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.gemini.completion import as_object
from trunkline.dialects.gemini.signature import UNSIGNED

Json = dict[str, Any]
Note = Callable[[str], None]
MEDIA = {"png": "image/png", "webp": "image/webp", "gif": "image/gif", "heic": "image/heic"}


class ContentWriter:
    """Collects turns; those of one role that follow each other are joined. ``signed``: calls must have a signature."""

    def __init__(self, note: Note, *, signed: bool) -> None:
        self.system: list[Json] = []
        self.contents: list[Json] = []
        self._note = note
        self._signed = signed
        self._names: dict[str, str] = {}  # of the calls so far, by id

    def write(self, turns: tuple[Message, ...]) -> None:
        """Add all turns, in order."""
        for turn in turns:
            if turn.name:
                self._note("messages.name")
            if any(getattr(part, "cache", None) for part in turn.parts):
                self._note("cache_control")
            if turn.role == "system":
                self.system += [{"text": part.text} for part in turn.parts if isinstance(part, Text) and part.text]
                continue
            parts = [written for part in turn.parts for written in self._part(part)]
            if turn.role == "assistant":
                self._sign(parts)
            self._add("model" if turn.role == "assistant" else "user", parts)

    def _add(self, role: str, parts: list[Json]) -> None:
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})

    def _sign(self, parts: list[Json]) -> None:
        """The first call of a turn needs a signature; one that another model made is marked so."""
        call = next((part for part in parts if "functionCall" in part), None)
        if call is not None and self._signed:
            call.setdefault("thoughtSignature", UNSIGNED)

    def _part(self, part: Part) -> list[Json]:
        match part:
            case Text():
                return [{"text": part.text}] if part.text else []
            case Image():
                if part.detail not in (None, "auto"):
                    self._note("image_url.detail")
                return [_image(part)]
            case Document():
                return [_document(part)]
            case ToolUse():
                self._names[part.id] = part.name
                call = {"functionCall": {"id": part.id, "name": part.name, "args": as_object(part.arguments)}}
                return [{**call, "thoughtSignature": part.signature} if part.signature else call]
            case ToolResult():
                return self._result(part)
            case Thought(origin="gemini") if part.signature or part.text:
                signed = {"thoughtSignature": part.signature} if part.signature else {}
                return [{"text": part.text, "thought": True, **signed}]
            case Foreign(dialect="gemini"):
                return [{name: value for name, value in part.wire.items() if name != "type"}]
            case _:
                self._note(part.kind if isinstance(part, Foreign) else str(part.__struct_config__.tag))
                return []

    def _result(self, result: ToolResult) -> list[Json]:
        """The answer as an object, and what a tool showed beside it."""
        text = "\n".join(part.text for part in result.content if isinstance(part, Text))
        name = self._names.get(result.id, result.id)
        response = {"error": text} if result.is_error else _response(text)
        answer = {"functionResponse": {"id": result.id, "name": name, "response": response}}
        return [answer, *(shown for part in result.content if not isinstance(part, Text) for shown in self._part(part))]


def _response(text: str) -> Any:
    """A JSON object as it is, anything else as ``result``."""
    if text.startswith("{"):
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
    return {"result": text}


def _image(image: Image) -> Json:
    if image.url is None:
        return {"inlineData": {"mimeType": image.media_type or "image/png", "data": image.data or ""}}
    ending = image.url.partition("?")[0].rpartition(".")[2].lower()
    return {"fileData": {"mimeType": image.media_type or MEDIA.get(ending, "image/jpeg"), "fileUri": image.url}}


def _document(document: Document) -> Json:
    if document.text is not None:
        return {"text": document.text}
    kind = document.media_type or "application/pdf"
    if document.url is not None:
        return {"fileData": {"mimeType": kind, "fileUri": document.url}}
    return {"inlineData": {"mimeType": kind, "data": document.data or ""}}
