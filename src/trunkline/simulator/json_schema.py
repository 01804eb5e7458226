"""A JSON value that satisfies a JSON schema: what a model answers when a schema is forced on it.
It refuses to validate: it only makes values, plain ones, with words from the prompt where a name asks for them.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from msgspec import Struct

_DEEP = 4  # below this depth, what is optional is left out, so recursive schemas end
_TOO_DEEP = 40
_MOST_ITEMS = 64
_MOST_NODES = 5_000
_LONGEST = 10_000
_LONGEST_TRY = 20  # a hostile pattern may take time exponential in this

_FORMATS = {
    "date": "2026-11-22",
    "date-time": "2026-11-22T10:00:00Z",
    "time": "10:00:00Z",
    "duration": "PT15M",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
_PATTERN_TRIES = (
    "sample",
    "Sample",
    "SAMPLE",
    "a",
    "A",
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "AB",
    "ABC",
    "AB-123",
    "a-b",
)


class Hints(Struct, frozen=True):
    """Words for the strings of a value: the answer to the question, and the proper names in the prompt."""

    answer: str | None = None
    names: tuple[str, ...] = ()
    turn: int = 0  # which of the names comes first; parallel tool calls take different turns


class _Maker(Struct, frozen=True):
    root: Any
    hints: Hints
    nodes: Iterator[int]  # runs out before a small schema can ask for a value without measure

    def make(self, schema: Any, name: str, depth: int, nth: int = 0) -> Any:
        if next(self.nodes, None) is None:
            raise ValueError("the schema requires an endlessly large value")
        plain = self.resolve(schema, depth)
        if "const" in plain:
            return plain["const"]
        if "enum" in plain:
            return _from_enum(plain["enum"], self.hints, nth)
        match _type_of(plain):
            case "object":
                return self.make_object(plain, depth)
            case "array":
                return self.make_array(plain, name, depth)
            case "integer" | "number" as kind:
                return _number(plain, self.hints, name, whole=kind == "integer", nth=nth)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _string(plain, self.hints, name, nth)

    def resolve(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema without references, unions and intersections."""
        if depth > _TOO_DEEP:
            raise ValueError("the schema requires an endlessly deep value")
        plain = _mapping(schema)
        if "$ref" in plain:
            rest = {key: value for key, value in plain.items() if key != "$ref"}
            return self.resolve({**_pointed(self.root, str(plain["$ref"])), **rest}, depth + 1)
        for part in _sequence(plain.get("allOf")):
            plain = _merge(plain, self.resolve(part, depth + 1))
        options = _sequence(plain.get("anyOf") or plain.get("oneOf"))
        if not options:
            return plain
        rest = {key: value for key, value in plain.items() if key not in {"anyOf", "oneOf", "allOf"}}
        return _merge(rest, self.resolve(_option(options, depth), depth + 1))

    def make_object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = _mapping(schema.get("properties"))
        required = [str(name) for name in _sequence(schema.get("required"))]
        names = required if depth >= _DEEP else list(dict.fromkeys([*required, *properties]))
        value = {name: self.make(properties.get(name, {}), name, depth + 1) for name in names}
        extra = schema.get("additionalProperties")
        for number in range(min(int(schema.get("minProperties", 0)), _MOST_ITEMS) - len(value)):
            value[f"key_{number + 1}"] = self.make(extra, "value", depth + 1)
        return value

    def make_array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        first = _sequence(schema.get("prefixItems"))
        wanted = max(int(schema.get("minItems", 0)), len(first), 0 if depth >= _DEEP else 1)
        size = min(wanted, int(schema.get("maxItems", _MOST_ITEMS)), _MOST_ITEMS)
        items = [*first, *[schema.get("items", {})] * size][:size]
        return [self.make(item, name, depth + 1, nth) for nth, item in enumerate(items)]


def satisfy(schema: dict[str, Any], hints: Hints | None = None) -> Any:
    """A JSON value for the schema: type, properties, required, items, enum, const, $ref, allOf, anyOf, oneOf, bounds,
    formats and the simpler patterns are heeded. ValueError when it would have to be endlessly deep.
    """
    return _Maker(schema, hints or Hints(), iter(range(_MOST_NODES))).make(schema, "", 0)


def _is_mapping(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_sequence(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _mapping(value: Any) -> dict[str, Any]:
    return value if _is_mapping(value) else {}


def _sequence(value: Any) -> list[Any]:
    return value if _is_sequence(value) else []


def _pointed(root: Any, reference: str) -> dict[str, Any]:
    value = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        value = _mapping(value).get(part.replace("~1", "/").replace("~0", "~"), {}) if part else value
    return _mapping(value)


def _merge(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    merged = {**one, **two}
    if "properties" in one and "properties" in two:
        merged["properties"] = {**_mapping(one["properties"]), **_mapping(two["properties"])}
    if "required" in one and "required" in two:
        merged["required"] = list(dict.fromkeys([*_sequence(one["required"]), *_sequence(two["required"])]))
    return merged


def _option(options: list[Any], depth: int) -> Any:
    nulls = [option for option in options if _mapping(option).get("type") == "null"]
    others = [option for option in options if _mapping(option).get("type") != "null"]
    return nulls[0] if nulls and (depth >= _DEEP or not others) else others[0]


def _type_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if _is_sequence(kind):
        return next((str(one) for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _from_enum(values: Any, hints: Hints, nth: int) -> Any:
    options = _sequence(values)
    wanted = {name.lower() for name in (*hints.names, hints.answer or "")}
    fitting = [option for option in options if isinstance(option, str) and option.lower() in wanted]
    return fitting[0] if fitting else options[nth % len(options)] if options else None


def _number(schema: dict[str, Any], hints: Hints, name: str, *, whole: bool, nth: int) -> int | float:
    step = float(schema.get("multipleOf", 1 if whole else 0))
    low = float(schema.get("minimum", schema.get("exclusiveMinimum", -math.inf)))
    high = float(schema.get("maximum", schema.get("exclusiveMaximum", math.inf)))
    nudge = step or 0.5
    if not isinstance(schema.get("exclusiveMinimum"), bool) and low == schema.get("exclusiveMinimum"):
        low += nudge if low + nudge < high else (high - low) / 2
    if not isinstance(schema.get("exclusiveMaximum"), bool) and high == schema.get("exclusiveMaximum"):
        high -= nudge if high - nudge > low else (high - low) / 2
    value = min(max(_hinted_number(hints, name) + nth, low), high)
    if step:
        value = math.ceil(value / step) * step
        value = value if value <= high else math.floor(high / step) * step
    return round(value) if whole else value


def _hinted_number(hints: Hints, name: str) -> float:
    answer = hints.answer or ""
    return float(answer) if _is_answer(name) and re.fullmatch(r"-?\d+(\.\d+)?", answer) else 7.0


def _is_answer(name: str) -> bool:
    return name.lower() in {"", "answer", "result", "value", "output", "solution"}


def _string(schema: dict[str, Any], hints: Hints, name: str, nth: int) -> str:
    if "format" in schema and schema["format"] in _FORMATS:
        return _FORMATS[schema["format"]]
    shortest, longest = min(int(schema.get("minLength", 0)), _LONGEST), int(schema.get("maxLength", _LONGEST))
    text = _word(hints, name, nth)
    if "pattern" in schema:
        tries = (text, *_PATTERN_TRIES)
        text = next((one for one in tries if _fits(schema["pattern"], one, shortest, longest)), text)
    return text.ljust(shortest, "x")[:longest]


def _word(hints: Hints, name: str, nth: int) -> str:
    if _is_answer(name) and hints.answer is not None:
        return hints.answer
    if hints.names:
        return hints.names[(hints.turn + nth) % len(hints.names)]
    return "sample" if nth == 0 else f"sample {nth + 1}"


def _fits(pattern: Any, text: str, shortest: int, longest: int) -> bool:
    try:
        return shortest <= len(text) <= min(longest, _LONGEST_TRY) and re.search(str(pattern), text) is not None
    except re.error:
        return False
