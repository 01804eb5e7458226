"""Reads the turns of a chat completions request.

Refuses to know the rest of the request.
"""

from collections.abc import Iterator
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Role, Text, Thought, ToolResult, ToolUse
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.data_url import opened
from trunkline.dialects.openai_chat import wire

Shown = Text | Image | Document | Foreign


class MessageReader:
    """Tool messages that follow each other become one user turn, which is how the core (and Anthropic) has them."""

    def __init__(self, extra: dict[str, Any]) -> None:
        self._extra = extra  # takes what a turn holds and the core has no place for
        self._at = ""  # the path of the turn being read
        self._calls = self._answers = 0  # function calls of the form before tools, which had no ids

    def messages(self, turns: wire.Messages) -> tuple[Message, ...]:
        """The turns, in order. Raises InvalidRequest naming the place."""
        messages: list[Message] = []
        results: list[ToolResult] = []
        for at, turn in enumerate(turns):
            self._at = f"messages[{at}]"
            if isinstance(turn, wire.ToolAnswer | wire.FunctionAnswer):
                results.append(self._result(turn))
                continue
            if results:
                messages.append(Message("user", tuple(results)))
                results = []
            messages.append(self._message(turn))
        return (*messages, Message("user", tuple(results))) if results else tuple(messages)

    def _message(self, turn: wire.System | wire.Developer | wire.User | wire.Assistant) -> Message:
        if isinstance(turn, wire.Assistant):
            return Message("assistant", tuple(self._assistant(turn)), turn.name)
        role: Role = "user" if isinstance(turn, wire.User) else "system"
        return Message(role, tuple(self._parts(turn.content)), turn.name)

    def _assistant(self, turn: wire.Assistant) -> Iterator[Part]:
        if thought := turn.reasoning_content or turn.reasoning:
            yield Thought(thought)
        yield from self._parts(turn.content)
        if turn.refusal:
            yield Text(turn.refusal)
        for at, call in enumerate(turn.tool_calls or ()):
            yield self._call(call, f"{self._at}.tool_calls[{at}]")
        if called := turn.function_call:
            self._calls += 1
            yield ToolUse(f"call_{self._calls}", called.name, called.arguments or "{}")

    def _call(self, call: wire.ToolCall, path: str) -> Part:
        if call.type == "custom":
            return Foreign("openai", {"type": "custom", "id": call.id, "custom": call.custom})
        if call.function is None:
            raise InvalidRequest(f"`{path}.function` is missing. Add its name and arguments.", param=f"{path}.function")
        return ToolUse(call.id, call.function.name, call.function.arguments or "{}", signature=call.signature)

    def _result(self, turn: wire.ToolAnswer | wire.FunctionAnswer) -> ToolResult:
        if isinstance(turn, wire.FunctionAnswer):
            self._answers += 1
            return ToolResult(f"call_{self._answers}", (Text(turn.content),) if turn.content else ())
        content = []
        for part in self._parts(turn.content):
            if isinstance(part, Foreign):
                self._extra[f"messages.content.{part.kind}"] = part.wire
            else:
                content.append(part)
        return ToolResult(turn.tool_call_id, tuple(content))

    def _parts(self, content: wire.Content | None) -> Iterator[Shown]:
        if isinstance(content, str):
            content = [wire.TextPart(content)]
        for at, part in enumerate(content or ()):
            match part:
                case wire.TextPart() if part.text:
                    yield Text(part.text, part.cache_control)
                case wire.RefusalPart() if part.refusal:
                    yield Text(part.refusal)
                case wire.ImagePart():
                    yield self._image(part, f"{self._at}.content[{at}].image_url")
                case wire.AudioPart():
                    yield Foreign("openai", {"type": "input_audio", "input_audio": part.input_audio})
                case wire.FilePart():
                    yield self._file(part, f"{self._at}.content[{at}].file")
                case _:
                    pass  # empty words: Anthropic refuses them, and nobody needs them

    def _image(self, part: wire.ImagePart, path: str) -> Image:
        image = wire.ImageURL(part.image_url) if isinstance(part.image_url, str) else part.image_url
        if not image.url.startswith("data:"):
            return Image(url=image.url, detail=image.detail, cache=part.cache_control)
        media_type, data = opened(image.url, f"{path}.url")
        return Image(data=data, media_type=media_type, detail=image.detail, cache=part.cache_control)

    def _file(self, part: wire.FilePart, path: str) -> Document | Foreign:
        file = part.file
        if file.file_data is None:  # an upload that only its own vendor can see
            return Foreign("openai", {"type": "file", "file": {"file_id": file.file_id, "filename": file.filename}})
        media_type, data = opened(file.file_data, f"{path}.file_data")
        return Document(data=data, media_type=media_type, name=file.filename, cache=part.cache_control)
