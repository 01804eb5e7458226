"""Pages of the books in SQLite: loads what a batch of jobs touches, and writes back what it changed.

Refuses to decide: ``Books`` does. A batch costs the same few statements, however many jobs are in it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.core.usage import Usage
from trunkline.stores.books import Books, Standing
from trunkline.stores.holds import Balance, Hold
from trunkline.stores.records import DAY, HOUR, Millis, UsageRecord, UsageSum, line
from trunkline.stores.statements import statements

_BUDGETS = statements("sqlite", "budgets")
_USAGE = statements("sqlite", "usage")
_encode = msgspec.json.Encoder().encode
_BALANCES = msgspec.json.Decoder(list[tuple[str, int, int]])
_HOLDS = msgspec.json.Decoder(list[tuple[str, str, int, tuple[str, ...], UsageRecord, bool]])


class Reserve(Struct, frozen=True):
    """A job: hold."""

    hold: Hold


class Settle(Struct, frozen=True):
    """A job: end a hold."""

    hold: Hold
    booked: int
    record: UsageRecord | None


class Work(Struct, frozen=True):
    """A job that is neither: any function of the connection."""

    do: Callable[[sqlite3.Connection], Any]


class Jobs:
    """Does jobs in order; neighbours that concern the books share their pages. ``clock`` is Unix milliseconds."""

    def __init__(self, clock: Callable[[], Millis]) -> None:
        self._clock = clock

    def __call__(self, connection: sqlite3.Connection, jobs: Sequence[Reserve | Settle | Work]) -> list[Any]:
        """The result of each job."""
        results: list[Any] = []
        together: list[Reserve | Settle] = []
        for job in jobs:
            if not isinstance(job, Work):
                together.append(job)
                continue
            results += self._booked(connection, together)
            together = []
            results.append(job.do(connection))
        return results + self._booked(connection, together)

    def _booked(self, connection: sqlite3.Connection, jobs: Sequence[Reserve | Settle]) -> list[Any]:
        if not jobs:
            return []
        pages = Pages(
            connection,
            {charge.account for job in jobs for charge in job.hold.charges},
            [job.hold.id for job in jobs],
        )
        results = [_done(pages.books, job) for job in jobs]
        pages.save(self._clock())
        return results


def _done(books: Books, job: Reserve | Settle) -> Any:
    if isinstance(job, Reserve):
        return books.reserve(job.hold)
    return books.settle(job.hold.id, job.booked, job.record)


class Pages:
    """The part of the books that is about to be touched."""

    def __init__(self, connection: sqlite3.Connection, accounts: Iterable[str], holds: Iterable[str]) -> None:
        self._connection = connection
        self._found = self._load_holds(holds)
        named = {account for standing in self._found for account in standing.accounts}
        self.books = Books(self._load_balances(named.union(accounts)), self._found)
        self._before = dict(self.books.balances)

    def _load_holds(self, ids: Iterable[str]) -> list[Standing]:
        return [Standing(*row) for row in _HOLDS.decode(self._page("load_holds", ids))]

    def _load_balances(self, accounts: Iterable[str]) -> list[Balance]:
        return [Balance(*row) for row in _BALANCES.decode(self._page("load_accounts", accounts))]

    def _page(self, name: str, keys: Iterable[str]) -> str:
        listed = list(keys)
        if not listed:
            return "[]"
        page: str = self._connection.execute(_BUDGETS[name], (_text(listed),)).fetchone()[0]
        return page

    def save(self, now: Millis) -> None:
        """Write what has changed since it was loaded, and the records that came of it."""
        books, before = self.books, {standing.id: standing for standing in self._found}
        changed = [balance for name, balance in books.balances.items() if self._before.get(name) != balance]
        new = [standing for standing in books.holds.values() if before.get(standing.id) != standing]
        self._put("save_accounts", [(row.account, row.spent, row.held) for row in changed], now)
        self._put("save_holds", [_row(standing) for standing in new], now)
        gone = [hold_id for hold_id in before if hold_id not in books.holds]
        if gone:
            self._connection.execute(_BUDGETS["drop_holds"], (_text(gone),))
        write(self._connection, books.written, books.withdrawn)

    def _put(self, name: str, rows: Sequence[tuple[Any, ...]], now: Millis) -> None:
        if rows:
            self._connection.execute(_BUDGETS[name], {"rows": _text(rows), "now": now})


def _row(standing: Standing) -> tuple[Any, ...]:
    accounts, record = _text(standing.accounts), _text(standing.record)
    return (standing.id, standing.owner, standing.nanos, accounts, record, int(standing.presumed))


def write(
    connection: sqlite3.Connection, written: Sequence[UsageRecord], withdrawn: Sequence[UsageRecord] = ()
) -> None:
    """Records and their roll-ups."""
    if withdrawn:
        connection.execute(_USAGE["withdraw"], (_text([record.id for record in withdrawn]),))
    if written:
        connection.execute(_USAGE["add"], (_text([_cells(record) for record in written]),))
    if written or withdrawn:
        connection.execute(_USAGE["roll_up"], (_text(_rolled_up(written, withdrawn)),))


def write_new(connection: sqlite3.Connection, records: Sequence[UsageRecord]) -> None:
    """Those records whose ids are not known yet; of two with one id the first counts."""
    first: dict[str, UsageRecord] = {}
    for record in records:
        first.setdefault(record.id, record)
    found: str = connection.execute(_USAGE["known"], (_text(list(first)),)).fetchone()[0]
    known = set(msgspec.json.decode(found, type=list[str]))
    write(connection, [record for record in first.values() if record.id not in known])


def _rolled_up(written: Sequence[UsageRecord], withdrawn: Sequence[UsageRecord]) -> list[tuple[Any, ...]]:
    sums: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for sign, records in ((1, written), (-1, withdrawn)):
        for record in records:
            numbers, place = counts(line(record)), _place(record)
            for span in (HOUR, DAY):
                group = (span, record.at - record.at % span, *place)
                so_far = sums.get(group) or (0,) * len(numbers)
                sums[group] = tuple(old + sign * new for old, new in zip(so_far, numbers, strict=True))
    return [(*place, *numbers) for place, numbers in sums.items()]


def _place(record: UsageRecord) -> tuple[Any, ...]:
    names = (record.provider, record.model, record.route, record.key, record.team)
    return (*names, _text(record.tags), record.purpose)


def counts(summed: UsageSum) -> tuple[int, ...]:
    """A sum's numbers in the order of the columns."""
    tail = (summed.cost, summed.unknown, summed.at_most, summed.wasted)
    return (summed.calls, summed.attempts, summed.failed, *_buckets(summed.usage), *tail)


def _buckets(usage: Usage) -> tuple[int, ...]:
    return (
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_1h,
        usage.output,
        usage.reasoning,
    )


def _cells(record: UsageRecord) -> tuple[Any, ...]:
    who = (record.id, record.at, record.request, record.attempt, record.purpose, record.provider, record.model)
    names = (record.route, record.key, record.team, _text(record.tags))
    money = (record.usage.source, record.cost, record.booked, record.price_version)
    end = (record.outcome, record.duration, record.first_content, record.decision)
    return (*who, *names, *_buckets(record.usage), *money, *end)


def _text(value: Any) -> str:
    return _encode(value).decode()
