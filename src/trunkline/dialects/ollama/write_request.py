"""Writes a core request for Ollama's own chat.

Refuses to drop silently: what the target cannot express is named, as an OpenAI caller spells it.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Reasoning, Tool
from trunkline.core.dialect import Rendered
from trunkline.core.errors import Unsupported
from trunkline.dialects.effort import effort_word
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode
from trunkline.dialects.ollama.write_messages import MessageWriter
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


class RequestWriter:
    """Writes one request; ``num_ctx`` and ``keep_alive`` are the provider's, not the caller's."""

    __slots__ = ("_dropped", "_model", "_request")

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._model = model
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def write(self, *, num_ctx: int | None, keep_alive: str | None, truncate: bool, drop: frozenset[str]) -> Rendered:
        """The body and the names of what was left out. Raises Unsupported where nothing is left to ask."""
        request = self._request
        refuse_held(request.extra)
        messages = MessageWriter(self._note).written(request.messages)
        if not messages:
            raise Unsupported("No message holds anything that this target takes. Send one with text.", param="messages")
        refuse_unasked(request.messages, messages[-1]["role"])
        body: Json = {"model": self._model, "messages": messages, "stream": request.stream}
        if not truncate:
            # Unasked, a prompt longer than the window loses its beginning, and the answer is a 200 like any other
            body |= {"truncate": False, "shift": False}
        if keep_alive is not None:
            body["keep_alive"] = keep_alive
        body |= self._tools() | self._output() | self._thinking()
        if options := self._options(num_ctx):
            body["options"] = options
        self._note_rest()
        if messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]:
            self._note("prefill")  # whether it is gone on with or answered anew is for each model's template to say
        for name in sorted(drop & body.keys()):
            del body[name]
            self._note(name)
        return Rendered(encode(body), tuple(self._dropped))

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _tools(self) -> Json:
        """No choice can be made between tools: one that is forbidden is not shown, any other wish is noted."""
        request, choice = self._request, self._request.tool_choice
        if not request.tools or (choice is not None and choice.mode == "none"):
            return {}
        if request.parallel_tools is False:
            self._note("parallel_tool_calls")
        if choice is not None and choice.mode in ("any", "tool"):
            self._note("tool_choice")
        named = [tool for tool in request.tools if choice is not None and tool.name == choice.name]
        return {"tools": [self._tool(tool) for tool in named or request.tools]}

    def _tool(self, tool: Tool) -> Json:
        if tool.cache:
            self._note("cache_control")
        if tool.strict:
            self._note("strict")
        parameters = tool.parameters or {"type": "object", "properties": {}}
        told = {"name": tool.name, "description": tool.description or "", "parameters": parameters}
        return {"type": "function", "function": told}

    def _output(self) -> Json:
        output = self._request.output
        if output is None:
            return {}
        return {"format": output.schema or "json" if output.kind == "schema" else "json"}

    def _thinking(self) -> Json:
        asked = self._request.reasoning
        return {} if asked is None else {"think": _think(asked)}

    def _options(self, num_ctx: int | None) -> Json:
        request = self._request
        told: Json = {
            "num_ctx": num_ctx,
            "num_predict": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "top_k": request.top_k,
            "stop": list(request.stop) or None,
            "seed": request.seed,
            "frequency_penalty": request.frequency_penalty,
            "presence_penalty": request.presence_penalty,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _note_rest(self) -> None:
        for name in ("user", "service_tier"):
            if getattr(self._request, name) is not None:
                self._note(name)
        for name in self._request.extra:
            self._note(name)


def _think(asked: Reasoning) -> bool | str:
    """A level where one was asked for: models that know no levels take any for yes, and gpt-oss takes nothing else."""
    word = effort_word(asked)
    return False if word == "none" else LEVELS.get(word or "", True)
