"""Writes a core request for a provider that speaks generateContent.

Refuses to drop silently: what the target cannot express is named, as its caller spells it.
"""

from typing import Any

from trunkline.core.chat import ChatRequest, Tool
from trunkline.core.errors import Unsupported
from trunkline.dialects.gemini.thinking import thinking_config
from trunkline.dialects.gemini.write_contents import ContentWriter
from trunkline.dialects.held import refuse_held
from trunkline.dialects.json import encode
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
MODES = {"auto": "AUTO", "any": "ANY", "none": "NONE", "tool": "ANY"}
UNSIGNED_MODELS = ("gemini-1", "gemini-2")
"""Generations that take calls without a thought signature; those after refuse them."""


class RequestWriter:
    """Writes one request."""

    __slots__ = ("_dropped", "_model", "_request")

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._model = model
        self._dropped: dict[str, None] = {}  # a set that keeps its order

    def written(self, drop: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
        """The body without what the provider refuses, and the names of what was left out."""
        request = self._request
        refuse_held(request.extra)
        signed = not any(name in self._model for name in UNSIGNED_MODELS)
        writer = ContentWriter(self._note, signed=signed)
        writer.write(request.messages)
        body: Json = {}
        if writer.contents or writer.system:
            refuse_unasked(request.messages, writer.contents[-1]["role"] if writer.contents else None)
        if not writer.contents and writer.system:  # a system prompt alone: the vendor wants at least one turn
            writer.contents.append({"role": "user", "parts": [writer.system.pop()]})
        if not writer.contents:
            raise Unsupported("No message holds anything that this target takes. Send one with text.", param="messages")
        if writer.system:
            body["systemInstruction"] = {"parts": writer.system}
        body["contents"] = writer.contents
        body |= self._tools()
        if config := self._config():
            body["generationConfig"] = config
        self._note_rest()
        for name in sorted(drop & body.keys()):
            del body[name]
            self._note(name)
        return encode(body), tuple(self._dropped)

    def _note(self, name: str) -> None:
        self._dropped[name] = None

    def _tools(self) -> Json:
        request = self._request
        if not request.tools:
            return {}
        if request.parallel_tools is False:
            self._note("parallel_tool_calls")
        fields: Json = {"tools": [{"functionDeclarations": [self._tool(tool) for tool in request.tools]}]}
        choice = request.tool_choice
        if choice is not None:
            calling: Json = {"mode": MODES[choice.mode]}
            if choice.mode == "tool":
                calling["allowedFunctionNames"] = [choice.name]
            fields["toolConfig"] = {"functionCallingConfig": calling}
        return fields

    def _tool(self, tool: Tool) -> Json:
        if tool.cache:
            self._note("cache_control")
        if tool.strict:
            self._note("strict")
        told: Json = {"name": tool.name, "description": tool.description or ""}
        return {**told, "parametersJsonSchema": tool.parameters} if tool.parameters else told

    def _config(self) -> Json:
        request = self._request
        told: Json = {
            "maxOutputTokens": request.max_tokens,
            "temperature": request.temperature,
            "topP": request.top_p,
            "topK": request.top_k,
            "stopSequences": list(request.stop) or None,
            "seed": request.seed,
            "frequencyPenalty": request.frequency_penalty,
            "presencePenalty": request.presence_penalty,
        }
        if request.output is not None:
            told["responseMimeType"] = "application/json"
            told["responseJsonSchema"] = request.output.schema if request.output.kind == "schema" else None
        if request.reasoning is not None:
            told["thinkingConfig"] = thinking_config(request.reasoning, self._model)
            if told["thinkingConfig"] is None:
                self._note("reasoning_effort")
        return {name: value for name, value in told.items() if value is not None}

    def _note_rest(self) -> None:
        request = self._request
        for name in ("user", "service_tier"):
            if getattr(request, name) is not None:
                self._note(name)
        for name in request.extra:
            self._note(name)
