"""A SQLite file that is full, locked, foreign, broken, new or old: the right answer or a clear error."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.stores.scenes import NOW, hold, record
from trunkline.core.errors import ConfigError, StoreUnavailable
from trunkline.stores import sqlite_file
from trunkline.stores.opening import StoreSettings, open_store, wall_millis
from trunkline.stores.records import DAY, HOUR, UsageQuery
from trunkline.stores.sqlite import ACCOUNTS_KEPT, SqliteStore
from trunkline.stores.sqlite_books import Work

ALL = UsageQuery()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path, lambda: NOW, timeout=2)
    yield opened
    await opened.aclose()


async def pragma(store: SqliteStore, text: str) -> object:
    return await store._line.done(Work(lambda connection: connection.execute(f"PRAGMA {text}").fetchone()))


async def test_every_commit_is_synced_and_readers_do_not_stop_the_writer(store: SqliteStore) -> None:
    assert await pragma(store, "synchronous") == (2,)
    assert await pragma(store, "journal_mode") == ("wal",)


async def test_only_the_owner_may_read_the_file(store: SqliteStore, path: Path) -> None:
    modes = {name: stat.S_IMODE(os.stat(f"{path}{name}").st_mode) for name in ("", "-wal", "-shm")}  # noqa: PTH116 - at once

    assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


async def test_a_full_disk_refuses_new_holds_says_so_and_recovers_when_there_is_room(store: SqliteStore) -> None:
    (pages,) = await pragma(store, "page_count")  # type: ignore[misc]
    await pragma(store, f"max_page_count = {pages}")

    with pytest.raises(StoreUnavailable, match="disk is full"):
        for number in range(1_000):
            await store.budgets.reserve(hold(f"h{number}", 1, team=10_000))
    (before,) = (await store.budgets.balances(["team"])).values()
    await pragma(store, "max_page_count = 1000000")

    assert await store.budgets.reserve(hold("later", 1, team=10_000))
    (after,) = (await store.budgets.balances(["team"])).values()
    assert after.held == before.held + 1


async def test_a_file_that_became_read_only_refuses_and_says_so(store: SqliteStore) -> None:
    store._writer._connection.execute("PRAGMA query_only = ON")

    with pytest.raises(StoreUnavailable, match="cannot be written"):
        await store.budgets.reserve(hold())


async def test_a_folder_that_does_not_exist_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened for writing: No such file or directory"):
        SqliteStore(tmp_path / "no" / "such" / "folder.db", lambda: NOW)


def test_a_file_that_is_no_database_is_a_config_error(path: Path) -> None:
    path.write_bytes(b"the ledger, by hand\n" * 1000)

    with pytest.raises(ConfigError, match="is no SQLite database"):
        SqliteStore(path, lambda: NOW)
    assert path.read_bytes() == b"the ledger, by hand\n" * 1000


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")

    with pytest.raises(ConfigError, match="database of another program"):
        SqliteStore(path, lambda: NOW)


async def written(path: Path, count: int) -> None:
    store = SqliteStore(path, lambda: NOW)
    await store.usage.append([record(f"r{number}") for number in range(count)])
    await store.aclose()


def test_a_corrupted_file_is_found_when_it_is_opened(path: Path) -> None:
    asyncio.run(written(path, 2_000))
    content = bytearray(path.read_bytes())
    content[8192:65536] = bytes(65536 - 8192)
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="corrupted"):
        SqliteStore(path, lambda: NOW)


async def test_a_file_of_a_newer_trunkline_is_not_touched(path: Path) -> None:
    await SqliteStore(path, lambda: NOW).aclose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(ConfigError, match=r"newer trunkline \(schema 99\)"):
        SqliteStore(path, lambda: NOW)


async def test_a_schema_that_fails_half_way_leaves_nothing_of_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "migrations", lambda _: ["CREATE TABLE a (x);\nCREATE TABLE b (SYNTAX ERROR;\n"])
    with pytest.raises(ConfigError):
        SqliteStore(path, lambda: NOW)
    monkeypatch.undo()

    store = SqliteStore(path, lambda: NOW)
    await store.usage.append([record()])
    await store.aclose()


async def test_a_lock_that_another_program_holds_has_an_end(store: SqliteStore, path: Path) -> None:
    store._writer._connection.execute("PRAGMA busy_timeout = 100")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program has locked"):
            await store.budgets.reserve(hold())
        other.execute("ROLLBACK")

    assert await store.budgets.reserve(hold(team=100))


async def test_a_call_that_waits_too_long_is_refused_and_what_it_held_is_given_back(path: Path) -> None:
    store = SqliteStore(path, lambda: NOW, timeout=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.1 s"):
            await store.budgets.reserve(hold(team=100))
        other.execute("ROLLBACK")

    await asyncio.wait_for(_empty(store), 5)
    await store.aclose()


async def test_a_caller_that_leaves_while_its_money_is_being_held_leaves_no_hold(store: SqliteStore) -> None:
    waiting = asyncio.ensure_future(store.budgets.reserve(hold(team=100)))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(_empty(store), 5)


async def _empty(store: SqliteStore) -> None:
    """Until the line is worked off; then nothing may be held."""
    while True:
        try:
            await store.budgets.renew("nobody", 0)
            break
        except StoreUnavailable:
            await asyncio.sleep(0.01)
    (balance,) = (await store.budgets.balances(["team"])).values()
    assert balance.held == 0


async def test_a_question_that_takes_too_long_is_interrupted_and_the_next_one_answered(path: Path) -> None:
    store = SqliteStore(path, lambda: NOW, timeout=0.1)
    endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"

    with pytest.raises(StoreUnavailable, match="did not answer"):
        await store._reader.ask(lambda connection: connection.execute(endless).fetchone())

    assert await store.usage.read(ALL) == []
    await store.aclose()


async def test_one_wrong_record_does_not_fail_those_written_beside_it(store: SqliteStore) -> None:
    good, bad = hold("good", 1, team=None), hold("bad", 1, team=None)
    await asyncio.gather(store.budgets.reserve(good), store.budgets.reserve(bad))

    impossible = record("bad", cost=2**70)  # no column of SQLite holds it
    first, second = store.budgets.settle(bad, 1, impossible), store.budgets.settle(good, 1, record("good"))

    with pytest.raises(StoreUnavailable):
        await first
    assert await second
    assert [one.id for one in await store.usage.read(ALL)] == ["good"]


async def test_a_closed_store_refuses_instead_of_forgetting(path: Path) -> None:
    store = SqliteStore(path, lambda: NOW)
    await store.aclose()
    await store.aclose()

    with pytest.raises(StoreUnavailable, match="closed"):
        await store.budgets.reserve(hold())


async def test_closing_writes_what_is_in_line(path: Path) -> None:
    store = SqliteStore(path, lambda: NOW)
    waiting = [asyncio.ensure_future(store.usage.append([record(f"r{number}")])) for number in range(50)]
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(*waiting)

    again = SqliteStore(path, lambda: NOW)
    assert len(await again.usage.read(ALL)) == 50
    await again.aclose()


async def test_two_processes_may_share_a_file_and_a_limit(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(path, lambda: NOW)
    asked = [(store, other)[number % 2].budgets.reserve(hold(f"h{number}", 10, team=95)) for number in range(40)]

    answers = await asyncio.gather(*asked)

    assert sum(isinstance(answer, tuple) for answer in answers) == 9
    await other.aclose()


async def test_old_records_go_and_their_sums_stay(path: Path) -> None:
    store = SqliteStore(path, lambda: NOW, keep=DAY, keep_days=3 * DAY)
    ages = {"new": HOUR, "old": 2 * DAY, "ancient": 5 * DAY}
    await store.usage.append([record(name, at=NOW - age) for name, age in ages.items()])

    await store.trim(NOW)

    assert [one.id for one in await store.usage.read(ALL)] == ["new"]
    days = UsageQuery(until=NOW // DAY * DAY)
    assert (await store.usage.sum(days, "total"))[0].attempts == 1
    assert (await store.usage.sum(ALL, "total"))[0].attempts == 2
    await store.aclose()


async def test_accounts_that_no_window_can_need_any_more_go(store: SqliteStore) -> None:
    one = hold("a", 5, team=None)
    await store.budgets.reserve(one)
    await store.budgets.settle(one, 5, None)

    await store.trim(NOW + ACCOUNTS_KEPT)
    assert (await store.budgets.balances(["team"]))["team"].spent == 5
    await store.trim(NOW + ACCOUNTS_KEPT + 1)
    assert (await store.budgets.balances(["team"]))["team"].spent == 0


async def test_settings_open_the_store_they_name(tmp_path: Path) -> None:
    memory = open_store(StoreSettings())
    file = open_store(StoreSettings(path=str(tmp_path / "a.db"), keep_days=2))

    assert repr(memory).startswith("<MemoryStore")
    assert isinstance(file, SqliteStore)
    assert (file._keep, StoreSettings.long_form("a.db")) == (2 * DAY, {"path": "a.db"})
    assert "a.db" in repr(file)
    assert wall_millis() > NOW - 365 * DAY
    await file.aclose()
    await memory.aclose()
