"""``python -m bench.ledger``: what holding and settling money costs on SQLite with an fsync for every commit.

Refuses to measure calls: ``python -m bench`` does.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.figures import Figure, show
from trunkline.core.usage import Usage
from trunkline.stores.holds import Charge, Hold
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import UsageQuery, UsageRecord
from trunkline.stores.sqlite import SqliteStore

PAIRS = 20_000
CALLERS = 128
RATE = 500  # pairs a second, offered whatever becomes of them
RATE_SECONDS = 5.0
RECORDS = 1_000_000
WEEK = 7 * 24 * 3_600_000
CHARGES = (Charge("team", 1 << 60), Charge("key", 1 << 60), Charge("total", 1 << 60))


def record(name: str, at: int, number: int = 0) -> UsageRecord:
    return UsageRecord(
        id=name,
        at=at,
        request=name,
        provider=f"provider{number % 4}",
        model=f"model{number % 16}",
        route="fast",
        key=f"key{number % 50}",
        team=f"team{number % 5}",
        usage=Usage(input=800, output=200),
        cost=123_456,
        booked=123_456,
        outcome="ok",
        duration=900,
        first_content=300,
    )


async def pair(store: SqliteStore, name: str) -> float:
    """Reserve and settle as a call does; the seconds the call waits for the first."""
    began = time.perf_counter()
    done = record(name, wall_millis())
    hold = Hold(name, "bench", 200_000, CHARGES, done)
    await store.budgets.reserve(hold)
    waited = time.perf_counter() - began
    await store.budgets.settle(hold, 123_456, done)
    return waited


async def throughput(store: SqliteStore) -> float:
    """Pairs a second with many callers at once."""
    names = iter(range(PAIRS))

    async def caller() -> None:
        for number in names:
            await pair(store, f"t{number}")

    began = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    return PAIRS / (time.perf_counter() - began)


async def at_a_rate(store: SqliteStore) -> list[float]:
    """How long calls wait for their reserve at a steady rate, in seconds, sorted."""
    tasks = []
    began = time.perf_counter()
    for number in range(int(RATE * RATE_SECONDS)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(pair(store, f"r{number}")))
    return sorted(await asyncio.gather(*tasks))


async def fill(store: SqliteStore, now: int) -> None:
    """A million records spread over a week."""
    for first in range(0, RECORDS, 5_000):
        chunk = range(first, first + 5_000)
        await store.usage.append([record(f"q{one}", now - WEEK + WEEK * one // RECORDS, one) for one in chunk])


async def query_seconds(store: SqliteStore, now: int) -> list[float]:
    """Spend by model over all of it, a few times."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        lines = await store.usage.sum(UsageQuery(since=now - WEEK, until=now), "model")
        taken.append(time.perf_counter() - began)
        assert len(lines) == 16  # noqa: S101 - a wrong answer has no speed
    return taken


async def measured(folder: Path) -> Sequence[Figure]:
    store = SqliteStore(folder / "pairs.db", wall_millis)
    rate, waits = await throughput(store), await at_a_rate(store)
    await store.aclose()
    large = SqliteStore(folder / "large.db", wall_millis)
    now = wall_millis()
    await fill(large, now)
    queries = await query_seconds(large, now)
    await large.aclose()
    began = time.perf_counter()
    await SqliteStore(folder / "large.db", wall_millis).aclose()
    opened = time.perf_counter() - began
    return [
        Figure(f"reserve + settle, {CALLERS} callers: time a pair (4,000 a second)", "us", (1e6 / rate,), 250),
        Figure(f"reserve at {RATE} a second: p50", "ms", (waits[len(waits) // 2] * 1e3,), 1.5),
        Figure(f"reserve at {RATE} a second: p99", "ms", (waits[len(waits) * 99 // 100] * 1e3,), 25),
        Figure("spend by model over 1,000,000 records", "ms", tuple(one * 1e3 for one in queries), 100),
        Figure("open and close with 1,000,000 records", "s", (opened,), 1.5),
    ]


def main() -> None:
    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        show("Money held and settled, SQLite with synchronous=FULL", runner.run(measured(Path(folder))))


if __name__ == "__main__":
    main()
