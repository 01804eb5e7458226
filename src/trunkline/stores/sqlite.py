"""The store in one SQLite file: WAL, an fsync for every commit, one writer, readers beside it.

Refuses to run on more than one machine; several processes on one may share the file.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from trunkline.stores.records import DAY, HOUR, Millis
from trunkline.stores.sqlite_belongings import SqliteBelongings
from trunkline.stores.sqlite_books import Jobs, Work
from trunkline.stores.sqlite_file import open_looker, open_reader, open_writer, unopened
from trunkline.stores.sqlite_ports import Line, Reader, SqliteBudgets, SqliteKeys, SqliteUsage
from trunkline.stores.sqlite_quality import SqliteQuality
from trunkline.stores.sqlite_writer import Writer
from trunkline.stores.statements import statements

TRIMMED_TOGETHER = 5_000  # records a transaction; about 20 ms, which calls can wait for
PRESUMED_KEPT = DAY  # a process that was suspended for longer settles what it held too late
ACCOUNTS_KEPT = 400 * DAY  # the longest window is a month

_BUDGETS = statements("sqlite", "budgets")
_USAGE = statements("sqlite", "usage")
_QUALITY = statements("sqlite", "quality")
_BELONGINGS = statements("sqlite", "belongings")


class SqliteStore:
    """All five ports; ``clock`` is Unix milliseconds, ``timeout`` seconds.

    Raises ConfigError for an unusable file, StoreUnavailable for one that cannot be opened now.

    ``keep`` is how long records and hourly sums stand, ``keep_days`` how long daily ones do.
    ``looks``: nothing is made, migrated or written; a write then raises StoreUnavailable.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], Millis],
        *,
        timeout: float = 5.0,
        keep: Millis = 90 * DAY,
        keep_days: Millis = 1100 * DAY,
        looks: bool = False,
    ) -> None:
        self.path = path
        self._keep = keep
        self._keep_days = keep_days
        connection = open_looker(path) if looks else open_writer(path)
        try:
            self._reader = Reader(open_reader(path), timeout)
        except sqlite3.Error as error:
            connection.close()
            raise unopened(error, path) from error
        self._writer = Writer(connection, Jobs(clock))
        self._line = Line(self._writer, timeout)
        self.usage = SqliteUsage(self._line, self._reader)
        self.budgets = SqliteBudgets(self._line, self._reader, clock)
        self.keys = SqliteKeys(self._line, self._reader)
        self.quality = SqliteQuality(self._line, self._reader)
        self.belongings = SqliteBelongings(self._line, self._reader)

    async def trim(self, now: Millis) -> None:
        """See the port. In portions, so that calls need not wait for all of it."""
        await self._line.done(Work(lambda connection: self._trim_rest(connection, now)))
        for statement in (_USAGE["trim"], _QUALITY["trim"]):
            while await self._line.done(Work(partial(self._trim_old, statement=statement, now=now))):
                pass

    def _trim_old(self, connection: sqlite3.Connection, statement: str, now: Millis) -> bool:
        named = {"before": now - self._keep, "most": TRIMMED_TOGETHER}
        return connection.execute(statement, named).rowcount == TRIMMED_TOGETHER

    def _trim_rest(self, connection: sqlite3.Connection, now: Millis) -> None:
        for span, kept in ((HOUR, self._keep), (DAY, self._keep_days)):
            connection.execute(_USAGE["trim_sums"], {"span": span, "before": now - kept})
        connection.execute(_BELONGINGS["trim"], {"before": now - self._keep})
        connection.execute(_BUDGETS["trim_holds"], {"before": now - PRESUMED_KEPT})
        connection.execute(_BUDGETS["trim_accounts"], {"before": now - ACCOUNTS_KEPT})

    async def aclose(self) -> None:
        """See the port. Idempotent."""
        await self._writer.stop()
        await self._reader.stop()

    def __repr__(self) -> str:
        return f"<SqliteStore {self.path} {self._writer!r}>"
