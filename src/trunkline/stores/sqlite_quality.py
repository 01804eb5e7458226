"""Scores and evidence on a SQLite file.

Refuses to decide how evidence adds up and fades: ``Evidence`` does.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from trunkline.stores.records import Millis
from trunkline.stores.scores import MOST_REMEMBERED, MOST_SUMS, Evidence, Memory, Score, ScoreQuery
from trunkline.stores.sqlite_books import Work
from trunkline.stores.sqlite_ports import Line, Reader
from trunkline.stores.statements import statements

_QUALITY = statements("sqlite", "quality")
_SUMS = msgspec.json.Decoder(tuple[float, ...])


class SqliteQuality:
    """How good answers were."""

    def __init__(self, line: Line, reader: Reader) -> None:
        self._line = line
        self._reader = reader

    async def learn(self, scores: Sequence[Score], evidence: Sequence[Evidence], half_life: Millis) -> None:
        """See the port. Reading, adding and writing is one transaction: two processes lose nothing of each other's."""
        if any(len(piece.sums) > MOST_SUMS for piece in evidence):
            raise ValueError(f"a piece of evidence has over {MOST_SUMS} sums")
        await self._line.done(Work(partial(_learn, scores=scores, evidence=evidence, half_life=half_life)))

    async def scores(self, query: ScoreQuery) -> list[Score]:
        """See the port."""
        named = msgspec.structs.asdict(query)
        rows = await self._reader.ask(lambda connection: connection.execute(_QUALITY["read"], named).fetchall())
        return [_score(row) for row in rows]

    async def evidence(self) -> list[Evidence]:
        """See the port."""
        return _pieces(await self._reader.ask(lambda connection: connection.execute(_QUALITY["evidence"]).fetchall()))

    async def remember(self, memory: Memory) -> None:
        """See the port."""
        await self._line.done(Work(partial(_remember, memory=memory)))

    async def memories(self) -> list[Memory]:
        """See the port."""
        rows = await self._reader.ask(lambda connection: connection.execute(_QUALITY["memories"]).fetchall())
        return [Memory(*row) for row in rows]


def _remember(connection: sqlite3.Connection, memory: Memory) -> None:
    if len(memory.text) > MOST_REMEMBERED:
        raise ValueError(f"the state of {memory.name} has over {MOST_REMEMBERED} characters")
    connection.execute(_QUALITY["remember"], msgspec.structs.astuple(memory))


def _learn(
    connection: sqlite3.Connection, scores: Sequence[Score], evidence: Sequence[Evidence], half_life: Millis
) -> None:
    connection.executemany(_QUALITY["add_score"], [msgspec.structs.astuple(score) for score in scores])
    names = msgspec.json.encode([piece.name for piece in evidence]).decode()
    known = {piece.name: piece for piece in _pieces(connection.execute(_QUALITY["known"], (names,)))}
    for more in evidence:
        before = known.get(more.name)
        known[more.name] = more if before is None else before.plus(more, half_life)
    rows = [(piece.name, piece.at, msgspec.json.encode(piece.sums).decode()) for piece in known.values()]
    connection.executemany(_QUALITY["keep"], rows)


def _score(row: Sequence[Any]) -> Score:
    return Score(**dict(zip(Score.__struct_fields__, row, strict=True)))


def _pieces(rows: Iterable[Sequence[Any]]) -> list[Evidence]:
    return [Evidence(name, at, _SUMS.decode(sums)) for name, at, sums in rows]
