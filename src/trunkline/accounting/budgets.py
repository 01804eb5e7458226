"""Budgets as people write them, and which accounts of theirs a call counts against.

Refuses to know the store and the call: it is told who pays, for what and when.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.accounting.windows import Period, Window, period, zone
from trunkline.core.call import Caller
from trunkline.core.exchange import Target
from trunkline.core.money import NANOS_PER_USD, Nanos, nanos
from trunkline.stores.holds import Charge

Millis = int
Names = Annotated[tuple[str, ...], Meta(max_length=1000)]
Scope = Literal["total", "key", "team", "tag", "model", "provider"]
WhenShort = Literal["refuse", "shrink"]
MOST_DOLLARS = Decimal(1_000_000_000)
_OWN = "own budget"  # no rule's name has a space


_nanos = lru_cache(maxsize=10_000)(nanos)


class BudgetRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit on what may be spent in each day or month, by each key, team, tag, model, provider, or all together."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            extra={"form": "a name of at most 64 letters, digits and ._-"},
            description="How messages and the ledger call it. With another name it starts at zero again.",
        ),
    ]
    limit: Annotated[
        Decimal,
        Meta(extra={"form": "dollars from 0 to a billion, like 50"}, description="Dollars in each window."),
    ]
    per: Annotated[
        Scope,
        Meta(description="Who has it: everybody together, or each key, team, tag, model or provider by itself."),
    ] = "total"
    only: Annotated[
        Names | None,
        Meta(description="The names it is for, * matching anything; left out: every one."),
    ] = None
    window: Annotated[Window, Meta(description="When it starts again: each day or each month.")] = "month"
    zone: Annotated[
        str,
        Meta(
            max_length=64,
            extra={"form": "an IANA time zone, like Europe/Berlin"},
            description="Where the days and months are, as an IANA name.",
        ),
    ] = "UTC"
    hard: Annotated[
        bool,
        Meta(description="Refuse what might pass the limit. Set false to be warned only; nothing is stopped then."),
    ] = True
    when_short: Annotated[
        WhenShort,
        Meta(
            description="Too little left for the longest answer: refuse the call, or shrink its max_tokens to what is "
            "left. Set shrink where a short answer is better than none."
        ),
    ] = "refuse"
    least_tokens: Annotated[
        int, Meta(ge=1, le=1_000_000, description="With shrink: refuse below this many tokens of answer.")
    ] = 64
    warn_at: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=1000)], ...],
        Meta(max_length=10, description="Percent of the limit at which a warning is told, once each."),
    ] = (50, 80, 95)

    def __post_init__(self) -> None:
        if not self.limit.is_finite() or not 0 <= self.limit <= MOST_DOLLARS:
            raise ValueError(f"the limit of {self.name} is {self.limit}: write dollars, from 0 to a billion, like 50")
        zone(self.zone)

    @property
    def nanos(self) -> Nanos:
        """The limit in nano-dollars."""
        return _nanos(self.limit)  # asked for several times in every call

    def subjects(self, caller: Caller, target: Target) -> tuple[str, ...]:
        """Whose accounts a call counts against; none where this budget is not for it."""
        named = _subjects(self.per, caller, target)
        return named if self.only is None else tuple(filter(self.covers, named))

    def covers(self, subject: str) -> bool:
        """True for a name that this budget is for."""
        return self.only is None or any(fnmatchcase(subject, pattern) for pattern in self.only)


class Demand(Struct, frozen=True):
    """An account a call counts against, the budget it is of, and when that starts again."""

    rule: BudgetRule
    subject: str
    charge: Charge
    ends: Millis

    def __str__(self) -> str:
        whose = "" if self.rule.per == "total" else f" of {self.rule.per} {self.subject}"
        return f"the budget {self.rule.name}{whose}"


def account(rule: BudgetRule, during: Period, subject: str) -> str:
    """The name under which a store keeps what a subject spends of a budget in a window."""
    return f"{rule.name}|{during.label}|{rule.per}|{subject}"


def demands(rules: Iterable[BudgetRule], caller: Caller, target: Target, at: Millis) -> tuple[Demand, ...]:
    """Every account that this caller's call of this target counts against now, in the rules' order."""
    found: list[Demand] = []
    for rule in (*rules, *own(caller)):
        during = period(rule.window, rule.zone, at)
        for subject in rule.subjects(caller, target):
            charge = Charge(account(rule, during, subject), rule.nanos if rule.hard else None)
            found.append(Demand(rule, subject, charge, during.end))
    return tuple(found)


def own(caller: Caller) -> Sequence[BudgetRule]:
    """The budget that a key carries with it, if it does."""
    if caller.budget is None:
        return ()
    limit = Decimal(caller.budget) / NANOS_PER_USD
    return (BudgetRule(name=_OWN, limit=limit, per="key", only=None),)


def is_own(rule: BudgetRule) -> bool:
    """True for the budget that a key carries with it."""
    return rule.name == _OWN


def _subjects(per: Scope, caller: Caller, target: Target) -> tuple[str, ...]:
    match per:
        case "total":
            return ("",)
        case "key":
            return (caller.name,)
        case "team":
            return () if caller.team is None else (caller.team,)
        case "tag":
            return caller.tags
        case "model":
            return (str(target),)
        case "provider":
            return (target.provider,)


def crossed(rule: BudgetRule, before: Nanos, now: Nanos) -> tuple[int, ...]:
    """The marks of a budget that its spending has just passed, in percent, lowest first."""
    return tuple(mark for mark in sorted(rule.warn_at) if before * 100 < mark * rule.nanos <= now * 100)
