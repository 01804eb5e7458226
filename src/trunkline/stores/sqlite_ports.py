"""The three ports on a SQLite file: questions go to a reader, changes to the writer's line.

Refuses to decide anything about money: ``Books`` does.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import msgspec

from trunkline.core.errors import StoreUnavailable
from trunkline.core.usage import Usage
from trunkline.stores.holds import Balance, Hold, Refusal, Settled
from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.records import DAY, HOUR, Grouping, Millis, UsageQuery, UsageRecord, UsageSum
from trunkline.stores.sqlite_books import Pages, Reserve, Settle, Work, write_new
from trunkline.stores.sqlite_file import failure
from trunkline.stores.sqlite_writer import Writer
from trunkline.stores.statements import statements

T = TypeVar("T")
EXPIRED_TOGETHER = 500
_BUDGETS = statements("sqlite", "budgets")
_USAGE = statements("sqlite", "usage")
_KEYS = statements("sqlite", "keys")


class Line:
    """The writer with an end to the waiting; ``timeout`` in seconds."""

    def __init__(self, writer: Writer, timeout: float) -> None:
        self._writer = writer
        self._timeout = timeout

    def enter(self, job: Reserve | Settle | Work) -> "asyncio.Future[Any]":
        """Put a job in line at once."""
        return self._writer.submit(job)

    async def done(self, job: Reserve | Settle | Work) -> Any:
        """Wait until it is durable. Raises StoreUnavailable when that takes too long; it may still happen."""
        return await within(self._timeout, self.enter(job))


class Reader:
    """A connection that only reads, in a thread of its own; a question over its time is interrupted."""

    def __init__(self, connection: sqlite3.Connection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trunkline-reader")

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer. Raises StoreUnavailable."""
        answer = asyncio.get_running_loop().run_in_executor(self._thread, question, self._connection)
        try:
            return await within(self._timeout, answer)
        except StoreUnavailable:
            self._connection.interrupt()
            raise
        except sqlite3.Error as error:
            raise failure(error) from error

    async def stop(self) -> None:
        """Close the connection. Idempotent."""
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
        self._connection.close()


async def within(seconds: float, answer: "asyncio.Future[T]") -> T:
    """The answer, if it comes in time. Raises StoreUnavailable."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise StoreUnavailable(f"the ledger did not answer within {seconds:g} s; is its disk busy?") from None


class SqliteUsage:
    """The ledger."""

    def __init__(self, line: Line, reader: Reader) -> None:
        self._line = line
        self._reader = reader

    async def append(self, records: Sequence[UsageRecord]) -> None:
        """See the port."""
        await self._line.done(Work(partial(write_new, records=records)))

    async def read(self, query: UsageQuery) -> list[UsageRecord]:
        """See the port."""
        named = msgspec.structs.asdict(query)
        rows = await self._reader.ask(lambda connection: connection.execute(_USAGE["read"], named).fetchall())
        return [_record(row) for row in rows]

    async def of(self, request: str) -> list[UsageRecord]:
        """See the port."""
        rows = await self._reader.ask(lambda connection: connection.execute(_USAGE["of"], (request,)).fetchall())
        return [_record(row) for row in rows]

    async def sum(self, query: UsageQuery, by: Grouping) -> list[UsageSum]:
        """See the port."""
        named = {**msgspec.structs.asdict(query), "by": by, **_cut(query.since, query.until)}
        rows = await self._reader.ask(lambda connection: connection.execute(_USAGE["sum"], named).fetchall())
        sums = [_sum(row) for row in rows]
        return _by_tag(sums) if by == "tag" else sums


class SqliteBudgets:
    """The accounts."""

    def __init__(self, line: Line, reader: Reader, clock: Callable[[], Millis]) -> None:
        self._line = line
        self._reader = reader
        self._clock = clock

    async def reserve(self, hold: Hold) -> tuple[Balance, ...] | Refusal:
        """See the port. Whoever stops waiting gives back what may be held for it all the same."""
        try:
            answer: tuple[Balance, ...] | Refusal = await self._line.done(Reserve(hold))
        except BaseException:
            self.settle(hold, 0, None).add_done_callback(_heard)
            raise
        return answer

    def settle(self, hold: Hold, booked: int, record: UsageRecord | None) -> "asyncio.Future[tuple[Settled, ...]]":
        """See the port."""
        return self._line.enter(Settle(hold, booked, record))

    async def renew(self, owner: str, until: Millis) -> None:
        """See the port."""
        named = {"owner": owner, "until": until}
        await self._line.done(Work(lambda connection: connection.execute(_BUDGETS["renew"], named).rowcount))

    async def expire(self, now: Millis) -> int:
        """See the port. In portions, so that calls need not wait for all of it."""
        total = 0
        while count := await self._line.done(Work(partial(self._expire, now=now))):
            total += count
            if count < EXPIRED_TOGETHER:
                break
        return total

    def _expire(self, connection: sqlite3.Connection, now: Millis) -> int:
        connection.execute(_BUDGETS["ended_leases"], {"now": now})
        found: str = connection.execute(_BUDGETS["orphans"], {"most": EXPIRED_TOGETHER}).fetchone()[0]
        pages = Pages(connection, (), msgspec.json.decode(found, type=list[str]))
        count = sum(map(pages.books.expire, list(pages.books.holds)))
        pages.save(self._clock())
        return count

    async def balances(self, accounts: Iterable[str]) -> dict[str, Balance]:
        """See the port."""
        named = list(accounts)
        books = await self._reader.ask(lambda connection: Pages(connection, named, ()).books)
        return {account: books.balance(account) for account in named}


class SqliteKeys:
    """The virtual keys."""

    def __init__(self, line: Line, reader: Reader) -> None:
        self._line = line
        self._reader = reader

    async def find(self, digest: bytes) -> KeyRow | None:
        """See the port."""
        row = await self._reader.ask(lambda connection: connection.execute(_KEYS["find"], (digest,)).fetchone())
        return None if row is None else _key(row)

    async def add(self, row: KeyRow) -> bool:
        """See the port."""
        scope = msgspec.json.encode(row.scope).decode()
        cells = (row.id, row.name, row.digest, row.hint, row.created, scope, row.revoked)
        added: int = await self._line.done(Work(lambda connection: connection.execute(_KEYS["add"], cells).rowcount))
        return added == 1

    async def revoke(self, name: str, at: Millis) -> int:
        """See the port."""
        named = {"name": name, "at": at}
        count: int = await self._line.done(Work(lambda connection: connection.execute(_KEYS["revoke"], named).rowcount))
        return count

    async def list(self) -> list[KeyRow]:
        """See the port."""
        rows = await self._reader.ask(lambda connection: connection.execute(_KEYS["list"]).fetchall())
        return [_key(row) for row in rows]


def _heard(done: "asyncio.Future[Any]") -> None:
    """Nobody waits for it: look at its error, so that asyncio does not warn of one that was never seen."""
    _ = done.cancelled() or done.exception()


def _record(row: Sequence[Any]) -> UsageRecord:
    who, names, tags, buckets, rest = row[:7], row[7:10], row[10], row[11:18], row[18:]
    record_id, at, request, attempt, purpose, provider, model = who
    route, key, team = names
    cost, booked, version, outcome, duration, first_content, decision, absorbed = rest
    return UsageRecord(
        id=record_id,
        at=at,
        request=request,
        attempt=attempt,
        purpose=purpose,
        provider=provider,
        model=model,
        route=route,
        key=key,
        team=team,
        tags=tuple(msgspec.json.decode(tags)),
        usage=Usage(*buckets),
        cost=cost,
        booked=booked,
        price_version=version,
        outcome=outcome,
        duration=duration,
        first_content=first_content,
        decision=decision,
        absorbed=bool(absorbed),
    )


def _sum(row: Sequence[Any]) -> UsageSum:
    group, calls, attempts, failed, *buckets = row[:10]
    return UsageSum(group, calls, attempts, failed, Usage(*buckets), *row[10:])


def _by_tag(sums: list[UsageSum]) -> list[UsageSum]:
    """Lines of sets of tags as lines of tags: each counts in full for every one of its tags."""
    found: dict[str, UsageSum] = {}
    for summed in sums:
        for tag in msgspec.json.decode(summed.group, type=tuple[str, ...]):
            found[tag] = found.get(tag, UsageSum(tag)).plus(summed)
    return [found[tag] for tag in sorted(found)]


def _cut(since: Millis, until: Millis) -> dict[str, Millis]:
    """Where a time is cut: whole days and whole hours, which roll-ups know, and two ends, which only records do."""
    first_hour, last_hour = -(-since // HOUR) * HOUR, until // HOUR * HOUR
    if first_hour >= last_hour:
        first_hour = last_hour = until
    first_day, last_day = -(-first_hour // DAY) * DAY, last_hour // DAY * DAY
    if first_day >= last_day:
        first_day = last_day = last_hour
    return {"first_hour": first_hour, "first_day": first_day, "last_day": last_day, "last_hour": last_hour}


def _key(row: Sequence[Any]) -> KeyRow:
    key_id, name, digest, hint, created, scope, revoked = row
    return KeyRow(key_id, name, digest, hint, created, msgspec.json.decode(scope, type=KeyScope), revoked)
