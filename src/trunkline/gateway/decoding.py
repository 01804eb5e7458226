"""From plain values to structs, telling everything that is wrong at once and not only the first thing.

Refuses to know any struct by name; msgspec converts the leaves and checks their ranges.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct, structs

from trunkline.core.errors import ConfigError
from trunkline.core.nearest import hint, quoted
from trunkline.core.secret import Secret
from trunkline.gateway.allowed import allowed, choices
from trunkline.gateway.document import Where, is_list, is_table
from trunkline.gateway.interpolation import FromEnvironment
from trunkline.gateway.secret_file import read_secret
from trunkline.gateway.units import seconds, size

_CREDENTIALS = re.compile(r"(//)[^/@\s]*(?=@)")
_QUERY = re.compile(r"(//[^?\s]*\?)\S+")


class _Broken:
    """Stands for a value that could not be made, so that its neighbours still can."""


BROKEN: Any = _Broken()


class Decoding:
    """Makes values of types; ``problems`` gathers what is wrong, in the order of the file.

    A struct type may have a classmethod ``long_form(short) -> table`` for a shorter way of writing it, and another,
    ``written_fields() -> names``, where people may write other fields than it has.
    ``folder`` is where ``file:`` secrets start from.
    """

    def __init__(self, folder: Path) -> None:
        self.problems: list[tuple[Where, str]] = []
        self._folder = folder

    def decode(self, type_: Any, value: Any, where: Where) -> Any:
        """A value of ``type_``, or BROKEN after noting why."""
        plain, metas = _bare(type_)
        if _is_struct(plain):
            return self._struct(plain, value, where)
        if get_origin(plain) in {Union, UnionType}:
            return self._optional(plain, value, where)
        if get_origin(plain) is dict and get_args(plain)[1] is not Any:
            return self._within(metas, self._table(plain, value, where), where)
        if get_origin(plain) is tuple:
            return self._within(metas, self._list(plain, value, where), where)
        return self._leaf(type_, plain, metas, value, where)

    def _note(self, where: Where, text: str) -> Any:
        self.problems.append((where, text))
        return BROKEN

    def _optional(self, plain: Any, value: Any, where: Where) -> Any:
        kinds = [kind for kind in get_args(plain) if kind is not NoneType]
        if len(kinds) > 1:
            return self._tagged(kinds, value, where)
        return None if value is None else self.decode(kinds[0], value, where)

    def _tagged(self, kinds: list[type[Struct]], value: Any, where: Where) -> Any:
        """One of several structs, told apart by their tags; the tag alone stands for a struct without settings."""
        by_tag = {str(kind.__struct_config__.tag): kind for kind in kinds}
        field = str(kinds[0].__struct_config__.tag_field)
        if isinstance(value, str):
            value = {field: value}
        if not is_table(value) or field not in value:
            return self._note(where, f"{shown(value)} stands where one of {_list(tuple(by_tag))} is wanted")
        tag, rest = value[field], {name: item for name, item in value.items() if name != field}
        if not isinstance(tag, str) or tag not in by_tag:
            return self._note(
                where, f"{shown(tag)} is not allowed{hint(str(tag), by_tag)} Allowed: {_list(tuple(by_tag))}"
            )
        return self.decode(by_tag[tag], rest, where)

    def _struct(self, type_: type[Struct], value: Any, where: Where) -> Any:
        long_form = getattr(type_, "long_form", None)
        if long_form is not None and not is_table(value):
            value = long_form(value)
        if value is None:
            value = {}  # "openai:" with nothing after it
        if not is_table(value):
            return self._note(where, f"{shown(value)} stands where a table of {_list(_written(type_))} is wanted")
        fields = {field.name: field for field in structs.fields(type_)}
        for name in value:
            if name not in fields:
                known = _written(type_)
                self._note((*where, name), f"unknown field{hint(name, known)} Allowed here: {_list(known)}")
        return self._made(type_, fields, value, where)

    def _made(self, type_: type[Struct], fields: Mapping[str, Any], value: Mapping[str, Any], where: Where) -> Any:
        made = {
            name: self.decode(fields[name].type, item, (*where, name)) for name, item in value.items() if name in fields
        }
        for name, field in fields.items():
            if name not in value and field.default is NODEFAULT and field.default_factory is NODEFAULT:
                made[name] = self._note(where, f"{name} is missing: {allowed(field.type)}")
        if any(made.get(name) is BROKEN for name, field in fields.items() if field.required):
            return BROKEN
        usable = {name: item for name, item in made.items() if item is not BROKEN}
        try:
            # What is broken falls back to its default, so that the checks across fields can still be made.
            return type_(**usable)
        except ValueError as error:  # what __post_init__ refuses
            return self._note(where, str(error))

    def _table(self, plain: Any, value: Any, where: Where) -> Any:
        key_type, item_type = get_args(plain)
        if value is None:
            value = {}
        if not is_table(value):
            return self._note(where, f"{shown(value)} stands where a table is wanted")
        names = choices(key_type)
        made: dict[Any, Any] = {}
        for name, item in value.items():
            if names and name not in names:
                self._note((*where, name), f"{quoted(name)} is not allowed{hint(name, names)} Allowed: {_list(names)}")
                continue
            made[name] = self.decode(item_type, item, (*where, name))
        return {name: item for name, item in made.items() if item is not BROKEN}

    def _list(self, plain: Any, value: Any, where: Where) -> Any:
        item_type = get_args(plain)[0]
        if isinstance(value, str):
            value = [value]  # one name for a list of one
        if not is_list(value):
            return self._note(where, f"{shown(value)} stands where a list is wanted")
        made = [self.decode(item_type, item, (*where, index)) for index, item in enumerate(value)]
        return tuple(item for item in made if item is not BROKEN)

    def _within(self, metas: list[msgspec.Meta], made: Any, where: Where) -> Any:
        noted = any(place[: len(where)] == where for place, _ in self.problems)
        if made is BROKEN or noted:
            return made
        for meta in metas:
            if meta.min_length is not None and len(made) < meta.min_length:
                return self._note(where, f"is empty; it needs at least {meta.min_length}")
            if meta.max_length is not None and len(made) > meta.max_length:
                return self._note(where, f"has {len(made)} entries; at most {meta.max_length} are allowed")
        return made

    def _leaf(self, type_: Any, plain: Any, metas: list[msgspec.Meta], value: Any, where: Where) -> Any:
        if plain is Secret:
            return self._secret(value, where)
        try:
            return msgspec.convert(_measured(value, metas), type_, strict=not isinstance(value, FromEnvironment))
        except msgspec.ValidationError:
            near = hint(str(value), choices(plain))
            return self._note(where, f"{shown(value)} is not allowed{near} It must be {allowed(type_)}")

    def _secret(self, value: Any, where: Where) -> Any:
        try:
            return read_secret(value, self._folder)
        except ConfigError as error:
            return self._note(where, str(error))


def shown(value: Any) -> str:
    """A value as messages show it: what came from the environment by its variable, a URL without what may be a key."""
    if isinstance(value, FromEnvironment):
        return quoted(value.written)
    if isinstance(value, str):
        return quoted(_QUERY.sub(r"\1****", _CREDENTIALS.sub(r"\1****", value)))
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, int | float | Decimal):
        return str(value)
    return "a table" if is_table(value) else "a list" if is_list(value) else f"{value}"


def _measured(value: Any, metas: list[msgspec.Meta]) -> Any:
    if not isinstance(value, str):
        return value
    unit = next((meta.extra_json_schema["x-unit"] for meta in metas if meta.extra_json_schema), None)
    found = seconds(value) if unit == "seconds" else size(value) if unit == "bytes" else None
    return str(value) if found is None else found


def _bare(type_: Any) -> tuple[Any, list[msgspec.Meta]]:
    """A type without its annotations, and those annotations (nested ones are flattened by ``Annotated`` itself)."""
    if get_origin(type_) is Annotated:
        plain, *metas = get_args(type_)
        return plain, [meta for meta in metas if isinstance(meta, msgspec.Meta)]
    return type_, []


def _is_struct(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Struct)


def _written(type_: type[Struct]) -> tuple[str, ...]:
    said: Callable[[], tuple[str, ...]] | None = getattr(type_, "written_fields", None)
    return type_.__struct_fields__ if said is None else said()


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
