"""One request to one provider as the ledger keeps it, and what a sum of many says.

Refuses to know prices and storage engines. Times are Unix milliseconds, money is nano-dollars.
"""

from typing import Literal

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.core.usage import Usage

Millis = int
"""Wall time: milliseconds since 1970 in UTC."""

HOUR: Millis = 3_600_000
DAY: Millis = 24 * HOUR
OK = "ok"
LOST = "lost"
"""The outcome of an attempt whose process died: nobody knows how it ended."""

Purpose = Literal["call", "hedge", "probe", "judge", "batch"]
CALLS = frozenset({"call", "probe", "batch"})
"""Purposes of attempts that callers asked for: a call may begin with a probe, and a batch counts as one."""
Grouping = Literal["total", "provider", "model", "target", "route", "key", "team", "tag", "purpose"]


class UsageRecord(Struct, frozen=True, kw_only=True):
    """One request to one provider, absorbed failures included.

    ``id``        unique: writing the same one twice is writing it once.
    ``request``   the id the caller was told; callers may choose it, so it need not be unique.
    ``attempt``   1 for the first request of a call.
    ``route``     the model's name as the caller said it.
    ``key``       the name of the virtual key, never the key.
    ``cost``      None where a price or a usage is not known: an amount nobody knows, not nothing.
    ``booked``    what budgets were charged: the cost, or the worst case where that is unknown.
    ``outcome``   ``ok``, the kind of the error, or ``lost``.
    ``duration``  and ``first_content`` in milliseconds since the attempt began; None where it was lost.
    ``decision``  why the call went where it went, as JSON, on its first attempt; empty where nothing was decided.
    ``absorbed``  another attempt of the same call followed; told when read, never stored.
    """

    id: str
    at: Millis
    request: str
    attempt: int = 1
    purpose: Purpose = "call"
    provider: str
    model: str
    route: str = ""
    key: str = ""
    team: str = ""
    tags: tuple[str, ...] = ()
    usage: Usage = Usage(source="unknown")
    cost: Nanos | None = None
    booked: Nanos = 0
    price_version: str = ""
    outcome: str = LOST
    duration: int | None = None
    first_content: int | None = None
    decision: str = ""
    absorbed: bool = False

    @property
    def target(self) -> str:
        """``provider/model``."""
        return f"{self.provider}/{self.model}"


class UsageQuery(Struct, frozen=True):
    """Which records: those of the half-open time ``[since, until)`` that have every value named here."""

    since: Millis = 0
    until: Millis = 1 << 53
    provider: str | None = None
    model: str | None = None
    key: str | None = None
    team: str | None = None
    tag: str | None = None
    limit: int = 1000  # of read; sums have no limit


class UsageSum(Struct, frozen=True):
    """Many records as one line.

    ``calls``    first attempts of calls: what callers asked for.
    ``cost``     the sum over attempts whose cost is known; ``unknown`` counts the others, and
    ``at_most``  is what budgets were charged for those.
    ``wasted``   the part of ``cost`` that gave no answer.
    """

    group: str = ""
    calls: int = 0
    attempts: int = 0
    failed: int = 0
    usage: Usage = Usage()
    cost: Nanos = 0
    unknown: int = 0
    at_most: Nanos = 0
    wasted: Nanos = 0

    def plus(self, other: "UsageSum") -> "UsageSum":
        """Both together, under this one's name."""
        return UsageSum(
            self.group,
            self.calls + other.calls,
            self.attempts + other.attempts,
            self.failed + other.failed,
            _added(self.usage, other.usage),
            self.cost + other.cost,
            self.unknown + other.unknown,
            self.at_most + other.at_most,
            self.wasted + other.wasted,
        )


def line(record: UsageRecord, group: str = "") -> UsageSum:
    """One record as a sum."""
    failed, unknown = record.outcome != OK, record.cost is None
    return UsageSum(
        group,
        calls=int(record.attempt == 1 and record.purpose in CALLS),
        attempts=1,
        failed=int(failed),
        usage=record.usage,
        cost=record.cost or 0,
        unknown=int(unknown),
        at_most=record.booked if unknown else 0,
        wasted=(record.cost or 0) if failed else 0,
    )


def groups(record: UsageRecord, by: Grouping) -> tuple[str, ...]:
    """The lines a record belongs to: one, save for tags, of which it may have any number."""
    match by:
        case "total":
            return ("",)
        case "tag":
            return record.tags
        case _:
            return (str(getattr(record, by)),)


def _added(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.input + other.input,
        one.cache_read + other.cache_read,
        one.cache_write + other.cache_write,
        one.cache_write_1h + other.cache_write_1h,
        one.output + other.output,
        one.reasoning + other.reasoning,
    )
