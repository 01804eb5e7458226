"""Files and batches of callers in memory; the oldest that have ended go when there are too many.

Refuses to know providers: what they said is kept as they said it.
"""

from msgspec.structs import replace

from trunkline.stores.belongings import Added, Belonging, Kind, Listing
from trunkline.stores.records import Millis

MOST_ROWS = 100_000
_Key = tuple[str, str, str]


class MemoryBelongings:
    """Whose a file or a batch is. The number beside a row is its place in its owner's list."""

    __slots__ = ("_count", "_rows")

    def __init__(self) -> None:
        self._rows: dict[_Key, tuple[int, Belonging]] = {}
        self._count = 0

    async def add(self, row: Belonging, most: int) -> Added:
        """See the port."""
        theirs = [one for _, one in self._rows.values() if (one.kind, one.owner) == (row.kind, row.owner)]
        if sum(one.open or one.kind == "file" for one in theirs) >= most:
            return "full"
        if _key(row) in self._rows:
            return "known"
        self._count += 1
        self._rows[_key(row)] = (self._count, row)
        if len(self._rows) > MOST_ROWS:
            oldest = next((key for key, (_, one) in self._rows.items() if not one.open), _key(row))
            del self._rows[oldest]
        return "added"

    async def find(self, kind: Kind, name: str) -> list[Belonging]:
        """See the port."""
        found = [row for _, row in self._rows.values() if (row.kind, row.id) == (kind, name)]
        return sorted(found, key=lambda row: row.provider)

    async def listed(self, listing: Listing) -> list[Belonging]:
        """See the port."""
        rows = [one for one in self._rows.values() if (one[1].kind, one[1].owner) == (listing.kind, listing.owner)]
        rows.sort(key=lambda one: one[0] if listing.oldest_first else -one[0])
        if listing.after is not None:
            ids = [row.id for _, row in rows]
            at = len(ids) - 1 - ids[::-1].index(listing.after) if listing.after in ids else len(ids)
            rows = rows[at + 1 :]
        return [row for _, row in rows if row.shown and listing.purpose in {None, row.purpose}][: listing.limit]

    async def change(self, row: Belonging) -> None:
        """See the port."""
        if (known := self._rows.get(_key(row))) is not None:
            number, before = known
            after = replace(before, shown=row.shown, about=row.about, open=before.open and row.open)
            self._rows[_key(row)] = (number, after)

    async def name(self, row: Belonging, name: str, shown: str) -> bool:
        """See the port."""
        named = (row.kind, row.provider, name)
        if _key(row) not in self._rows or named in self._rows:
            return False
        number, before = self._rows.pop(_key(row))
        self._rows[named] = (number, replace(before, id=name, shown=shown, open=before.open and row.open))
        return True

    async def drop(self, row: Belonging) -> None:
        """See the port."""
        self._rows.pop(_key(row), None)

    async def any_left(self) -> bool:
        """See the port."""
        return bool(self._rows)

    async def due(self, before: Millis, now: Millis, most: int) -> list[Belonging]:
        """See the port."""
        found = [one for one in self._rows.values() if one[1].open and one[1].looked <= before]
        found = sorted(found, key=lambda one: one[1].looked)[:most]
        for number, row in found:
            self._rows[_key(row)] = (number, replace(row, looked=now))
        return [replace(row, looked=now) for _, row in found]


def _key(row: Belonging) -> _Key:
    return (row.kind, row.provider, row.id)
