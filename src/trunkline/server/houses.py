"""Which house takes the calls: the one of the config as it was last read. Those before it end what they have begun.

Refuses to swap to a house that cannot be built: the old one goes on, and whoever asked is told what is wrong.
"""

import asyncio
import logging
from collections.abc import Callable

from trunkline.core.errors import ConfigError, InvalidRequest, ShuttingDown
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.listen import address, is_loopback, refuse_open_house
from trunkline.server.app import App
from trunkline.server.auth import Keys
from trunkline.server.doors import GatewayDoors

log = logging.getLogger("trunkline")

FIXED = ("listen", "ledger", "metrics", "log", "otel")
"""What was opened when the process started. A second ledger beside the first would split what budgets count."""
LOOK = 0.05  # seconds between two looks whether an old house has ended
Read = Callable[[], Config]


class BadConfig(InvalidRequest):
    """The config cannot be taken; the one before it stands."""

    kind, status = "bad_config", 422


class Houses:
    """``read`` reads the config again, ``stop`` ends the process after its open answers; None where nobody can."""

    def __init__(self, first: Gateway, read: Read | None = None, stop: Callable[[], None] | None = None) -> None:
        self.now = first
        self.old: list[Gateway] = []
        self.app = App(self._doors(first))
        self.swapped: list[Callable[[Gateway], None]] = []  # told of each new house
        self.stop = stop
        self._read = read
        self._swapping = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        first.listen(first.live)

    def _doors(self, gateway: Gateway) -> GatewayDoors:
        return GatewayDoors(gateway, keys(gateway), self)

    async def reload(self) -> Gateway:
        """Read the config and let its house take the new calls. Raises BadConfig or ShuttingDown: nothing changes."""
        async with self._swapping:
            if self.now.leaving or self.now.draining:
                raise ShuttingDown("the gateway is shutting down; start it again with the new config", retry_after=1)
            try:
                after = await self._built()
            except ConfigError as error:
                raise BadConfig(f"the config is not taken, the one before it stands: {error}") from error
            before, doors = self.now, self.app.doors
            self.now, self.app.doors = after, self._doors(after)
            self.old.append(before)
            for tell in self.swapped:
                tell(after)
            ending = asyncio.get_running_loop().create_task(self._end(before, doors))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            log.info("the config is read again: %r", after)
            return after

    async def _built(self) -> Gateway:
        if self._read is None:
            raise ConfigError("this gateway was not started from a file; start it with trunkline serve")
        config = await asyncio.to_thread(self._read)
        for name in FIXED:
            if getattr(config, name) != getattr(self.now.config, name):
                raise ConfigError(f"{name}: cannot change while the gateway runs; restart it, or put {name} back")
        refuse_open_house(config.listen, closed=config.closed)
        after = Gateway(config, clock=self.now.clock, before=self.now)
        if self.now.quality is not None:
            await self.now.quality.flush()  # what it has learned, for the next one to read
        after.open()
        return after

    async def _end(self, house: Gateway, doors: GatewayDoors) -> None:
        """Close a house when its last call has ended and its last visitor has gone."""
        house.followed = True
        while house.calls_open or doors.visits:  # noqa: ASYNC110 - an event would cost every call something
            await asyncio.sleep(LOOK)
        self.old.remove(house)
        await house.aclose([*self.old, self.now])
        self.now.forget(house)

    def drain(self) -> None:
        """Take no new calls; where this process may be ended, end it after the open answers."""
        if self.stop is not None:
            self.stop()
            return
        self.refuse()

    def refuse(self) -> None:
        """No house takes calls from now on."""
        for house in (*self.old, self.now):
            house.draining = True

    async def aclose(self) -> None:
        """Close all of them."""
        for ending in tuple(self._ending):
            ending.cancel()
        if self._ending:
            await asyncio.wait(tuple(self._ending))
        while self.old:
            house = self.old.pop()
            await house.aclose([*self.old, self.now])
        await self.now.aclose()


def keys(gateway: Gateway) -> Keys:
    """The virtual keys of a house: its config's, then its ledger's."""
    config = gateway.config
    host, _ = address(config.listen)
    rows = [(row.key.reveal(), row.caller) for row in config.keys]
    return Keys(rows, gateway.money, closed=not is_loopback(host))
