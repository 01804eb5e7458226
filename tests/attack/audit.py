"""Lays the ledger beside the providers' own log: every request they received has one record, at the cost they billed.

Refuses to ask the gateway: it reads the two files.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

MARKER = re.compile(r"m[0-9a-f]{4}-[a-z0-9-]+")
_ROWS = "SELECT request, provider, outcome, source, cost, booked, at, key, team, attempt, purpose FROM usage"
_ACCOUNTS = "SELECT name, spent, held FROM accounts"


class Received(Struct, frozen=True):
    """A request as its provider noted it; ``billed`` in nano-dollars."""

    marker: str
    provider: str
    status: int
    fault: str | None
    billed: int
    end: str


class Row(Struct, frozen=True):
    """A record as the ledger keeps it."""

    marker: str
    provider: str
    outcome: str
    source: str
    cost: int | None
    booked: int
    at: int
    key: str
    team: str
    attempt: int
    purpose: str


class Account(Struct, frozen=True):
    name: str
    spent: int
    held: int


class Sum(Struct, frozen=True):
    """Records of one kind of knowledge, and what the providers billed for the same requests."""

    rows: int
    ledger: int
    billed: int


def received(truth: Path) -> list[Received]:
    """Everything the providers received; requests without a marker are not calls."""
    found = []
    with truth.open() as lines:
        for line in lines:
            entry: dict[str, Any] = json.loads(line)
            if marker := MARKER.search(entry["request"]):
                found.append(
                    Received(
                        marker[0],
                        entry["provider"],
                        entry["status"],
                        entry["fault"],
                        entry["cost_nanodollars"],
                        entry["end"],
                    )
                )
    return found


def recorded(ledger: Path) -> list[Row]:
    """Every record of the ledger that is a marked call's."""
    with closing(read_only(ledger)) as connection:
        return [row for row in map(_row, connection.execute(_ROWS)) if MARKER.fullmatch(row.marker)]


def accounts(ledger: Path) -> list[Account]:
    with closing(read_only(ledger)) as connection:
        return [Account(*row) for row in connection.execute(_ACCOUNTS)]


def holds(ledger: Path) -> int:
    """How many attempts have not ended, as far as the ledger knows."""
    with closing(read_only(ledger)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM holds WHERE presumed = 0").fetchone()
        return int(count)


def read_only(ledger: Path) -> sqlite3.Connection:
    """A connection beside the gateway's own."""
    return sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)


def _row(cells: tuple[Any, ...]) -> Row:
    return Row(*cells)


class Audit:
    """The two logs, matched by call and provider."""

    def __init__(self, truth: Iterable[Received], rows: Iterable[Row]) -> None:
        self.truth = list(truth)
        self.rows = list(rows)
        self._asked = Counter((one.marker, one.provider) for one in self.truth)
        self._kept = Counter((row.marker, row.provider) for row in self.rows)

    @property
    def unrecorded(self) -> list[tuple[str, str]]:
        """Requests that were received and have no record, or fewer than they are."""
        return sorted((self._asked - self._kept).elements())

    @property
    def unsent(self) -> list[Row]:
        """Records beyond the requests that were received: attempts that never got there, or never were known to."""
        beyond = self._kept - self._asked
        found = []
        for row in sorted(self.rows, key=lambda row: -row.attempt):  # of a call's requests to one provider the last
            if beyond[row.marker, row.provider]:
                beyond[row.marker, row.provider] -= 1
                found.append(row)
        return found

    @property
    def doubled(self) -> list[tuple[str, int]]:
        """Attempts of a call with more than one record."""
        counted = Counter((row.marker, row.attempt) for row in self.rows)
        return sorted(attempt for attempt, count in counted.items() if count > 1)

    def sums(self) -> dict[str, Sum]:
        """By what the ledger knows of the cost: reported, estimated or unknown usage. Calls' requests are added up."""
        by_call: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            by_call[row.marker, row.provider].append(row)
        billed: Counter[tuple[str, str]] = Counter()
        for one in self.truth:
            billed[one.marker, one.provider] += one.billed
        found: dict[str, Sum] = {}
        for who, rows in by_call.items():
            kind = _least_known(rows)
            before = found.get(kind, Sum(0, 0, 0))
            amount = sum(row.booked for row in rows)
            found[kind] = Sum(before.rows + len(rows), before.ledger + amount, before.billed + billed[who])
        return found

    def differing(self) -> list[tuple[str, str, int, int]]:
        """Calls of one provider whose records are all reported and whose cost is not what was billed."""
        by_call: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            by_call[row.marker, row.provider].append(row)
        billed: Counter[tuple[str, str]] = Counter()
        for one in self.truth:
            billed[one.marker, one.provider] += one.billed
        return [
            (*who, sum(row.cost or 0 for row in rows), billed[who])
            for who, rows in by_call.items()
            if _least_known(rows) == "reported" and sum(row.cost or 0 for row in rows) != billed[who]
        ]


def _least_known(rows: Iterable[Row]) -> str:
    sources = {"unknown" if row.cost is None else row.source for row in rows}
    return next(kind for kind in ("unknown", "estimated", "reported") if kind in sources)
