"""Writes a core request for Cohere's own chat.

Refuses to drop silently: what the target cannot express is named, as an OpenAI caller spells it.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Tool
from trunkline.core.dialect import Rendered
from trunkline.core.errors import Unsupported
from trunkline.dialects.cohere_v2.write_messages import write_messages
from trunkline.dialects.effort import BUDGETS
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
LEAST_P, MOST_P = 0.01, 0.99
"""What the vendor takes for ``p``; 1, which many clients always send, is told as the most it takes."""

MOST_STOPS = 5


class RequestWriter:
    """Writes one request."""

    __slots__ = ("_dropped", "_model", "_request")

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._model = model
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def write(self, drop: frozenset[str]) -> Rendered:
        """The body and the names of what was left out. Raises Unsupported where nothing is left to ask."""
        request = self._request
        refuse_held(request.extra)
        messages = write_messages(request.messages, self._note)
        if not messages:
            raise Unsupported("No message holds anything that this target takes. Send one with text.", param="messages")
        refuse_unasked(request.messages, messages[-1]["role"])
        body: Json = {"model": self._model, "messages": messages, "stream": request.stream}
        body |= self._sampled() | self._tools() | self._output() | self._thinking()
        self._note_rest()
        if messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]:
            self._note("prefill")  # it stays as a turn of the conversation, and is answered anew
        for name in sorted(drop & body.keys()):
            del body[name]
            self._note(name)
        return Rendered(encode(body), tuple(self._dropped))

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _sampled(self) -> Json:
        request = self._request
        if len(request.stop) > MOST_STOPS:
            self._note("stop")
        told: Json = {
            "max_tokens": request.max_tokens,
            "p": None if request.top_p is None else min(max(request.top_p, LEAST_P), MOST_P),
            "k": request.top_k,
            "stop_sequences": list(request.stop[:MOST_STOPS]) or None,
            "seed": request.seed,
        }
        for name in ("temperature", "frequency_penalty", "presence_penalty"):
            value: float | None = getattr(request, name)
            if value is not None and not 0 <= value <= 1:  # OpenAI's scales are 0 to 2 and -2 to 2
                self._note(name)
            else:
                told[name] = value
        return {name: value for name, value in told.items() if value is not None}

    def _tools(self) -> Json:
        """One tool by name is that tool alone, and a call required."""
        request, choice = self._request, self._request.tool_choice
        if not request.tools:
            return {}
        if request.parallel_tools is False:
            self._note("parallel_tool_calls")
        named = [tool for tool in request.tools if choice is not None and tool.name == choice.name]
        shown = named or request.tools
        fields: Json = {"tools": [self._tool(tool) for tool in shown]}
        if choice is not None and choice.mode != "auto":
            fields["tool_choice"] = "NONE" if choice.mode == "none" else "REQUIRED"
        strict = [tool.strict for tool in shown]
        if all(strict):
            fields["strict_tools"] = True
        elif any(strict):
            self._note("strict")
        return fields

    def _tool(self, tool: Tool) -> Json:
        if tool.cache:
            self._note("cache_control")
        told: Json = {"name": tool.name, "parameters": tool.parameters or {"type": "object", "properties": {}}}
        return {"type": "function", "function": {**told, "description": tool.description or ""}}

    def _output(self) -> Json:
        output = self._request.output
        if output is None:
            return {}
        if self._request.tools:  # the vendor: not together with tools
            self._note("response_format")
            return {}
        schema = {"json_schema": output.schema} if output.kind == "schema" and output.schema else {}
        return {"response_format": {"type": "json_object", **schema}}

    def _thinking(self) -> Json:
        """A budget where one was asked for, in tokens or by a word that grants fewer than all."""
        asked = self._request.reasoning
        if asked is None:
            return {}
        if asked.effort == "none":
            return {"thinking": {"type": "disabled"}}
        budget = asked.budget or next((most for most, word in BUDGETS if word == asked.effort), None)
        return {"thinking": {"type": "enabled", **({"token_budget": budget} if budget else {})}}

    def _note_rest(self) -> None:
        for name in ("user", "service_tier"):
            if getattr(self._request, name) is not None:
                self._note(name)
        for name in self._request.extra:
            self._note(name)
