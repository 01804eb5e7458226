"""A gateway killed again and again while it works: what do its callers, its providers and its ledger say afterwards?

Refuses to warn it: SIGKILL, at a random moment, under load.
"""

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from tests.attack import audit, overspend
from tests.attack.calls import DIALECTS, Ask, Seen, call, words
from tests.attack.house import House, Process
from trunkline.core.usage import Usage
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import DAY, UsageRecord
from trunkline.stores.sqlite import SqliteStore

CALLERS = 40
RUNS = (0.4, 1.6)  # seconds of load before each kill
AT_ONCE = 5_000  # records written together
ACCOUNT = "all|"
HELD_SECONDS = 60.0


class Found(Struct, frozen=True):
    """What is left after the last kill. Times in seconds; ``lost`` are rows the dead could not finish."""

    kills: int
    acknowledged: int
    missing: list[str]
    wrong: list[str]
    audit: audit.Audit
    lost: int
    ready: list[float]
    held_before: int
    resolved: float
    spent: int
    booked: int


def config() -> dict[str, Any]:
    """One budget over everything, far away: every call holds and settles."""
    return {
        "models": {"fast": ["a/m", "b/m", "c/m"]},
        "budgets": [{"name": "all", "limit": "100000"}],
        "hedging": {"share": 0.1, "cost_share": 0.5, "least": 0.1},
        "timeouts": {"connect": 2, "first_content": 1, "idle": 1, "answer": 1.5, "total": 8},
    }


async def filled(ledger: Path, records: int) -> None:
    """A ledger that has seen so many requests in the last month."""
    store = SqliteStore(ledger, wall_millis)
    now = wall_millis()
    for first in range(0, records, AT_ONCE):
        chunk = range(first, min(first + AT_ONCE, records))
        await store.usage.append([_old(number, now - 30 * DAY + 30 * DAY * number // records) for number in chunk])
    await store.aclose()


def _old(number: int, at: int) -> UsageRecord:
    return UsageRecord(
        id=f"{at:012x}{number:016x}",
        at=at,
        request=f"old{number}",
        provider="abc"[number % 3],
        model="m",
        key=f"k{number % 200}",
        usage=Usage(input=800, output=200),
        cost=8_000_000,
        booked=8_000_000,
        outcome="ok",
        duration=900,
    )


class Kills:
    """One house whose gateway dies ``times`` times."""

    def __init__(self, house: House, times: int, seed: int) -> None:
        self.house = house
        self.times = times
        self.seen: list[Seen] = []
        self.ready: list[float] = []
        self._rng = Random(seed)
        self._numbers = iter(range(10**9))
        self._run = f"m{seed % 65536:04x}"

    async def run(self) -> Found:
        """Start, load, kill, again; then start once more and wait until the dead hold nothing."""
        for _ in range(self.times):
            await self.life()
        standing = self._held()
        began = time.monotonic()
        last = await self._started()
        async with asyncio.timeout(HELD_SECONDS + 10):
            while self._held():
                await asyncio.sleep(0.1)
        resolved = time.monotonic() - began
        last.stop()
        return self._found(standing, resolved)

    async def _started(self) -> Process:
        began = time.monotonic()
        gateway = await self.house.start()
        self.ready.append(time.monotonic() - began)
        return gateway

    async def life(self) -> None:
        """Start, load, kill."""
        gateway = await self._started()
        callers = [asyncio.create_task(self._caller(gateway)) for _ in range(CALLERS)]
        await asyncio.sleep(self._rng.uniform(*RUNS))
        gateway.kill()
        await asyncio.gather(*callers)

    async def _caller(self, gateway: Process) -> None:
        url = self.house.urls[-1]
        while gateway.alive:
            rng = self._rng
            manner = rng.choices([name for name, _ in overspend.MANNERS], [weight for _, weight in overspend.MANNERS])
            marker = f"{self._run}-{next(self._numbers)}"
            asked = Ask(marker, "fast", words(rng), dialect=rng.choice(DIALECTS), manner=manner[0], max_tokens=400)
            self.seen.append(await call(self.house.http, url, asked))

    def _held(self) -> int:
        return sum(account.held for account in audit.accounts(self.house.ledger))

    def _found(self, standing: int, resolved: float) -> Found:
        rows = audit.recorded(self.house.ledger)
        ended = {row.marker for row in rows if row.outcome in {"ok", "lost"}}
        whole = [seen.ask.marker for seen in self.seen if seen.acknowledged]
        answered: dict[str, int] = {}
        for row in rows:
            answered[row.marker] = answered.get(row.marker, 0) + (row.outcome in {"ok", "lost"})
        (account,) = [one for one in audit.accounts(self.house.ledger) if one.name.startswith(ACCOUNT)]
        return Found(
            kills=self.times,
            acknowledged=len(whole),
            missing=sorted(set(whole) - ended),
            wrong=[row.marker for row in rows if row.outcome == "lost" and row.cost is not None],
            audit=audit.Audit(audit.received(self.house.truth), rows),
            lost=sum(row.outcome == "lost" for row in rows),
            ready=self.ready,
            held_before=standing,
            resolved=resolved,
            spent=account.spent,
            booked=sum(row.booked for row in rows),
        )


async def attack(folder: Path, times: int, *, records: int = 0, seed: int = 2) -> Found:
    """Build the house on a ledger of so many records, kill its gateway so many times, say what was found."""
    async with House(folder, overspend.providers(), config()) as house:
        if records:
            await filled(house.ledger, records)
        return await Kills(house, times, seed).run()


async def empty(folder: Path) -> float:
    """Seconds from start to ready on a ledger without a record: what the program itself takes."""
    fresh = folder / "empty"
    fresh.mkdir()
    async with House(fresh, overspend.providers(), config()) as house:
        began = time.monotonic()
        await house.start()
        return time.monotonic() - began
