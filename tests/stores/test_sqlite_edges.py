"""The edges of the engines: what is full, closed, gone or impossible ends in a clear error and costs nobody else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from threading import Timer

import pytest

from tests.stores.scenes import NOW, hold, record
from trunkline.core.errors import ConfigError, StoreUnavailable
from trunkline.stores import sqlite as engine
from trunkline.stores import sqlite_writer
from trunkline.stores.memory import MemoryStore
from trunkline.stores.records import DAY, UsageQuery
from trunkline.stores.sqlite import SqliteStore
from trunkline.stores.sqlite_books import Reserve, Work, write_new

ALL = UsageQuery()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "a.db", lambda: NOW)
    yield opened
    await opened.aclose()


async def test_memory_keeps_the_newest_records_and_no_more() -> None:
    store = MemoryStore(most_records=2)

    await store.usage.append([record("a"), record("b"), record("c")])

    assert [one.id for one in await store.usage.read(ALL)] == ["c", "b"]


async def test_a_hold_that_stands_is_not_held_again_and_its_neighbours_are(store: SqliteStore) -> None:
    await store.budgets.reserve(hold("a", 10, team=100))

    again = store._line.enter(reserving("a"))
    beside = store._line.enter(reserving("b"))

    with pytest.raises(ValueError, match="stands already"):
        await again
    assert await beside
    assert (await store.budgets.balances(["team"]))["team"].held == 20


def reserving(name: str) -> Reserve:
    return Reserve(hold(name, 10, team=100))


async def test_a_line_that_is_full_refuses_instead_of_growing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "MOST_IN_LINE", 0)

    with pytest.raises(StoreUnavailable, match="writes are waiting for the disk"):
        await store.usage.append([record()])


async def test_a_question_the_file_cannot_answer_is_an_error_of_ours(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable, match="the ledger failed: no such table"):
        await store._reader.ask(lambda connection: connection.execute("SELECT * FROM missing").fetchall())


async def test_a_job_that_ends_its_own_transaction_is_told_what_was_wrong(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable, match="no transaction is active"):
        await store._line.done(Work(lambda connection: connection.execute("ROLLBACK")))

    await store.usage.append([record()])


def test_whoever_left_with_its_event_loop_stops_nobody(tmp_path: Path) -> None:
    store = asyncio.run(left_behind(tmp_path))

    async def later() -> int:
        await store.usage.append([record("b")])
        found = len(await store.usage.read(ALL))
        await store.aclose()
        return found

    assert asyncio.run(later()) == 2


async def left_behind(folder: Path) -> SqliteStore:
    """A store whose writer answers an event loop that has been closed."""
    store = SqliteStore(folder / "a.db", lambda: NOW)
    blocked = sqlite3.connect(folder / "a.db", isolation_level=None, check_same_thread=False)
    blocked.execute("BEGIN IMMEDIATE")
    store._line.enter(Work(partial(write_new, records=[record("a")])))
    timer = Timer(0.3, lambda: (blocked.execute("ROLLBACK"), blocked.close()))
    timer.start()
    return store


def test_a_reader_that_cannot_be_opened_is_a_config_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(engine, "open_reader", failing)

    with pytest.raises(ConfigError, match="unable to open"):
        SqliteStore(tmp_path / "a.db", lambda: NOW)


async def test_trimming_goes_on_until_nothing_old_is_left(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TRIMMED_TOGETHER", 2)
    await store.usage.append([record(f"r{number}", at=NOW - 100 * DAY) for number in range(5)])

    await store.trim(NOW)

    assert await store.usage.read(ALL) == []
