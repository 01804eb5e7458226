"""Writes a core request for a provider that speaks Converse.

Refuses to drop silently: what the target cannot express is named, as its caller spells it.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, OutputFormat, Tool
from trunkline.core.errors import Unsupported
from trunkline.dialects.anthropic_messages.generations import CURRENT, Generation, generation_of
from trunkline.dialects.anthropic_messages.thinking import NOT, Thinking, granted
from trunkline.dialects.bedrock_converse.families import Family, caches, thinking_fields, top_k_fields
from trunkline.dialects.bedrock_converse.write_turns import TurnWriter, cache_point
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode

Json = dict[str, Any]

TIERS = {
    "default": "default",
    "standard_only": "default",
    "flex": "flex",
    "priority": "priority",
    "reserved": "reserved",
}
UNASKED = "auto"  # a service tier that is what happens anyway
OWN = frozenset(
    {
        *("additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig"),
        *("performanceConfig", "promptVariables", "requestMetadata"),
    }
)
"""Bedrock's own fields, which a caller of any dialect may send beside its own."""

NO_PARAMETERS: Json = {"type": "object", "properties": {}}


class RequestWriter:
    """Writes one request."""

    __slots__ = ("_dropped", "_family", "_generation", "_request")

    def __init__(self, request: ChatRequest, model: str, family: Family) -> None:
        self._request = request
        self._family: Family = family
        named = "claude" in model
        self._generation: Generation = generation_of(model) if named or family != "claude" else CURRENT
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def written(self, drop: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
        """The body without what the provider refuses, and the names of what was left out."""
        request = self._request
        refuse_held(request.extra)
        writer = TurnWriter(self._note, self._family)
        writer.write(request.messages)
        if not writer.turns:
            raise Unsupported("No message holds anything that this target takes. Send one with text.", param="messages")
        thinking = self._thinking()
        body: Json = {"messages": writer.turns, **({"system": writer.system} if writer.system else {})}
        body |= self._inference(thinking) | self._tools(tooled=writer.tooled) | self._output(thinking) | self._rest()
        additional = self._additional(thinking) | (body.get("additionalModelRequestFields") or {})
        if additional:
            body["additionalModelRequestFields"] = additional
        for name in sorted(drop & body.keys()):
            del body[name]
            self._note(name)
        return encode(body), tuple(self._dropped)

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _thinking(self) -> Thinking:
        """What Claude is told; the others are told by additional fields."""
        if self._family != "claude":
            return NOT
        thinking, whole = granted(self._request, budgets=self._generation.budgets)
        if not whole:
            self._note("reasoning_effort")
        return thinking

    def _inference(self, thinking: Thinking) -> Json:
        request = self._request
        stops = [stop for stop in request.stop if stop.strip()]
        if len(stops) < len(request.stop):  # the vendor refuses a stop sequence of white space
            self._note("stop")
        told = {
            "maxTokens": request.max_tokens,
            "temperature": request.temperature if self._may("temperature", request.temperature, thinking) else None,
            "topP": request.top_p if self._may("top_p", request.top_p, thinking) else None,
            "stopSequences": stops or None,
        }
        config = {name: value for name, value in told.items() if value is not None}
        return {"inferenceConfig": config} if config else {}

    def _may(self, name: str, value: float | None, thinking: Thinking) -> bool:
        """False for a parameter that the model refuses, which is noted. The scale ends at 1, not at OpenAI's 2."""
        if value is None:
            return False
        claude = self._family == "claude"
        refused = claude and (not self._generation.sampling or thinking.config is not None)
        paired = claude and name == "top_p" and self._request.temperature is not None  # 4.5 and later refuse the pair
        if refused or paired or (name != "top_k" and value > 1):
            self._note(name)
            return False
        return True

    def _additional(self, thinking: Thinking) -> Json:
        """Fields of the model's own, which Bedrock hands on."""
        request = self._request
        fields: Json = {"thinking": thinking.config} if thinking.config else {}
        if self._family != "claude":
            thought = thinking_fields(request, self._family)
            if thought is None:
                self._note("reasoning_effort")
            fields |= thought or {}
        if request.top_k is not None and self._may("top_k", request.top_k, thinking):
            counted = top_k_fields(request.top_k, self._family)
            if counted is None:
                self._note("top_k")
            fields |= counted or {}
        return fields

    def _tools(self, *, tooled: bool) -> Json:
        """The tools; they cannot be forbidden, so a choice of none leaves them out where no turn speaks of them."""
        request = self._request
        choice = request.tool_choice
        if not request.tools:
            if choice is not None and choice.mode != "none":
                self._note("tool_choice")
            return {}
        if request.parallel_tools is False:
            self._note("parallel_tool_calls")
        if choice is not None and choice.mode == "none":
            if not tooled:
                return {}
            self._note("tool_choice")
        config: Json = {"tools": [entry for tool in request.tools for entry in self._tool(tool)]}
        if choice is not None and choice.mode != "none":
            config["toolChoice"] = {choice.mode: {"name": choice.name} if choice.mode == "tool" else {}}
        return {"toolConfig": config}

    def _tool(self, tool: Tool) -> list[Json]:
        parameters = tool.parameters or NO_PARAMETERS
        schema = parameters if "type" in parameters else {"type": "object", **parameters}
        spec: Json = {"name": tool.name, "inputSchema": {"json": schema}}
        if tool.description:
            spec["description"] = tool.description
        if tool.strict is not None:
            spec["strict"] = tool.strict
        if tool.cache is None or not caches(self._family, tools=True):
            if tool.cache is not None:
                self._note("cache_control")
            return [{"toolSpec": spec}]
        return [{"toolSpec": spec}, cache_point(tool.cache)]

    def _output(self, thinking: Thinking) -> Json:
        config: Json = {"effort": thinking.effort} if thinking.effort else {}
        output = self._request.output
        if output is not None and output.kind == "schema":
            config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": _schema(output)}}
        elif output is not None:
            self._note("response_format")  # JSON of no schema: there is no such mode
        return {"outputConfig": config} if config else {}

    def _rest(self) -> Json:
        request = self._request
        fields: Json = {}
        if request.service_tier in TIERS:
            fields["serviceTier"] = {"type": TIERS[request.service_tier]}
        elif request.service_tier not in (None, UNASKED):
            self._note("service_tier")
        for name in ("user", "seed"):
            if getattr(request, name) is not None:
                self._note(name)
        for name in ("frequency_penalty", "presence_penalty"):
            if getattr(request, name):  # zero is what happens anyway
                self._note(name)
        for name, value in request.extra.items():
            if name in OWN:
                fields[name] = value
            else:
                self._note(name)
        return fields


def _schema(output: OutputFormat) -> Json:
    """The schema, which is told as text."""
    told: Json = {"schema": encode(output.schema or {"type": "object"}).decode(), "name": output.name}
    return told | ({"description": output.description} if output.description else {})
