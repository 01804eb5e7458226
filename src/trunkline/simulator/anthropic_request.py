"""Reading and checking a messages request as Anthropic's API does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refusal, Refused, anthropic_error, invalid_json, no_threads

_NO_SAMPLING = "2026-10-21"  # the first API version without temperature, top_p and top_k
_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)


class ResultPart(Struct, frozen=True):
    """A part of a tool's result. Nothing nests below it."""

    type: str
    text: str = ""


class Block(Struct, frozen=True):
    """A content block of any type."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, Any] = {}
    tool_use_id: str = ""
    content: str | list[ResultPart] | None = None
    cache_control: dict[str, Any] | None = None


class Message(Struct, frozen=True):
    """One turn."""

    role: str
    content: str | list[Block]


class ToolEntry(Struct, frozen=True):
    """One of `tools`; server tools have no schema."""

    name: str
    input_schema: dict[str, Any] = {}
    cache_control: dict[str, Any] | None = None


class ToolChoice(Struct, frozen=True):
    """`tool_choice`."""

    type: str
    name: str = ""
    disable_parallel_tool_use: bool = False


class Thinking(Struct, frozen=True):
    """`thinking`."""

    type: str
    budget_tokens: int | None = None
    display: str | None = None


class Format(Struct, frozen=True):
    """A structured output's format."""

    type: str = "json_schema"
    schema: dict[str, Any] = {}


class OutputConfig(Struct, frozen=True):
    """`output_config`."""

    format: Format | None = None


class Body(Struct, frozen=True):
    """The fields that are read. Others are ignored: betas add new ones all the time."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    system: str | list[Block] | None = None
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    tools: list[ToolEntry] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: Format | None = None
    cache_control: dict[str, Any] | None = None


def read_request(body: bytes, salt: str, version: str | None, *, counting: bool = False) -> Ask:
    """The request as an Ask; `counting` is count_tokens, which needs no max_tokens. Raises Refused."""
    if version is None:
        raise Refused(anthropic_error("anthropic-version: header is required"))
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
        asked = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        raise Refused(_mistyped(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(invalid_json("anthropic")) from error
    given = frozenset(name for name, value in fields.items() if value is not None)
    _check_parameters(asked, given, version, counting=counting)
    _check_messages(asked.messages, version)
    return _ask(asked, given, salt)


def _ask(asked: Body, given: frozenset[str], salt: str) -> Ask:
    text, mark = _counted(asked)
    choice = asked.tool_choice or ToolChoice("auto")
    form = (asked.output_config.format if asked.output_config else None) or asked.output_format
    thinking = asked.thinking or Thinking("disabled")
    last = asked.messages[-1]
    return Ask(
        dialect="anthropic",
        model=asked.model,
        prompt=next((said for said in map(_said, reversed(asked.messages)) if said), ""),
        text=text,
        cache_mark=mark,
        images=sum(kind == "image" for message in asked.messages for kind in _types(message)),
        tools=tuple(Tool(tool.name, tool.input_schema) for tool in asked.tools or ()),
        tool_choice={"any": "required", "tool": f"tool:{choice.name}"}.get(choice.type, choice.type),
        parallel=not choice.disable_parallel_tool_use,
        tool_result=_tool_result(last),
        max_tokens=asked.max_tokens,
        stop=tuple(asked.stop_sequences or ()),
        schema=form.schema if form else None,
        reasoning=thinking.type != "disabled",
        hide_reasoning=thinking.display == "omitted",
        stream=bool(asked.stream),
        parameters=given,
        salt=salt,
        prefill="".join(block.text for block in _blocks(last.content)) if last.role == "assistant" else "",
    )


def _blocks(content: str | list[Block] | None) -> list[Block]:
    return [Block("text", text=content)] if isinstance(content, str) else content or []


def _parts(block: Block) -> list[ResultPart]:
    return [ResultPart("text", block.content)] if isinstance(block.content, str) else block.content or []


def _types(message: Message) -> list[str]:
    outer = _blocks(message.content)
    return [kind for block in outer for kind in (block.type, *(part.type for part in _parts(block)))]


def _said(message: Message) -> str:
    """The user's own words in a turn."""
    if message.role != "user":
        return ""
    return "\n".join(block.text for block in _blocks(message.content) if block.type == "text")


def _tool_result(message: Message) -> str | None:
    results = [block for block in _blocks(message.content) if block.type == "tool_result"]
    if message.role != "user" or not results:
        return None
    return "; ".join("".join(part.text for part in _parts(result)) for result in results)


def _counted(asked: Body) -> tuple[str, int | None]:
    """All the text that counts as input, and where the last cache mark stands in it."""
    said: list[str] = []
    length, mark = 0, None
    tools = [(msgspec.json.encode(tool).decode(), tool.cache_control) for tool in asked.tools or ()]
    system = [(_block_text(block), block.cache_control) for block in _blocks(asked.system)]
    turns = [
        (f"{message.role}: {_block_text(block)}", block.cache_control)
        for message in asked.messages
        for block in _blocks(message.content)
    ]
    for text, marked in (*tools, *system, *turns):
        said.append(text + "\n")
        length += len(text) + 1
        mark = length if marked else mark
    return "".join(said), length if asked.cache_control else mark


def _block_text(block: Block) -> str:
    called = f"{block.name}{msgspec.json.encode(block.input).decode()}" if block.type == "tool_use" else ""
    return f"{block.text}{block.thinking}{called}{''.join(part.text for part in _parts(block))}"


def _mistyped(error: str) -> Refusal:
    match = _AT.match(error)
    said, where = (match["said"], match["where"] or "") if match else (error, "")
    where = where.replace("[", ".").replace("]", "")
    if missing := re.search(r"missing required field `(\w+)`", said):
        return anthropic_error(f"{where}.{missing[1]}: Field required".lstrip("."))
    if not where:
        return invalid_json("anthropic")
    wanted = re.findall(r"`([^`]+)`", said)
    return anthropic_error(f"{where}: Input should be a valid {wanted[0] if wanted else 'value'}")


def _check_parameters(asked: Body, given: frozenset[str], version: str, *, counting: bool) -> None:
    if "thread" in given:
        raise Refused(no_threads())
    if asked.max_tokens is None and not counting:
        raise Refused(anthropic_error("max_tokens: Field required"))
    if asked.max_tokens is not None and asked.max_tokens < 1:
        raise Refused(anthropic_error("max_tokens: must be greater than or equal to 1"))
    for name in ("temperature", "top_p", "top_k"):
        if version >= _NO_SAMPLING and name in given:
            raise Refused(anthropic_error(f"{name}: Extra inputs are not permitted"))
    if asked.temperature is not None and not 0 <= asked.temperature <= 1:
        raise Refused(anthropic_error("temperature: range: 0..1"))
    _check_thinking(asked)
    _check_tool_choice(asked)


def _check_thinking(asked: Body) -> None:
    if asked.thinking and asked.thinking.type == "enabled":
        budget = asked.thinking.budget_tokens
        if budget is None or budget < 1024:
            raise Refused(
                anthropic_error("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
            )
        if asked.max_tokens is not None and budget >= asked.max_tokens:
            raise Refused(anthropic_error("`max_tokens` must be greater than `thinking.budget_tokens`."))


def _check_tool_choice(asked: Body) -> None:
    choice = asked.tool_choice
    if choice and choice.type in {"any", "tool", "auto"} and not asked.tools:
        raise Refused(anthropic_error("tool_choice: may only be specified while providing `tools`."))
    if choice and choice.type == "tool" and choice.name not in {tool.name for tool in asked.tools or ()}:
        raise Refused(anthropic_error(f"Tool '{choice.name}' not found in provided tools"))


def _check_messages(messages: list[Message], version: str) -> None:
    if not messages:
        raise Refused(anthropic_error("messages: at least one message is required"))
    roles = {"user", "assistant", "system"} if version >= _NO_SAMPLING else {"user", "assistant"}
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        if message.role not in roles:
            said = f'messages: Unexpected role "{message.role}". Allowed roles are "user" or "assistant".'
            hint = ' The Messages API accepts a top-level `system` parameter, not "system" as an input message role.'
            raise Refused(anthropic_error(said + (hint if message.role == "system" else "")))
        blocks = _blocks(message.content)
        if not "".join(map(_block_text, blocks)) and all(block.type == "text" for block in blocks):
            last = number == len(messages) - 1 and message.role == "assistant"
            if not last:
                raise Refused(anthropic_error(f"messages.{number}: user messages must have non-empty content"))
        if any(block.type == "text" and not block.text for block in blocks):
            raise Refused(anthropic_error("messages: text content blocks must be non-empty"))
        open_calls = _check_tool_turn(number, message.role, blocks, open_calls)
    final = messages[-1]
    said = "".join(map(_block_text, _blocks(final.content)))
    if final.role == "assistant" and said != said.rstrip():
        raise Refused(anthropic_error("messages: final assistant content cannot end with trailing whitespace"))


def _check_tool_turn(number: int, role: str, blocks: list[Block], open_calls: set[str]) -> set[str]:
    """Every result answers a call of the turn before, and every call is answered in the next turn."""
    if role == "user":
        answered = {block.tool_use_id for block in blocks if block.type == "tool_result"}
        for place, block in enumerate(blocks):
            if block.type == "tool_result" and block.tool_use_id not in open_calls:
                said = (
                    f"messages.{number}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {block.tool_use_id}. Each `tool_result` block must have a corresponding `tool_use` block in the"
                    " previous message."
                )
                raise Refused(anthropic_error(said))
        if open_calls - answered:
            missing = ", ".join(sorted(open_calls - answered))
            said = (
                f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks immediately after:"
                f" {missing}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            )
            raise Refused(anthropic_error(said))
        return set()
    return {block.id for block in blocks if block.type == "tool_use"} or open_calls
