"""The bookkeeping itself: what reserving, settling and expiring do to accounts and holds, as plain values.

Refuses to know where the books are kept; engines load the pages that are touched, and write back what changed.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.money import Nanos
from trunkline.stores.holds import Balance, Charge, Hold, Refusal, Settled
from trunkline.stores.records import LOST, UsageRecord


class Standing(Struct, frozen=True):
    """A hold as it stands in the books; ``presumed``: its owner is gone, ``record`` has been written as lost."""

    id: str
    owner: str
    nanos: Nanos
    accounts: tuple[str, ...]
    record: UsageRecord
    presumed: bool = False


class Books:
    """Accounts and holds, and the records that came of them.

    ``written`` are new records, ``withdrawn`` those of lost attempts that turned out not to be.
    """

    __slots__ = ("balances", "holds", "withdrawn", "written")

    def __init__(self, balances: Iterable[Balance] = (), holds: Iterable[Standing] = ()) -> None:
        self.balances = {balance.account: balance for balance in balances}
        self.holds = {standing.id: standing for standing in holds}
        self.written: list[UsageRecord] = []
        self.withdrawn: list[UsageRecord] = []

    def balance(self, account: str) -> Balance:
        """An account as it stands; empty when it was never used."""
        return self.balances.get(account) or Balance(account)

    def reserve(self, hold: Hold) -> tuple[Balance, ...] | Refusal:
        """See ``BudgetStore.reserve``."""
        if hold.id in self.holds:
            raise ValueError(f"the hold {hold.id} stands already")
        if hold.nanos > 0 and (tightest := self._tightest(hold.charges)) and tightest.left < hold.nanos:
            return tightest
        accounts = tuple(dict.fromkeys(charge.account for charge in hold.charges))
        self.holds[hold.id] = Standing(hold.id, hold.owner, hold.nanos, accounts, hold.draft)
        return tuple(self._move(account, spent=0, held=hold.nanos) for account in accounts)

    def _tightest(self, charges: Iterable[Charge]) -> Refusal | None:
        limits = [
            Refusal(charge.account, charge.limit, self.balance(charge.account).left(charge.limit))
            for charge in charges
            if charge.limit is not None
        ]
        return min(limits, key=lambda refusal: refusal.left, default=None)

    def settle(self, hold_id: str, booked: Nanos, record: UsageRecord | None) -> tuple[Settled, ...]:
        """See ``BudgetStore.settle``."""
        standing = self.holds.pop(hold_id, None)
        if standing is None:
            return ()
        if standing.presumed:
            self.withdrawn.append(standing.record)
        if record is not None:
            self.written.append(record)
        held, spent = (0, booked - standing.nanos) if standing.presumed else (-standing.nanos, booked)
        return tuple(self._settled(account, spent, held) for account in standing.accounts)

    def _settled(self, account: str, spent: Nanos, held: Nanos) -> Settled:
        before = self.balance(account).spent
        return Settled(account, before, self._move(account, spent=spent, held=held).spent)

    def expire(self, hold_id: str) -> bool:
        """Presume a hold spent and its attempt lost; False when that was done, or it never stood."""
        standing = self.holds.get(hold_id)
        if standing is None or standing.presumed:
            return False
        record = replace(standing.record, outcome=LOST, cost=None, booked=standing.nanos)
        self.holds[hold_id] = replace(standing, presumed=True, record=record)
        self.written.append(record)
        for account in standing.accounts:
            self._move(account, spent=standing.nanos, held=-standing.nanos)
        return True

    def _move(self, account: str, *, spent: Nanos, held: Nanos) -> Balance:
        old = self.balance(account)
        new = self.balances[account] = Balance(account, old.spent + spent, old.held + held)
        return new
