"""Where every budget stands: who has spent how much of which limit, now.

Refuses to keep anything: windows come from the clock, names from the ledger, amounts from the accounts.
"""

from collections.abc import Iterable

from msgspec import Struct

from trunkline.accounting.budgets import BudgetRule, account, own
from trunkline.accounting.windows import Period, period
from trunkline.core.call import Caller
from trunkline.core.money import Nanos
from trunkline.stores.ports import Store
from trunkline.stores.records import Grouping, Millis, UsageQuery

_GROUPS: dict[str, Grouping] = {"key": "key", "team": "team", "tag": "tag", "model": "target", "provider": "provider"}
MOST = 1_000  # subjects of a budget; who has more asks for one of them


class Standing(Struct, frozen=True):
    """One account of a budget in its window of now, from ``begins`` to ``ends``."""

    budget: str
    subject: str
    limit: Nanos
    spent: Nanos
    held: Nanos
    ends: Millis
    hard: bool
    begins: Millis = 0


async def standing(store: Store, rules: Iterable[BudgetRule], callers: Iterable[Caller], now: Millis) -> list[Standing]:
    """Every account that was used in its present window, in the rules' order; then each caller's own.

    Raises StoreUnavailable.
    """
    wanted: dict[str, tuple[BudgetRule, str, Period]] = {}
    for rule in rules:
        during = period(rule.window, rule.zone, now)
        for name in (await _subjects(store, rule, UsageQuery(during.start, during.end)))[:MOST]:
            wanted[account(rule, during, name)] = (rule, name, during)
    for caller in callers:
        for rule in own(caller):
            during = period(rule.window, rule.zone, now)
            wanted[account(rule, during, caller.name)] = (rule, caller.name, during)
    balances = await store.budgets.balances(wanted)
    return [
        Standing(
            rule.name, name, rule.nanos, balances[key].spent, balances[key].held, during.end, rule.hard, during.start
        )
        for key, (rule, name, during) in wanted.items()
    ]


async def _subjects(store: Store, rule: BudgetRule, query: UsageQuery) -> list[str]:
    if rule.per == "total":
        return [""]
    sums = await store.usage.sum(query, _GROUPS[rule.per])
    return [line.group for line in sums if line.group and rule.covers(line.group)]
