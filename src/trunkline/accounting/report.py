"""Spending, budgets and keys as plain values, for JSON and CSV: amounts are exact decimal dollars in text.

Refuses to know who asks and where it is shown.
"""

from typing import Any

import msgspec

from trunkline.accounting.analysis import By, Elsewhere, Spend, average
from trunkline.core.money import usd
from trunkline.core.usage import Usage
from trunkline.stores.key_rows import KeyRow
from trunkline.stores.records import Millis, UsageQuery, UsageSum

_BUCKETS = Usage.__struct_fields__[:6]


def of_spend(shown: Spend, query: UsageQuery, by: By) -> dict[str, Any]:
    """A time's spending."""
    return {
        "since_ms": query.since,
        "until_ms": query.until,
        "by": by,
        "lines": [of_line(line) for line in shown.lines],
        "total": of_line(shown.total),
        "always_the_dearest": _other(shown.dearest),
        "always_the_default": _other(shown.default),
    }


def of_line(line: UsageSum) -> dict[str, Any]:
    """One line of it."""
    mean = average(line)
    return {
        "group": line.group,
        "calls": line.calls,
        "attempts": line.attempts,
        "failed": line.failed,
        **{f"{name}_tokens": getattr(line.usage, name) for name in _BUCKETS},
        "cost_usd": usd(line.cost),
        "average_usd": None if mean is None else usd(mean),
        "unknown": line.unknown,
        "unknown_at_most_usd": usd(line.at_most),
        "wasted_usd": usd(line.wasted),
    }


def _other(other: Elsewhere | None) -> dict[str, str] | None:
    if other is None:
        return None
    return {"target": str(other.target), "cost_usd": usd(other.cost), "saved_usd": usd(other.saved)}


def of_key(row: KeyRow, now: Millis) -> dict[str, Any]:
    """A key: who has it and what it may do, never the key."""
    state = "revoked" if row.revoked is not None else "stands" if row.usable(now) else "expired"
    scope: dict[str, Any] = msgspec.to_builtins(row.scope)
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "created_ms": row.created,
        "state": state,
        "revoked_ms": row.revoked,
        **scope,
    }
