"""What was asked and what is answered, free of any dialect: the two values the pure model works on.
It refuses to know JSON bodies, headers and clocks.
"""

from typing import Any, Literal

from msgspec import Struct

DialectName = Literal["openai", "responses", "anthropic", "gemini", "bedrock", "ollama", "cohere"]
Finish = Literal["stop", "length", "window", "stop_sequence", "tool", "filter"]


class Tool(Struct, frozen=True):
    """A tool the model may call; `schema` is the JSON schema of its arguments."""

    name: str
    schema: dict[str, Any]


class Ask(Struct, frozen=True, kw_only=True):
    """One question to one model.

    `text` is everything that counts as input, in order (the prompt alone when empty). `cache_mark` is how many
    characters of it the caller marked as worth caching, None where the provider decides. `tool_choice` is auto, none,
    required, or ``tool:NAME``. `salt` makes two equal questions with different bodies draw different wording.
    `prefill` is the last message where it is the assistant's own, to be gone on with; `prefill_marks` are the words by
    which an OpenAI body asked for that. `window` is the context the caller chose, in tokens; where it `truncates`, a
    prompt that does not fit loses its beginning.
    """

    model: str
    prompt: str
    text: str = ""
    dialect: DialectName = "openai"
    cache_mark: int | None = None
    images: int = 0
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    tool_result: str | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    json: bool = False
    schema: dict[str, Any] | None = None
    reasoning: bool = False
    hide_reasoning: bool = False
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    parameters: frozenset[str] = frozenset()
    salt: str = ""
    prefill: str = ""
    prefill_marks: frozenset[str] = frozenset()
    window: int | None = None
    truncates: bool = False

    @property
    def counted(self) -> str:
        """The text whose tokens are the input tokens."""
        return self.text or self.prompt


class ToolCall(Struct, frozen=True):
    """A call of a tool; `arguments` is JSON text, cut short when the answer hit its token limit."""

    id: str
    name: str
    arguments: str


class Answer(Struct, frozen=True, kw_only=True):
    """One choice of an answer. `thinking`, `text` and the arguments of `calls` come in this order.

    `kind` is the kind of question, `quality` the configured probability of a right answer to it, `score` 1.0 when this
    one is right and 0.0 when it is not: the truth, whatever a judge may think of the text.
    """

    text: str
    kind: str
    quality: float
    score: float
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    stop_sequence: str | None = None
    output_tokens: int = 0
    reasoning_tokens: int = 0
