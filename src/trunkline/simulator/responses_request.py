"""Reading and checking a responses request as OpenAI's API does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.openai_request import mistyped
from trunkline.simulator.refusals import Refused, invalid_json, openai_error

_ROLES = frozenset({"user", "assistant", "system", "developer"})
_PARTS = frozenset({"input_text", "output_text", "refusal", "input_image", "input_file", "input_audio"})
_LEAST_TOKENS = 16


class Part(Struct, frozen=True):
    """A part of a message's content."""

    type: str
    text: str = ""
    refusal: str = ""


class Summary(Struct, frozen=True):
    """A part of a reasoning item."""

    text: str = ""


class Item(Struct, frozen=True):
    """An item of the input."""

    type: str = "message"
    id: str = ""
    role: str = ""
    content: str | list[Part] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[Part] = ""
    summary: list[Summary] = []
    encrypted_content: str | None = None


class ToolEntry(Struct, frozen=True):
    """One of `tools`."""

    type: str
    name: str = ""
    parameters: dict[str, Any] | None = None


class Choice(Struct, frozen=True):
    """`tool_choice` as an object."""

    type: str
    name: str = ""


class Format(Struct, frozen=True):
    """`text.format`."""

    type: str = "text"
    schema: dict[str, Any] = {}


class Text(Struct, frozen=True):
    """`text`."""

    format: Format | None = None


class Reasoning(Struct, frozen=True):
    """`reasoning`."""

    effort: str | None = None


class Body(Struct, frozen=True):
    """The fields that are read."""

    model: str
    input: str | list[Item] = ""
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    tools: list[ToolEntry] | None = None
    tool_choice: str | Choice | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    previous_response_id: str | None = None


def read_request(body: bytes, salt: str) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
        asked = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        raise Refused(mistyped(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(invalid_json("responses")) from error
    items = [Item(role="user", content=asked.input)] if isinstance(asked.input, str) else asked.input
    _check(asked, items)
    said = [_words(item) for item in items if item.type == "message" and item.role == "user"]
    form = asked.text.format if asked.text else None
    return Ask(
        model=asked.model,
        dialect="responses",
        prompt=said[-1] if said else "",
        text=_counted(asked, items),
        images=sum(part.type == "input_image" for item in items for part in _parts(item)),
        tools=tuple(Tool(tool.name, tool.parameters or {}) for tool in asked.tools or () if tool.type == "function"),
        tool_choice=f"tool:{asked.tool_choice.name}"
        if isinstance(asked.tool_choice, Choice)
        else asked.tool_choice or "auto",
        parallel=asked.parallel_tool_calls is not False,
        tool_result=_result(items),
        max_tokens=asked.max_output_tokens,
        json=form is not None and form.type == "json_object",
        schema=form.schema if form and form.type == "json_schema" else None,
        reasoning=asked.reasoning is not None and asked.reasoning.effort not in {None, "none"},
        stream=bool(asked.stream),
        include_usage=True,
        parameters=frozenset(name for name, value in fields.items() if value is not None),
        salt=salt,
    )


def _parts(item: Item) -> list[Part]:
    found = item.output if item.type == "function_call_output" else item.content
    return found if isinstance(found, list) else []


def _words(item: Item) -> str:
    found = item.output if item.type == "function_call_output" else item.content
    return found if isinstance(found, str) else "\n".join(part.text or part.refusal for part in _parts(item))


def _result(items: list[Item]) -> str | None:
    results: list[str] = []
    for item in reversed(items):
        if item.type != "function_call_output":
            break
        results.insert(0, _words(item))
    return "; ".join(results) if results else None


def _counted(asked: Body, items: list[Item]) -> str:
    tools = [msgspec.json.encode(tool).decode() for tool in asked.tools or ()]
    said = [f"{item.role or item.type}: {_words(item)}{item.name}{item.arguments}" for item in items]
    return "\n".join([*tools, asked.instructions or "", *said])


def _check(asked: Body, items: list[Item]) -> None:
    if asked.previous_response_id is not None:
        message = f"Previous response with id '{asked.previous_response_id}' not found."
        raise Refused(openai_error(message, param="previous_response_id", code="previous_response_not_found"))
    if not items:
        raise Refused(openai_error("One of 'input' or 'prompt' must be provided.", param="input"))
    if asked.max_output_tokens is not None and asked.max_output_tokens < _LEAST_TOKENS:
        message = f"Invalid 'max_output_tokens': integer below minimum value. Expected >= {_LEAST_TOKENS}."
        raise Refused(openai_error(message, param="max_output_tokens", code="integer_below_min_value"))
    called: set[str] = set()
    for number, item in enumerate(items):
        _check_item(item, f"input[{number}]", called)


def _check_item(item: Item, where: str, called: set[str]) -> None:
    if item.type == "message" and item.role not in _ROLES:
        raise Refused(openai_error(f"Invalid value: '{item.role}'.", param=f"{where}.role", code="invalid_value"))
    for place, part in enumerate(_parts(item)):
        if part.type not in _PARTS or (part.type in {"output_text", "refusal"}) != (item.role == "assistant"):
            told = f"Invalid value: '{part.type}'."
            raise Refused(openai_error(told, param=f"{where}.content[{place}]", code="invalid_value"))
    if item.type == "function_call":
        called.add(item.call_id)
    elif item.type == "function_call_output" and item.call_id not in called:
        told = f"No tool call found for function call output with call_id {item.call_id}."
        raise Refused(openai_error(told, param="input"))
    elif item.type == "reasoning" and (not item.id.startswith("rs_") or not item.id[3:].isalnum()):
        raise Refused(openai_error(f"Item with id '{item.id}' not found.", status=404, param="input"))
