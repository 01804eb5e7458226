"""Google's own dialect of JSON Schema, in which types are shouted and null is a flag.

Refuses to check a schema.
"""

from typing import Any, cast

_DIRECT = frozenset({"properties", "$defs", "definitions"})
_NULLABLE = "nullable"


def json_schema(schema: Any) -> Any:
    """The schema as JSON Schema: ``{"type": "STRING", "nullable": true}`` is ``{"type": ["string", "null"]}``."""
    if isinstance(schema, list):
        return [json_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = cast("dict[str, Any]", schema)
    found = {name: _inner(name, value) for name, value in told.items() if name not in {_NULLABLE, "propertyOrdering"}}
    if told.get(_NULLABLE) is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def _inner(name: str, value: Any) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name in _DIRECT and isinstance(value, dict):
        return {key: json_schema(one) for key, one in cast("dict[str, Any]", value).items()}
    if name in {"enum", "required", "default", "example"}:
        return value
    return json_schema(value)
