"""The config's JSON Schema, for editors: made from the structs, with the shorter forms that people write.

Refuses to say anything the structs do not, and to judge what needs the whole house.
"""

from typing import Any, get_args

import msgspec

from trunkline.core.dialect import DialectName
from trunkline.gateway.config import Config
from trunkline.gateway.units import DURATION_PATTERN, SIZE_PATTERN
from trunkline.providers.registry import rows

Part = dict[str, Any]

_VARIABLE: Part = {"type": "string", "pattern": r"\$\{"}  # ${NAME} may stand for any plain value
_UNITS: dict[str, Part] = {
    "seconds": {"type": "string", "pattern": rf"^\s*{DURATION_PATTERN}\s*$"},
    "bytes": {"type": "string", "pattern": rf"^\s*{SIZE_PATTERN}\s*$"},
}
_DOLLARS: list[Part] = [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d{1,6})?$"}]
_SAID = ("description", "default", "examples")


def schema() -> Part:
    """A JSON Schema (2020-12) of what ``load`` accepts."""
    (top,), defs = msgspec.json.schema_components((Config,), schema_hook=_secret, ref_template="#/$defs/{name}")
    written = {name: _part(part) for name, part in defs.items()}
    written["Provider"] = _provider(written["Provider"])
    written["RouteTarget"] = {"anyOf": [{"type": "string", "pattern": "/"}, written["RouteTarget"]]}
    _strategies(written)
    targets = written["Route"]["properties"]["targets"]
    written["Route"] = {"anyOf": [{"type": "string", "pattern": "/"}, _without_words(targets), written["Route"]]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "trunkline", **top, "$defs": written}


def _strategies(written: dict[str, Part]) -> None:
    """A strategy's name stands for it where it needs no settings."""
    said = written["Route"]["properties"]["strategy"]
    names = said.pop("discriminator")["mapping"]
    said["default"] = "ordered"
    said["anyOf"].insert(0, {"enum": list(names)})
    for name, reference in names.items():
        fields = written[reference.rpartition("/")[2]]["properties"]
        fields["kind"] = {"description": "Which strategy this is.", "enum": [name]}


def _secret(_type: type) -> Part:
    return {"type": "string", "minLength": 1}


def _provider(part: Part) -> Part:
    """Of a known provider no field is needed, and one may write ``dialect`` and ``like``."""
    fields = {name: field for name, field in part["properties"].items() if name != "name"}
    one = {"enum": list(get_args(DialectName))}
    table = {**_without_words(fields["dialects"]), "propertyNames": one}
    spoken = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}, table]}
    fields["dialects"] = {"description": fields["dialects"]["description"], **spoken}
    fields["dialect"] = {"description": "The same as dialects.", **spoken}
    fields["like"] = {"description": "A known provider whose row this one starts from.", "enum": list(rows())}
    return {"anyOf": [{"type": "string", "pattern": "^https?://"}, {**part, "properties": fields, "required": []}]}


def _part(part: Any) -> Any:
    if isinstance(part, list):
        return [_part(item) for item in part]
    if not isinstance(part, dict):
        return part
    if "anyOf" in part:
        return {**part, "anyOf": _part(part["anyOf"])}
    if part.get("type") == "object":
        return _table(part)
    return _leaf(part)


def _table(part: Part) -> Part:
    fields = {name: _part(field) for name, field in part.get("properties", {}).items()}
    inner = part.get("additionalProperties", True)
    kind = {**part, "type": ["object", "null"], "additionalProperties": _part(inner)}
    return {**kind, "properties": fields} if fields else kind


def _leaf(part: Part) -> Part:
    others = _other_forms(part)
    if not others:
        return part
    plain = _without_words(part)
    forms = others if part.get("format") == "decimal" else [plain, *others]
    return {**{name: part[name] for name in _SAID if name in part}, "anyOf": forms}


def _other_forms(part: Part) -> list[Part]:
    if part.get("format") == "decimal":
        return [*_DOLLARS, _VARIABLE]
    if part.get("type") == "array":
        return [{"type": "string"}] if "string" in str(part["items"].get("type")) else []
    plain = part.get("type") in {"integer", "number", "boolean"} or "enum" in part or "pattern" in part
    unit = _UNITS.get(part.get("x-unit", ""))
    return [*([unit] if unit else []), *([_VARIABLE] if plain else [])]


def _without_words(part: Part) -> Part:
    return {name: value for name, value in part.items() if name not in {*_SAID, "x-unit"}}
