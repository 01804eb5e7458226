"""Does a JSON value fit a schema? The keywords that tools and structured outputs use, of JSON Schema 2020-12.

Refuses to fetch anything, to follow a schema for ever, and to fail on keywords it does not know: those say nothing
here, so a value is only called unfit for a reason that can be named.
"""

from collections.abc import Iterator
from typing import Any

from trunkline.quality.linear_pattern import Effort, LinearPattern
from trunkline.quality.pattern_parser import PatternError

DEEPEST = 32
MOST_PROBLEMS = 8
MOST_STEPS = 20_000  # values looked at, by all branches together
MOST_MATCHED = 4_096  # characters of a string that patterns see

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "integer": (int,), "number": (int, float),
}  # fmt: skip


def problems(value: Any, schema: Any, effort: Effort | None = None) -> list[str]:
    """What does not fit, each with its place; empty when all does, or when the schema is no schema.

    Raises TooMuchWorkError where a pattern comes to no end within the effort.
    """
    found: list[str] = []
    for problem in _Check(schema, effort or Effort()).against(value, schema, "$", 0):
        found.append(problem)
        if len(found) >= MOST_PROBLEMS:
            break
    return found


class _Check:
    """One walk through a value; ``root`` is where ``$ref`` begins."""

    def __init__(self, root: Any, effort: Effort) -> None:
        self._root = root
        self._effort = effort
        self._steps = 0

    def against(self, value: Any, schema: Any, place: str, depth: int) -> Iterator[str]:
        self._steps += 1
        if schema is False:
            yield f"{place} is not allowed"
        if not isinstance(schema, dict) or depth > DEEPEST or self._steps > MOST_STEPS:
            return
        if isinstance(schema.get("$ref"), str):
            yield from self.against(value, self._resolved(schema["$ref"]), place, depth + 1)
        yield from _kind(value, schema, place)
        yield from self._combined(value, schema, place, depth)
        if isinstance(value, dict):
            yield from self._object(value, schema, place, depth)
        elif isinstance(value, list):
            yield from self._array(value, schema, place, depth)
        elif isinstance(value, str):
            yield from _text(value, schema, place, self._effort)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _number(value, schema, place)

    def _resolved(self, ref: str) -> Any:
        """A reference inside the schema; any other says nothing."""
        if not ref.startswith("#"):
            return True
        found = self._root
        for step in filter(None, ref[1:].split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key, True) if isinstance(found, dict) else True
        return found

    def _combined(self, value: Any, schema: dict[str, Any], place: str, depth: int) -> Iterator[str]:
        for part in _listed(schema.get("allOf")):
            yield from self.against(value, part, place, depth + 1)
        for name in ("anyOf", "oneOf"):
            options = _listed(schema.get(name))
            fits = sum(not any(True for _ in self.against(value, option, place, depth + 1)) for option in options)
            if options and not fits:
                yield f"{place} fits none of {len(options)} alternatives"
            elif name == "oneOf" and fits > 1:
                yield f"{place} fits {fits} alternatives and must fit one"

    def _object(self, value: dict[str, Any], schema: dict[str, Any], place: str, depth: int) -> Iterator[str]:
        known = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
        for name in _listed(schema.get("required")):
            if name not in value:
                yield f"{place}.{name} is missing"
        for name, item in value.items():
            if known and name in known:
                yield from self.against(item, known[name], f"{place}.{name}", depth + 1)
            elif schema.get("additionalProperties") is False and "patternProperties" not in schema:
                yield f"{place}.{name} is not allowed"
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from self.against(item, schema["additionalProperties"], f"{place}.{name}", depth + 1)

    def _array(self, value: list[Any], schema: dict[str, Any], place: str, depth: int) -> Iterator[str]:
        least, most = _bound(schema, "minItems"), _bound(schema, "maxItems")
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            yield f"{place} has {len(value)} items"
        first = _listed(schema.get("prefixItems"))
        for number, item in enumerate(value):
            rule = first[number] if number < len(first) else schema.get("items", True)
            yield from self.against(item, rule, f"{place}[{number}]", depth + 1)


def _kind(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    named = schema.get("type")
    kinds = [kind for kind in ([named] if isinstance(named, str) else _listed(named)) if kind in _TYPES]
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{place} is not of type {' or '.join(kinds)}"
    if isinstance(schema.get("enum"), list) and not any(_same(value, one) for one in schema["enum"]):
        yield f"{place} is none of the allowed values"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{place} is not the value it must be"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _text(value: str, schema: dict[str, Any], place: str, effort: Effort) -> Iterator[str]:
    least, most = _bound(schema, "minLength"), _bound(schema, "maxLength")
    if (least is not None and len(value) < least) or (most is not None and len(value) > most):
        yield f"{place} has {len(value)} characters"
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        try:
            effort.spend(2 * len(pattern))
            if not LinearPattern(pattern).found_in(value[:MOST_MATCHED], effort):
                yield f"{place} does not match {pattern[:200]}"
        except PatternError:
            return  # a dialect of patterns that is not spoken here


def _number(value: float, schema: dict[str, Any], place: str) -> Iterator[str]:
    least, most = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    if (least is not None and value < least) or (above is not None and value <= above):
        yield f"{place} is too small"
    if (most is not None and value > most) or (below is not None and value >= below):
        yield f"{place} is too large"


def _bound(schema: dict[str, Any], name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
