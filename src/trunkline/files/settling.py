"""The end of a batch: seen by whoever looks first, billed once by its output's lines; its files become its owner's.

Refuses to forget one: what nobody fetches is asked after, by one process at a time, until it has ended.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec.structs import replace

from trunkline.accounting.purse import Purse
from trunkline.catalog.tariff import Tariff
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import CallError, ReplyTooLarge, StoreUnavailable, UnknownObject
from trunkline.core.exchange import Target
from trunkline.core.money import usd
from trunkline.files.bill import Account, Bill, Cut
from trunkline.files.depot import BATCHES, FILES, Depot, Shown, at, read
from trunkline.files.desk import Desk
from trunkline.files.load import BatchAbout, Held
from trunkline.files.settings import URLS
from trunkline.stores.belongings import Belonging
from trunkline.stores.holds import Charge, Hold
from trunkline.stores.records import DAY, Millis

log = logging.getLogger("trunkline")

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
LEASE: Millis = 7 * DAY  # a batch nobody could look at for so long stands in the ledger as lost, at its worst case
MADE_WITHIN: Millis = 120_000  # what is being made for longer has been left by whoever made it
FORGOTTEN: Millis = 30 * DAY  # a batch that no provider knows the end of
AT_ONCE = 8  # are asked after at once; the next ones when these have answered
NEWEST = "limit=100"


class Settling:
    """``tariff`` is a target's, ``dialects`` are as callers speak them."""

    def __init__(
        self,
        desk: Desk,
        purse: Purse,
        tariff: Callable[[Target], Tariff | None],
        dialects: Mapping[DialectName, Callable[[], Dialect]],
        counts: Counter[str],
    ) -> None:
        self.counts = counts  # batches that this process saw begin (``begun``), and end, by how
        self._desk = desk
        self._register = desk.register
        self._purse = purse
        self._tariff = tariff
        self._dialects = dialects

    async def release(self, row: Belonging, owner: str, holds: tuple[Held, ...]) -> None:
        """Nothing was sent: give back what is held, and the place."""
        for held in holds:
            await self._purse.book(hold_of(owner, held), 0, None)
        await self._register.store.drop(row)

    async def seen(self, row: Belonging, shown: bytes, *, patient: bool = True) -> None:
        """Take down what a provider says of a batch; bill it where it has ended.

        Raises CallError where that cannot be done now, unless somebody is waiting (not ``patient``): it is done later.
        """
        row, found = replace(row, shown=shown.decode()), read(shown)
        if found.status not in ENDED:
            await self._register.store.change(row)
            about = msgspec.json.decode(row.about, type=BatchAbout)
            await self._purse.store.budgets.renew(about.owner, lease_until(self._register.wall()))
            return
        if not row.open:
            await self._register.store.change(row)
            return
        try:
            await self._bill(row, found)
        except StoreUnavailable:
            raise
        except CallError as error:
            if patient:
                raise
            log.warning("the batch %s will be billed later: %s", row.id, error)
            await self._register.store.change(row)
            await self._adopt(row, found)
            return
        await self._adopt(row, found)
        await self._register.store.change(replace(row, open=False))

    async def _bill(self, row: Belonging, found: Shown) -> None:
        """Once, whoever does it: a hold that was settled is settled."""
        about = msgspec.json.decode(row.about, type=BatchAbout)
        bill = await self._reckoned(row, found, about)
        now, status = self._register.wall(), found.status or ""
        for account in bill.accounts.values():
            record = account.record(status, now)
            await self._purse.book(hold_of(about.owner, account.held), record.booked, record)
            cost = "an unknown amount" if record.cost is None else f"${usd(record.cost)}"
            log.info(
                "the batch %s of %s has %s: %d answers of %s, %s",
                row.id,
                row.owner,
                status,
                account.lines,
                record.target,
                cost,
            )
        self.counts[status] += 1

    async def _reckoned(self, row: Belonging, found: Shown, about: BatchAbout) -> Bill:
        bill = self._empty(about)
        if found.output_file_id is None:
            if found.answered:  # written to a place of its account's own, as Azure can
                bill.take_sum(found.usage)
            return bill
        depot = self._desk.depot(row)
        try:
            await self._lines(depot, found.output_file_id, bill)
        except (UnknownObject, ReplyTooLarge):  # deleted before anybody here saw it, or endless
            bill = self._empty(about)
            bill.take_sum(found.usage)
        return bill

    def _empty(self, about: BatchAbout) -> Bill:
        accounts = {held.draft.model: Account(held, self._tariff(target_of(held))) for held in about.holds}
        return Bill(accounts, self._dialects[URLS[about.url]]())

    async def _lines(self, depot: Depot, name: str, bill: Bill) -> None:
        response = await depot.content(name, self._desk.settings.upload_timeout)
        cut = Cut()
        try:
            while data := await response.receive():
                for line in cut.feed(data):
                    if line.strip():
                        bill.add(line)
                await asyncio.sleep(0)
        except ValueError:
            response.abort()
            bill.unknown()
            return
        except BaseException:
            response.abort()
            raise
        if cut.rest.strip():
            bill.add(cut.rest)

    async def _adopt(self, row: Belonging, found: Shown) -> None:
        """What the batch has written is its owner's."""
        for name in (found.output_file_id, found.error_file_id):
            if name is not None:
                await self._register.adopt(row, await self._shown(row, name))

    async def _shown(self, row: Belonging, name: str) -> bytes:
        try:
            return await self._desk.depot(row).told("GET", at(FILES, name))
        except CallError:
            return msgspec.json.encode({"id": name, "object": "file", "purpose": "batch_output", "filename": ""})

    # what is done beside calls

    async def round(self) -> None:
        """Look after everything that is open and that nobody has looked after for a while."""
        register, poll = self._register, round(self._desk.settings.poll * 1000)
        await register.find_out()
        while rows := await register.store.due(register.wall() - poll, register.wall(), AT_ONCE):
            await asyncio.gather(*(self._look(row) for row in rows))

    async def _look(self, row: Belonging) -> None:
        try:
            if not row.shown:
                await self._left(row)
                return
            await self.seen(row, await self._desk.depot(row).told("GET", at(BATCHES, row.id)))
        except CallError as error:
            log.warning("the %s %s at %s is looked after later: %s", row.kind, row.id, row.provider, error)
            if self._register.wall() - row.at > FORGOTTEN:
                await self._register.store.change(replace(row, open=False))

    async def _left(self, row: Belonging) -> None:
        """What was being made when its maker died, or was not told: find out whether it was."""
        if self._register.wall() - row.at < MADE_WITHIN + round(self._made_within(row)):
            return
        if row.kind == "file":
            await self._register.store.drop(row)
            return
        about = msgspec.json.decode(row.about, type=BatchAbout)
        for shown in await self._desk.depot(row).listed(BATCHES, NEWEST):
            found = read(shown)
            theirs = found.input_file_id == about.file and found.may_be_since((row.at - MADE_WITHIN) / 1000)
            if theirs and not any(
                one.provider == row.provider for one in await self._register.store.find("batch", found.id)
            ):
                log.warning("the batch %s of %s had begun though nobody was told", found.id, row.owner)
                await self._register.made(row, shown, stays_open=True)
                return
        await self.release(row, about.owner, about.holds)

    def _made_within(self, row: Belonging) -> float:
        return self._desk.settings.upload_timeout * 1000 if row.kind == "file" else 0.0

    async def keep(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """For as long as the house runs; cancel it to end it."""
        while True:
            try:
                await self.round()
            except StoreUnavailable as error:
                log.error("batches wait: %s", error)  # noqa: TRY400 - the reason is in the text
            except Exception:
                log.exception("looking after batches failed; it goes on")
            await sleep(self._desk.settings.poll)


def hold_of(owner: str, held: Held, charges: tuple[Charge, ...] = ()) -> Hold:
    """The hold as stores know it; its id is that of its record."""
    return Hold(held.draft.id, owner, held.nanos, charges, held.draft)


def lease_until(now: Millis) -> Millis:
    """How long a batch's money stays held though nobody looks."""
    return now + LEASE


def target_of(held: Held) -> Target:
    """Whom one part of a batch asks."""
    return Target(held.draft.provider, held.draft.model)
