"""YAML as plain values with their lines, built from parser events so that a hostile file stays cheap.

Refuses tags, duplicate keys, deep nesting and alias bombs; knows no field. Scalars are read as YAML 1.2 reads them
(``no`` and ``on`` are text), and decimals become Decimal: prices never pass through a float.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml

from trunkline.core.errors import ConfigError
from trunkline.gateway.document import Where

DEEPEST = 32
MOST_VALUES = 100_000  # aliases counted as often as they are used

_INTEGER = re.compile(r"[-+]?\d{1,18}")
_DECIMAL = re.compile(r"[-+]?(\d{1,18}\.\d{0,18}|\.\d{1,18}|\d{1,18})([eE][-+]?\d{1,2})?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = {"!", "tag:yaml.org,2002:str"}


def parse_yaml(text: str, name: str) -> tuple[Any, dict[Where, int]]:
    """The one document of ``text`` and the line of each place in it. Raises ConfigError with the line."""
    builder = _Builder(yaml.parse(text, _LOADER), name)
    try:
        return builder.document(), builder.lines
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{name}{_line(error)}: is not YAML: {_advice(error)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{name}:{line}: is not YAML: {error.reason}") from error


def _line(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f":{mark.line + 1}" if mark else ""


def _advice(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "it cannot be read")
    if "cannot start any token" in problem:
        return "a tab or a stray character where a value should start; indent with spaces and quote the value"
    return problem


class _Builder:
    def __init__(self, events: Iterator[Any], name: str) -> None:
        self.lines: dict[Where, int] = {}
        self._events = events
        self._name = name
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def document(self) -> Any:
        """Everything; None for an empty file."""
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), ())
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._wrong(after, "a second document starts here; a config is one document")
        return value

    def _value(self, event: Any, where: Where) -> Any:
        self.lines.setdefault(where, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._refuse(event, where)
        before = self._count
        self._count += 1
        value = self._content(event, where)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._count - before)
        return value

    def _refuse(self, event: Any, where: Where) -> None:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            raise self._wrong(event, f"the tag {event.tag} is not allowed; write the plain value")
        if len(where) > DEEPEST:
            raise self._wrong(event, f"values are nested more than {DEEPEST} deep")
        if self._count >= MOST_VALUES:
            raise self._wrong(event, f"there are more than {MOST_VALUES} values")

    def _content(self, event: Any, where: Where) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(where)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(where)
        plain = event.implicit[0] and event.style in (None, "")
        return _scalar(event.value) if plain else event.value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._wrong(event, f"*{event.anchor} stands for nothing yet, or for something it is part of")
        value, size = self._anchors[event.anchor]
        self._count += size
        if self._count > MOST_VALUES:
            raise self._wrong(event, f"with its aliases the file has more than {MOST_VALUES} values")
        return value

    def _sequence(self, where: Where) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*where, len(items))))
        return items

    def _mapping(self, where: Where) -> dict[str, Any]:
        table: dict[str, Any] = {}
        merged: list[Any] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, table)
            self.lines[(*where, key)] = event.start_mark.line + 1
            value = self._value(next(self._events), (*where, key))
            if key == "<<":
                merged += value if isinstance(value, list) else [value]
            else:
                table[key] = value
        return _merge(table, merged) if all(isinstance(item, dict) for item in merged) else {"<<": None, **table}

    def _key(self, event: Any, table: dict[str, Any]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._wrong(event, "a name must be plain text")
        key: str = event.value
        if key in table:
            raise self._wrong(event, f"{key} is there twice; the first one would be lost")
        return key

    def _wrong(self, event: Any, what: str) -> ConfigError:
        return ConfigError(f"{self._name}:{event.start_mark.line + 1}: {what}")


def _merge(table: dict[str, Any], merged: list[dict[str, Any]]) -> dict[str, Any]:
    """YAML's merge key: what stands in the table itself counts, then the first of the merged."""
    for other in merged:
        table = {**other, **table}
    return table


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
