"""Writes a core request for a provider of OpenAI's dialect.

Refuses to drop silently: what this provider cannot be told is named in ``dropped``.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, OutputFormat, Tool
from trunkline.core.dialect import Rendered
from trunkline.dialects.effort import effort_word
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode
from trunkline.dialects.openai_chat.quirks import PREFILL_FIELDS, PREFILL_MARKS, Quirks
from trunkline.dialects.openai_chat.write_messages import MessageWriter

Json = dict[str, Any]

OWN_FIELDS = frozenset(
    {
        *("audio", "modalities", "moderation", "prediction", "web_search_options"),
        *("logit_bias", "logprobs", "top_logprobs", "n", "verbosity"),
        *("metadata", "safety_identifier", "store"),
        *("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    }
)
"""Fields of this dialect that the core has no place for: they may pass in ``extra``."""

SERVICE_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})


def write_request(quirks: Quirks, request: ChatRequest, model: str) -> Rendered:
    """The body, and the names of what it could not hold."""
    return _RequestWriter(quirks, request).rendered(model)


class _RequestWriter:
    __slots__ = ("_body", "_dropped", "_quirks", "_request")

    def __init__(self, quirks: Quirks, request: ChatRequest) -> None:
        self._quirks = quirks
        self._request = request
        self._body: Json = {}
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def rendered(self, model: str) -> Rendered:
        request = self._request
        self._body["model"] = model
        self._body["messages"] = MessageWriter(self._quirks, self._note).messages(request.messages)
        echo = self._put_prefill()
        self._put_limits()
        self._put_tools()
        self._put_stream()
        self._put("response_format", request.output and _output(request.output))
        self._put("reasoning_effort", request.reasoning and effort_word(request.reasoning))
        self._put_extra()
        self._drop_refused()
        return Rendered(encode(self._body), tuple(self._dropped), echo=echo)

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _put(self, name: str, value: object) -> None:
        if value is not None:
            self._body[name] = value

    def _put_prefill(self) -> str:
        """A last turn of the assistant's, which the caller's dialect goes on with; the echo it will have."""
        last: Json = self._body["messages"][-1] if self._body["messages"] else {}
        if last.get("role") != "assistant" or "tool_calls" in last:
            return ""
        quirk = self._quirks.prefill
        if quirk is None:
            self._note("prefill")  # it stays as a turn of the conversation, and is answered anew
            return ""
        last |= PREFILL_MARKS[quirk]
        self._body |= PREFILL_FIELDS.get(quirk, {})
        return str(last["content"]) if quirk == "prefix_echoed" else ""

    def _put_limits(self) -> None:
        request = self._request
        kept = self._quirks.max_tokens_name == "keep"
        self._put("max_tokens" if kept else self._quirks.max_tokens_name, request.max_tokens)
        for name in ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty", "user"):
            self._put(name, getattr(request, name))
        self._put("stop", list(request.stop) or None)
        if request.top_k is not None:
            self._put_if("top_k" in self._quirks.accept, "top_k", request.top_k)
        if request.service_tier is not None:
            self._put_if(request.service_tier in SERVICE_TIERS, "service_tier", request.service_tier)

    def _put_if(self, told: bool, name: str, value: object) -> None:
        if told:
            self._body[name] = value
        else:
            self._note(name)

    def _put_tools(self) -> None:
        choice, tools = self._request.tool_choice, self._request.tools
        if not tools:
            return  # an empty list, or a choice among none, is a 400 at OpenAI and says nothing
        if choice is not None and choice.mode == "tool" and not self._quirks.tool_choice_object:
            tools = tuple(tool for tool in tools if tool.name == choice.name)
            self._body["tool_choice"] = "any"
        elif choice is not None and choice.mode == "tool":
            self._body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice is not None:
            self._body["tool_choice"] = "required" if choice.mode == "any" else choice.mode
        self._body["tools"] = [self._tool(tool) for tool in tools]
        self._put("parallel_tool_calls", self._request.parallel_tools)

    def _tool(self, tool: Tool) -> Json:
        if tool.cache:
            self._note("cache_control")
        function: Json = {"name": tool.name}
        for name in ("description", "parameters", "strict"):
            if (value := getattr(tool, name)) is not None:
                function[name] = value
        return {"type": "function", "function": function}

    def _put_stream(self) -> None:
        if not self._request.stream:
            return
        self._body["stream"] = True
        if self._quirks.usage_in_stream == "ask":
            self._body["stream_options"] = {"include_usage": True}

    def _put_extra(self) -> None:
        refuse_held(self._request.extra, self._quirks.accept)
        for name, value in self._request.extra.items():
            self._put_if(name in OWN_FIELDS or name in self._quirks.accept, name, value)

    def _drop_refused(self) -> None:
        refused = self._quirks.drop | (self._quirks.drop_in_streams if self._request.stream else frozenset())
        for name in sorted(refused & self._body.keys()):
            del self._body[name]
            self._note(name)


def _output(asked: OutputFormat) -> Json:
    if asked.kind == "json":
        return {"type": "json_object"}
    schema: Json = {"name": asked.name, "schema": asked.schema or {}}
    for name in ("description", "strict"):
        if (value := getattr(asked, name)) is not None:
            schema[name] = value
    return {"type": "json_schema", "json_schema": schema}
