"""Ten thousand calls of every kind: does anything stay behind that grows with their number?

Refuses to look once: it measures after every tenth of the calls, when all of them have ended.
"""

import asyncio
import json
from pathlib import Path
from random import Random
from statistics import linear_regression
from typing import Any

from msgspec import Struct

from tests.attack import audit, overspend
from tests.attack.calls import DIALECTS, Ask, call, words
from tests.attack.house import House

AT_ONCE = 40
TENTHS = 10
WARM = 3  # tenths until caches, pools and allocators have what they keep
MOST = 1.0  # megabytes a thousand calls: of it, what the ledger keeps of them in its own pages is about 0.5
ADMIN = "attack-admin-0123456789abcdef"
CALLER = "attack-caller-0123456789abcdef"


class Sample(Struct, frozen=True):
    """The gateway when nothing is under way. ``held`` in nano-dollars, ``memory`` and ``file`` in megabytes."""

    calls: int
    memory: float
    sockets: int
    held: int
    open: int
    in_flight: int
    file: float

    def line(self) -> str:
        return f"{self.memory:.1f} MB, {self.sockets}, {self.file:.1f} MB"


class Found(Struct, frozen=True):
    """``slope``: megabytes of memory a thousand calls, over the tenths after the warm-up; ``pages``: of the ledger."""

    samples: list[Sample]
    slope: float
    pages: float
    audit: audit.Audit


def config() -> dict[str, Any]:
    """Everything that takes something for a call and must give it back: budgets, rates, places, hedges."""
    key = {"name": "caller", "key": CALLER, "team": "t", "requests_per_minute": 10**8, "tokens_per_minute": 10**9}
    return {
        "models": {"fast": ["a/m", "b/m", "c/m"]},
        "keys": [{**key, "concurrent": 10_000}],
        "admin_key": ADMIN,
        "budgets": [{"name": "all", "limit": "100000"}, {"name": "teams", "per": "team", "limit": "100000"}],
        "hedging": {"share": 0.1, "cost_share": 0.5, "least": 0.1},
        "timeouts": {"connect": 2, "first_content": 1, "idle": 1, "answer": 1.5, "total": 8},
    }


class Run:
    """All calls of one run."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self._rng = Random(seed)
        self._run = f"m{seed % 65536:04x}"
        self._made = 0

    async def tenth(self, calls: int) -> Sample:
        """Make so many calls, wait until all have ended, look."""
        numbers = iter(range(self._made, self._made + calls))
        self._made += calls

        async def caller() -> None:
            for number in numbers:
                await call(self.house.http, self.house.urls[-1], self._ask(number))

        await asyncio.gather(*[caller() for _ in range(AT_ONCE)])
        return await self._quiet()

    def _ask(self, number: int) -> Ask:
        rng = self._rng
        manner = rng.choices([name for name, _ in overspend.MANNERS], [weight for _, weight in overspend.MANNERS])[0]
        model = rng.choices(("fast", "no-such-model", "a/m"), (8, 1, 1))[0]
        key = rng.choices((CALLER, "wrong-key-0123456789"), (9, 1))[0]
        return Ask(f"{self._run}-{number}", model, words(rng), key, rng.choice(DIALECTS), manner, 400)

    async def _quiet(self) -> Sample:
        async with asyncio.timeout(30):
            while (sample := await self._sample()).open or sample.in_flight or sample.held:
                await asyncio.sleep(0.1)
        return sample

    async def _sample(self) -> Sample:
        gateway = self.house.gateways[-1]
        status, body = await self.house.get(f"{self.house.urls[-1]}/admin/health", ADMIN)
        assert status == 200, body
        said = json.loads(body)
        size = sum(path.stat().st_size for path in self.house.folder.glob("ledger.db*"))
        return Sample(
            calls=self._made,
            memory=gateway.memory(),
            sockets=gateway.sockets(),
            held=sum(account.held for account in audit.accounts(self.house.ledger)),
            open=said["calls_open"],
            in_flight=sum(target.get("in_flight", 0) for target in said["targets"]),
            file=size / 1e6,
        )


async def attack(folder: Path, calls: int = 10_000, seed: int = 3) -> Found:
    """Build the house, make the calls, say what stayed."""
    async with House(folder, overspend.providers(), config()) as house:
        await house.start()
        run = Run(house, seed)
        samples = [await run.tenth(calls // TENTHS) for _ in range(TENTHS)]
    later = samples[WARM:]
    slope, pages = (_slope(later, kind) for kind in ("memory", "file"))
    return Found(samples, slope, pages, audit.Audit(audit.received(house.truth), audit.recorded(house.ledger)))


def _slope(samples: list[Sample], kind: str) -> float:
    """Megabytes a thousand calls."""
    return linear_regression([one.calls / 1000 for one in samples], [getattr(one, kind) for one in samples]).slope
