"""What the scenes of the stores are made of: records, holds, and the engines under test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from trunkline.core.usage import Usage
from trunkline.stores.holds import Charge, Hold
from trunkline.stores.memory import MemoryStore
from trunkline.stores.ports import Store
from trunkline.stores.records import UsageRecord
from trunkline.stores.sqlite import SqliteStore

NOW = 1_795_000_000_000  # 2026-11-18, in the middle of an hour
OWNER = "the process under test"

ENGINES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "trunkline.db", lambda: NOW),
}
"""Every engine that keeps the contract; a new one is one line here."""


def record(name: str = "a", **other: Any) -> UsageRecord:
    facts: dict[str, Any] = {
        "at": NOW, "request": f"req_{name}", "provider": "openai", "model": "small", "route": "fast", "key": "ci",
        "usage": Usage(input=10, output=5), "cost": 1_000, "booked": 1_000, "outcome": "ok", "duration": 120,
    }  # fmt: skip
    return UsageRecord(id=name, **{**facts, **other})


def draft(name: str = "a") -> UsageRecord:
    return UsageRecord(id=name, at=NOW, request=f"req_{name}", provider="openai", model="small", key="ci")


def hold(name: str = "a", nanos: int = 100, owner: str = OWNER, **limits: int | None) -> Hold:
    charges = tuple(Charge(account, limit) for account, limit in limits.items())
    return Hold(name, owner, nanos, charges, draft(name))
