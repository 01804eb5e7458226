"""The shapes of a responses request, as callers send it.

Refuses nothing it need not understand: fields without a place here are found by ``shape.left_over``.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

MOST_ITEMS = 100_000
Tokens = Annotated[int, Meta(ge=1, le=2**31)]


class TextPart(Struct, tag_field="type", tag="input_text"):
    """A user's words."""

    text: str


class SaidPart(Struct, tag_field="type", tag="output_text"):
    """A model's words."""

    text: str
    annotations: Any = None
    logprobs: Any = None


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    """A model's refusal."""

    refusal: str


class ImagePart(Struct, tag_field="type", tag="input_image"):
    """A picture by URL, data URL or the id of an upload."""

    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None


class FilePart(Struct, tag_field="type", tag="input_file"):
    """A document by its content (a data URL), its URL or the id of an upload."""

    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    """Sound."""

    input_audio: dict[str, Any]


Parts = Annotated[
    list[TextPart | SaidPart | RefusalPart | ImagePart | FilePart | AudioPart], Meta(max_length=MOST_ITEMS)
]


class Message(Struct):
    """A turn of words."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | Parts
    type: str | None = None
    id: str | None = None
    status: str | None = None
    phase: str | None = None


class Call(Struct):
    """A model's call of a function."""

    call_id: str
    name: str
    arguments: str = ""


class CallOutput(Struct):
    """What the function answered."""

    call_id: str
    output: str | Parts = ""


class SummaryText(Struct):
    """A part of a summary, or of shown reasoning."""

    text: str = ""


class ReasoningItem(Struct):
    """A model's reasoning, as it was given."""

    id: str = ""
    summary: list[SummaryText] | None = None
    content: list[SummaryText] | None = None
    encrypted_content: str | None = None


class ToolDef(Struct):
    """A tool; every ``type`` but ``function`` belongs to the vendor and is kept whole."""

    type: str = "function"
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolChoice(Struct):
    """``tool_choice`` as an object."""

    type: str
    name: str | None = None
    mode: Literal["auto", "required"] | None = None
    tools: list[dict[str, Any]] | None = None


class Format(Struct):
    """``text.format``."""

    type: Literal["text", "json_object", "json_schema"]
    name: str = "answer"
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class TextOptions(Struct):
    """``text``."""

    format: Format | None = None


class Reasoning(Struct):
    """``reasoning``; how much of it is shown is the provider's affair."""

    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None


class Peeked(Struct):
    """A request as far as a peek looks."""

    model: str
    stream: bool | None = None
    max_output_tokens: Tokens | None = None
    background: bool | None = None


class Request(Struct):
    """A request as far as other dialects can follow it."""

    model: str
    input: str | Annotated[list[dict[str, Any]], Meta(max_length=MOST_ITEMS)] = ""
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: Tokens | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: Annotated[list[ToolDef], Meta(max_length=MOST_ITEMS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    reasoning: Reasoning | None = None
    user: str | None = None
    service_tier: str | None = None
