"""What of a request's text is looked at closely, and about how long all of it is.

Refuses to read megabytes: what the task is stands at its two ends, and in the last turns rather than the first.
"""

from collections.abc import Iterator

from msgspec import Struct

from trunkline.core.chat import ChatRequest, Document, Image, Message, Part, Text, Thought, ToolResult, ToolUse

SAMPLE = 4_096  # characters of the users' own words, the last ones first
OF_SYSTEM = 1_024  # characters of the system's
TOOL_PROPERTY = 90  # characters a property of a tool's schema takes, by count: writing schemas out costs too much here


class Sample(Struct, frozen=True):
    """``text`` to look at; ``characters``, ``messages`` and ``images`` of the whole prompt."""

    text: str
    characters: int
    messages: int = 1
    images: int = 0

    @classmethod
    def of(cls, text: str) -> "Sample":
        """One user's words."""
        return cls(ends(text, SAMPLE), len(text))


def sampled(request: ChatRequest) -> Sample:
    """The last users' words and the beginning of the system's; everything else by its length."""
    system = next((message.text for message in request.messages if message.role == "system"), "")
    characters = sum(_length(part) for message in request.messages for part in message.parts)
    characters += sum(len(tool.name) + len(tool.description or "") + _schema(tool.parameters) for tool in request.tools)
    pictures = sum(_pictures(part) for message in request.messages for part in message.parts)
    text = "\n".join(filter(None, (ends(system, OF_SYSTEM), *reversed(list(_last_words(request.messages))))))
    return Sample(text, characters, len(request.messages), pictures)


def ends(text: str, most: int) -> str:
    """A text of at most about ``most`` characters: its first and its last half.

    Half as many where they are not ASCII: other scripts say as much in fewer, and each costs twice the time to look at.
    """
    if len(text) > most // 2 and not text.isascii():
        most //= 2
    return text if len(text) <= most else f"{text[: most // 2]}\n{text[-(most // 2) :]}"


def _last_words(messages: tuple[Message, ...]) -> Iterator[str]:
    """What users said, the last turn first, until the sample is full."""
    room = SAMPLE
    for message in reversed(messages):
        if room <= 0:
            return
        if message.role == "user" and (said := message.text):
            kept = ends(said, room)
            room -= len(kept)
            yield kept


def _length(part: Part) -> int:
    match part:
        case Text() | Thought():
            return len(part.text)
        case ToolUse():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return sum(len(inner.text) for inner in part.content if isinstance(inner, Text))
        case Document():
            return len(part.text or part.data or "")
        case _:
            return 0


def _pictures(part: Part) -> int:
    if isinstance(part, ToolResult):
        return sum(isinstance(inner, Image) for inner in part.content)
    return isinstance(part, Image)


def _schema(parameters: dict[str, object] | None) -> int:
    properties = (parameters or {}).get("properties")
    return TOOL_PROPERTY * len(properties) if isinstance(properties, dict) else 0
