"""What callers do with batches: begin one, look at it, cancel it. Its money is held before it is sent.

Refuses to begin one that could cost more than is left, and to lose one: what was sent is looked after though its
caller left, or this process died.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.accounting.budgets import Demand, demands
from trunkline.accounting.purse import Purse
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Caller
from trunkline.core.errors import CallError, InvalidRequest, UnknownObject, UnknownPrice
from trunkline.files.depot import BATCHES, at, surely_nothing
from trunkline.files.desk import BATCH, Desk, Left
from trunkline.files.load import SERVICE, BatchAbout, FileAbout, Held, Load
from trunkline.files.register import unknown
from trunkline.files.settings import URLS
from trunkline.files.settling import Settling, hold_of, lease_until
from trunkline.stores.belongings import Belonging
from trunkline.stores.records import Millis, UsageRecord


class _Asked(Struct):
    input_file_id: str
    endpoint: str


class Wanted(Struct, frozen=True):
    """One model's part of a batch: what it asks, of whom, against which budgets."""

    load: Load
    offer: Offer
    demands: tuple[Demand, ...]

    def most(self, now: Millis) -> int:
        """What it may cost, in nano-dollars; 0 where no price is known. Raises UnknownPrice where that will not do."""
        hard = [str(demand) for demand in self.demands if demand.rule.hard]
        if self.offer.tariff is None:
            if hard:
                names = " and ".join(hard)
                raise UnknownPrice(
                    f"{self.offer.target} has no known price, and {names} must not be passed; set its prices"
                )
            return 0
        return self.load.most(self.offer.tariff.price(now / 1000, SERVICE))


class Batches:
    """``purse`` holds the money, ``settling`` gives it back."""

    def __init__(
        self, desk: Desk, settling: Settling, purse: Purse, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._desk = desk
        self._settling = settling
        self._purse = purse
        self._random = random
        self._sending: set[asyncio.Task[bytes]] = set()

    async def create(self, caller: Caller, body: bytes, request: str, wished: str | None) -> tuple[Left, str]:
        """Begin a batch of a file of the caller's own; also the budget that is nearly spent, as callers are told.

        Raises BudgetExceeded, UnknownPrice, CallerRateLimit, UnknownObject, Forbidden or InvalidRequest, and then
        nothing was sent.
        """
        asked, fields = _read(body)
        file = await self._desk.register.own("file", asked.input_file_id, caller, wished)
        about = _about(file, asked)
        wanted = self._wanted(caller, file, about)
        now = self._desk.register.wall()
        owner = f"batch {self._random(8).hex()}"
        holds = tuple(Held(one.most(now), self._draft(one, caller, request, now)) for one in wanted)
        known = msgspec.json.encode(BatchAbout(file.id, about.url, owner, holds))
        row = await self._desk.register.begin("batch", file.provider, caller, self._desk.settings.pending, known)
        nearing = await self._hold(row, owner, wanted, holds, now)
        task = asyncio.get_running_loop().create_task(self._send(row, owner, holds, msgspec.json.encode(fields)))
        self._sending.add(task)  # money is held and it is on its way: its caller may leave
        task.add_done_callback(self._sending.discard)
        return Left(await asyncio.shield(task), file.provider), nearing

    def _wanted(self, caller: Caller, file: Belonging, about: FileAbout) -> list[Wanted]:
        """Each model's part, if the caller may still ask for it and its answers are bounded where they must be."""
        found: list[Wanted] = []
        for load in about.loads:
            chosen = [self._desk.choose(caller, name, URLS[about.url], file.provider) for name in load.routes]
            offer = chosen[0].offer
            if any(one.offer.target.model != load.model for one in chosen):
                names = " or ".join(load.routes)
                raise InvalidRequest(f"{names} is another model since the file was uploaded; upload it again")
            if chosen[0].limited and not about.capped:
                raise InvalidRequest("a budget bounds answers since the file was uploaded; upload it again")
            now = self._desk.register.wall()
            found.append(Wanted(load, offer, demands(self._purse.rules, caller, offer.target, now)))
        return found

    def _draft(self, one: Wanted, caller: Caller, request: str, now: Millis) -> UsageRecord:
        target = one.offer.target
        return UsageRecord(
            id=f"{now:012x}{self._random(8).hex()}",
            at=now,
            request=request,
            purpose="batch",
            provider=target.provider,
            model=target.model,
            route=one.load.routes[0],
            key=caller.name,
            team=caller.team or "",
            tags=caller.tags,
            price_version=one.offer.price_version,
        )

    async def _hold(
        self, row: Belonging, owner: str, wanted: list[Wanted], holds: tuple[Held, ...], now: Millis
    ) -> str:
        """All of the money or none of it."""
        nearing = ""
        taken: list[Held] = []
        try:
            await self._purse.store.budgets.renew(owner, lease_until(now))
            for one, held in zip(wanted, holds, strict=True):
                charges = tuple(demand.charge for demand in one.demands)
                taken.append(held)
                told = await self._purse.take(hold_of(owner, held, charges), one.demands, one.offer)
                nearing = nearing or told
        except BaseException:
            await asyncio.shield(self._settling.release(row, owner, tuple(taken)))
            raise
        return nearing

    async def _send(self, row: Belonging, owner: str, holds: tuple[Held, ...], body: bytes) -> bytes:
        """The request itself. What may have begun though nobody told us is left to whoever looks after batches."""
        try:
            shown = await self._desk.depot(row).told("POST", BATCHES, body)
            await self._desk.register.made(row, shown, stays_open=True)
        except CallError as error:
            if surely_nothing(error):
                await self._settling.release(row, owner, holds)
            raise
        self._settling.counts["begun"] += 1
        return shown

    async def look(self, caller: Caller, name: str, wished: str | None) -> Left:
        """What its provider says of a batch now; where that is its end, it is billed before this returns."""
        row = await self._desk.register.own("batch", name, caller, wished)
        return await self._told(row, "GET", at(BATCHES, row.id))

    async def cancel(self, caller: Caller, name: str, wished: str | None) -> Left:
        """Have it cancelled; what was done until then is billed when that is known."""
        row = await self._desk.register.own("batch", name, caller, wished)
        return await self._told(row, "POST", at(BATCHES, row.id, "cancel"))

    async def _told(self, row: Belonging, method: str, path: str) -> Left:
        try:
            shown = await self._desk.depot(row).told(method, path)
        except UnknownObject:
            raise unknown(row.kind, row.id) from None
        await asyncio.shield(self._settling.seen(row, shown, patient=False))
        return Left(shown, row.provider)

    @property
    def sending(self) -> int:
        """Batches on their way to a provider."""
        return len(self._sending)

    async def aclose(self) -> None:
        """Wait for what is on its way."""
        if self._sending:
            await asyncio.wait(tuple(self._sending), timeout=5)


def _read(body: bytes) -> tuple[_Asked, dict[str, Any]]:
    """A request for a batch, and all its fields, each once. Raises InvalidRequest."""
    try:
        return msgspec.json.decode(body, type=_Asked), msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is no request for a batch: {error}") from None


def _about(file: Belonging, asked: _Asked) -> FileAbout:
    """What the file's lines ask. Raises InvalidRequest where it is no batch's."""
    about = msgspec.json.decode(file.about, type=FileAbout) if file.about else FileAbout()
    if file.purpose != BATCH or not about.loads:
        told = f"the file {file.id} was not uploaded here with purpose=batch, so nobody has looked at its lines"
        raise InvalidRequest(f"{told}; upload it so", param="input_file_id")
    if asked.endpoint != about.url:
        told = f"the endpoint is {asked.endpoint[:80]!r} and the file's lines say {about.url}; send that"
        raise InvalidRequest(told, param="endpoint")
    return about
