"""A ledger that is locked, full, failing, broken or not there: a clear 503 and never a call that nobody counts."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.attack import audit, overspend
from tests.attack.calls import Ask, Seen, call
from tests.attack.house import House
from trunkline.accounting.keys import KeyRing
from trunkline.stores.key_rows import KeyScope
from trunkline.stores.opening import wall_millis
from trunkline.stores.sqlite import SqliteStore

TIMEOUT = 0.5
LIMITS: list[dict[str, str]] = [{"name": "all", "limit": "100"}]
PEPPER = "a-pepper-of-thirty-two-characters"
Fault = Callable[[House], AbstractContextManager[None]]


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Another program is in the middle of writing."""
    connection = sqlite3.connect(house.ledger, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def full(house: House) -> Iterator[None]:
    """Something else has taken all of the disk."""
    filler = house.ledger.parent / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def failing(house: House) -> Iterator[None]:
    """No file can grow: writes fail as on a failing disk."""
    gateway = house.gateways[-1]
    gateway.largest_file(house.ledger.with_name("ledger.db-wal").stat().st_size // 4096 * 4096)
    try:
        yield
    finally:
        gateway.largest_file(None)


FAULTS: dict[str, Fault] = {"locked": locked, "full": full, "failing": failing}


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where the ledger is: for a full disk, one of its own of two megabytes."""
    where = tmp_path / "disk"
    where.mkdir()
    if request.node.callspec.params.get("fault") != "full":
        yield where
        return
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)  # noqa: S607


def config(ledger: Path, **more: Any) -> dict[str, Any]:
    kept = {"path": str(ledger), "timeout": TIMEOUT, "pepper": PEPPER}
    timeouts = {"connect": 2, "first_content": 3, "idle": 3, "answer": 3, "total": 8}
    return {"models": {"fast": ["a/m", "c/m"]}, "ledger": kept, "timeouts": timeouts, **more}


@asynccontextmanager
async def house_on(disk: Path, folder: Path, **more: Any) -> AsyncIterator[House]:
    """A house whose providers never fail and talk slowly enough to be met in the middle."""
    providers = overspend.providers()
    for row in providers.values():
        row.update(faults=[], latency={"tokens_per_second": 60})
    house = House(folder, providers, config(disk / "ledger.db", **more))
    house.ledger = disk / "ledger.db"
    async with house:
        yield house


class Callers:
    """Calls with a number each."""

    def __init__(self, house: House, key: str = "") -> None:
        self._house = house
        self._key = key
        self._made = 0

    async def ask(self, *, stream: bool = False, words: str = "Repeat exactly: hello") -> Seen:
        self._made += 1
        manner = "stream" if stream else "whole"
        asked = Ask(f"m0040-{self._made}", "fast", words, self._key, manner=manner, max_tokens=200)  # type: ignore[arg-type]
        return await call(self._house.http, self._house.urls[-1], asked)

    async def until_answered(self) -> None:
        async with asyncio.timeout(20):
            while (await self.ask()).status != 200:
                await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "budgets"), [("locked", LIMITS), ("locked", []), ("full", LIMITS), ("failing", LIMITS)]
)
async def test_no_call_is_made_while_the_ledger_cannot_be_written_and_all_go_on_when_it_can(
    disk: Path, tmp_path: Path, fault: str, budgets: list[dict[str, str]]
) -> None:
    async with house_on(disk, tmp_path, budgets=budgets) as house:
        await house.start()
        callers = Callers(house)
        control = [await callers.ask(stream=stream) for stream in (False, True)]
        under_way = asyncio.create_task(callers.ask(stream=True, words="Repeat exactly: " + "word " * 30))
        await asyncio.sleep(0.2)
        with FAULTS[fault](house):
            refused = await until_refused(callers)
            before = len(audit.received(house.truth))
            refused += [await callers.ask(stream=stream) for stream in (False, True, False)]
            finished = await under_way
            after = len(audit.received(house.truth))
        await callers.until_answered()
        await nothing_held(house)

        found = audit.Audit(audit.received(house.truth), audit.recorded(house.ledger))

    assert [seen.status for seen in control] == [200, 200]
    assert {(seen.status, seen.kind) for seen in refused} == {(503, "store_unavailable")}
    assert all("ledger" in seen.message or "disk" in seen.message for seen in refused)
    assert finished.acknowledged  # what had begun is not the caller's to lose
    assert after - before <= 1  # the one that was under way
    assert found.unrecorded == []
    assert found.doubled == []
    assert found.differing() == []


async def until_refused(callers: Callers) -> list[Seen]:
    """A log may have pages left: calls are answered until they are used up, and each of them is counted."""
    for _ in range(100):
        seen = await callers.ask()
        if seen.status != 200:
            return [seen]
    raise AssertionError("nothing was refused")


async def nothing_held(house: House) -> None:
    async with asyncio.timeout(30):
        while audit.holds(house.ledger):
            await asyncio.sleep(0.1)


async def test_a_store_that_is_down_at_the_start_is_not_ready_never_401_and_recovers_by_itself(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    key = await made_key(disk / "ledger.db")
    async with house_on(disk, tmp_path, admin_key="admin-0123456789abcdef") as house:
        with exclusively(house.ledger):
            await house.start(wait=False)
            callers = Callers(house, key)
            ready, _ = await house.get(f"{house.urls[-1]}/readyz")
            alive, _ = await house.get(f"{house.urls[-1]}/livez")
            refused = await callers.ask()
        await house.ready(house.urls[-1])
        answered = await callers.ask()
        stranger = await Callers(house, "sk-nobody-0123456789").ask()

    assert (ready, alive) == (503, 200)
    assert (refused.status, refused.kind) == (503, "store_unavailable")
    assert answered.status == 200
    assert stranger.status == 401  # the control: once it can look, it knows who is nobody


async def made_key(ledger: Path) -> str:
    store = SqliteStore(ledger, wall_millis)
    key = await KeyRing(store.keys, PEPPER.encode(), wall_millis).create("caller", KeyScope())
    await store.aclose()
    return key


@contextmanager
def exclusively(ledger: Path) -> Iterator[None]:
    """Another program has the whole file to itself."""
    connection = sqlite3.connect(ledger, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


async def test_a_corrupted_ledger_is_said_at_the_start_and_nothing_is_served_without_it(tmp_path: Path) -> None:
    async with house_on(tmp_path, tmp_path, budgets=LIMITS) as house:
        gateway = await house.start()
        control = await Callers(house).ask()
        gateway.stop()
        whole = tmp_path / "whole.db"
        shutil.copy(house.ledger, whole)
        content = bytearray(house.ledger.read_bytes())
        content[4096:] = bytes(len(content) - 4096)
        house.ledger.write_bytes(content)

        with pytest.raises(RuntimeError, match="corrupted"):
            await house.start()

        shutil.copy(whole, house.ledger)  # as its owner is told to
        await house.start()
        restored = await Callers(house).ask()
    assert (control.status, restored.status) == (200, 200)
