"""The ports of the stores: what an engine must be able to do, each in one round trip.

Refuses to know any engine. Every method raises StoreUnavailable within the store's timeout when it cannot be done.
"""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from trunkline.stores.belongings import Added, Belonging, Kind, Listing
from trunkline.stores.holds import Balance, Hold, Refusal, Settled
from trunkline.stores.key_rows import KeyRow
from trunkline.stores.records import Grouping, Millis, UsageQuery, UsageRecord, UsageSum
from trunkline.stores.scores import Evidence, Memory, Score, ScoreQuery


class UsageLedger(Protocol):
    """Append-only records of what was asked of providers."""

    async def append(self, records: Sequence[UsageRecord]) -> None:
        """Durable when it returns. A record whose id is known already is not written again."""
        ...

    async def read(self, query: UsageQuery) -> list[UsageRecord]:
        """The records a query names, newest first, at most ``query.limit``."""
        ...

    async def of(self, request: str) -> list[UsageRecord]:
        """The attempts of a request, the first one first; of several callers where they chose the same id."""
        ...

    async def sum(self, query: UsageQuery, by: Grouping) -> list[UsageSum]:
        """One line a group, by name; no group, no line."""
        ...


class BudgetStore(Protocol):
    """Accounts, holds and their settling."""

    async def reserve(self, hold: Hold) -> tuple[Balance, ...] | Refusal:
        """Hold an amount in all its accounts or in none; durable when it returns.

        Refused where ``spent + held + nanos`` would pass a limit. Nothing to pay is never refused.
        """
        ...

    def settle(self, hold: Hold, booked: int, record: UsageRecord | None) -> Awaitable[tuple[Settled, ...]]:
        """End a hold: book what it cost in its own accounts and append the record, both or neither.

        The call itself puts it in line, so that no awaiting stands in a cancellation; the awaitable tells when it is
        durable. ``record`` None: nothing was sent. Settling twice changes nothing; settling what has expired corrects
        what was presumed.
        """
        ...

    async def renew(self, owner: str, until: Millis) -> None:
        """A process lives: its holds stand until then."""
        ...

    async def expire(self, now: Millis) -> int:
        """Settle the holds of owners whose lease has ended: booked at their amount, recorded as lost. How many."""
        ...

    async def balances(self, accounts: Iterable[str]) -> dict[str, Balance]:
        """Every named account; one that was never used is empty."""
        ...


class KeyStore(Protocol):
    """Virtual keys."""

    async def find(self, digest: bytes) -> KeyRow | None:
        """The key with this digest, revoked and expired ones too."""
        ...

    async def add(self, row: KeyRow) -> bool:
        """False, and nothing changed, when a key of this name stands and is not revoked."""
        ...

    async def revoke(self, name: str, at: Millis) -> int:
        """How many keys of this name it ended; 0 when none stood."""
        ...

    async def list(self) -> list[KeyRow]:
        """All keys, the oldest first."""
        ...


class QualityStore(Protocol):
    """How good answers were."""

    async def learn(self, scores: Sequence[Score], evidence: Sequence[Evidence], half_life: Millis) -> None:
        """Keep the scores and add the evidence to what is known, both or neither; durable when it returns.

        A score whose id is known already is not written again. Evidence adds up whoever brings it, so that several
        processes learn together.
        """
        ...

    async def scores(self, query: ScoreQuery) -> list[Score]:
        """The scores a query names, newest first, at most ``query.limit``."""
        ...

    async def evidence(self) -> list[Evidence]:
        """All that is known, by name; each as of its own time."""
        ...

    async def remember(self, memory: Memory) -> None:
        """Keep a state under its name in place of an older one; durable when it returns. A newer one stands."""
        ...

    async def memories(self) -> list[Memory]:
        """All states that were kept, by name."""
        ...


class BelongingStore(Protocol):
    """Files and batches that callers left with providers: whose they are."""

    async def add(self, row: Belonging, most: int) -> Added:
        """Durable when it returns ``added``; nothing was written else.

        ``full`` where its owner has ``most`` files, or ``most`` batches that are open.
        """
        ...

    async def find(self, kind: Kind, name: str) -> list[Belonging]:
        """All that have this id: at most one of each provider, whosever it is."""
        ...

    async def listed(self, listing: Listing) -> list[Belonging]:
        """One owner's that have been shown; nothing behind an ``after`` that is none of them."""
        ...

    async def change(self, row: Belonging) -> None:
        """Keep what is shown and known of it now. What has ended stays so, and an owner is for good."""
        ...

    async def name(self, row: Belonging, name: str, shown: str) -> bool:
        """Give it the id its provider chose, and close it unless ``row`` is open.

        False, and nothing changed, where that id is known already.
        """
        ...

    async def drop(self, row: Belonging) -> None:
        """Forget it."""
        ...

    async def any_left(self) -> bool:
        """True where there is one at all."""
        ...

    async def due(self, before: Millis, now: Millis, most: int) -> list[Belonging]:
        """Open ones nobody has looked after since ``before``, which count as looked after now: of several processes
        each is told of others.
        """
        ...


class Store(Protocol):
    """One engine with all five, and its upkeep."""

    @property
    def usage(self) -> UsageLedger:
        """The ledger."""
        ...

    @property
    def budgets(self) -> BudgetStore:
        """The accounts."""
        ...

    @property
    def keys(self) -> KeyStore:
        """The virtual keys."""
        ...

    @property
    def quality(self) -> QualityStore:
        """The scores."""
        ...

    @property
    def belongings(self) -> BelongingStore:
        """The files and batches."""
        ...

    async def trim(self, now: Millis) -> None:
        """Forget what is older than the settings say; roll-ups stay."""
        ...

    async def aclose(self) -> None:
        """Write what is in line, then close."""
        ...
