"""Reading and checking a generateContent request as Google's API does.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made or sent.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refused, google_error

_FIELDS = frozenset(
    {
        *("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"),
        *("cachedContent", "labels", "serviceTier", "store"),
    }
)
_OPAQUE = frozenset(
    {"args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"}
)
_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)


class Call(Struct, frozen=True):
    """`functionCall`."""

    name: str
    args: dict[str, Any] = {}
    id: str = ""


class Response(Struct, frozen=True):
    """`functionResponse`."""

    name: str
    response: dict[str, Any]
    id: str = ""


class Part(Struct, frozen=True, rename="camel"):
    """A part of a turn; one of its fields is set."""

    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    inline_data: dict[str, Any] | None = None
    file_data: dict[str, Any] | None = None
    function_call: Call | None = None
    function_response: Response | None = None


class Content(Struct, frozen=True):
    """One turn."""

    parts: list[Part] = []
    role: str = "user"


class Declaration(Struct, frozen=True, rename="camel"):
    """A function the model may call."""

    name: str
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None


class ToolEntry(Struct, frozen=True, rename="camel"):
    """One of `tools`."""

    function_declarations: list[Declaration] = []


class Calling(Struct, frozen=True, rename="camel"):
    """`functionCallingConfig`."""

    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class ToolConfig(Struct, frozen=True, rename="camel"):
    """`toolConfig`."""

    function_calling_config: Calling = Calling()


class Thinking(Struct, frozen=True, rename="camel"):
    """`thinkingConfig`."""

    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool = False


class Generation(Struct, frozen=True, rename="camel"):
    """`generationConfig`."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: int | None = None
    candidate_count: int | None = None
    stop_sequences: list[str] = []
    response_mime_type: str | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: Thinking | None = None


class Body(Struct, frozen=True, rename="camel"):
    """The fields that are read."""

    contents: list[Content]
    system_instruction: Content | None = None
    tools: list[ToolEntry] = []
    tool_config: ToolConfig = ToolConfig()
    generation_config: Generation = Generation()


def read_request(body: bytes, salt: str, model: str, *, stream: bool) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        fields = _camel(msgspec.json.decode(body, type=dict[str, Any]))
        asked = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        where, said = (match["where"] or "contents", match["said"]) if match else ("", str(error))
        raise Refused(google_error(f"Invalid value at '{where}': {said}")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(google_error(f"Invalid JSON payload received. {error}")) from error
    _check(asked, fields)
    config = asked.generation_config
    calling = asked.tool_config.function_calling_config
    thinking = config.thinking_config
    schema = config.response_json_schema or _plain(config.response_schema)
    said = [text for turn in asked.contents if turn.role != "model" if (text := _words(turn))]
    return Ask(
        model=model,
        dialect="gemini",
        prompt=said[-1] if said else "",
        text=_counted(asked),
        images=sum(part.inline_data is not None for turn in asked.contents for part in turn.parts),
        tools=tuple(
            Tool(one.name, one.parameters_json_schema or _plain(one.parameters) or {})
            for tool in asked.tools
            for one in tool.function_declarations
        ),
        tool_choice=_choice(calling),
        tool_result=_result(asked.contents),
        max_tokens=config.max_output_tokens,
        stop=tuple(config.stop_sequences),
        json=config.response_mime_type == "application/json" and schema is None,
        schema=schema,
        reasoning=thinking is not None and (thinking.thinking_budget != 0 or thinking.thinking_level is not None),
        stream=stream,
        include_usage=True,
        choices=config.candidate_count or 1,
        parameters=frozenset(fields) | frozenset(fields.get("generationConfig") or {}),
        salt=salt,
    )


def _camel(value: Any) -> Any:
    """Both spellings of a name are good; inside schemas and arguments names are the caller's."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    spelled = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): inner for name, inner in value.items()}
    return {name: inner if name in _OPAQUE else _camel(inner) for name, inner in spelled.items()}


def _plain(schema: Any) -> Any:
    """Google's schemas shout their types."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(value) for name, value in schema.items()}
    return {**found, "type": found["type"].lower()} if isinstance(found.get("type"), str) else found


def _words(turn: Content) -> str:
    return "\n".join(part.text for part in turn.parts if part.text and not part.thought)


def _counted(asked: Body) -> str:
    tools = [msgspec.json.encode(tool).decode() for tool in asked.tools]
    system = [_words(asked.system_instruction)] if asked.system_instruction else []
    said = [f"{turn.role}: {_words(turn)}" for turn in asked.contents]
    return "\n".join([*tools, *system, *said])


def _choice(calling: Calling) -> str:
    if calling.mode == "ANY" and len(calling.allowed_function_names) == 1:
        return f"tool:{calling.allowed_function_names[0]}"
    return {"ANY": "required", "NONE": "none"}.get(calling.mode, "auto")


def _result(turns: list[Content]) -> str | None:
    last = turns[-1].parts if turns else []
    found = [part.function_response.response for part in last if part.function_response]
    shown = [str(one.get("result", one.get("output", msgspec.json.encode(one).decode()))) for one in found]
    return "; ".join(shown) if shown else None


def _check(asked: Body, fields: dict[str, Any]) -> None:
    for name in fields.keys() - _FIELDS:
        raise Refused(google_error(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'))
    if not asked.contents:
        raise Refused(google_error("* GenerateContentRequest.contents: contents is not specified\n"))
    calls: list[Call] = []
    for turn in asked.contents:
        if turn.role not in {"user", "model"}:
            raise Refused(google_error("Please use a valid role: user, model."))
        if not turn.parts:
            raise Refused(google_error("* GenerateContentRequest.contents: contents.parts must not be empty.\n"))
        answers = [part.function_response for part in turn.parts if part.function_response]
        if answers and len(answers) != len(calls):
            told = "Please ensure that the number of function response parts is equal to the number of function call"
            raise Refused(google_error(f"{told} parts of the function call turn."))
        made = [part for part in turn.parts if part.function_call]
        if made and made[0].thought_signature is None:
            raise Refused(google_error("Function call is missing a thought_signature in functionCall parts."))
        calls = [part.function_call for part in made if part.function_call]
