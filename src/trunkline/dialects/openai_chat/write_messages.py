"""Writes turns as OpenAI's messages.

Refuses to drop silently: what a message cannot hold is noted by the name its caller knows.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.openai_chat.completion import write_call
from trunkline.dialects.openai_chat.quirks import Quirks
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
Note = Callable[[str], None]
LEAST_FIELDS = 2  # role and content
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fitted_id(tool_id: str, length: int | None) -> str:
    """An id of exactly ``length`` letters and digits, the same for the same id (Mistral takes nine, no other)."""
    if length is None or (len(tool_id) == length and tool_id.isascii() and tool_id.isalnum()):
        return tool_id
    number = int.from_bytes(hashlib.sha256(tool_id.encode()).digest(), "big")
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(LETTERS))
        digits.append(LETTERS[digit])
    return "".join(digits)


class MessageWriter:
    """Writes for one provider's quirks; ``note`` hears what is dropped."""

    def __init__(self, quirks: Quirks, note: Note) -> None:
        self._quirks = quirks
        self._note = note

    def messages(self, turns: tuple[Message, ...]) -> list[Json]:
        """All turns; one that holds tool results becomes several messages, one of which nothing is left none.

        Raises Unsupported where that would be the question.
        """
        written: list[Json] = []
        for turn in turns:
            said = list(self._turn(turn))
            if turn.name and not any("name" in message for message in said):
                self._note("messages.name")
            written += said
        refuse_unasked(turns, written[-1]["role"] if written else None)
        return written

    def _turn(self, turn: Message) -> Iterator[Json]:
        if turn.role == "user":
            yield from self._user(turn)
            return
        system = turn.role == "system"
        message = {"role": "system", "content": self._system(turn)} if system else self._assistant(turn)
        if len(message) > LEAST_FIELDS or message["content"] or _says_nothing(turn.parts):
            yield self._named(turn, message)

    def _named(self, turn: Message, message: Json) -> Json:
        return {**message, "name": turn.name} if turn.name and self._quirks.names else message

    def _system(self, turn: Message) -> str:
        """One text: several providers take no list here."""
        self._mark_caches(turn.parts)
        for part in turn.parts:
            if not isinstance(part, Text):
                self._note(_kind(part))
        return "\n\n".join(part.text for part in turn.parts if isinstance(part, Text))

    def _user(self, turn: Message) -> Iterator[Json]:
        """Tool results first: a ``tool`` message must follow the call it answers at once."""
        rest: list[Part] = []
        for part in turn.parts:
            if isinstance(part, ToolResult):
                yield self._result(part)
                # a tool message holds text only, so what a tool showed is shown by the user, in the same order
                rest += [shown for shown in part.content if not isinstance(shown, Text)]
            else:
                rest.append(part)
        content = self._content(rest)
        if content or _says_nothing(turn.parts):
            yield self._named(turn, {"role": "user", "content": content})

    def _result(self, result: ToolResult) -> Json:
        self._mark_caches((result, *result.content))
        if result.is_error:
            self._note("is_error")
        text = "\n".join(part.text for part in result.content if isinstance(part, Text))
        return {"role": "tool", "tool_call_id": self._id(result.id), "content": text}

    def _content(self, parts: list[Part]) -> str | list[Json]:
        """A bare string where one text is all there is: every provider takes that."""
        self._mark_caches(tuple(parts))
        blocks = [written for part in parts if (written := self._part(part))]
        if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
            return str(blocks[0]["text"])
        return blocks or ""

    def _part(self, part: Part) -> Json | None:
        match part:
            case Text():
                return {"type": "text", "text": part.text}
            case Image():
                return _image(part)
            case Document(text=str()):
                return {"type": "text", "text": part.text}
            case Document(data=str()):
                url = f"data:{part.media_type or 'application/pdf'};base64,{part.data}"
                return {"type": "file", "file": {"filename": part.name or "document", "file_data": url}}
            case Foreign(dialect="openai"):
                return part.wire
            case _:
                self._note(_kind(part))
                return None

    def _assistant(self, turn: Message) -> Json:
        self._mark_caches(turn.parts)
        text = turn.text
        calls = [self._call(part) for part in turn.parts if isinstance(part, ToolUse)]
        calls += [part.wire for part in turn.parts if isinstance(part, Foreign) and part.dialect == "openai"]
        message: Json = {"role": "assistant", "content": text or (None if calls else "")}
        for part in turn.parts:
            if isinstance(part, Image | Document) or (isinstance(part, Foreign) and part.dialect != "openai"):
                self._note(_kind(part))
        self._think(turn, message)
        if calls:
            message["tool_calls"] = calls
        return message

    def _call(self, call: ToolUse) -> Json:
        return {**write_call(call), "id": self._id(call.id)}

    def _think(self, turn: Message, message: Json) -> None:
        thoughts = [part for part in turn.parts if isinstance(part, Thought)]
        text = "".join(part.text for part in thoughts)
        if text and self._quirks.reasoning_field:
            message[self._quirks.reasoning_field] = text
        elif text:
            self._note("thinking")
        if any(part.redacted for part in thoughts):
            self._note("redacted_thinking")

    def _id(self, tool_id: str) -> str:
        return fitted_id(tool_id, self._quirks.tool_id_length)

    def _mark_caches(self, parts: tuple[Part, ...]) -> None:
        if any(getattr(part, "cache", None) for part in parts):
            self._note("cache_control")


def _says_nothing(parts: tuple[Part, ...]) -> bool:
    """True for a turn that was empty as it came, which may mean something: it is not one that was emptied here."""
    return all(isinstance(part, Text) for part in parts)


def _image(image: Image) -> Json:
    url = image.url if image.url is not None else f"data:{image.media_type or 'image/png'};base64,{image.data}"
    told = {"url": url} if image.detail is None else {"url": url, "detail": image.detail}
    return {"type": "image_url", "image_url": told}


def _kind(part: Part) -> str:
    return part.kind if isinstance(part, Foreign) else str(part.__struct_config__.tag)
