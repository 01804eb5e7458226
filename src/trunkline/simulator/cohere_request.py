"""Reading and checking a request for Cohere's own chat, as its API does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refused, bare_error

_ROLES = frozenset({"system", "user", "assistant", "tool"})


class Block(Struct, frozen=True):
    """A block of content."""

    type: str
    text: str = ""
    thinking: str = ""
    image_url: dict[str, Any] | None = None


class Function(Struct, frozen=True):
    """A function: declared with parameters, called with arguments as text."""

    name: str
    parameters: dict[str, Any] = {}
    arguments: str = ""
    description: str = ""


class Entry(Struct, frozen=True):
    """One of `tools`, or one of `tool_calls`."""

    function: Function
    type: str = "function"
    id: str = ""


class Message(Struct, frozen=True):
    """One turn."""

    role: str
    content: str | list[Block] = ""
    tool_calls: list[Entry] = []
    tool_call_id: str = ""
    tool_plan: str = ""

    @property
    def text(self) -> str:
        """Its words."""
        return self.content if isinstance(self.content, str) else "\n".join(block.text for block in self.content)


class Format(Struct, frozen=True):
    """`response_format`."""

    type: str = "text"
    json_schema: dict[str, Any] | None = None


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """All fields there are; the API refuses others."""

    model: str
    messages: list[Message]
    stream: bool = False
    tools: list[Entry] = []
    strict_tools: bool = False
    tool_choice: str | None = None
    response_format: Format = Format()
    thinking: dict[str, Any] | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] = []
    temperature: float | None = None
    p: float | None = None
    k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    documents: Any = None
    citation_options: Any = None
    safety_mode: str | None = None
    logprobs: bool | None = None
    priority: int | None = None


def read_request(body: bytes, salt: str) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        asked = msgspec.json.decode(body, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(bare_error("cohere", f"invalid request: {error}")) from error
    _check(asked)
    said = [turn.text for turn in asked.messages if turn.role == "user" and turn.text]
    blocks = [block for turn in asked.messages if isinstance(turn.content, list) for block in turn.content]
    return Ask(
        model=asked.model,
        dialect="cohere",
        prompt=said[-1] if said else "",
        text=_counted(asked),
        images=sum(block.image_url is not None for block in blocks),
        tools=tuple(Tool(one.function.name, one.function.parameters) for one in asked.tools),
        tool_choice={"REQUIRED": "required", "NONE": "none"}.get(asked.tool_choice or "", "auto"),
        tool_result=_result(asked.messages),
        max_tokens=asked.max_tokens,
        stop=tuple(asked.stop_sequences),
        json=asked.response_format.type == "json_object" and asked.response_format.json_schema is None,
        schema=asked.response_format.json_schema,
        reasoning=asked.thinking is not None and asked.thinking.get("type") == "enabled",
        stream=asked.stream,
        include_usage=True,
        salt=salt,
    )


def _check(asked: Body) -> None:
    wrong: str | None = None
    if not asked.messages:
        wrong = "invalid request: list of messages must not be empty"
    elif any(turn.role not in _ROLES for turn in asked.messages):
        wrong = "invalid request: role must be one of: system, user, assistant, tool"
    elif asked.p is not None and not 0.01 <= asked.p <= 0.99:
        wrong = "invalid request: p must be between 0.01 and 0.99 inclusive."
    elif not all(0 <= (one or 0) <= 1 for one in (asked.frequency_penalty, asked.presence_penalty)):
        wrong = "invalid request: penalties must be between 0 and 1.0 inclusive"
    elif asked.tools and asked.response_format.type == "json_object":
        wrong = "invalid request: response_format is not supported with tools"
    elif asked.tool_choice not in {None, "REQUIRED", "NONE"}:
        wrong = "invalid request: tool_choice must be one of: REQUIRED, NONE"
    called = {one.id for turn in asked.messages for one in turn.tool_calls}
    if any(turn.role == "tool" and turn.tool_call_id not in called for turn in asked.messages):
        wrong = "invalid request: tool call id not found in previous tool calls"
    if wrong is not None:
        raise Refused(bare_error("cohere", wrong))


def _counted(asked: Body) -> str:
    tools = [msgspec.json.encode(tool).decode() for tool in asked.tools]
    return "\n".join([*tools, *[f"{turn.role}: {turn.text}" for turn in asked.messages]])


def _result(turns: list[Message]) -> str | None:
    found: list[str] = []
    for turn in reversed(turns):
        if turn.role != "tool":
            break
        found.append(turn.text)
    return "; ".join(reversed(found)) if found else None
