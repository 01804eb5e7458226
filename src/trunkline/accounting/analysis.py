"""Where the money went, and what the same tokens would have cost elsewhere.

Refuses to know how it is shown.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from trunkline.accounting.windows import period, zone
from trunkline.catalog.price import Price
from trunkline.core.exchange import Target
from trunkline.core.money import Nanos
from trunkline.stores.ports import UsageLedger
from trunkline.stores.records import DAY, Grouping, Millis, UsageQuery, UsageSum

By = Grouping | Literal["day"]
MOST_DAYS = 1_100
_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: dict[str, Millis] = {"m": 60_000, "h": 3_600_000, "d": DAY, "w": 7 * DAY}
_FORMS = "write an age like 7d, 12h or 30m, a day like 2026-11-22, today, or month"


class Elsewhere(Struct, frozen=True):
    """What the answered tokens would have cost at one target alone; negative ``saved`` is what was paid on top."""

    target: Target
    cost: Nanos
    saved: Nanos


class Spend(Struct, frozen=True):
    """A time's spending: its lines, their sum, and the same tokens always at the dearest and at the default target.

    ``compared`` is False where nothing is said of elsewhere: no prices are known, or nothing was spent.
    """

    lines: tuple[UsageSum, ...]
    total: UsageSum
    dearest: Elsewhere | None = None
    default: Elsewhere | None = None


def moment(text: str, now: Millis, place: str = "UTC") -> Millis:
    """A time as people write it. Raises ValueError saying how."""
    there = zone(place)
    if found := _AGO.fullmatch(text.strip()):
        return max(0, now - int(found[1]) * _UNITS[found[2]])
    if text in {"today", "month"}:
        return period("day" if text == "today" else "month", place, now).start
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=there)
        return round(day.timestamp()) * 1000
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; {_FORMS}") from None


def average(summed: UsageSum) -> Nanos | None:
    """Nano-dollars a call, rounded half up; None where nobody called."""
    return (2 * summed.cost + summed.calls) // (2 * summed.calls) if summed.calls else None


async def spend(
    ledger: UsageLedger,
    query: UsageQuery,
    by: By,
    *,
    place: str = "UTC",
    prices: Mapping[Target, Price] | None = None,
    default: Target | None = None,
) -> Spend:
    """The spending of a time. Raises ValueError for more than MOST_DAYS days by day, StoreUnavailable."""
    lines = await _days(ledger, query, place) if by == "day" else await ledger.sum(query, by)
    found = await ledger.sum(query, "total")
    total = found[0] if found else UsageSum()
    if not prices or not found:
        return Spend(tuple(lines), total)
    spent = await ledger.sum(query, "target")
    return Spend(tuple(lines), total, _dearest(spent, prices), _elsewhere(spent, default, prices))


async def _days(ledger: UsageLedger, query: UsageQuery, place: str) -> list[UsageSum]:
    """A line for each day of a zone, those without spending too."""
    if query.until - query.since > MOST_DAYS * DAY:
        raise ValueError(f"by day, ask about at most {MOST_DAYS} days")
    lines: list[UsageSum] = []
    at = query.since
    while at < query.until:
        day = period("day", place, at)
        label = day.label.split()[1]
        found = await ledger.sum(replace(query, since=at, until=min(day.end, query.until)), "total")
        lines.append(UsageSum(label).plus(found[0]) if found else UsageSum(label))
        at = day.end
    return lines


def _dearest(spent: Sequence[UsageSum], prices: Mapping[Target, Price]) -> Elsewhere | None:
    everywhere = [_elsewhere(spent, target, prices) for target in prices]
    return max((one for one in everywhere if one is not None), key=lambda one: one.cost, default=None)


def _elsewhere(spent: Sequence[UsageSum], target: Target | None, prices: Mapping[Target, Price]) -> Elsewhere | None:
    """Over the lines whose cost is known in full: the others could be compared with nothing."""
    price = None if target is None else prices.get(target)
    known = [line for line in spent if not line.unknown]
    if price is None or target is None or not known:
        return None
    plain = replace(price, tiers=())  # a tier is of one call's prompt, and this is the sum of many
    cost = sum(plain.charge(line.usage) for line in known)
    return Elsewhere(target, cost, cost - sum(line.cost for line in known))
