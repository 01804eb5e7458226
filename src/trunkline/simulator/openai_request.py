"""Reading and checking a chat completions request as OpenAI's API does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refusal, Refused, invalid_json, openai_error

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_MOST_TOKENS = 10_000_000
_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)


class Function(Struct, frozen=True):
    """A function's definition or, with `arguments`, a call of it."""

    name: str = ""
    parameters: dict[str, Any] = {}
    arguments: str = ""


class Call(Struct, frozen=True):
    """A tool call in an assistant's message."""

    id: str = ""
    function: Function = Function()


class Part(Struct, frozen=True):
    """A part of a message's content."""

    type: str
    text: str = ""
    refusal: str = ""


class Message(Struct, frozen=True):
    """One message."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None
    prefix: bool | None = None
    partial: bool | None = None


class ToolEntry(Struct, frozen=True):
    """One of `tools`; custom tools have no function."""

    type: str = "function"
    function: Function | None = None


class Named(Struct, frozen=True):
    """`tool_choice` as an object."""

    type: str = "function"
    function: Function = Function()


class JsonSchema(Struct, frozen=True):
    """The schema of `response_format`."""

    name: str
    schema: dict[str, Any] | None = None


class ResponseFormat(Struct, frozen=True):
    """`response_format`."""

    type: str
    json_schema: JsonSchema | None = None


class StreamOptions(Struct, frozen=True):
    """`stream_options`."""

    include_usage: bool | None = None


class Body(Struct, frozen=True):
    """The fields that are read. Others are ignored, as the API's many clones do."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    tools: list[ToolEntry] | None = None
    tool_choice: str | Named | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None


def read_request(body: bytes, salt: str) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
        asked = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        raise Refused(mistyped(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(invalid_json("openai")) from error
    _check(asked)
    prompts = [_content(message) for message in asked.messages if message.role == "user"]
    given = frozenset(name for name, value in fields.items() if value is not None)
    form, last = asked.response_format, asked.messages[-1]
    marks = {
        "prefix": last.prefix,
        "partial": last.partial,
        "continue_final_message": asked.continue_final_message and asked.add_generation_prompt is False,
    }
    return Ask(
        model=asked.model,
        prompt=prompts[-1] if prompts else _content(asked.messages[-1]),
        text=_counted(asked),
        images=sum(part.type == "image_url" for message in asked.messages for part in _parts(message)),
        tools=tuple(Tool(tool.function.name, tool.function.parameters) for tool in asked.tools or () if tool.function),
        tool_choice=_choice(asked.tool_choice),
        parallel=asked.parallel_tool_calls is not False,
        tool_result=_tool_result(asked.messages),
        max_tokens=asked.max_tokens if asked.max_completion_tokens is None else asked.max_completion_tokens,
        stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ()),
        json=form is not None and form.type == "json_object",
        schema=(form.json_schema.schema or {}) if form and form.json_schema else None,
        reasoning=asked.reasoning_effort not in {None, "none"},
        stream=bool(asked.stream),
        include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        choices=asked.n or 1,
        parameters=given,
        salt=salt,
        prefill=_content(last) if last.role == "assistant" else "",
        prefill_marks=frozenset(name for name, said in marks.items() if said),
    )


def _parts(message: Message) -> list[Part]:
    return message.content if isinstance(message.content, list) else []


def _content(message: Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(part.text or part.refusal for part in message.content if part.text or part.refusal)
    return message.content or ""


def _counted(asked: Body) -> str:
    tools = [msgspec.json.encode(tool).decode() for tool in asked.tools or ()]
    said: list[str] = []
    for message in asked.messages:
        calls = [f"{call.function.name}{call.function.arguments}" for call in message.tool_calls or ()]
        said.append(f"{message.role}: {_content(message)}{''.join(calls)}")
    return "\n".join([*tools, *said])


def _choice(choice: str | Named | None) -> str:
    if isinstance(choice, Named):
        return f"tool:{choice.function.name}"
    return choice or "auto"


def _tool_result(messages: list[Message]) -> str | None:
    results: list[str] = []
    for message in reversed(messages):
        if message.role not in {"tool", "function"}:
            break
        results.insert(0, _content(message))
    return "; ".join(results) if results else None


def _missing(name: str) -> Refusal:
    return openai_error(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def mistyped(error: str) -> Refusal:
    """A field of the wrong type, or a missing one."""
    match = _AT.match(error)
    said, where = (match["said"], match["where"] or "") if match else (error, "")
    if missing := re.search(r"missing required field `(\w+)`", said):
        name = f"{where}.{missing[1]}".lstrip(".")
        return _missing(name)
    if not where:
        return invalid_json("openai")
    kinds = re.findall(r"`([^`]+)`", said)
    wanted, got = (kinds[0], kinds[-1]) if kinds else ("another type", "this")
    message = f"Invalid type for '{where}': expected {wanted}, but got {got} instead."
    return openai_error(message, param=where, code="invalid_type")


def _check(asked: Body) -> None:
    if not asked.messages:
        said = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise Refused(openai_error(said, param="messages", code="empty_array"))
    for number, message in enumerate(asked.messages):
        if message.role not in _ROLES:
            supported = ", ".join(f"'{role}'" for role in _ROLES)
            said = f"Invalid value: '{message.role}'. Supported values are: {supported}."
            raise Refused(openai_error(said, param=f"messages[{number}].role", code="invalid_value"))
        _check_content(message, number)
    _check_tool_turns(asked.messages)
    _check_options(asked)


def _check_content(message: Message, number: int) -> None:
    if message.content is None and message.role != "assistant":
        said = f"Invalid value for 'content': expected a string, got null. (messages[{number}])"
        raise Refused(openai_error(said, param=f"messages.[{number}].content"))
    known = {"text", "image_url", "input_audio", "file", "refusal"}
    for place, part in enumerate(_parts(message)):
        if part.type not in known:
            said = f"Invalid value: '{part.type}'. Supported values are: {', '.join(sorted(known))}."
            where = f"messages[{number}].content[{place}].type"
            raise Refused(openai_error(said, param=where, code="invalid_value"))


def _check_tool_turns(messages: list[Message]) -> None:
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages.[{number}].role"
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                said = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                    " 'tool_calls'."
                )
                raise Refused(openai_error(said, param=where))
            open_calls.discard(message.tool_call_id or "")
            continue
        if open_calls:
            said = (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                " 'tool_call_id'. The following tool_call_ids did not have response messages: "
                + ", ".join(sorted(open_calls))
            )
            raise Refused(openai_error(said, param=where))
        open_calls = {call.id for call in message.tool_calls or ()}


def _check_options(asked: Body) -> None:
    if asked.stream_options is not None and not asked.stream:
        said = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refused(openai_error(said, param="stream_options"))
    ranges: tuple[tuple[str, float | int | None, float, float], ...] = (
        ("temperature", asked.temperature, 0, 2),
        ("top_p", asked.top_p, 0, 1),
        ("n", asked.n, 1, 128),
        ("max_tokens", asked.max_tokens, 1, _MOST_TOKENS),
        ("max_completion_tokens", asked.max_completion_tokens, 1, _MOST_TOKENS),
    )
    for name, value, low, high in ranges:
        if value is not None and not low <= value <= high:
            raise Refused(_out_of_range(name, value, low, high))
    _check_tools(asked)


def _out_of_range(name: str, value: float, low: float, high: float) -> Refusal:
    side, limit = ("below_min", f">= {low}") if value < low else ("above_max", f"<= {high}")
    kind = "decimal" if name in {"temperature", "top_p"} else "integer"
    said = f"Invalid '{name}': expected a value {limit}, but got {value} instead."
    return openai_error(said, param=name, code=f"{kind}_{side}_value")


def _check_tools(asked: Body) -> None:
    names = {tool.function.name for tool in asked.tools or () if tool.function}
    if asked.tool_choice is not None and not asked.tools and asked.tool_choice != "none":
        said = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise Refused(openai_error(said, param="tool_choice"))
    if isinstance(asked.tool_choice, Named) and asked.tool_choice.function.name not in names:
        said = f"Tool choice '{asked.tool_choice.function.name}' not found in 'tools' parameter."
        raise Refused(openai_error(said, param="tool_choice"))
    form = asked.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        name = "response_format.json_schema"
        raise Refused(_missing(name))
