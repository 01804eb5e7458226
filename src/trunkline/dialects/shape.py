"""Fits a caller's JSON into typed shapes, and says of what does not fit: where, what it is, what is allowed.

Refuses to know which shapes there are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.json import decode_object

T = TypeVar("T")

_SAID = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_SHOWN = 60  # characters of a wrong value that an error repeats


def look(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A quick look at a few fields, the rest skipped. Raises InvalidRequest as ``fit`` and ``decode_object`` do."""
    try:
        if not body.isascii():
            body.decode()  # msgspec does not check the encoding of what it skips
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return fit(decode_object(body), decoder.type)


def fit(raw: dict[str, Any], shape: type[T], path: str = "") -> T:
    """The object as ``shape``. Raises InvalidRequest with ``param`` set to the path of the field at fault.

    ``path`` says where in the body the object stands.
    """
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), raw, shape, path) from None


def unknown(path: str, value: Any, allowed: Iterable[str]) -> InvalidRequest:
    """The error for a word that is none of those allowed."""
    return InvalidRequest(f"`{path}` is {shown(value)}; allowed: {', '.join(sorted(allowed))}.", param=path)


def left_over(shaped: Any, raw: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of ``raw`` that its shape has no place for: dotted names without list positions, and values."""
    if isinstance(shaped, Struct):
        known = dict(zip(shaped.__struct_encode_fields__, shaped.__struct_fields__, strict=True))
        tag = shaped.__struct_config__.tag_field
        for name, value in raw.items():
            inner = f"{path}.{name}" if path else name
            if name in known:
                yield from left_over(getattr(shaped, known[name]), value, inner)
            elif name != tag:
                yield inner, value
    elif isinstance(shaped, list):
        for one, value in zip(cast("list[object]", shaped), raw, strict=True):
            yield from left_over(one, value, path)


def shown(value: Any) -> str:
    """A wrong value as JSON, short enough for an error message."""
    try:
        text = msgspec.json.encode(value).decode()
    except RecursionError:
        return "a value too deep to show"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _misfit(said: str, raw: dict[str, Any], shape: Any, outer: str) -> InvalidRequest:
    found = _SAID.fullmatch(said)
    what, inner = (found["what"], found["path"] or "") if found else (said, "")
    missing = _MISSING.fullmatch(what)
    path = ".".join(step for step in (outer, inner, missing[1] if missing else "") if step)
    if missing:
        return InvalidRequest(f"`{path}` is missing. Add it.", param=path)
    steps = [int(index) if index else name for name, index in _STEP.findall(inner)]
    value = _at(raw, steps)
    allowed = set(_choices(inspect.type_info(shape), raw, steps))
    if allowed:
        return unknown(path, value, allowed)
    return InvalidRequest(f"`{path}` is {shown(value)}; {what[:1].lower()}{what[1:]}.", param=path)


def _at(value: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _choices(kind: inspect.Type, value: Any, steps: Sequence[str | int]) -> Iterator[str]:
    """The words allowed at the end of ``steps``: of a Literal, or the tags of a union of structs."""
    match kind:
        case inspect.UnionType(types=types):
            for one in types:
                yield from _choices(one, value, steps)
        case inspect.ListType(item_type=item) if steps and isinstance(steps[0], int) and isinstance(value, list):
            yield from _choices(item, value[steps[0]], steps[1:])
        case inspect.StructType() if steps and isinstance(value, dict):
            yield from _struct_choices(kind, cast("dict[str, Any]", value), steps)
        case inspect.LiteralType(values=values) if not steps:
            yield from (str(one) for one in values)
        case _:
            return


def _struct_choices(kind: inspect.StructType, value: dict[str, Any], steps: Sequence[str | int]) -> Iterator[str]:
    if steps[0] == kind.tag_field:
        yield str(kind.tag)
    elif kind.tag is None or value.get(str(kind.tag_field)) == kind.tag:
        for field in kind.fields:
            if field.encode_name == steps[0]:
                yield from _choices(field.type, value.get(field.encode_name), steps[1:])
