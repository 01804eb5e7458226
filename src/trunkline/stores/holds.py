"""Money that is held before it is spent: what is asked of a budget store, and what it answers.

Refuses to know rules, windows and prices: an account is a name and a limit a number.
"""

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.stores.records import UsageRecord


class Charge(Struct, frozen=True):
    """An account that a hold counts against; ``limit`` None counts and never refuses."""

    account: str
    limit: Nanos | None = None


class Hold(Struct, frozen=True):
    """An amount held in several accounts at once, and the record that stands if nobody ever settles it.

    ``owner`` is the process that holds it; when its lease ends the hold becomes ``draft``, at ``nanos``.
    """

    id: str
    owner: str
    nanos: Nanos
    charges: tuple[Charge, ...]
    draft: UsageRecord


class Balance(Struct, frozen=True):
    """An account: what is spent, and what is held for attempts that have not ended."""

    account: str
    spent: Nanos = 0
    held: Nanos = 0

    def left(self, limit: Nanos) -> Nanos:
        """What could still be held; negative once over."""
        return limit - self.spent - self.held


class Refusal(Struct, frozen=True):
    """Nothing was held: the account with the least left, and how much that is."""

    account: str
    limit: Nanos
    left: Nanos


class Settled(Struct, frozen=True):
    """An account after a hold on it was settled; ``before`` is what had been spent."""

    account: str
    before: Nanos
    spent: Nanos
