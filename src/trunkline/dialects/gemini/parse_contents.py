"""Reads the turns of a generateContent request.

Refuses to know the rest of the request.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Role, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.gemini import request_wire as wire
from trunkline.dialects.gemini.signature import heard
from trunkline.dialects.shape import fit

Json = dict[str, Any]
ANSWERS = ("result", "output")
"""Under which names functions answer with a plain text, by the vendor's examples."""


class TurnReader:
    """Calls without ids are numbered, and an answer without one is that of the first open call of its function."""

    def __init__(self) -> None:
        self._calls = 0
        self._open: list[tuple[str, str]] = []  # name and id of calls without an answer

    def messages(self, turns: list[wire.Content]) -> tuple[Message, ...]:
        """The turns, in order. Raises InvalidRequest naming the place."""
        found: list[Message] = []
        for at, turn in enumerate(turns):
            role: Role = "assistant" if turn.role == "model" else "user"
            parts = tuple(self.parts(turn, f"contents[{at}]"))
            if parts:
                found.append(Message(role, parts))
        return tuple(found)

    def parts(self, turn: wire.Content, path: str) -> Iterator[Part]:
        """The parts of a turn; ``path`` is where it stands in the body."""
        for at, raw in enumerate(turn.parts or ()):
            yield from self._part(fit(raw, wire.Part, f"{path}.parts[{at}]"), raw)

    def _part(self, part: wire.Part, raw: Json) -> Iterator[Part]:
        signature, origin = heard(part.thought_signature)
        if part.function_call is not None:
            yield self._call(part.function_call, signature)
        elif part.function_response is not None:
            yield self._answer(part.function_response)
        elif part.inline_data is not None:
            yield _blob(part.inline_data, raw)
        elif part.file_data is not None:
            yield _file(part.file_data, raw)
        elif part.text is not None and part.thought:
            yield Thought(part.text, signature, origin=origin)
        elif part.text:
            yield Text(part.text)
        elif part.text is None:
            yield Foreign("gemini", {**raw, "type": next(iter(raw), "part")})

    def _call(self, call: wire.FunctionCall, signature: str | None) -> ToolUse:
        self._calls += 1
        call_id = call.id or f"call_{self._calls}"
        self._open.append((call.name, call_id))
        return ToolUse(call_id, call.name, msgspec.json.encode(call.args or {}).decode(), signature=signature)

    def _answer(self, answer: wire.FunctionResponse) -> ToolResult:
        call_id = answer.id or next((found for name, found in self._open if name == answer.name), f"call_{answer.name}")
        self._open = [pair for pair in self._open if pair[1] != call_id]
        response = answer.response or {}
        failed = set(response) == {"error"}
        return ToolResult(call_id, (Text(_said(response)),), is_error=failed)


def _said(response: Json) -> str:
    """A function's answer as text: bare where it is one text under one of the usual names."""
    if len(response) == 1:
        ((name, value),) = response.items()
        if name in (*ANSWERS, "error") and isinstance(value, str):
            return value
    return msgspec.json.encode(response).decode()


def _blob(blob: wire.Blob, raw: Json) -> Image | Document | Foreign:
    if blob.mime_type.startswith("image/"):
        return Image(data=blob.data, media_type=blob.mime_type)
    if blob.mime_type.startswith(("audio/", "video/")):
        return Foreign("gemini", {**raw, "type": "inlineData"})
    return Document(data=blob.data, media_type=blob.mime_type)


def _file(file: wire.FileData, raw: Json) -> Image | Document | Foreign:
    """A file at a public address is one for everybody; one at Google's is for Google."""
    kind, uri = file.mime_type or "", file.file_uri
    if uri.startswith("https://") and "googleapis.com/" not in uri:
        if kind.startswith("image/"):
            return Image(url=uri, media_type=kind)
        if kind == "application/pdf":
            return Document(url=uri, media_type=kind)
    return Foreign("gemini", {**raw, "type": "fileData"})
