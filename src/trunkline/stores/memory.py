"""The store in memory: for tests, for the library, and for whoever needs no ledger after the process has ended.

Refuses to grow: the oldest records go when there are too many.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from trunkline.stores.books import Books
from trunkline.stores.holds import Balance, Hold, Refusal, Settled
from trunkline.stores.key_rows import KeyRow
from trunkline.stores.memory_belongings import MemoryBelongings
from trunkline.stores.records import Grouping, Millis, UsageQuery, UsageRecord, UsageSum, groups, line
from trunkline.stores.scores import Evidence, Memory, Score, ScoreQuery

MOST_RECORDS = 100_000
MOST_KEYS = 100_000
MOST_SCORES = 100_000


class MemoryUsage:
    """The ledger."""

    __slots__ = ("_most", "_records")

    def __init__(self, most: int) -> None:
        self._most = most
        self._records: dict[str, UsageRecord] = {}

    def write(self, books: Books) -> None:
        """Take what came of the books."""
        for record in books.withdrawn:
            self._records.pop(record.id, None)
        for record in books.written:
            self._records.setdefault(record.id, record)
        books.withdrawn.clear()
        books.written.clear()
        while len(self._records) > self._most:
            self._records.pop(next(iter(self._records)))

    async def append(self, records: Sequence[UsageRecord]) -> None:
        """See the port."""
        books = Books()
        books.written.extend(records)
        self.write(books)

    async def read(self, query: UsageQuery) -> list[UsageRecord]:
        """See the port."""
        last: dict[str, int] = {}
        for record in self._records.values():
            last[record.request] = max(record.attempt, last.get(record.request, 0))
        found = sorted(self._matching(query), key=lambda record: (record.at, record.id), reverse=True)
        return [replace(record, absorbed=record.attempt < last[record.request]) for record in found[: query.limit]]

    async def of(self, request: str) -> list[UsageRecord]:
        """See the port."""
        every = await self.read(UsageQuery(limit=self._most))
        return sorted((one for one in every if one.request == request), key=lambda one: (one.attempt, one.id))

    async def sum(self, query: UsageQuery, by: Grouping) -> list[UsageSum]:
        """See the port."""
        sums: dict[str, UsageSum] = {}
        for record in self._matching(query):
            for group in groups(record, by):
                sums[group] = sums.get(group, UsageSum(group)).plus(line(record))
        return [sums[group] for group in sorted(sums)]

    def _matching(self, query: UsageQuery) -> Iterator[UsageRecord]:
        for record in self._records.values():
            named = all(
                wanted is None or wanted == getattr(record, name)
                for name in ("provider", "model", "key", "team")
                if (wanted := getattr(query, name)) is not None
            )
            tagged = query.tag is None or query.tag in record.tags
            if named and tagged and query.since <= record.at < query.until:
                yield record

    def __repr__(self) -> str:
        return f"<MemoryUsage [{len(self._records)} records]>"


class MemoryBudgets:
    """The accounts."""

    __slots__ = ("_books", "_leases", "_usage")

    def __init__(self, usage: MemoryUsage) -> None:
        self._books = Books()
        self._leases: dict[str, Millis] = {}
        self._usage = usage

    async def reserve(self, hold: Hold) -> tuple[Balance, ...] | Refusal:
        """See the port."""
        return self._books.reserve(hold)

    def settle(self, hold: Hold, booked: int, record: UsageRecord | None) -> "asyncio.Future[tuple[Settled, ...]]":
        """See the port."""
        done: asyncio.Future[tuple[Settled, ...]] = asyncio.get_running_loop().create_future()
        done.set_result(self._books.settle(hold.id, booked, record))
        self._usage.write(self._books)
        return done

    async def renew(self, owner: str, until: Millis) -> None:
        """See the port."""
        self._leases[owner] = until

    async def expire(self, now: Millis) -> int:
        """See the port."""
        self._leases = {owner: until for owner, until in self._leases.items() if until > now}
        dead = [hold.id for hold in self._books.holds.values() if hold.owner not in self._leases]
        count = sum(map(self._books.expire, dead))
        self._usage.write(self._books)
        return count

    async def balances(self, accounts: Iterable[str]) -> dict[str, Balance]:
        """See the port."""
        return {account: self._books.balance(account) for account in accounts}


class MemoryKeys:
    """The virtual keys."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[bytes, KeyRow] = {}

    async def find(self, digest: bytes) -> KeyRow | None:
        """See the port."""
        return self._rows.get(digest)

    async def add(self, row: KeyRow) -> bool:
        """See the port."""
        if any(known.name == row.name and known.revoked is None for known in self._rows.values()):
            return False
        self._rows[row.digest] = row
        return True

    async def revoke(self, name: str, at: Millis) -> int:
        """See the port."""
        ended = [row for row in self._rows.values() if row.name == name and row.revoked is None]
        self._rows.update({row.digest: replace(row, revoked=at) for row in ended})
        return len(ended)

    async def list(self) -> list[KeyRow]:
        """See the port."""
        return sorted(self._rows.values(), key=lambda row: (row.created, row.id))


class MemoryQuality:
    """How good answers were."""

    __slots__ = ("_evidence", "_memories", "_scores")

    def __init__(self) -> None:
        self._scores: dict[str, Score] = {}
        self._evidence: dict[str, Evidence] = {}
        self._memories: dict[str, Memory] = {}

    async def learn(self, scores: Sequence[Score], evidence: Sequence[Evidence], half_life: Millis) -> None:
        """See the port."""
        for score in scores:
            self._scores.setdefault(score.id, score)
        while len(self._scores) > MOST_SCORES:
            self._scores.pop(next(iter(self._scores)))
        for more in evidence:
            known = self._evidence.get(more.name)
            self._evidence[more.name] = more if known is None else known.plus(more, half_life)

    async def scores(self, query: ScoreQuery) -> list[Score]:
        """See the port."""
        wanted = {
            name: value for name in ("target", "source", "request") if (value := getattr(query, name)) is not None
        }
        found = [
            score
            for score in self._scores.values()
            if query.since <= score.at < query.until
            and all(getattr(score, name) == value for name, value in wanted.items())
        ]
        return sorted(found, key=lambda score: (score.at, score.id), reverse=True)[: query.limit]

    async def evidence(self) -> list[Evidence]:
        """See the port."""
        return [self._evidence[name] for name in sorted(self._evidence)]

    async def remember(self, memory: Memory) -> None:
        """See the port."""
        known = self._memories.get(memory.name)
        if known is None or known.at <= memory.at:
            self._memories[memory.name] = memory

    async def memories(self) -> list[Memory]:
        """See the port."""
        return [self._memories[name] for name in sorted(self._memories)]


class MemoryStore:
    """All five ports in one process's memory."""

    __slots__ = ("belongings", "budgets", "keys", "quality", "usage")

    def __init__(self, most_records: int = MOST_RECORDS) -> None:
        self.usage = MemoryUsage(most_records)
        self.budgets = MemoryBudgets(self.usage)
        self.keys = MemoryKeys()
        self.quality = MemoryQuality()
        self.belongings = MemoryBelongings()

    async def trim(self, now: Millis) -> None:
        """See the port: what is too much has gone already."""

    async def aclose(self) -> None:
        """See the port: nothing is open."""

    def __repr__(self) -> str:
        return f"<MemoryStore {self.usage!r}>"
