"""Where every budget stands: who has spent how much of which limit, now.

Refuses to keep anything: windows come from the clock, names from the ledger, amounts from the accounts.
"""

from collections.abc import Iterable

from msgspec import Struct

from trunkline.accounting.budgets import BudgetRule, account
from trunkline.accounting.windows import period
from trunkline.core.money import Nanos
from trunkline.stores.ports import Store
from trunkline.stores.records import Grouping, Millis, UsageQuery

_GROUPS: dict[str, Grouping] = {"key": "key", "team": "team", "tag": "tag", "model": "target", "provider": "provider"}
MOST = 1_000  # subjects of a budget; who has more asks for one of them


class Standing(Struct, frozen=True):
    """One account of a budget in its window of now, which ends at ``ends``."""

    budget: str
    subject: str
    limit: Nanos
    spent: Nanos
    held: Nanos
    ends: Millis
    hard: bool


async def standing(store: Store, rules: Iterable[BudgetRule], now: Millis) -> list[Standing]:
    """Every account that was used in its present window, in the rules' order. Raises StoreUnavailable."""
    found: list[Standing] = []
    for rule in rules:
        during = period(rule.window, rule.zone, now)
        names = await _subjects(store, rule, UsageQuery(during.start, during.end))
        accounts = {account(rule, during, name): name for name in names[:MOST]}
        balances = await store.budgets.balances(accounts)
        found += [
            Standing(rule.name, name, rule.nanos, balances[key].spent, balances[key].held, during.end, rule.hard)
            for key, name in accounts.items()
        ]
    return found


async def _subjects(store: Store, rule: BudgetRule, query: UsageQuery) -> list[str]:
    if rule.per == "total":
        return [""]
    sums = await store.usage.sum(query, _GROUPS[rule.per])
    return [line.group for line in sums if line.group and rule.covers(line.group)]
