"""The house's money and whoever may spend it: the store, the purse, the keys in it, and their upkeep.

Refuses to know calls: layers and doors ask it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from trunkline.accounting.budgets import BudgetRule
from trunkline.accounting.keys import CACHED, KeyRing, pepper
from trunkline.accounting.purse import Purse
from trunkline.accounting.upkeep import upkeep
from trunkline.accounting.worst_case import Offer
from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import Caller
from trunkline.core.errors import ConfigError, StoreUnavailable
from trunkline.core.exchange import Target
from trunkline.layers.budget import Asking, Budget
from trunkline.stores.key_rows import KeyScope
from trunkline.stores.opening import StoreSettings, open_store, wall_millis
from trunkline.stores.records import Millis
from trunkline.stores.reopening import Reopening

log = logging.getLogger("trunkline")

AGAIN = 1.0  # seconds until a store that could not be opened is tried again


class Money:
    """Opened when it is made, or as soon as it can be; ``before`` lends its store. ``wall`` is Unix milliseconds.

    Raises ConfigError.
    """

    def __init__(
        self,
        settings: StoreSettings,
        rules: Sequence[BudgetRule] = (),
        *,
        wall: Callable[[], Millis] = wall_millis,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        before: "Money | None" = None,
    ) -> None:
        self.settings = settings
        self.wall = wall
        self.store: Reopening = Reopening(lambda: open_store(settings, wall)) if before is None else before.store
        self.purse = Purse(self.store, rules, wall=wall)
        self._sleep = sleep
        self.used: bool = before is not None and before.used
        self._looked: Millis = 0
        self.known: KeyRing | None = None if before is None else before.known
        self._task: asyncio.Task[None] | None = None
        self._open = self.store.open()

    @property
    def works(self) -> bool:
        """False while calls are refused because nobody can count them."""
        return self._open and self.purse.works

    @property
    def ring(self) -> KeyRing:
        """The virtual keys in the store. Raises StoreUnavailable, and never takes a key for unknown meanwhile."""
        if self.known is None:
            try:
                self.known = KeyRing(self.store.keys, pepper(self.settings), self.wall)
            except ConfigError as error:
                raise StoreUnavailable(str(error)) from error
        return self.known

    async def caller(self, key: bytes) -> Caller:
        """Who shows a key. Raises Unauthorized or StoreUnavailable."""
        return await self.ring.caller(key)

    async def create(self, name: str, scope: KeyScope) -> str:
        """A new key, told this once. Raises ConfigError or StoreUnavailable."""
        key = await self.ring.create(name, scope)
        self.used = True
        return key

    async def in_use(self) -> bool:
        """True once the store had any key: a house that has given keys stays closed when the last of them ends.

        Raises StoreUnavailable.
        """
        now = self.wall()
        if not self.used and now >= self._looked + CACHED:
            self.used = bool(await self.store.keys.list())
            self._looked = now
        return self.used

    def around(self, asking: Asking, target: Target, tariff: Tariff | None, facts: ModelFacts) -> Budget:
        """An endpoint's attempts with their money held around them."""
        return Budget(asking, Offer(target, tariff, facts.max_output, facts.context_window), self.purse)

    def keep(self) -> None:
        """Begin the upkeep, on the running loop; once is enough."""
        if self._task is None and self.settings.path is not None:  # memory needs none
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        while not self._open:
            try:
                self._open = await asyncio.to_thread(self.store.open)
            except ConfigError as error:
                log.error("no call is taken: %s", error)  # noqa: TRY400 - the reason is in the text
            await self._sleep(0 if self._open else AGAIN)
        await upkeep(self.purse, self.wall, self._sleep)

    async def aclose(self, *, keep_store: bool = False) -> None:
        """Write what is in line, and close; ``keep_store`` where another house uses it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.purse.aclose()
        if not keep_store:
            await self.store.aclose()

    def __repr__(self) -> str:
        return f"<Money [{self.store!r} | {self.purse!r}]>"
