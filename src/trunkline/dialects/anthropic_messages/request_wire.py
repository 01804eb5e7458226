"""The shapes of an Anthropic messages request, as callers send it.

Refuses to know the core types; blocks of a turn are fitted one by one, since their kinds are many and grow.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Tokens = Annotated[int, Meta(ge=0, le=2**31)]  # 0 asks only to fill the prompt cache
Cache = dict[str, Any] | None
Json = dict[str, Any]


class Role(Struct):
    """As much of a turn as a peek reads."""

    role: Literal["user", "assistant", "system"]


class Turn(Role):
    """One turn; ``content`` is text or a list of blocks."""

    content: str | list[Json]


class Peek(Struct):
    """What the house must know of a body before it goes anywhere."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Role], Meta(min_length=1, max_length=100_000)]
    max_tokens: Tokens | None = None
    stream: bool | None = None


class Base64Source(Struct, tag="base64"):
    """Bytes in the request itself."""

    data: str
    media_type: str


class UrlSource(Struct, tag="url"):
    """Bytes the provider fetches."""

    url: str


class TextSource(Struct, tag="text"):
    """A document that is plain text."""

    data: str
    media_type: str = "text/plain"


class TextBlock(Struct, tag="text"):
    """Words."""

    text: str
    cache_control: Cache = None


class ImageBlock(Struct, tag="image"):
    """A picture."""

    source: Base64Source | UrlSource
    cache_control: Cache = None


class DocumentBlock(Struct, tag="document"):
    """A file."""

    source: Base64Source | UrlSource | TextSource
    title: str | None = None
    cache_control: Cache = None


class ThinkingBlock(Struct, tag="thinking"):
    """Reasoning of an earlier answer, handed back."""

    thinking: str
    signature: str | None = None


class RedactedBlock(Struct, tag="redacted_thinking"):
    """Reasoning of an earlier answer that only the vendor can read."""

    data: str


class ToolUseBlock(Struct, tag="tool_use"):
    """A tool call of an earlier answer."""

    id: str
    name: str
    input: Json
    cache_control: Cache = None


class ToolResultBlock(Struct, tag="tool_result"):
    """What a tool answered."""

    tool_use_id: str
    content: str | list[Json] | None = None
    is_error: bool | None = None
    cache_control: Cache = None


class Tool(Struct):
    """A tool the caller runs; those the vendor runs have another ``type``."""

    name: str
    input_schema: Json
    type: Literal["custom"] | None = None
    description: str | None = None
    strict: bool | None = None
    cache_control: Cache = None


class ToolChoice(Struct):
    """Which tool, if any, must be called."""

    type: Literal["auto", "any", "none", "tool"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct):
    """Whether and how long to think."""

    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: Annotated[int, Meta(ge=1)] | None = None


class JsonFormat(Struct):
    """The schema an answer must fit."""

    type: Literal["json_schema"]
    schema: Json


class OutputConfig(Struct):
    """How the answer is made."""

    effort: str | None = None
    format: JsonFormat | None = None


class Metadata(Struct):
    """Who it is for."""

    user_id: str | None = None


class Request(Struct, kw_only=True):
    """What a request for an answer and one for a count have in common."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Turn], Meta(min_length=1, max_length=100_000)]
    system: str | list[Json] | None = None
    tools: Annotated[list[Json], Meta(max_length=10_000)] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: JsonFormat | None = None  # the beta's name for output_config.format
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    metadata: Metadata | None = None
    service_tier: str | None = None


class Counted(Request, kw_only=True):
    """A request whose tokens are to be counted."""

    max_tokens: Tokens | None = None


class Asked(Request, kw_only=True):
    """A request for an answer."""

    max_tokens: Tokens
