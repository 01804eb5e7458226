"""Reading and checking a Converse request as AWS Bedrock does.
Written from the vendor's API model and the errors it gives; it refuses to know how answers are made or sent.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import Ask, Tool
from trunkline.simulator.refusals import Refused, bedrock_error

Json = dict[str, Any]

_FIELDS = frozenset(
    {
        *("messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "promptVariables"),
        *("additionalModelRequestFields", "additionalModelResponseFieldPaths", "requestMetadata"),
        *("performanceConfig", "serviceTier", "outputConfig"),
    }
)
_INFERENCE = frozenset({"maxTokens", "temperature", "topP", "stopSequences"})
_IMAGES = frozenset({"png", "jpeg", "gif", "webp"})
_TOOL_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NAME = re.compile(r"[0-9A-Za-z()\[\]-]+(?: [0-9A-Za-z()\[\]-]+)*")
_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)


class Source(Struct, frozen=True):
    """Where a picture or a file is."""

    bytes: str | None = None
    s3Location: Json | None = None  # noqa: N815 - the vendor's spelling


class Media(Struct, frozen=True):
    """`image`, or `document`, which has a name."""

    source: Source
    format: str = ""
    name: str = ""


class Call(Struct, frozen=True, rename="camel"):
    """`toolUse`."""

    tool_use_id: str
    name: str
    input: Json


class Block(Struct, frozen=True, rename="camel"):
    """One block; one of its fields is set."""

    text: str | None = None
    image: Media | None = None
    document: Media | None = None
    tool_use: Call | None = None
    tool_result: "Result | None" = None
    reasoning_content: Json | None = None
    cache_point: Json | None = None


class Result(Struct, frozen=True, rename="camel"):
    """`toolResult`."""

    tool_use_id: str
    content: list[Block]
    status: str = "success"


class Message(Struct, frozen=True):
    """One turn."""

    role: str
    content: list[Block]


class Inference(Struct, frozen=True, rename="camel"):
    """`inferenceConfig`."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] = []


class Spec(Struct, frozen=True, rename="camel"):
    """`toolSpec`."""

    name: str
    input_schema: dict[str, Json]


class ToolEntry(Struct, frozen=True, rename="camel"):
    """One of `tools`."""

    tool_spec: Spec | None = None
    cache_point: Json | None = None


class ToolConfig(Struct, frozen=True, rename="camel"):
    """`toolConfig`."""

    tools: list[ToolEntry]
    tool_choice: dict[str, Json] = {}


class OutputConfig(Struct, frozen=True, rename="camel"):
    """`outputConfig`."""

    text_format: Json | None = None
    effort: str | None = None


class Body(Struct, frozen=True, rename="camel"):
    """The fields that are read."""

    messages: list[Message]
    system: list[Block] = []
    inference_config: Inference = Inference()
    tool_config: ToolConfig | None = None
    output_config: OutputConfig = OutputConfig()
    additional_model_request_fields: Json = {}


def read_request(body: bytes, salt: str, model: str, *, stream: bool) -> Ask:
    """The request as an Ask. Raises Refused with the vendor's error."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
        asked = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        where, said = (match["where"] or "messages", match["said"]) if match else ("", str(error))
        raise _refused(
            f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {said}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(bedrock_error("Unable to parse the request body", name="SerializationException")) from error
    _check(asked, fields)
    config, tools = asked.inference_config, asked.tool_config
    text, mark = _counted(asked)
    said = [words for turn in asked.messages if turn.role == "user" and (words := _words(turn.content))]
    return Ask(
        model=model,
        dialect="bedrock",
        prompt=said[-1] if said else "",
        text=text,
        cache_mark=mark,
        images=sum(block.image is not None for turn in asked.messages for block in turn.content),
        tools=tuple(
            Tool(entry.tool_spec.name, entry.tool_spec.input_schema.get("json", {}))
            for entry in (tools.tools if tools else ())
            if entry.tool_spec
        ),
        tool_choice=_choice(tools.tool_choice if tools else {}),
        tool_result=_result(asked.messages[-1]),
        max_tokens=config.max_tokens,
        stop=tuple(config.stop_sequences),
        schema=_schema(asked.output_config),
        reasoning=_thinks(asked.additional_model_request_fields),
        stream=stream,
        include_usage=True,
        parameters=frozenset(fields) | frozenset(fields.get("inferenceConfig") or {}),
        salt=salt,
        prefill=_words(asked.messages[-1].content) if asked.messages[-1].role == "assistant" else "",
    )


def _words(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if block.text)


def _counted(asked: Body) -> tuple[str, int | None]:
    """All the text that counts as input, and where the last cache point stands in it."""
    said: list[str] = []
    length, mark = 0, None
    tools = [
        (msgspec.json.encode(entry).decode() if entry.tool_spec else None)
        for entry in (asked.tool_config.tools if asked.tool_config else ())
    ]
    blocks = [*asked.system, *(block for turn in asked.messages for block in turn.content)]
    for text in [*tools, *(None if block.cache_point else _told(block) for block in blocks)]:
        if text is None:
            mark = length
        else:
            said.append(text + "\n")
            length += len(text) + 1
    return "".join(said), mark


def _told(block: Block) -> str:
    if block.tool_use is not None:
        return f"{block.tool_use.name}{msgspec.json.encode(block.tool_use.input).decode()}"
    if block.tool_result is not None:
        return _words(block.tool_result.content)
    return block.text or ""


def _choice(told: dict[str, Json]) -> str:
    if "tool" in told:
        return f"tool:{told['tool'].get('name', '')}"
    return "required" if "any" in told else "auto"


def _result(turn: Message) -> str | None:
    found = [_words(block.tool_result.content) for block in turn.content if block.tool_result]
    return "; ".join(found) if found else None


def _schema(config: OutputConfig) -> Json | None:
    if config.text_format is None:
        return None
    try:
        told = config.text_format["structure"]["jsonSchema"]["schema"]
        return msgspec.json.decode(told, type=dict[str, Any])
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        raise _refused("The output format's schema is no JSON schema") from error


def _thinks(fields: Json) -> bool:
    claude, nova = fields.get("thinking") or {}, fields.get("reasoningConfig") or {}
    return claude.get("type", "disabled") != "disabled" or nova.get("type") == "enabled" or "reasoning_effort" in fields


def _refused(message: str) -> Refused:
    return Refused(bedrock_error(message))


def _check(asked: Body, fields: Json) -> None:
    for name in sorted(fields.keys() - _FIELDS) + sorted((fields.get("inferenceConfig") or {}).keys() - _INFERENCE):
        raise _refused(f"Malformed input request: #: extraneous key [{name}] is not permitted")
    config = asked.inference_config
    if any(value is not None and not 0 <= value <= 1 for value in (config.temperature, config.top_p)):
        raise _refused("Value at 'inferenceConfig' failed to satisfy constraint: between 0 and 1")
    if config.max_tokens is not None and config.max_tokens < 1:
        raise _refused("Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: at least 1")
    if not asked.messages or asked.messages[0].role != "user":
        raise _refused("A conversation must start with a user message. Try again with a conversation that does.")
    if any(block.text is not None and not block.text for block in asked.system):
        raise _refused("Value at 'system.1.member.text' failed to satisfy constraint: at least 1 long")
    _check_turns(asked)
    _check_documents(asked)


def _check_turns(asked: Body) -> None:
    calls: set[str] = set()
    before = ""
    for number, turn in enumerate(asked.messages):
        if turn.role not in {"user", "assistant"} or turn.role == before:
            raise _refused("A conversation must alternate between user and assistant roles. Make sure they alternate.")
        if not turn.content:
            raise _refused(
                f"The content field in the Message object at messages.{number} is empty. Add a ContentBlock."
            )
        for place, block in enumerate(turn.content):
            _check_block(block, f"messages.{number}.content.{place}", tools=asked.tool_config is not None)
        answered = {block.tool_result.tool_use_id for block in turn.content if block.tool_result}
        if turn.role == "user" and answered != calls:
            missing = ", ".join(sorted(calls - answered))
            raise _refused(f"Expected toolResult blocks at messages.{number}.content for the following Ids: {missing}")
        calls = {block.tool_use.tool_use_id for block in turn.content if block.tool_use}
        before = turn.role


def _check_block(block: Block, where: str, *, tools: bool) -> None:
    if block.text is not None and not block.text.strip():
        raise _refused(f"The text field in the ContentBlock object at {where} is blank. Add text to the text field.")
    if block.image is not None and block.image.format not in _IMAGES:
        raise _refused(f"Value at '{where}.image.format' failed to satisfy constraint: enum value set")
    tool_id = (
        block.tool_use.tool_use_id if block.tool_use else block.tool_result.tool_use_id if block.tool_result else None
    )
    if tool_id is None:
        return
    if not tools:
        raise _refused("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    if not _TOOL_ID.fullmatch(tool_id):
        raise _refused(f"Value at '{where}.toolUseId' failed to satisfy constraint: [a-zA-Z0-9_.:-]+")
    if block.tool_result and block.tool_result.status == "error" and not block.tool_result.content:
        raise _refused(f"The content field at {where}.toolResult cannot be empty when status value is error.")


def _check_documents(asked: Body) -> None:
    names: set[str] = set()
    for turn in asked.messages:
        documents = [block.document for block in turn.content if block.document]
        if documents and not _words(turn.content):
            raise _refused("A text block must be included in a message that has a document.")
        for document in documents:
            if not _NAME.fullmatch(document.name) or document.name in names:
                raise _refused(f"The document file name {document.name!r} is not allowed, or there twice.")
            names.add(document.name)
