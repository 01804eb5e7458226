"""Reads a caller's Anthropic messages request into core types.

Refuses to guess: what it must understand and cannot is an InvalidRequest naming the field; what has no place in core
types is kept in ``extra`` under its own name.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Message, OutputFormat, Reasoning, Tool, ToolChoice
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.anthropic_messages import request_wire as wire
from trunkline.dialects.anthropic_messages.read_blocks import BlockReader
from trunkline.dialects.json import decode_object
from trunkline.dialects.shape import fit, left_over


def read_request(body: bytes, shape: type[wire.Asked] | type[wire.Counted]) -> ChatRequest:
    """The request in a body. Raises InvalidRequest naming the field at fault, its value and what is allowed."""
    raw = decode_object(body)
    asked = fit(raw, shape)
    extra = dict(left_over(asked, raw))
    choice = asked.tool_choice
    return ChatRequest(
        model=asked.model,
        messages=_messages(asked, extra),
        stream=bool(asked.stream),
        include_usage=True,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        top_k=asked.top_k,
        stop=tuple(asked.stop_sequences or ()),
        tools=tuple(_tools(asked.tools or [], extra)),
        tool_choice=_choice(choice) if choice else None,
        parallel_tools=False if choice and choice.disable_parallel_tool_use else None,
        output=_output(asked),
        reasoning=_reasoning(asked),
        user=asked.metadata.user_id if asked.metadata else None,
        service_tier=asked.service_tier,
        extra=extra,
    )


def _messages(asked: wire.Asked | wire.Counted, extra: dict[str, Any]) -> tuple[Message, ...]:
    reader = BlockReader(extra)
    system = [] if asked.system is None else [Message("system", reader.parts(asked.system, "system", "system"))]
    turns = (
        Message(turn.role, reader.parts(turn.content, turn.role, f"messages[{at}].content"))
        for at, turn in enumerate(asked.messages)
    )
    return (*system, *turns)


def _tools(tools: list[wire.Json], extra: dict[str, Any]) -> list[Tool]:
    """The caller's own tools; one that Anthropic runs itself (web_search_...) is noted by its type."""
    found: list[Tool] = []
    for at, raw in enumerate(tools):
        kind = raw.get("type")
        if isinstance(kind, str) and kind != "custom":
            extra[f"tools.{kind}"] = raw
            continue
        tool = fit(raw, wire.Tool, f"tools[{at}]")
        extra.update(left_over(tool, raw, "tools"))
        found.append(Tool(tool.name, tool.description, tool.input_schema, tool.strict, tool.cache_control))
    return found


def _choice(choice: wire.ToolChoice) -> ToolChoice:
    if choice.type == "tool" and choice.name is None:
        raise InvalidRequest("`tool_choice.name` is missing. Add the name of the tool.", param="tool_choice.name")
    return ToolChoice(choice.type, choice.name if choice.type == "tool" else None)


def _output(asked: wire.Asked | wire.Counted) -> OutputFormat | None:
    chosen = asked.output_config.format if asked.output_config else None
    chosen = chosen or asked.output_format
    return OutputFormat("schema", chosen.schema) if chosen else None


def _reasoning(asked: wire.Asked | wire.Counted) -> Reasoning | None:
    effort = asked.output_config.effort if asked.output_config else None
    thinking = asked.thinking
    if thinking is None:
        return Reasoning(effort) if effort else None
    if thinking.type == "disabled":
        return Reasoning("none")
    if thinking.type == "enabled":
        if thinking.budget_tokens is None:
            path = "thinking.budget_tokens"
            raise InvalidRequest(f"`{path}` is missing. Add the tokens thinking may use.", param=path)
        return Reasoning(effort, thinking.budget_tokens)
    return Reasoning(effort, adaptive=True)
