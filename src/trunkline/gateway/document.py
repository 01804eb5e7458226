"""A config file as plain values, with the line each of them stands on.

Refuses to know what the values mean: only YAML, TOML, sizes and shapes.
"""

import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from trunkline.core.errors import ConfigError

Where = tuple[str | int, ...]
"""The way to a value: ``("models", "fast", "targets", 0)``."""

Table = Mapping[str, Any]

LARGEST_FILE = 1024 * 1024  # bytes


class Document(NamedTuple):
    """``name`` is how messages call the file; ``lines`` has the line of every place the format tells (none in TOML)."""

    name: str
    folder: Path
    tree: dict[str, Any]
    lines: dict[Where, int]

    def place(self, where: Where) -> str:
        """``trunkline.yaml:12: models.fast.targets[0]``; the line of the nearest place around it that has one."""
        around = (where[:length] for length in range(len(where), 0, -1))
        line = next((line for outer in around if (line := self._line(outer)) is not None), None)
        spot = f"{self.name}:{line}" if line else self.name
        return f"{spot}: {dotted(where)}" if where else spot

    def _line(self, where: Where) -> int | None:
        """The line of a place; of an item too whose list was written in short, without the name of its field."""
        line = self.lines.get(where)
        if line is None and isinstance(where[-1], int):
            return self.lines.get((*where[:-2], where[-1]))
        return line


def is_table(value: object) -> TypeGuard[Table]:
    """True for names and values; names are texts in every format."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """True for values in a row."""
    return isinstance(value, list)


def dotted(where: Where) -> str:
    """``models.fast.targets[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return text.removeprefix(".")


def read_document(path: Path) -> Document:
    """Raises ConfigError for a file that is missing, unreadable, over 1 MiB, or not the YAML or TOML its name says."""
    kinds: dict[str, Callable[[str, str], tuple[Any, dict[Where, int]]]] = {
        ".yaml": _yaml,
        ".yml": _yaml,
        ".json": _yaml,  # JSON is YAML
        ".toml": _toml,
    }
    parse = kinds.get(path.suffix.lower())
    if parse is None:
        raise ConfigError(f"{path.name}: a config is a .yaml, .yml, .toml or .json file")
    tree, lines = parse(_text(path), path.name)
    if tree is None:
        raise ConfigError(f"{path.name}: the file is empty; it needs at least providers: {{openai: {{}}}}")
    if not isinstance(tree, dict):
        raise ConfigError(f"{path.name}:1: the file must be a table of names and values, like providers: ...")
    return Document(path.name, path.parent, tree, lines)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{path.name}: the file is larger than 1 MiB, which no config needs")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path.name}:{line}: the file is not UTF-8; save it as UTF-8") from error


def _yaml(text: str, name: str) -> tuple[Any, dict[Where, int]]:
    from trunkline.gateway.yaml_document import parse_yaml  # noqa: PLC0415 - 15 ms that a TOML file need not pay

    return parse_yaml(text, name)


def _toml(text: str, name: str) -> tuple[Any, dict[Where, int]]:
    try:
        return tomllib.loads(text, parse_float=Decimal), {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: is not TOML: {error}") from error
    except RecursionError:
        raise ConfigError(f"{name}: the values are nested too deeply") from None
