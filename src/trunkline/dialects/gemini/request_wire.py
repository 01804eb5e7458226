"""The shapes of a generateContent request, once its names are camelCase.

Refuses nothing it need not understand: fields without a place here are found by ``shape.left_over``.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

MOST_ITEMS = 100_000
Tokens = Annotated[int, Meta(ge=1, le=2**31)]


class Blob(Struct, rename="camel"):
    """Bytes as base64."""

    mime_type: str
    data: str


class FileData(Struct, rename="camel"):
    """A file by its address."""

    file_uri: str
    mime_type: str | None = None


class FunctionCall(Struct):
    """A model's call of a function."""

    name: str
    args: dict[str, Any] | None = None
    id: str | None = None


class FunctionResponse(Struct):
    """What the function answered."""

    name: str
    response: dict[str, Any] | None = None
    id: str | None = None


class Part(Struct, rename="camel"):
    """A part of a turn."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None


class Content(Struct):
    """A turn; its parts are opened one by one."""

    parts: Annotated[list[dict[str, Any]], Meta(max_length=MOST_ITEMS)] | None = None
    role: str | None = None


class Declaration(Struct, rename="camel"):
    """A function the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None


class Calling(Struct, rename="camel"):
    """``functionCallingConfig``."""

    mode: str | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Struct, rename="camel"):
    """``toolConfig``."""

    function_calling_config: Calling | None = None


class Thinking(Struct, rename="camel"):
    """``thinkingConfig``."""

    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool | None = None


class Generation(Struct, rename="camel"):
    """``generationConfig``."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: Tokens | None = None
    candidate_count: int | None = None
    stop_sequences: list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_mime_type: str | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: Thinking | None = None


class Both(Struct):
    """``generationConfig`` whose fields may be spelled either way."""

    camel: Tokens | None = field(name="maxOutputTokens", default=None)
    max_output_tokens: Tokens | None = None

    @property
    def tokens(self) -> int | None:
        """The limit."""
        return self.camel or self.max_output_tokens


class Peeked(Struct):
    """A request as far as a peek looks, with its address."""

    model: str
    stream: bool = False
    camel: Both | None = field(name="generationConfig", default=None)
    generation_config: Both | None = None


class Request(Struct, rename="camel"):
    """A request as far as other dialects can follow it, with its address."""

    model: str
    stream: bool = False
    contents: Annotated[list[Content], Meta(max_length=MOST_ITEMS)] = []
    system_instruction: Content | None = None
    tools: Annotated[list[dict[str, Any]], Meta(max_length=MOST_ITEMS)] | None = None
    tool_config: ToolConfig | None = None
    generation_config: Generation | None = None
