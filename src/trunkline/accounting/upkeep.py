"""What the house does beside calls for its money: lives, settles for the dead, forgets the old.

Refuses to stop for a store that is down: the next time comes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from trunkline.accounting.purse import Purse
from trunkline.core.errors import StoreUnavailable
from trunkline.stores.records import Millis

log = logging.getLogger("trunkline")

EVERY = 10.0  # seconds; with a lease of 30 a dead process's holds are settled within 40
TRIM_EVERY = 360  # times: once an hour


async def upkeep(
    purse: Purse, wall: Callable[[], Millis], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """For as long as the gateway runs; cancel it to end it."""
    count = 0
    while True:
        try:
            if lost := await purse.keep():
                log.warning("%d attempts of a process that died are in the ledger as lost", lost)
            if count % TRIM_EVERY == 0:
                await purse.store.trim(wall())
        except StoreUnavailable as error:
            log.error("the ledger's upkeep waits: %s", error)  # noqa: TRY400 - the reason is in the text
        count += 1
        await sleep(EVERY)
