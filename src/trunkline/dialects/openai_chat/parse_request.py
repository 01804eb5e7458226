"""Reads a caller's chat completions request into core types.

Refuses to guess: what it must understand and cannot is an InvalidRequest naming the field; what has no place in core
types is kept in ``extra`` under its own name.
"""

from typing import Any

import msgspec

from trunkline.core.chat import ChatRequest, OutputFormat, Reasoning, Tool, ToolChoice
from trunkline.core.dialect import Envelope
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.json import decode_object
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_chat import wire
from trunkline.dialects.openai_chat.parse_messages import MessageReader
from trunkline.dialects.shape import fit, left_over, look

_PEEKED = msgspec.json.Decoder(wire.Peeked)

SAYS_NOTHING: dict[str, Any] = {"n": 1, "logprobs": False, "store": False, "logit_bias": {}, "modalities": ["text"]}
"""Values that ask for what happens anyway: there is nothing to drop."""


def peek(body: bytes) -> Envelope:
    """The envelope. Raises InvalidRequest for a body that cannot be a request."""
    seen = look(_PEEKED, body)
    check_model(seen.model)
    options = seen.stream_options
    return Envelope(
        seen.model,
        bool(seen.stream),
        seen.max_completion_tokens or seen.max_tokens,
        include_usage=bool(options and options.include_usage),
    )


def parse_request(body: bytes) -> ChatRequest:
    """The whole request. Raises InvalidRequest naming the field, what it holds and what is allowed."""
    raw = decode_object(body)
    asked = fit(raw, wire.Request)
    check_model(asked.model)
    extra = {name: value for name, value in left_over(asked, raw) if value is not None}
    for name, value in SAYS_NOTHING.items():
        if extra.get(name) == value:
            del extra[name]
    tools, choice = _tools(asked, raw, extra)
    return ChatRequest(
        model=asked.model,
        messages=MessageReader(extra).messages(asked.messages),
        stream=bool(asked.stream),
        include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        top_k=asked.top_k,
        stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ()),
        tools=tools,
        tool_choice=choice,
        parallel_tools=asked.parallel_tool_calls,
        output=_output(asked.response_format),
        reasoning=Reasoning(asked.reasoning_effort) if asked.reasoning_effort else None,
        seed=asked.seed,
        frequency_penalty=asked.frequency_penalty,
        presence_penalty=asked.presence_penalty,
        user=asked.user,
        service_tier=asked.service_tier,
        extra=extra,
    )


def _tools(
    asked: wire.Request, raw: dict[str, Any], extra: dict[str, Any]
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The functions and the choice among them; ``functions`` and ``function_call`` are their form before tools."""
    tools = [_function(one) for one in asked.functions or ()]
    for at, tool in enumerate(asked.tools or ()):
        if tool.type != "function":  # a vendor's own tool
            extra[f"tools.{tool.type}"] = raw["tools"][at]
        elif tool.function is None:
            raise _missing(f"tools[{at}].function", "the function's name and parameters")
        else:
            tools.append(_function(tool.function, tool.cache_control))
    choice = asked.tool_choice
    if isinstance(choice, wire.ChoiceOfTool) and choice.type == "allowed_tools":
        return _allowed(choice, tools)
    return tuple(tools), _choice(asked, extra)


def _function(function: wire.FunctionDef, cache: wire.Cache = None) -> Tool:
    return Tool(function.name, function.description, function.parameters, function.strict, cache)


def _allowed(choice: wire.ChoiceOfTool, tools: list[Tool]) -> tuple[tuple[Tool, ...], ToolChoice]:
    """Only some tools may be called: other dialects say so by naming only those."""
    if choice.allowed_tools is None:
        raise _missing("tool_choice.allowed_tools", "its mode and tools")
    names = {str((one.get("function") or one).get("name")) for one in choice.allowed_tools.tools}
    mode = ToolChoice("any" if choice.allowed_tools.mode == "required" else "auto")
    return tuple(tool for tool in tools if tool.name in names), mode


def _choice(asked: wire.Request, extra: dict[str, Any]) -> ToolChoice | None:
    match asked.tool_choice or asked.function_call:
        case None:
            return None
        case "required" | "any":
            return ToolChoice("any")
        case "none":
            return ToolChoice("none")
        case "auto":
            return ToolChoice("auto")
        case wire.Named(name):
            return ToolChoice("tool", name)
        case wire.ChoiceOfTool(type="function", function=wire.Named(name)):
            return ToolChoice("tool", name)
        case wire.ChoiceOfTool(type="custom", custom=wire.Named(name)):
            extra["tool_choice"] = {"type": "custom", "custom": {"name": name}}
            return None
        case _:
            raise _missing("tool_choice.function", "the name of the function")


def _output(asked: wire.ResponseFormat | None) -> OutputFormat | None:
    if asked is None or asked.type == "text":
        return None
    if asked.type == "json_object":
        return OutputFormat("json")
    if asked.json_schema is None or asked.json_schema.schema is None:
        raise _missing("response_format.json_schema.schema", "the JSON Schema the answer must fit")
    told = asked.json_schema
    return OutputFormat("schema", told.schema, told.name, told.description, told.strict)


def _missing(path: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{path}` is missing. Add {what}.", param=path)
