"""Writes core messages as an Anthropic conversation: system text apart, turns that alternate, results first.

Refuses to drop silently: the names of what Anthropic cannot take are noted, as an OpenAI caller spells them.
"""

from typing import Any, assert_never

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.arguments import as_object
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]


class TurnWriter:
    """Collects turns. Turns of one role that follow each other are joined: tool results must stand in one turn."""

    def __init__(self, dropped: list[str]) -> None:
        self.system: list[Json] = []
        self.turns: list[Json] = []
        self._dropped = dropped

    def write(self, messages: tuple[Message, ...]) -> None:
        """Add all messages, in order."""
        for message in messages:
            blocks = [block for part in message.parts if (block := self._block(part)) is not None]
            if message.name is not None:
                self._dropped.append("messages.name")
            if message.role == "system":
                self.system += blocks
            elif blocks:
                self._add(message.role, blocks)
        if self.turns or self.system:
            refuse_unasked(messages, self.turns[-1]["role"] if self.turns else None)
        if not self.turns and self.system:  # a system prompt alone: the vendor wants at least one turn
            self._add("user", [self.system.pop()])
        self._finish()

    def _add(self, role: str, blocks: list[Json]) -> None:
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += blocks
        else:
            self.turns.append({"role": role, "content": blocks})

    def _finish(self) -> None:
        for turn in self.turns:
            if turn["role"] == "user":  # the vendor refuses a result that stands after other content
                turn["content"].sort(key=_after_results)
        if self.turns and self.turns[-1]["role"] == "assistant":  # and a prefill that ends in white space
            last = self.turns[-1]["content"][-1]
            if last["type"] == "text":
                last["text"] = last["text"].rstrip()

    def _block(self, part: Part) -> Json | None:
        match part:
            case Text():
                # the vendor refuses blocks without visible text
                return _cached({"type": "text", "text": part.text}, part.cache) if part.text.strip() else None
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Thought():
                return self._thought(part)
            case ToolUse():
                fields = {"type": "tool_use", "id": part.id, "name": part.name, "input": as_object(part)}
                return _cached(fields, part.cache)
            case ToolResult():
                return self._result(part)
            case Foreign(dialect="anthropic"):
                return part.wire
            case Foreign():
                self._dropped.append(f"messages.content.{part.kind}")
                return None
            case _:
                assert_never(part)

    def _image(self, part: Image) -> Json:
        if part.detail not in (None, "auto"):
            self._dropped.append("image_url.detail")
        return _cached({"type": "image", "source": _source(part.url, part.data, part.media_type)}, part.cache)

    def _document(self, part: Document) -> Json:
        if part.text is not None:
            source: Json = {"type": "text", "media_type": "text/plain", "data": part.text}
        else:
            source = _source(part.url, part.data, part.media_type or "application/pdf")
        fields = {"type": "document", "source": source}
        return _cached(fields | ({"title": part.name} if part.name else {}), part.cache)

    def _thought(self, part: Thought) -> Json | None:
        if part.origin != "anthropic":
            self._dropped.append("reasoning")  # sealed by another vendor, for that vendor's models
            return None
        if part.redacted is not None:
            return {"type": "redacted_thinking", "data": part.redacted}
        if part.signature:
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}
        self._dropped.append("reasoning_content")  # the vendor refuses a thought it cannot verify
        return None

    def _result(self, part: ToolResult) -> Json:
        fields: Json = {"type": "tool_result", "tool_use_id": part.id}
        content = [block for inner in part.content if (block := self._block(inner)) is not None]
        if content:
            fields["content"] = content
        if part.is_error:
            fields["is_error"] = True
        return _cached(fields, part.cache)


def _after_results(block: Json) -> bool:
    return bool(block["type"] != "tool_result")


def _cached(fields: Json, cache: Json | None) -> Json:
    return fields if cache is None else {**fields, "cache_control": cache}


def _source(url: str | None, data: str | None, media_type: str | None) -> Json:
    if url is not None:
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": media_type or "image/png", "data": data or ""}
