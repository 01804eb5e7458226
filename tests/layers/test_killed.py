"""Processes killed while they spend: every request a provider received is in the ledger once, every hold ends."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from trunkline.accounting.purse import LEASE
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import UsageQuery
from trunkline.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
KILLS = 4
ALL = UsageQuery(limit=1_000_000)


def spend_and_kill(store: Path, log: Path) -> Counter[str]:
    """Let a process spend for a moment, kill it, and say which answers its callers had seen."""
    command = [sys.executable, "-m", "tests.layers.spender", str(store), str(log)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        seen = process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        seen += process.stdout.read()
    return Counter(seen.decode().splitlines())


def test_killed_processes_lose_no_request_and_count_none_twice(tmp_path: Path) -> None:
    store, log = tmp_path / "ledger.db", tmp_path / "provider.log"
    seen: Counter[str] = Counter()
    for _ in range(KILLS):
        seen += spend_and_kill(store, log)

    recorded, lost, spent, held, most = asyncio.run(read(store))

    received = Counter(log.read_text().splitlines())
    assert set(received.values()) == {1}
    assert set(recorded.values()) == {1}
    assert set(received) <= set(recorded)  # every request has its record
    assert set(recorded) - set(received) <= set(lost)  # held and killed before it was sent: presumed, never forgotten
    assert set(seen) <= set(recorded)
    assert sum(seen.values()) > 50
    assert 0 < len(lost) < 40 * KILLS
    assert held == 0
    assert spent == most


async def read(path: Path) -> tuple[Counter[str], list[str], int, int, int]:
    """Records, lost ones, spent, held, and what the records say was spent, once the leases of the dead have ended."""
    store = SqliteStore(path, wall_millis)
    await store.budgets.expire(wall_millis() + LEASE)
    records = await store.usage.read(ALL)
    names = [f"{one.request} {one.attempt}" for one in records]
    lost = [name for name, one in zip(names, records, strict=True) if one.outcome == "lost"]
    with_rows = store._writer._connection.execute("SELECT sum(spent), sum(held) FROM accounts").fetchone()
    (total,) = await store.usage.sum(ALL, "total")
    assert total.attempts == len(records)
    await store.aclose()
    return Counter(names), lost, with_rows[0], with_rows[1], total.cost + total.at_most
