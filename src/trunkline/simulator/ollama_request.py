"""Reading and checking a request for Ollama's own chat, as its server does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refused, bare_error

_ROLES = frozenset({"system", "user", "assistant", "tool"})
_LEVELS = frozenset({"low", "medium", "high", "max"})


class Function(Struct, frozen=True):
    """A function: declared with parameters, called with arguments."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    arguments: dict[str, Any] = {}


class Entry(Struct, frozen=True):
    """One of `tools`, or one of `tool_calls`."""

    function: Function
    id: str = ""


class Message(Struct, frozen=True):
    """One turn."""

    role: str
    content: str = ""
    thinking: str = ""
    images: list[str] = []
    tool_calls: list[Entry] = []
    tool_name: str = ""


class Options(Struct, frozen=True):
    """The options that are acted on; the server skips those it does not know."""

    num_ctx: int | None = None
    num_predict: int | None = None
    stop: list[str] | None = None
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


class Body(Struct, frozen=True):
    """The fields that are read; others are skipped, as the server does."""

    model: str = ""
    messages: list[Message] = []
    tools: list[Entry] = []
    format: Any = None
    options: Options = Options()
    stream: bool = True
    think: bool | str | None = None
    truncate: bool = True


def read_request(body: bytes, salt: str) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        asked = msgspec.json.decode(body, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(bare_error("ollama", str(error))) from error
    _check(asked)
    schema = asked.format if isinstance(asked.format, dict) else None
    said = [turn.content for turn in asked.messages if turn.role == "user" and turn.content]
    return Ask(
        model=asked.model,
        dialect="ollama",
        prompt=said[-1] if said else "",
        text=_counted(asked),
        images=sum(len(turn.images) for turn in asked.messages),
        tools=tuple(Tool(one.function.name, one.function.parameters) for one in asked.tools),
        tool_result=_result(asked.messages),
        max_tokens=asked.options.num_predict,
        stop=tuple(asked.options.stop or ()),
        json=asked.format == "json",
        schema=schema,
        reasoning=asked.think not in (None, False),
        stream=asked.stream,
        include_usage=True,
        salt=salt,
        window=asked.options.num_ctx,
        truncates=asked.truncate,
    )


def _check(asked: Body) -> None:
    if not asked.model:
        raise Refused(bare_error("ollama", "model is required"))
    if isinstance(asked.format, str) and asked.format not in {"", "json"}:
        raise Refused(bare_error("ollama", f'invalid format: "{asked.format}"; expected "json" or a valid JSON Schema'))
    if isinstance(asked.think, str) and asked.think not in _LEVELS:
        raise Refused(bare_error("ollama", f'invalid think value: "{asked.think}" (must be "high", "medium", "low")'))
    for turn in asked.messages:
        if turn.role not in _ROLES:
            raise Refused(bare_error("ollama", f'invalid role: "{turn.role}"'))
    called = {one.function.name for turn in asked.messages for one in turn.tool_calls}
    for turn in asked.messages:
        if turn.role == "tool" and turn.tool_name not in called:
            raise Refused(bare_error("ollama", f'no call of a tool named "{turn.tool_name}" came before its result'))


def _counted(asked: Body) -> str:
    tools = [msgspec.json.encode(tool).decode() for tool in asked.tools]
    return "\n".join([*tools, *[f"{turn.role}: {turn.content}" for turn in asked.messages]])


def _result(turns: list[Message]) -> str | None:
    found: list[str] = []
    for turn in reversed(turns):
        if turn.role != "tool":
            break
        found.append(turn.content)
    return "; ".join(reversed(found)) if found else None
