"""One thread that writes: everything in line goes into one transaction, and one fsync answers for all of it.

Refuses to know what the jobs do. Callers await futures on their own event loops.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from trunkline.core.errors import StoreUnavailable
from trunkline.stores.sqlite_file import failure, is_of_the_file

MOST_TOGETHER = 512  # jobs in one transaction; more would keep the first of them waiting
MOST_IN_LINE = 100_000  # jobs; a disk that hangs must not fill the memory

Job = Any
"""Whatever ``perform`` understands."""
Perform = Callable[[sqlite3.Connection, Sequence[Job]], list[Any]]
"""Does jobs in order inside an open transaction; raises when one cannot be done, and then none counts."""

_Future = asyncio.Future[Any]
_Waiting = tuple[Job, _Future]
_Told = tuple[_Future, Any, Exception | None]


class Writer:
    """The line of jobs and the thread that works it off; ``stop`` ends both after the last job."""

    def __init__(self, connection: sqlite3.Connection, perform: Perform) -> None:
        self._connection = connection
        self._perform = perform
        self._line: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="trunkline-ledger", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> _Future:
        """Put a job in line; the future has its result once it is durable, or the StoreUnavailable it met."""
        future: _Future = asyncio.get_running_loop().create_future()
        if self._stopped:
            future.set_exception(StoreUnavailable("the ledger is closed"))
        elif self._line.qsize() >= MOST_IN_LINE:
            future.set_exception(StoreUnavailable(f"over {MOST_IN_LINE} writes are waiting for the disk"))
        else:
            self._line.put((job, future))
        return future

    async def stop(self) -> None:
        """Work off the line and close the connection. Idempotent."""
        if not self._stopped:
            self._stopped = True
            self._line.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def _work(self) -> None:
        more = True
        while more:
            waiting, more = self._next()
            if waiting:
                _tell(self._commit(waiting))
        self._connection.close()

    def _next(self) -> tuple[list[_Waiting], bool]:
        """Wait for a job, then take everything else that is in line; False after the last."""
        found: list[_Waiting] = []
        entry = self._line.get()
        while entry is not None:
            if not entry[1].cancelled():
                found.append(entry)
            if len(found) >= MOST_TOGETHER:
                return found, True
            try:
                entry = self._line.get_nowait()
            except Empty:
                return found, True
        return found, False

    def _commit(self, waiting: Sequence[_Waiting]) -> list[_Told]:
        try:
            results = self._transaction([job for job, _ in waiting])
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            if len(waiting) == 1 or is_of_the_file(error):
                return [(future, None, failure(error)) for _, future in waiting]
            # one of them is wrong: alone, the others can be done
            return [told for one in waiting for told in self._commit([one])]
        return [(future, result, None) for (_, future), result in zip(waiting, results, strict=True)]

    def _transaction(self, jobs: Sequence[Job]) -> list[Any]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = self._perform(connection, jobs)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise
        return results

    def __repr__(self) -> str:
        return f"<Writer [{self._line.qsize()} in line]>"


def _tell(told: Sequence[_Told]) -> None:
    """Wake each event loop once for all of its futures."""
    loops: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
    for entry in told:
        loops.setdefault(entry[0].get_loop(), []).append(entry)
    for loop, entries in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, entries)
        except RuntimeError:  # the loop is closed: nobody waits any more, and what was done is done
            continue


def _resolve(entries: Sequence[_Told]) -> None:
    for future, result, error in entries:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
