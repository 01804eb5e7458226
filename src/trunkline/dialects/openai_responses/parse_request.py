"""Reads a caller's responses request into core types.

Refuses to guess: what it must understand and cannot is an InvalidRequest naming the field; what has no place in core
types is kept in ``extra`` under its own name.
"""

from typing import Any

import msgspec

from trunkline.core.chat import ChatRequest, Message, OutputFormat, Reasoning, Text, Tool, ToolChoice
from trunkline.core.dialect import Envelope
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.held import HELD
from trunkline.dialects.json import decode_object
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_responses import request_wire as wire
from trunkline.dialects.openai_responses.parse_items import ItemReader
from trunkline.dialects.shape import fit, left_over, look

Json = dict[str, Any]
_PEEKED = msgspec.json.Decoder(wire.Peeked)

SAYS_NOTHING: Json = {"store": False, "background": False, "truncation": "disabled", "include": [], "metadata": {}}
"""Values that ask for what happens anyway: there is nothing to drop."""


def peek(body: bytes) -> Envelope:
    """The envelope. Raises InvalidRequest for a body that cannot be a request."""
    seen = look(_PEEKED, body)
    check_model(seen.model)
    if seen.background:
        raise InvalidRequest(
            "`background` is true, and answers cannot be fetched later here. Leave it out, and stream the answer.",
            param="background",
        )
    return Envelope(seen.model, bool(seen.stream), seen.max_output_tokens, include_usage=True)


def parse_request(body: bytes) -> ChatRequest:
    """The whole request. Raises InvalidRequest naming the field, what it holds and what is allowed."""
    raw = decode_object(body)
    asked = fit(raw, wire.Request)
    check_model(asked.model)
    extra = {name: value for name, value in left_over(asked, raw) if value is not None and "." not in name}
    extra = {name: value for name, value in extra.items() if SAYS_NOTHING.get(name, extra) != value}
    if verbosity := (raw.get("text") or {}).get("verbosity"):
        extra["verbosity"] = verbosity
    tools, choice = _tools(asked, raw, extra)
    return ChatRequest(
        model=asked.model,
        messages=_messages(asked, extra),
        stream=bool(asked.stream),
        include_usage=True,
        max_tokens=asked.max_output_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        tools=tools,
        tool_choice=choice,
        parallel_tools=asked.parallel_tool_calls,
        output=_output(asked.text.format if asked.text else None),
        reasoning=Reasoning(asked.reasoning.effort) if asked.reasoning and asked.reasoning.effort else None,
        user=asked.user,
        service_tier=asked.service_tier,
        extra=extra,
    )


def _messages(asked: wire.Request, extra: Json) -> tuple[Message, ...]:
    items = [{"role": "user", "content": asked.input}] if isinstance(asked.input, str) else asked.input
    messages = ItemReader(extra).messages(items)
    if not messages and HELD.isdisjoint(extra) and "prompt" not in extra:
        raise InvalidRequest("`input` is empty. Send a text, or a list of messages.", param="input")
    return (Message("system", (Text(asked.instructions),)), *messages) if asked.instructions else messages


def _tools(asked: wire.Request, raw: Json, extra: Json) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    tools: list[Tool] = []
    for at, tool in enumerate(asked.tools or ()):
        if tool.type != "function":  # a vendor's own tool
            extra[f"tools.{tool.type}"] = raw["tools"][at]
        elif tool.name is None:
            path = f"tools[{at}].name"
            raise InvalidRequest(f"`{path}` is missing. Add the function's name.", param=path)
        else:
            tools.append(Tool(tool.name, tool.description, tool.parameters, tool.strict))
    return _chosen(asked.tool_choice, tuple(tools), extra)


def _chosen(
    choice: str | wire.ToolChoice | None, tools: tuple[Tool, ...], extra: Json
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    match choice:
        case None:
            return tools, None
        case "required":
            return tools, ToolChoice("any")
        case "none":
            return tools, ToolChoice("none")
        case wire.ToolChoice(type="function", name=str(name)):
            return tools, ToolChoice("tool", name)
        case wire.ToolChoice(type="allowed_tools"):  # others say so by naming only those
            names = {one.get("name") for one in choice.tools or ()}
            mode = ToolChoice("any" if choice.mode == "required" else "auto")
            return tuple(tool for tool in tools if tool.name in names), mode
        case wire.ToolChoice():
            extra["tool_choice"] = {"type": choice.type}
            return tools, None
        case _:
            return tools, ToolChoice("auto")


def _output(asked: wire.Format | None) -> OutputFormat | None:
    if asked is None or asked.type == "text":
        return None
    if asked.type == "json_object":
        return OutputFormat("json")
    if asked.schema is None:
        path = "text.format.schema"
        raise InvalidRequest(f"`{path}` is missing. Add the JSON Schema the answer must fit.", param=path)
    return OutputFormat("schema", asked.schema, asked.name, asked.description, asked.strict)
