"""Files and batches of callers on a SQLite file.

Refuses to know providers: what they said is kept as they said it.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import asdict, replace

from trunkline.stores.belongings import Added, Belonging, Kind, Listing
from trunkline.stores.records import Millis
from trunkline.stores.sqlite_books import Work
from trunkline.stores.sqlite_ports import Line, Reader
from trunkline.stores.statements import statements

_SQL = statements("sqlite", "belongings")


class SqliteBelongings:
    """Whose a file or a batch is."""

    def __init__(self, line: Line, reader: Reader) -> None:
        self._line = line
        self._reader = reader

    async def add(self, row: Belonging, most: int) -> Added:
        """See the port."""
        added: Added = await self._line.done(Work(partial(_add, row=row, most=most)))
        return added

    async def find(self, kind: Kind, name: str) -> list[Belonging]:
        """See the port."""
        return await self._asked("find", {"kind": kind, "id": name})

    async def listed(self, listing: Listing) -> list[Belonging]:
        """See the port."""
        named = asdict(listing)
        return await self._asked("oldest" if named.pop("oldest_first") else "newest", named)

    async def change(self, row: Belonging) -> None:
        """See the port."""
        await self._line.done(Work(lambda connection: connection.execute(_SQL["change"], _named(row)).rowcount))

    async def name(self, row: Belonging, name: str, shown: str) -> bool:
        """See the port."""
        named = {**_named(row), "before": row.id, "id": name, "shown": shown}
        count: int = await self._line.done(Work(lambda connection: connection.execute(_SQL["name"], named).rowcount))
        return count == 1

    async def drop(self, row: Belonging) -> None:
        """See the port."""
        await self._line.done(Work(lambda connection: connection.execute(_SQL["drop"], _named(row)).rowcount))

    async def any_left(self) -> bool:
        """See the port."""
        return await self._reader.ask(lambda connection: bool(connection.execute(_SQL["any"]).fetchone()[0]))

    async def due(self, before: Millis, now: Millis, most: int) -> list[Belonging]:
        """See the port."""
        found: list[Belonging] = await self._line.done(Work(partial(_due, before=before, now=now, most=most)))
        return found

    async def _asked(self, statement: str, named: dict[str, Any]) -> list[Belonging]:
        rows = await self._reader.ask(lambda connection: connection.execute(_SQL[statement], named).fetchall())
        return [_row(row) for row in rows]


def _add(connection: sqlite3.Connection, row: Belonging, most: int) -> Added:
    named = _named(row)
    count: int = connection.execute(_SQL["count"], named).fetchone()[0]
    if count >= most:
        return "full"
    return "added" if connection.execute(_SQL["add"], named).rowcount == 1 else "known"


def _due(connection: sqlite3.Connection, before: Millis, now: Millis, most: int) -> list[Belonging]:
    found = [_row(row) for row in connection.execute(_SQL["due"], {"before": before, "most": most}).fetchall()]
    for row in found:
        connection.execute(_SQL["look"], {**_named(row), "now": now})
    return [replace(row, looked=now) for row in found]


def _named(row: Belonging) -> dict[str, Any]:
    return {**asdict(row), "open": int(row.open)}


def _row(cells: Sequence[Any]) -> Belonging:
    kind, provider, name, owner, at, purpose, about, shown, is_open, looked = cells
    return Belonging(
        kind=kind, provider=provider, id=name, owner=owner, at=at, purpose=purpose, about=about, shown=shown,
        open=bool(is_open), looked=looked,
    )  # fmt: skip
