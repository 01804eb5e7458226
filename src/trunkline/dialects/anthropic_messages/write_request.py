"""Writes a core request for a provider that speaks Anthropic messages.

Refuses to drop silently: what the target cannot express is named, as an OpenAI caller spells it.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Tool
from trunkline.core.dialect import Rendered
from trunkline.core.errors import Unsupported
from trunkline.dialects.anthropic_messages.generations import generation_of
from trunkline.dialects.anthropic_messages.thinking import Thinking, granted
from trunkline.dialects.anthropic_messages.write_turns import TurnWriter
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode

Json = dict[str, Any]

TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}
NO_PARAMETERS: Json = {"type": "object", "properties": {}}


class RequestWriter:
    """Writes one request; ``sampling`` False means the API version itself has no temperature."""

    def __init__(self, request: ChatRequest, model: str, *, default_max_tokens: int, sampling: bool) -> None:
        self._request = request
        self._model = model
        self._default_max_tokens = default_max_tokens
        self._generation = generation_of(model)
        self._sampling = sampling and self._generation.sampling
        self._dropped: list[str] = []

    def write(self, drop: frozenset[str]) -> Rendered:
        """The body, without the top-level fields the provider refuses, and the names of what was left out."""
        request = self._request
        refuse_held(request.extra)
        writer = TurnWriter(self._dropped)
        writer.write(request.messages)
        if not writer.turns:
            raise Unsupported(nothing_left(self._dropped), param="messages")
        thinking = self._thinking()
        fields: Json = {"model": self._model, "max_tokens": self._max_tokens(thinking)}
        if writer.system:
            fields["system"] = writer.system
        fields["messages"] = writer.turns
        fields |= self._sampled(thinking) | self._stops() | self._tools() | self._output(thinking) | self._rest()
        if thinking.config:
            fields["thinking"] = thinking.config
        if request.stream:
            fields["stream"] = True
        self._dropped += [*self._inexpressible(), *sorted(drop & fields.keys())]
        body = encode({name: value for name, value in fields.items() if name not in drop})
        return Rendered(body, tuple(dict.fromkeys(self._dropped)))

    def _max_tokens(self, thinking: Thinking) -> int:
        asked = self._request.max_tokens
        return self._default_max_tokens + thinking.budget if asked is None else asked

    def _thinking(self) -> Thinking:
        thinking, whole = granted(self._request, budgets=self._generation.budgets)
        if not whole:
            self._dropped.append("reasoning_effort")
        return thinking

    def _sampled(self, thinking: Thinking) -> Json:
        """Temperature or nucleus, not both (4.5 and later refuse the pair), and neither with thinking."""
        request = self._request
        given = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
        kept = {name: value for name, value in given.items() if value is not None}
        allowed = self._sampling and thinking.config is None
        refused = [name for name in kept if not allowed]
        if allowed and request.temperature is not None:
            refused += [name for name in kept if name == "top_p"]
            # OpenAI's scale ends at 2, Anthropic's at 1, which is also what it uses when nothing is said
            refused += ["temperature"] if request.temperature > 1 else []
        self._dropped += refused
        return {name: value for name, value in kept.items() if name not in refused}

    def _stops(self) -> Json:
        kept = [stop for stop in self._request.stop if stop.strip()]
        if len(kept) < len(self._request.stop):  # the vendor refuses a stop sequence of white space
            self._dropped.append("stop")
        return {"stop_sequences": kept} if kept else {}

    def _tools(self) -> Json:
        request = self._request
        if not request.tools:
            if request.tool_choice and request.tool_choice.mode != "none":
                self._dropped.append("tool_choice")
            return {}
        choice: Json = {}
        if request.tool_choice:
            choice = {"type": request.tool_choice.mode}
            if request.tool_choice.mode == "tool":
                choice["name"] = request.tool_choice.name
        if request.parallel_tools is False and choice.get("type") != "none":
            choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
        return {"tools": [_tool(tool) for tool in request.tools]} | ({"tool_choice": choice} if choice else {})

    def _output(self, thinking: Thinking) -> Json:
        config: Json = {"effort": thinking.effort} if thinking.effort else {}
        output = self._request.output
        if output and output.kind == "schema":
            config["format"] = {"type": "json_schema", "schema": output.schema or {"type": "object"}}
        elif output:
            self._dropped.append("response_format")  # JSON of no schema: Anthropic has no such mode
        return {"output_config": config} if config else {}

    def _rest(self) -> Json:
        request = self._request
        fields: Json = {"metadata": {"user_id": request.user}} if request.user else {}
        if request.service_tier in TIERS:
            fields["service_tier"] = TIERS[request.service_tier]
        elif request.service_tier is not None:
            self._dropped.append("service_tier")
        return fields

    def _inexpressible(self) -> list[str]:
        request = self._request
        numbers = {
            "seed": request.seed is not None,
            "frequency_penalty": bool(request.frequency_penalty),  # zero is what happens anyway
            "presence_penalty": bool(request.presence_penalty),
        }
        return [name for name, said in numbers.items() if said] + list(request.extra)


def nothing_left(dropped: list[str]) -> str:
    """What to tell a caller whose messages hold nothing that Anthropic takes."""
    named = f" ({', '.join(dict.fromkeys(dropped))} cannot be sent to it)" if dropped else ""
    return f"No message holds anything that this target takes{named}. Send one with text, an image or a document."


def _tool(tool: Tool) -> Json:
    fields: Json = {"name": tool.name}
    if tool.description is not None:
        fields["description"] = tool.description
    parameters = tool.parameters or NO_PARAMETERS
    fields["input_schema"] = parameters if "type" in parameters else {"type": "object", **parameters}
    if tool.strict is not None:
        fields["strict"] = tool.strict
    return fields if tool.cache is None else {**fields, "cache_control": tool.cache}
