"""Holds money for attempts before they are sent, and settles it when they have ended.

Refuses to send anything, and to let an attempt be sent whose hold is not durable: whatever happens to this process
then, the hold becomes the attempt's record.
"""

import asyncio
import heapq
import logging
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from trunkline.accounting import ledger, worst_case
from trunkline.accounting.budgets import BudgetRule, Demand, account, crossed, demands, is_own
from trunkline.accounting.forecast import eased, pressure
from trunkline.accounting.windows import period
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Call, Caller
from trunkline.core.errors import BudgetExceeded, CallError, StoreUnavailable, UnknownPrice
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.money import Nanos, usd
from trunkline.stores.holds import Balance, Hold, Refusal, Settled
from trunkline.stores.ports import Store
from trunkline.stores.records import Millis, UsageRecord

log = logging.getLogger("trunkline")

LEASE: Millis = 30_000
MOST_REMEMBERED = 10_000  # accounts
MOST_KEYS_TOLD = 50  # of those that have a budget of their own, the fullest
NO_TARGET = Target("", "")
TRIES = 3  # to shrink an answer while others spend what is left

Settlement = tuple["Held", Nanos, UsageRecord | None]


class Held(Struct, frozen=True):
    """Money held for one attempt, and the call to send: with a limit on its answer where budgets need one.

    ``nearing`` is the fullest budget that has passed its lowest mark, told as callers are told.
    """

    hold: Hold
    call: Call
    demands: tuple[Demand, ...]
    nearing: str = ""


class Nearing(Struct, frozen=True):
    """A budget has passed a mark: ``percent`` of its limit is spent."""

    budget: str
    subject: str
    percent: int
    spent: Nanos
    limit: Nanos
    ends: Millis


class Purse:
    """The house's money. ``wall`` is Unix milliseconds, ``random`` makes bytes for ids."""

    def __init__(
        self,
        store: Store,
        rules: Sequence[BudgetRule] = (),
        *,
        wall: Callable[[], Millis],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.store = store
        self.rules = tuple(rules)
        self.owner = random(8).hex()
        self.listeners: list[Callable[[Nearing], None]] = []
        self.works = True  # as far as the last upkeep could tell
        self._wall = wall
        self._random = random
        self.held: dict[str, Nanos] = {}  # what this process holds now, by hold
        self._settling: dict[str, Settlement] = {}
        self._failed: set[str] = set()
        self._in_line: set[asyncio.Future[tuple[Settled, ...]]] = set()
        self._leased: Millis = 0
        self._spent: dict[str, Nanos] = {}  # by account, as the store last told
        self._own: dict[str, Demand] = {}  # by account, of keys that have a budget of their own

    async def reserve(self, exchange: Exchange, offer: Offer) -> Held:
        """Hold the worst case of an attempt in every account it counts against; durable when it returns.

        Raises BudgetExceeded, UnknownPrice, or StoreUnavailable: an attempt that cannot be metered is not made.
        """
        exchange.drafted = max(exchange.drafted, len(exchange.attempts)) + 1
        now = self._wall()
        if now >= self._leased - LEASE // 2:
            await self.renew()
        wanted = demands(self.rules, exchange.call.caller, offer.target, now)
        if any(demand.rule.hard for demand in wanted):
            return await self._limited(exchange, offer, wanted, now)
        size = worst_case.size(exchange.call)
        nanos = worst_case.cost(offer.prices(now / 1000), size, size.answer or worst_case.longest(offer, size))
        hold = self._hold(exchange, offer, wanted, nanos, now)
        balances = self._saw(await self.store.budgets.reserve(hold))
        self.held[hold.id] = nanos
        return Held(hold, exchange.call, wanted, _nearing(wanted, balances) if wanted else "")

    async def _limited(self, exchange: Exchange, offer: Offer, wanted: tuple[Demand, ...], now: Millis) -> Held:
        """As ``reserve``, where money may run out."""
        prices, size = offer.prices(now / 1000), worst_case.size(exchange.call)
        if not prices:
            names = " and ".join(str(demand) for demand in wanted if demand.rule.hard)
            raise UnknownPrice(f"{offer.target} has no known price, and {names} must not be passed; set its prices")
        answer = size.answer or worst_case.longest(offer, size)
        as_it_is = size.answer is not None and size.plain
        tries = 0
        while True:
            tries += 1
            hold = self._hold(exchange, offer, wanted, worst_case.cost(prices, size, answer), now)
            refused = self._saw(await self.store.budgets.reserve(hold))
            if not isinstance(refused, Refusal):
                self.held[hold.id] = hold.nanos
                call = exchange.call if as_it_is or not hold.nanos else worst_case.capped(exchange.call, answer)
                return Held(hold, call, wanted, _nearing(wanted, refused))
            rule, demand = _of(wanted, refused.account)
            answer = worst_case.affordable(prices, size, answer, refused.left)
            if rule.when_short == "refuse" or answer < rule.least_tokens or tries == TRIES:
                raise _exceeded(demand, refused, hold.nanos, offer)
            as_it_is = False

    def _hold(self, exchange: Exchange, offer: Offer, wanted: tuple[Demand, ...], nanos: Nanos, now: Millis) -> Hold:
        hold_id = f"{now:012x}{self._random(8).hex()}"  # in the order of time, so that indexes grow at their end
        charges = tuple(demand.charge for demand in wanted)
        return Hold(hold_id, self.owner, nanos, charges, ledger.draft(hold_id, exchange, offer, now))

    def _saw(self, told: tuple[Balance, ...] | Refusal) -> tuple[Balance, ...] | Refusal:
        """Remember what the store tells of accounts, for ``pressure``."""
        if isinstance(told, Refusal):
            self._spent[told.account] = max(told.limit - told.left, self._spent.get(told.account, 0))
        else:
            self._spent.update((balance.account, balance.spent) for balance in told)
        while len(self._spent) > MOST_REMEMBERED:
            self._spent.pop(next(iter(self._spent)))
        return told

    def pressure(self, caller: Caller) -> float:
        """How hard the caller's tightest budget presses towards cheaper answers, 0 to 1; asks no store.

        Of budgets that are for a key, a team, a tag or everybody: those of a model or a provider press on targets, and
        refuse them when they are spent.
        """
        now = self._wall()
        found = 0.0
        for demand in demands(self.rules, caller, NO_TARGET, now):
            spent = self._spent.get(demand.charge.account)
            if spent and demand.rule.per not in {"model", "provider"}:
                during = period(demand.rule.window, demand.rule.zone, now)
                found = max(found, pressure(spent, demand.rule.nanos, during, now))
        return eased(found, caller.priority)

    def settle(self, held: Held, attempt: Attempt | None, number: int | None = None) -> None:
        """End a hold: in line when this returns. ``attempt`` None: nothing was sent; ``number`` is 1 for the first."""
        if attempt is None:
            self._enter(held, 0, None)
            return
        record = ledger.ended(held.hold.draft, attempt, held.hold.nanos, number)
        self._enter(held, record.booked, record)

    async def take(self, hold: Hold, wanted: tuple[Demand, ...], offer: Offer) -> str:
        """Hold what was reckoned for more than a call, under its own owner; what is nearing, as callers are told.

        Raises BudgetExceeded or StoreUnavailable.
        """
        refused = self._saw(await self.store.budgets.reserve(hold))
        if isinstance(refused, Refusal):
            raise _exceeded(_of(wanted, refused.account)[1], refused, hold.nanos, offer)
        return _nearing(wanted, refused)

    async def book(self, hold: Hold, booked: Nanos, record: UsageRecord | None) -> None:
        """End such a hold, whichever process took it; durable when it returns, and once however often it is done."""
        settled = await self.store.budgets.settle(hold, booked, record)
        self._spent.update((account.account, account.spent) for account in settled)

    def _enter(self, held: Held, booked: Nanos, record: UsageRecord | None) -> None:
        hold_id = held.hold.id
        self.held.pop(hold_id, None)
        self._settling[hold_id] = (held, booked, record)
        self._failed.discard(hold_id)

        def told(done: "asyncio.Future[tuple[Settled, ...]]") -> None:
            error = asyncio.CancelledError("cancelled") if done.cancelled() else done.exception()
            if error is not None:
                self._failed.add(hold_id)
                log.error("an attempt is not in the ledger yet: %s", error)
                return
            self._settling.pop(hold_id, None)
            self._warn(held.demands, done.result())

        try:
            settling = asyncio.ensure_future(self.store.budgets.settle(held.hold, booked, record))
        except StoreUnavailable as error:  # it never opened, so there was no hold either
            self._failed.add(hold_id)
            log.error("an attempt is not in the ledger yet: %s", error)  # noqa: TRY400 - the reason is in the text
            return
        self._in_line.add(settling)
        settling.add_done_callback(told)
        settling.add_done_callback(self._in_line.discard)

    def _warn(self, wanted: Sequence[Demand], settled: Sequence[Settled]) -> None:
        by_account = {demand.charge.account: demand for demand in wanted}
        self._spent.update((account.account, account.spent) for account in settled)
        for one in settled:
            demand = by_account[one.account]
            if is_own(demand.rule):
                self._own[one.account] = demand
                if len(self._own) > MOST_REMEMBERED:
                    del self._own[next(iter(self._own))]
            for mark in crossed(demand.rule, one.before, one.spent):
                self._tell(demand, mark, one.spent)

    def _tell(self, demand: Demand, mark: int, spent: Nanos) -> None:
        rule = demand.rule
        nearing = Nearing(rule.name, demand.subject, mark, spent, rule.nanos, demand.ends)
        log.warning("%s has passed %d %%: $%s of $%s", demand, mark, usd(spent), usd(rule.nanos))
        for listener in self.listeners:
            try:
                listener(nearing)
            except Exception:
                log.exception("a listener to budgets failed; no call is affected")

    async def renew(self) -> None:
        """Say that this process lives, so that its holds stand."""
        until = self._wall() + LEASE
        await self.store.budgets.renew(self.owner, until)
        self._leased = until

    async def keep(self) -> int:
        """To be called every few seconds: renew, settle again what failed, settle for the dead. How many of those."""
        try:
            await self.renew()
            await self._look()
            for hold_id in tuple(self._failed):
                self._enter(*self._settling[hold_id])
            lost = await self.store.budgets.expire(self._wall())
        except StoreUnavailable:
            self.works = False
            raise
        self.works = True
        return lost

    async def settled(self, patience: float = 1.0) -> None:
        """Wait until what has ended before is in the ledger, ``patience`` seconds at most; more may end meanwhile."""
        if self._in_line:
            await asyncio.wait(tuple(self._in_line), timeout=patience)

    async def _look(self) -> None:
        """What others have spent of everybody's budgets, too: a process that has just started knows nothing yet."""
        now = self._wall()
        everybodys = [
            account(rule, period(rule.window, rule.zone, now), "") for rule in self.rules if rule.per == "total"
        ]
        if everybodys:
            self._spent.update(
                (name, balance.spent) for name, balance in (await self.store.budgets.balances(everybodys)).items()
            )

    def remaining(self) -> dict[str, Nanos]:
        """What is left of the fullest account of each budget, in its present window; none that was never seen used."""
        now, left = self._wall(), dict[str, Nanos]()
        for rule in self.rules:
            prefix = account(rule, period(rule.window, rule.zone, now), "")
            spent = [nanos for name, nanos in self._spent.items() if name.startswith(prefix)]
            if spent:
                left[rule.name] = rule.nanos - max(spent)
        return left

    def remaining_of_keys(self) -> dict[str, Nanos]:
        """What is left of keys' own budgets in this window: of the fullest ones, that this process has seen used."""
        now = self._wall()
        used = {demand: self._spent.get(name, 0) for name, demand in self._own.items() if demand.ends > now}
        fullest = heapq.nlargest(MOST_KEYS_TOLD, used, key=lambda one: used[one] / max(1, one.rule.nanos))
        return {demand.subject: demand.rule.nanos - used[demand] for demand in fullest}

    async def aclose(self, patience: float = 5.0) -> None:
        """Wait until everything in line is durable, ``patience`` seconds at most; the rest is settled as lost."""
        end = asyncio.get_running_loop().time() + patience
        while self._settling and asyncio.get_running_loop().time() < end:
            for hold_id in tuple(self._failed):
                self._enter(*self._settling[hold_id])
            await asyncio.sleep(0.01)
        if self._settling:
            log.error("%d attempts will stand in the ledger as lost: the store took too long", len(self._settling))

    @property
    def unsettled(self) -> int:
        """Attempts that have ended and are not in the ledger yet."""
        return len(self._settling)

    def __repr__(self) -> str:
        return f"<Purse [{len(self.rules)} budgets | {self.unsettled} unsettled]>"


def _of(wanted: Sequence[Demand], account: str) -> tuple[BudgetRule, Demand]:
    return next((demand.rule, demand) for demand in wanted if demand.charge.account == account)


def _nearing(wanted: Sequence[Demand], balances: Sequence[Balance] | Refusal) -> str:
    """``monthly; team=research; spent=83%`` of the budget that is fullest, if one has passed its lowest mark."""
    if isinstance(balances, Refusal):
        return ""
    spent = {balance.account: balance.spent for balance in balances}
    shares = [
        (spent.get(demand.charge.account, 0) * 100 // demand.rule.nanos, demand)
        for demand in wanted
        if demand.rule.nanos and demand.rule.warn_at
    ]
    share, fullest = max(shares, key=lambda one: one[0], default=(0, None))
    if fullest is None or share < min(fullest.rule.warn_at):
        return ""
    whose = f"; {fullest.rule.per}={fullest.subject}" if fullest.subject else ""
    return f"{fullest.rule.name}{whose}; spent={share}%"


def _exceeded(demand: Demand, refused: Refusal, wanted: Nanos, offer: Offer) -> CallError:
    ends = datetime.fromtimestamp(demand.ends / 1000, UTC)
    return BudgetExceeded(
        f"{demand} has ${usd(max(0, refused.left))} of ${usd(refused.limit)} left and this call of {offer.target} may "
        f"cost up to ${usd(wanted)}; ask for fewer max_tokens, or wait until {ends:%Y-%m-%d %H:%M} UTC"
    )
