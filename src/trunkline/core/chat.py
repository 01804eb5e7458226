"""A chat as trunkline understands it: the meeting point of all dialects.

Refuses to know any wire form. What a dialect says and these types cannot is kept by name in ``extra``,
so that a translation can name what it drops.
"""

from typing import Any, Literal

from msgspec import Struct

from trunkline.core.usage import Usage

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "tool_calls", "content_filter", "context_window", "pause"]
"""Why an answer ended; ``context_window`` and ``pause`` are Anthropic's, and others show them as length and stop."""


class Text(Struct, frozen=True, tag="text"):
    """Words; ``cache`` marks the end of a prefix the caller wants cached (Anthropic's ``cache_control``)."""

    text: str
    cache: dict[str, Any] | None = None


class Image(Struct, frozen=True, tag="image"):
    """A picture: either ``data`` (base64) with its ``media_type``, or a ``url``."""

    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    detail: str | None = None
    cache: dict[str, Any] | None = None


class Document(Struct, frozen=True, tag="document"):
    """A file: either ``data`` (base64) with its ``media_type``, or a ``url``, or plain ``text``."""

    url: str | None = None
    data: str | None = None
    text: str | None = None
    media_type: str | None = None
    name: str | None = None
    cache: dict[str, Any] | None = None


class Thought(Struct, frozen=True, tag="thought"):
    """Reasoning shown by a model; ``signature`` and ``redacted`` only mean something to the model that made them.

    ``origin`` is the dialect they were told in: a provider of any other is never shown them.
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    origin: str = "anthropic"


class ToolUse(Struct, frozen=True, tag="tool_use"):
    """A call of a tool by the model; ``arguments`` is JSON text exactly as the model wrote it.

    ``signature`` is the thought behind the call, sealed; only Gemini has such, and wants it back.
    """

    id: str
    name: str
    arguments: str = "{}"
    cache: dict[str, Any] | None = None
    signature: str | None = None


class ToolResult(Struct, frozen=True, tag="tool_result"):
    """What a tool answered."""

    id: str
    content: tuple[Text | Image | Document, ...] = ()
    is_error: bool = False
    cache: dict[str, Any] | None = None


class Foreign(Struct, frozen=True, tag="foreign"):
    """A part that only one dialect has (audio, a server-side tool's result), kept whole as its JSON object.

    A writer of ``dialect`` writes ``wire`` as it is; any other drops it by name.
    """

    dialect: str
    wire: dict[str, Any]

    @property
    def kind(self) -> str:
        """The part's own ``type``, to name it by."""
        return str(self.wire.get("type", "part"))


Part = Text | Image | Document | Thought | ToolUse | ToolResult | Foreign


class Message(Struct, frozen=True):
    """One turn. Tool results stand in user messages, in the order the caller gave."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None

    @property
    def text(self) -> str:
        """All text of the turn, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


class Tool(Struct, frozen=True):
    """A function the model may call; ``parameters`` is a JSON Schema, passed on untouched."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    cache: dict[str, Any] | None = None


class ToolChoice(Struct, frozen=True):
    """``auto``, ``any`` (must call one), ``none``, or ``tool`` (must call ``name``)."""

    mode: Literal["auto", "any", "none", "tool"]
    name: str | None = None


class OutputFormat(Struct, frozen=True):
    """Structured output: any JSON object, or one that fits ``schema``."""

    kind: Literal["json", "schema"]
    schema: dict[str, Any] | None = None
    name: str = "answer"
    description: str | None = None
    strict: bool | None = None


class Reasoning(Struct, frozen=True):
    """How hard to think: a word (``minimal`` .. ``max``, ``none``), a budget in tokens, or both."""

    effort: str | None = None
    budget: int | None = None
    adaptive: bool = False


class ChatRequest(Struct, frozen=True):
    """A whole request. ``extra`` holds the fields of the caller's dialect that have no place here, by name."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    output: OutputFormat | None = None
    reasoning: Reasoning | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    user: str | None = None
    service_tier: str | None = None
    extra: dict[str, Any] = {}


class Completion(Struct, frozen=True):
    """A whole answer: text, thoughts and tool calls in order; ``created`` in Unix seconds, 0 when not told."""

    id: str
    model: str
    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage
    created: int = 0
    stop_sequence: str | None = None

    @property
    def text(self) -> str:
        """The visible text, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def thoughts(self) -> str:
        """The reasoning text, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Thought))

    @property
    def tool_calls(self) -> tuple[ToolUse, ...]:
        """The tools the model wants called."""
        return tuple(part for part in self.parts if isinstance(part, ToolUse))
