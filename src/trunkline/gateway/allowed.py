"""What a field allows, in words, from its type alone.

Refuses to know any field by name.
"""

from typing import Any

from msgspec import inspect

from trunkline.gateway.units import duration_text, size_text


def allowed(type_: Any) -> str:
    """``a duration from 10ms to 1h, like 30s``: what may stand where a value of this type is wanted."""
    return _words(inspect.type_info(type_), {})


def _words(info: inspect.Type, extra: dict[str, Any]) -> str:  # noqa: PLR0911 - one word for each kind of type
    match info:
        case inspect.Metadata():
            return _words(info.type, {**extra, **(info.extra or {}), **(info.extra_json_schema or {})})
        case inspect.UnionType():
            return _one_of(info, extra)
        case inspect.FloatType() | inspect.IntType():
            return _number(info, extra)
        case inspect.DecimalType():
            return str(extra.get("form", "dollars per million tokens, like 0.15"))
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            return "one of " + ", ".join(f'"{value}"' for value in info.values)
        case inspect.StrType():
            return _text(info, extra)
        case inspect.VarTupleType() | inspect.ListType():
            return _list(info)
        case inspect.CustomType():
            return "a key: ${NAME}, file:PATH or the text itself"
        case _:
            return "a table"


def _one_of(info: inspect.UnionType, extra: dict[str, Any]) -> str:
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    tags = [str(kind.tag) for kind in kinds if isinstance(kind, inspect.StructType)]
    if len(tags) > 1:
        return f"one of {', '.join(tags)}, or a table with that kind"
    return " or ".join(_words(kind, extra) for kind in kinds)


def _number(info: inspect.FloatType | inspect.IntType, extra: dict[str, Any]) -> str:
    if extra.get("x-unit") == "seconds":
        return f"a duration{_range(info, duration_text)}, like 30s, 500ms, 10m or seconds as a number"
    if extra.get("x-unit") == "bytes":
        return f"a size{_range(info, size_text)}, like 32MiB or bytes as a number"
    kind = "a number" if isinstance(info, inspect.FloatType) else "a whole number"
    return f"{kind}{_range(info, lambda value: f'{value:g}' if kind == 'a number' else str(value))}"


def _range(info: Any, show: Any) -> str:
    least = info.ge if info.gt is None else info.gt
    said = [f"over {show(least)}"] if info.gt is not None else []
    if info.gt is None and least is not None and info.le is not None:
        return f" from {show(least)} to {show(info.le)}"
    if info.gt is None and least is not None:
        said.append(f"of at least {show(least)}")
    if info.le is not None:
        said.append(f"up to {show(info.le)}")
    return f" {', '.join(said)}" if said else ""


def _text(info: inspect.StrType, extra: dict[str, Any]) -> str:
    form = extra.get("form")
    if form:
        return str(form)
    return "text" if info.max_length is None else f"text of at most {info.max_length} characters"


def _list(info: inspect.VarTupleType | inspect.ListType) -> str:
    least, most = info.min_length or 0, info.max_length
    return f"a list of {least} to {most}" if most is not None else "a list"


def choices(type_: Any) -> tuple[str, ...]:
    """The texts a type allows one of; empty for a type that allows others."""
    info = inspect.type_info(type_)
    while isinstance(info, inspect.Metadata):
        info = info.type
    kinds = info.types if isinstance(info, inspect.UnionType) else (info,)
    return tuple(str(value) for kind in kinds if isinstance(kind, inspect.LiteralType) for value in kind.values)
