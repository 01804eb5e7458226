"""The tour: what is asked, in which dialect, and what must come of it.

Refuses to ask it. The seed decides every answer of the simulated providers, so each step can say what it expects.
"""

import json
from typing import Any

from msgspec import Struct

from trunkline.cli.demo.call import OK, Seen
from trunkline.core.dialect import DialectName

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = "Call the tool get_weather for Paris."
TOOLS: dict[DialectName, list[dict[str, Any]]] = {
    "openai": [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}],
    "anthropic": [{"name": "get_weather", "input_schema": CITY}],
}
STRUCTURED = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY}}
NOT_FOUND = 404


class Step(Struct, frozen=True):
    """One call and what must come of it; ``says`` must stand in the answer, or in the error of one that ``fails``."""

    dialect: DialectName
    kind: str
    model: str
    question: str
    says: str
    provider: str
    attempts: int = 1
    status: int = OK
    stream: bool = False
    fails: bool = False
    extra: dict[str, Any] = {}

    @property
    def is_local(self) -> bool:
        """True when the real model answers."""
        return self.provider == "local"

    def body(self) -> dict[str, object]:
        """The request in the step's dialect."""
        asked: dict[str, object] = {
            "model": self.model,
            "messages": [{"role": "user", "content": self.question}],
            "max_tokens": 64,
            **self.extra,
        }
        if self.stream:
            asked["stream"] = True
            if self.dialect == "openai":
                asked["stream_options"] = {"include_usage": True}
        return asked

    def surprise(self, seen: Seen) -> str | None:
        """What is not as it should be, or None."""
        rows = (
            ("status", self.status, seen.status),
            ("answered by", self.provider, seen.provider),
            ("attempts", self.attempts, seen.attempts),
            ("an error", self.fails, seen.error is not None),
        )
        for what, expected, found in rows:
            if expected != found:
                return f"{what}: expected {expected}, got {found}" + (f" ({seen.error})" if seen.error else "")
        said = seen.error if self.fails else shown(seen)
        return None if self.says in (said or "") else f"expected {self.says!r} in {said!r}"


def shown(seen: Seen) -> str:
    """The answer in a few words: its text, or the tools it calls."""
    calls = [f"{call.name}({_arguments(call.arguments)})" for call in seen.tool_calls]
    return " ".join([*seen.text.split(), *calls])


def _arguments(text: str) -> str:
    try:
        return ", ".join(f"{name}={value}" for name, value in json.loads(text).items())
    except (ValueError, AttributeError):
        return text


CAPITAL = "What is the capital of France? Answer in one sentence."

STEPS = (
    Step("openai", "chat", "fast", "What is 17 + 25?", "17 + 25 = 42.", "flaky"),
    Step("openai", "stream", "fast", CAPITAL, "Paris", "flaky", stream=True),
    Step("anthropic", "chat", "fast", "What is 6 * 7?", "6 * 7 = 42.", "flaky"),
    Step("anthropic", "stream", "fast", CAPITAL, "Paris", "flaky", stream=True),
    Step("openai", "chat", "careful", "What is 17 + 25?", "17 + 25 = 42.", "dear"),
    Step("openai", "stream", "careful", CAPITAL, "Paris", "dear", stream=True),
    Step("openai", "tool call", "careful", WEATHER, "city=Paris", "dear", extra={"tools": TOOLS["openai"]}),
    Step(
        "anthropic",
        "tool stream",
        "fast",
        WEATHER,
        "city=Paris",
        "flaky",
        stream=True,
        extra={"tools": TOOLS["anthropic"]},
    ),
    Step(
        "openai",
        "JSON",
        "fast",
        "I live in Paris. Where do I live?",
        '{"city":"Paris"}',
        "flaky",
        extra={"response_format": STRUCTURED},
    ),
    Step("openai", "chat", "busy", "What is 100 / 4?", "25", "dear", attempts=2),
    Step("anthropic", "stream", "breaks-early", "What is 9 - 4?", "9 - 4 = 5.", "dear", attempts=2, stream=True),
    Step("openai", "stream", "breaks-late", CAPITAL, "closed the connection", "flaky", stream=True, fails=True),
    Step("openai", "chat", "fsat", "Hello?", 'did you mean "fast"?', "none", attempts=0, status=NOT_FOUND, fails=True),
    Step("openai", "stream", "tiny", CAPITAL, "Paris", "local", stream=True),
    Step("anthropic", "stream", "tiny", CAPITAL, "Paris", "local", stream=True),
)
