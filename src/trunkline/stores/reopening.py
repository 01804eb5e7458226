"""A store that may not be there yet: until it can be opened every question to it is refused, and none is lost track of.

Refuses to wait and to know engines: whoever keeps the house tries again.
"""

import logging
from collections.abc import Callable

from trunkline.core.errors import StoreUnavailable
from trunkline.stores.ports import BelongingStore, BudgetStore, KeyStore, QualityStore, Store, UsageLedger
from trunkline.stores.records import Millis

log = logging.getLogger("trunkline")


class Reopening:
    """All ports of the store that ``make`` opens; ``make`` blocks, and raises StoreUnavailable or ConfigError."""

    __slots__ = ("_make", "_reason", "_store")

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make
        self._store: Store | None = None
        self._reason = "the ledger is not open yet"

    def open(self) -> bool:
        """Open it, if it is not; False where that must be tried again later. Raises ConfigError."""
        if self._store is None:
            try:
                self._store = self._make()
            except StoreUnavailable as error:
                self._reason = error.message
                log.error("no call is taken: %s", error)  # noqa: TRY400 - the reason is in the text
                return False
        return True

    @property
    def _opened(self) -> Store:
        if self._store is None:
            raise StoreUnavailable(self._reason)
        return self._store

    @property
    def usage(self) -> UsageLedger:
        """The ledger. Raises StoreUnavailable, as the others do, before it is open."""
        return self._opened.usage

    @property
    def budgets(self) -> BudgetStore:
        """The accounts."""
        return self._opened.budgets

    @property
    def keys(self) -> KeyStore:
        """The virtual keys."""
        return self._opened.keys

    @property
    def quality(self) -> QualityStore:
        """The scores."""
        return self._opened.quality

    @property
    def belongings(self) -> BelongingStore:
        """The files and batches."""
        return self._opened.belongings

    async def trim(self, now: Millis) -> None:
        """See the port."""
        await self._opened.trim(now)

    async def aclose(self) -> None:
        """See the port; one that was never opened need not be closed."""
        if self._store is not None:
            await self._store.aclose()

    def __repr__(self) -> str:
        return f"<Reopening {self._store or self._reason!r}>"
