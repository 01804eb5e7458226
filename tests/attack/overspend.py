"""Many callers who each ask for more than is left, in every manner: what gets through, and what is used?

Refuses to trust a sample: a trigger in the ledger file notes the highest any account ever stood at.
"""

import asyncio
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from tests.attack import audit
from tests.attack.calls import DIALECTS, Ask, Manner, Seen, call, words
from tests.attack.house import House

KEY_LIMIT = "0.05"
NANOS = 1_000_000_000
LEAST_TOKENS = 64
GREED = (None, 100_000, 4_000, 1_000)  # tokens of answer first asked for; $0.05 is enough for 2,500
PATIENCE = 3  # refusals of the smallest call before a caller gives up
KEYS_AT_ONCE = 8
PRICES = {"input": "5", "output": "20"}
MODEL: dict[str, Any] = {"prices": PRICES, "cache": "never", "context": 1_000_000}
MANNERS: tuple[tuple[Manner, int], ...] = (("whole", 5), ("stream", 5), ("cancel", 1), ("leave", 1))
LATENCY = {"first_token": {"median": 0.02, "sigma": 0.6}, "tokens_per_second": 1500}
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500, "rate": 0.04},
    {"kind": "status", "status": 429, "retry_after": 0, "rate": 0.02},
    {"kind": "reset", "rate": 0.01},
    {"kind": "error-in-stream", "rate": 0.02, "stream": True},
    {"kind": "cut", "rate": 0.02, "stream": True},
    {"kind": "drop", "rate": 0.01, "stream": True},
    {"kind": "slow", "seconds": 0.3, "rate": 0.05},
    {"kind": "silence", "rate": 0.003},
]
_BUDGET = re.compile(r"the budget (\S+) of (key|team) (\S+) has")
_WATCH = """
CREATE TABLE attack_highest (name TEXT PRIMARY KEY, most INTEGER NOT NULL, writes INTEGER NOT NULL) STRICT;
CREATE TRIGGER attack_insert AFTER INSERT ON accounts BEGIN
    INSERT INTO attack_highest VALUES (new.name, new.spent + new.held, 1)
    ON CONFLICT (name) DO UPDATE SET most = max(most, excluded.most), writes = writes + 1;
END;
CREATE TRIGGER attack_update AFTER UPDATE ON accounts BEGIN
    INSERT INTO attack_highest VALUES (new.name, new.spent + new.held, 1)
    ON CONFLICT (name) DO UPDATE SET most = max(most, excluded.most), writes = writes + 1;
END;
"""


class Size(Struct, frozen=True):
    """How large an attack is; ``gateways`` share one ledger and one set of limits."""

    keys: int = 200
    callers: int = 50
    gateways: int = 2
    team: int = 10
    """Keys a team; every fourth team may spend nine tenths of what its keys may."""


class Found(Struct, frozen=True):
    """What the attack found. Money in nano-dollars; ``highest`` and ``used`` are shares of the limit."""

    calls: int
    statuses: dict[int, int]
    writes: int
    highest: float
    over: list[str]
    exhausted: int
    least_used: float
    held: int
    audit: audit.Audit


def providers() -> dict[str, Any]:
    """Three providers at one price, each of which fails now and then."""
    return {
        name: {
            "keys": [f"sk-{name}-0123456789"],
            "dialects": dialects,
            "latency": LATENCY,
            "models": {"m": MODEL},
            "faults": FAULTS,
        }
        for name, dialects in {"a": ["openai"], "b": ["anthropic"], "c": ["openai", "anthropic"]}.items()
    }


def config(size: Size) -> dict[str, Any]:
    """Keys in teams, a budget for each of both that shrinks answers, retries, fallbacks and hedges."""
    team_limit = size.team * float(KEY_LIMIT) * 0.9
    poor = [f"t{number}" for number in range(0, -(-size.keys // size.team), 4)]
    shrink = {"when_short": "shrink", "least_tokens": LEAST_TOKENS, "warn_at": []}
    return {
        "models": {"fast": ["a/m", "b/m", "c/m"]},
        "keys": [
            {"name": f"k{number}", "key": secret(number), "team": f"t{number // size.team}"}
            for number in range(size.keys)
        ],
        "budgets": [
            {"name": "each-key", "per": "key", "limit": KEY_LIMIT, "window": "month", **shrink},
            {"name": "each-team", "per": "team", "limit": f"{team_limit:.4f}", "window": "day", "only": poor, **shrink},
        ],
        "hedging": {"share": 0.2, "cost_share": 0.5, "least": 0.1},
        "timeouts": {"connect": 2, "first_content": 1, "idle": 1, "answer": 1.5, "total": 8},
    }


def secret(number: int) -> str:
    return f"attack-key-{number:05}-0123456789"


def watch(ledger: Path) -> None:
    """Have the file note the highest sum of spent and held of every account, at every write."""
    with closing(sqlite3.connect(ledger, timeout=30)) as connection:
        connection.executescript(_WATCH)


def highest(ledger: Path) -> dict[str, tuple[int, int]]:
    """By account: the most it stood at, and how often it was written."""
    with closing(audit.read_only(ledger)) as connection:
        return {name: (most, writes) for name, most, writes in connection.execute("SELECT * FROM attack_highest")}


class Attack:
    """One attack on one house."""

    def __init__(self, house: House, size: Size, seed: int) -> None:
        self.house = house
        self.size = size
        self.statuses: Counter[int] = Counter()
        self.refused_by: dict[str, str] = {}
        self._rng = Random(seed)
        self._numbers = iter(range(10**9))
        self._run = f"m{seed % 65536:04x}"

    async def run(self) -> Found:
        """All keys, some at a time; then each once more, alone, until the smallest call is refused."""
        gate = asyncio.Semaphore(KEYS_AT_ONCE)

        async def exhausted(number: int) -> None:
            async with gate:
                await asyncio.gather(*[self._caller(number) for _ in range(self.size.callers)])

        await asyncio.gather(*map(exhausted, range(self.size.keys)))
        await self._settled()
        for number in range(self.size.keys):
            await self._drained(number)
        await self._settled()
        return self._found()

    async def _caller(self, number: int) -> None:
        """Greedy at first, content with less when refused, gone when the smallest call is refused too."""
        refusals, most = 0, self._rng.choice(GREED)
        while refusals < PATIENCE:
            seen = await self._call(self._ask(number, most))
            if seen.status != 402:
                refusals = 0
                continue
            refusals += most == LEAST_TOKENS
            most = max(LEAST_TOKENS, (most or 8_000) // 4)
            await asyncio.sleep(self._rng.random() * 0.1)

    async def _drained(self, number: int) -> None:
        while True:
            ask = Ask(self._marker(), "fast", "Repeat exactly: 1", secret(number), max_tokens=LEAST_TOKENS)
            seen = await self._call(ask)
            if seen.status == 402:
                said = _BUDGET.search(seen.message)
                assert said, seen
                self.refused_by[f"{said[1]}|{said[2]}|{said[3]}"] = seen.message
                return

    def _ask(self, number: int, most: int | None) -> Ask:
        rng = self._rng
        manner = rng.choices([name for name, _ in MANNERS], [weight for _, weight in MANNERS])[0]
        dialect = rng.choice(DIALECTS)
        return Ask(self._marker(), "fast", words(rng), secret(number), dialect, manner, most, rng.choice((1, 1, 1, 2)))

    def _marker(self) -> str:
        return f"{self._run}-{next(self._numbers)}"

    async def _call(self, ask: Ask) -> Seen:
        seen = await call(self.house.http, self._rng.choice(self.house.urls), ask)
        self.statuses[seen.status] += 1
        return seen

    async def _settled(self) -> None:
        """Until nothing is held any more."""
        async with asyncio.timeout(60):
            while any(account.held for account in audit.accounts(self.house.ledger)):
                await asyncio.sleep(0.05)

    def _found(self) -> Found:
        ledger = self.house.ledger
        limits = {rule["name"]: round(float(rule["limit"]) * NANOS) for rule in config(self.size)["budgets"]}
        noted = highest(ledger)
        shares = {name: most / limits[name.partition("|")[0]] for name, (most, _) in noted.items()}
        accounts = audit.accounts(ledger)
        used = [
            account.spent / limits[rule]
            for account in accounts
            for rule, _, per, subject in [account.name.split("|")]
            if f"{rule}|{per}|{subject}" in self.refused_by
        ]
        return Found(
            calls=sum(self.statuses.values()),
            statuses=dict(sorted(self.statuses.items())),
            writes=sum(writes for _, writes in noted.values()),
            highest=max(shares.values()),
            over=[name for name, share in shares.items() if share > 1],
            exhausted=len(used),
            least_used=min(used),
            held=sum(account.held for account in accounts),
            audit=audit.Audit(audit.received(self.house.truth), audit.recorded(ledger)),
        )


async def attack(folder: Path, size: Size, seed: int = 1) -> Found:
    """Build the house, attack it, and say what was found once it has stopped."""
    async with House(folder, providers(), config(size)) as house:
        for number in range(size.gateways):
            await house.start()
            if number == 0:
                watch(house.ledger)
        return await Attack(house, size, seed).run()
