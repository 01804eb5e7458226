"""Reads a caller's generateContent request into core types.

Refuses to guess: what it must understand and cannot is an InvalidRequest naming the field; what has no place in core
types is kept in ``extra`` under its own name.
"""

from typing import Any

import msgspec

from trunkline.core.chat import ChatRequest, Message, OutputFormat, Reasoning, Tool, ToolChoice
from trunkline.core.dialect import Envelope
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.gemini import request_wire as wire
from trunkline.dialects.gemini.camel import camelled
from trunkline.dialects.gemini.parse_contents import TurnReader
from trunkline.dialects.gemini.schema import json_schema
from trunkline.dialects.json import decode_object
from trunkline.dialects.model_name import check_model
from trunkline.dialects.shape import fit, left_over, look, shown, unknown

Json = dict[str, Any]
_PEEKED = msgspec.json.Decoder(wire.Peeked)

MODES = {"AUTO": "auto", "VALIDATED": "auto", "MODE_UNSPECIFIED": "auto", "ANY": "any", "NONE": "none"}
SAYS_NOTHING: Json = {"safetySettings": [], "labels": {}}
DYNAMIC = -1  # thinkingBudget: as much as the model likes


def peek(body: bytes) -> Envelope:
    """The envelope. Raises InvalidRequest for a body that cannot be a request."""
    seen = look(_PEEKED, body)
    check_model(seen.model)
    config = seen.camel or seen.generation_config
    return Envelope(seen.model, seen.stream, config.tokens if config else None, include_usage=True)


def parse_request(body: bytes) -> ChatRequest:
    """The whole request. Raises InvalidRequest naming the field, what it holds and what is allowed."""
    return _request(camelled(decode_object(body)))


def parse_count(body: bytes) -> ChatRequest:
    """The request of a ``countTokens`` body, which holds its turns or, under a name, a whole request."""
    raw = camelled(decode_object(body))
    inner = raw.pop("generateContentRequest", None)
    return _request({**raw, **inner, "model": raw["model"]} if isinstance(inner, dict) else raw)


def _request(raw: Json) -> ChatRequest:
    asked = fit(raw, wire.Request)
    check_model(asked.model)
    config = asked.generation_config or wire.Generation()
    extra = {name: value for name, value in left_over(asked, raw) if value is not None and "contents" not in name}
    extra = {name: value for name, value in extra.items() if SAYS_NOTHING.get(name, extra) != value}
    if config.candidate_count not in (None, 1):
        extra["generationConfig.candidateCount"] = config.candidate_count
    tools, choice = _tools(asked, extra)
    return ChatRequest(
        model=asked.model,
        messages=_messages(asked),
        stream=asked.stream,
        include_usage=True,
        max_tokens=config.max_output_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=None if config.top_k is None else int(config.top_k),
        stop=tuple(config.stop_sequences or ()),
        tools=tools,
        tool_choice=choice,
        output=_output(config),
        reasoning=_reasoning(config.thinking_config),
        seed=config.seed,
        frequency_penalty=config.frequency_penalty,
        presence_penalty=config.presence_penalty,
        extra=extra,
    )


def _messages(asked: wire.Request) -> tuple[Message, ...]:
    reader = TurnReader()
    messages = reader.messages(asked.contents)
    if not messages:
        raise InvalidRequest("`contents` is empty. Send at least one turn with parts.", param="contents")
    if asked.system_instruction is None:
        return messages
    return (Message("system", tuple(reader.parts(asked.system_instruction, "systemInstruction"))), *messages)


def _tools(asked: wire.Request, extra: Json) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    tools: list[Tool] = []
    for at, tool in enumerate(asked.tools or ()):
        for name, value in tool.items():
            if name != "functionDeclarations":  # Google's own tools
                extra[f"tools.{name}"] = value
                continue
            path = f"tools[{at}].functionDeclarations"
            if value is not None and not isinstance(value, list):
                raise InvalidRequest(f"`{path}` is {shown(value)}; send a list of functions.", param=path)
            for number, one in enumerate(value or ()):
                declared = fit(one, wire.Declaration, f"{path}[{number}]")
                schema = declared.parameters_json_schema or json_schema(declared.parameters)
                tools.append(Tool(declared.name, declared.description, schema))
    calling = asked.tool_config.function_calling_config if asked.tool_config else None
    return _chosen(calling, tuple(tools))


def _chosen(calling: wire.Calling | None, tools: tuple[Tool, ...]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools and the choice among them: others say that only some are allowed by naming only those."""
    if calling is None or calling.mode is None:
        return tools, None
    mode = MODES.get(calling.mode.upper())
    if mode is None:
        raise unknown("toolConfig.functionCallingConfig.mode", calling.mode, MODES)
    allowed = calling.allowed_function_names
    if mode == "any" and allowed and len(allowed) == 1:
        return tools, ToolChoice("tool", allowed[0])
    kept = tuple(tool for tool in tools if not allowed or tool.name in allowed)
    return kept, ToolChoice("any" if mode == "any" else "none" if mode == "none" else "auto")


def _output(config: wire.Generation) -> OutputFormat | None:
    schema = config.response_json_schema or json_schema(config.response_schema)
    if schema:
        return OutputFormat("schema", schema)
    return OutputFormat("json") if config.response_mime_type == "application/json" else None


def _reasoning(asked: wire.Thinking | None) -> Reasoning | None:
    if asked is None:
        return None
    if asked.thinking_level is not None:
        return Reasoning(asked.thinking_level.lower())
    budget = asked.thinking_budget
    if budget is None:
        return None
    if budget == DYNAMIC:
        return Reasoning(adaptive=True)
    return Reasoning("none") if budget == 0 else Reasoning(budget=max(budget, 1))
