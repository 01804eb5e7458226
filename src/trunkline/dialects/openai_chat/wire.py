"""The shapes of a chat completions request, as callers send it.

Refuses nothing it need not understand: fields without a place here are found by ``shape.left_over``.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

MOST_ITEMS = 100_000

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Cache = dict[str, Any] | None
Tokens = Annotated[int, Meta(ge=1, le=2**31)]


class ImageURL(Struct):
    """``url`` may be a data URL."""

    url: str
    detail: str | None = None


class File(Struct):
    """A file by its content (a data URL) or by the id of an upload."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class TextPart(Struct, tag_field="type", tag="text"):
    """Words."""

    text: str
    cache_control: Cache = None


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    """An assistant's refusal."""

    refusal: str


class ImagePart(Struct, tag_field="type", tag="image_url"):
    """A picture; some clients send the URL bare."""

    image_url: ImageURL | str
    cache_control: Cache = None


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    """Sound: no other dialect here has it."""

    input_audio: dict[str, Any]


class FilePart(Struct, tag_field="type", tag="file"):
    """A document."""

    file: File
    cache_control: Cache = None


Parts = Annotated[list[TextPart | RefusalPart | ImagePart | AudioPart | FilePart], Meta(max_length=MOST_ITEMS)]
Content = str | Parts


class FunctionCall(Struct):
    """``arguments`` is JSON text."""

    name: str
    arguments: str = ""


class ToolCall(Struct):
    """A call of a function, or of a ``custom`` tool."""

    id: str
    type: Literal["function", "custom"] = "function"
    function: FunctionCall | None = None
    custom: dict[str, Any] | None = None
    extra_content: dict[str, Any] | None = None

    @property
    def signature(self) -> str | None:
        """The thought signature of a call that Gemini made."""
        google = (self.extra_content or {}).get("google")
        told = google.get("thought_signature") if isinstance(google, dict) else None
        return told if isinstance(told, str) else None


class System(Struct, tag_field="role", tag="system"):
    """Instructions."""

    content: Content
    name: str | None = None


class Developer(Struct, tag_field="role", tag="developer"):
    """Instructions, under their newer name."""

    content: Content
    name: str | None = None


class User(Struct, tag_field="role", tag="user"):
    """A user's turn."""

    content: Content
    name: str | None = None


class Assistant(Struct, tag_field="role", tag="assistant"):
    """A model's turn; ``reasoning_content`` is DeepSeek's name for its thoughts, ``reasoning`` OpenRouter's."""

    content: Content | None = None
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: Annotated[list[ToolCall], Meta(max_length=MOST_ITEMS)] | None = None
    function_call: FunctionCall | None = None
    prefix: bool | None = None  # Mistral's and DeepSeek's word for a prefill, which is what Anthropic takes it for


class ToolAnswer(Struct, tag_field="role", tag="tool"):
    """What a tool answered."""

    tool_call_id: str
    content: Content
    name: str | None = None


class FunctionAnswer(Struct, tag_field="role", tag="function"):
    """What a function answered, in the form before tools."""

    name: str
    content: str | None = None


Messages = Annotated[
    list[System | Developer | User | Assistant | ToolAnswer | FunctionAnswer],
    Meta(min_length=1, max_length=MOST_ITEMS),
]


class FunctionDef(Struct):
    """A function the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolDef(Struct):
    """A tool; every ``type`` but ``function`` belongs to one vendor and is kept whole."""

    type: str = "function"
    function: FunctionDef | None = None
    cache_control: Cache = None


class Named(Struct):
    """A thing by its name."""

    name: str


class AllowedTools(Struct):
    """Some of the tools, and whether one of them must be called."""

    mode: Literal["auto", "required"]
    tools: list[dict[str, Any]]


class ChoiceOfTool(Struct):
    """``tool_choice`` as an object."""

    type: Literal["function", "allowed_tools", "custom"] = "function"
    function: Named | None = None
    allowed_tools: AllowedTools | None = None
    custom: Named | None = None


class JSONSchema(Struct):
    """``response_format.json_schema``."""

    name: str = "answer"
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class ResponseFormat(Struct):
    """Structured output."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JSONSchema | None = None


class StreamOptions(Struct):
    """``include_obfuscation`` pads chunks against eavesdroppers who measure them; we write no padding."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Spoken(Struct):
    """A message as far as a peek looks."""

    role: Role


class Peeked(Struct):
    """A request as far as a peek looks."""

    model: str
    messages: Annotated[list[Spoken], Meta(min_length=1, max_length=MOST_ITEMS)]
    stream: bool | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stream_options: StreamOptions | None = None


class Request(Struct):
    """A request as far as other dialects can follow it."""

    model: str
    messages: Messages
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    tools: Annotated[list[ToolDef], Meta(max_length=MOST_ITEMS)] | None = None
    tool_choice: Literal["none", "auto", "required", "any"] | ChoiceOfTool | None = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[FunctionDef], Meta(max_length=MOST_ITEMS)] | None = None
    function_call: Literal["none", "auto"] | Named | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    user: str | None = None
    service_tier: str | None = None
