"""A disk that is really full, read-only or failing: refused in clear words, nothing lost, and then it goes on.

A file system of two megabytes is mounted for it where that is allowed; a limit on the size of files works everywhere.
"""

import asyncio
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.stores.scenes import NOW, hold, record
from trunkline.core.errors import CallError, StoreUnavailable
from trunkline.stores.records import UsageQuery
from trunkline.stores.sqlite import SqliteStore

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)  # noqa: S607


@pytest.fixture
async def store(small_disk: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(small_disk / "ledger.db", lambda: NOW, timeout=5)
    yield opened
    await opened.aclose()


async def reserved_until_refused(store: SqliteStore, prefix: str) -> tuple[int, str]:
    """How many holds were acknowledged, and what the first refusal said."""
    for number in range(10_000):
        try:
            await store.budgets.reserve(hold(f"{prefix}{number}", 1, team=1 << 60))
        except CallError as error:
            return number, error.message
    raise AssertionError("nothing was refused")


def full(disk: Path) -> Path:
    """Take all that is left of a disk; the file to remove again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return filler


async def held(store: SqliteStore) -> int:
    return (await store.budgets.balances(["team"]))["team"].held


async def test_a_full_disk_refuses_and_keeps_every_hold_it_acknowledged(store: SqliteStore, small_disk: Path) -> None:
    filler = full(small_disk)

    count, said = await reserved_until_refused(store, "a")

    assert "the disk is full; free space where the ledger is" in said
    assert await held(store) == count
    filler.unlink()
    await store.budgets.reserve(hold("later", 1, team=1 << 60))
    await store.usage.append([record("after")])
    assert await held(store) == count + 1
    assert [one.id for one in await store.usage.read(UsageQuery())] == ["after"]


async def test_a_settlement_that_met_a_full_disk_can_be_said_again(store: SqliteStore, small_disk: Path) -> None:
    one = hold("one", 100, team=1 << 60)
    await store.budgets.reserve(one)
    filler = full(small_disk)
    await reserved_until_refused(store, "filling")  # what is left of the log's last pages

    with pytest.raises(CallError, match="disk is full"):
        await store.budgets.settle(one, 60, record("one"))
    filler.unlink()

    assert await store.budgets.settle(one, 60, record("one"))
    assert (await store.budgets.balances(["team"]))["team"].spent == 60


async def test_a_file_on_a_read_only_file_system_is_not_open_until_it_can_be_written(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    await SqliteStore(path, lambda: NOW).aclose()
    read_only(small_disk)

    with pytest.raises(StoreUnavailable, match="cannot be opened for writing: Read-only file system"):
        SqliteStore(path, lambda: NOW)


def read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S607


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: writes fail as they do on a failing disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fails_a_write_refuses_and_loses_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db", lambda: NOW, timeout=5)
    with largest_file(256 * 1024):
        count, said = await reserved_until_refused(store, "a")

    assert "the disk failed under the ledger" in said
    assert await held(store) == count
    await store.budgets.reserve(hold("later", 1, team=1 << 60))
    assert await held(store) == count + 1
    await store.aclose()


async def test_what_was_acknowledged_before_the_disk_failed_stands_when_the_file_is_opened_again(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "ledger.db", lambda: NOW, timeout=5)
    with largest_file(256 * 1024):
        count, _ = await reserved_until_refused(store, "a")
        await asyncio.sleep(0)
    await store.aclose()

    again = SqliteStore(tmp_path / "ledger.db", lambda: NOW)

    assert count > 10  # the control: there was something to lose
    assert await held(again) == count
    await again.aclose()
