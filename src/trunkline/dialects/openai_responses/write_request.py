"""Writes a core request for a provider that speaks OpenAI responses.

Refuses to drop silently: what the target cannot be told is named in ``dropped``.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Message, OutputFormat, Tool, ToolChoice
from trunkline.core.dialect import Rendered
from trunkline.dialects.effort import effort_word
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode
from trunkline.dialects.openai_responses.write_items import ItemWriter

Json = dict[str, Any]

OWN_FIELDS = frozenset(
    {
        *("metadata", "safety_identifier", "top_logprobs", "moderation"),
        *("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    }
)
"""Fields that this dialect has under the same name as chat completions: they may pass in ``extra``."""

SERVICE_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
NO_PARAMETERS: Json = {"type": "object", "properties": {}}


class RequestWriter:
    """Writes one request."""

    __slots__ = ("_body", "_dropped", "_request", "_sealed", "_store")

    def __init__(self, request: ChatRequest, *, store: bool, sealed: bool) -> None:
        self._request = request
        self._store = store
        self._sealed = sealed
        self._body: Json = {}
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def rendered(self, model: str, drop: frozenset[str]) -> Rendered:
        """The body without what the provider refuses, and the names of what was left out."""
        self._body["model"] = model
        self._put_turns()
        self._put_limits()
        self._put_tools()
        self._put_text()
        self._put_reasoning()
        self._body |= {"stream": True} if self._request.stream else {}
        if "store" not in drop:  # what the caller did not say is not dropped, only left out
            self._body["store"] = self._store
        self._put_extra()
        for name in sorted(drop & self._body.keys()):
            del self._body[name]
            self._note(name)
        return Rendered(encode(self._body), tuple(self._dropped))

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _put_turns(self) -> None:
        """The first system turn, where it is only words, stands apart: servers that know no such role take it there."""
        turns = self._request.messages
        first: Message | None = turns[0] if turns else None
        if first is not None and first.role == "system" and first.text and len(turns) > 1:
            if any(getattr(part, "cache", None) for part in first.parts):
                self._note("cache_control")
            self._body["instructions"] = "\n\n".join(getattr(part, "text", "") for part in first.parts)
            turns = turns[1:]
        self._body["input"] = ItemWriter(self._note).items(turns)

    def _put_limits(self) -> None:
        request = self._request
        told = {"max_output_tokens": request.max_tokens, "temperature": request.temperature, "top_p": request.top_p}
        self._body |= {name: value for name, value in told.items() if value is not None}
        if request.user is not None:
            self._body["user"] = request.user
        if request.service_tier in SERVICE_TIERS:
            self._body["service_tier"] = request.service_tier
        unsaid = {
            "service_tier": request.service_tier is not None and request.service_tier not in SERVICE_TIERS,
            "top_k": request.top_k is not None,
            "stop": bool(request.stop),
            "seed": request.seed is not None,
            "frequency_penalty": bool(request.frequency_penalty),
            "presence_penalty": bool(request.presence_penalty),
        }
        for name, said in unsaid.items():
            if said:
                self._note(name)

    def _put_tools(self) -> None:
        request = self._request
        if not request.tools:
            return
        self._body["tools"] = [self._tool(tool) for tool in request.tools]
        if request.tool_choice is not None:
            self._body["tool_choice"] = _choice(request.tool_choice)
        if request.parallel_tools is not None:
            self._body["parallel_tool_calls"] = request.parallel_tools

    def _tool(self, tool: Tool) -> Json:
        if tool.cache:
            self._note("cache_control")
        told: Json = {"type": "function", "name": tool.name, "parameters": tool.parameters or NO_PARAMETERS}
        if tool.description is not None:
            told["description"] = tool.description
        # chat completions take a schema as it is where nothing is said; here nothing said means strict
        return {**told, "strict": bool(tool.strict)}

    def _put_text(self) -> None:
        text: Json = {}
        if self._request.output is not None:
            text["format"] = _format(self._request.output)
        if "verbosity" in self._request.extra:
            text["verbosity"] = self._request.extra["verbosity"]
        if text:
            self._body["text"] = text

    def _put_reasoning(self) -> None:
        asked = self._request.reasoning
        effort = effort_word(asked) if asked is not None else None
        if effort is not None:
            self._body["reasoning"] = {"effort": effort, "summary": "auto"}
            if self._sealed and effort != "none":
                self._body["include"] = ["reasoning.encrypted_content"]

    def _put_extra(self) -> None:
        refuse_held(self._request.extra)
        for name, value in self._request.extra.items():
            if name == "store":
                self._body["store"] = value
            elif name in OWN_FIELDS:
                self._body[name] = value
            elif name != "verbosity":
                self._note(name)


def _choice(choice: ToolChoice) -> str | Json:
    if choice.mode == "tool":
        return {"type": "function", "name": choice.name}
    return "required" if choice.mode == "any" else choice.mode


def _format(asked: OutputFormat) -> Json:
    if asked.kind == "json":
        return {"type": "json_object"}
    told: Json = {"type": "json_schema", "name": asked.name, "schema": asked.schema or {}}
    if asked.description is not None:
        told["description"] = asked.description
    return {**told, "strict": bool(asked.strict)}
