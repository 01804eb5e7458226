"""The catalogue: the models that come with trunkline, by provider, and how a caller's name finds one.

Refuses to fetch anything: the table is a file of this package, read once when first asked.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct, structs

from trunkline.catalog.facts import ModelRow

_FILE = Path(__file__).with_name("models.json")
_DATED = re.compile(r"(?:[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6})|@default)$")
"""How vendors name a snapshot: gpt-5-mini-2025-08-07, claude-sonnet-4-5-20250929, claude-sonnet-4-5@default."""


class Named(Protocol):
    """What may be called by other names too."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names."""
        ...


Row = TypeVar("Row", bound=Named)


class ByName(Generic[Row]):
    """Models by name: exact first, then by alias, then the model a dated snapshot is one of."""

    __slots__ = ("_aliases", "_rows")

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._aliases = {alias: row for row in rows.values() for alias in row.aliases}

    def find(self, name: str) -> Row | None:
        """The row of a model, or None: a name that is merely similar is another model."""
        return self._exactly(name) or self._exactly(_DATED.sub("", name))

    def _exactly(self, name: str) -> Row | None:
        row = self._rows.get(name)
        return self._aliases.get(name) if row is None else row

    def names(self) -> tuple[str, ...]:
        """The models' own names, in the order of the table."""
        return tuple(self._rows)


Models = ByName[ModelRow]
_NONE = Models({})


def models_of(provider: str) -> Models:
    """The catalogue's models of a provider; empty for one it does not have."""
    return _read().get(provider, _NONE)


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    as_of: str  # the day all of it was true, where a row says no other
    providers: dict[str, dict[str, ModelRow]]


@cache
def _read() -> dict[str, Models]:
    table = msgspec.json.decode(_FILE.read_bytes(), type=_Table)
    return {
        provider: Models({name: _dated(row, table.as_of) for name, row in rows.items()})
        for provider, rows in table.providers.items()
    }


def _dated(row: ModelRow, day: str) -> ModelRow:
    return row if row.as_of else structs.replace(row, as_of=day)
