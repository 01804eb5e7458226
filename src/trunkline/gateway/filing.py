"""Files and batches of a house, assembled: who keeps them, where a batch's line goes, and who looks after them.

Refuses to be where nobody can say whose a file is: a house without a ledger has none of it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import cast
from urllib.parse import urlsplit

from msgspec.structs import replace

from trunkline.accounting.budgets import demands
from trunkline.accounting.worst_case import Offer
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import Call, Caller
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import InvalidRequest
from trunkline.core.exchange import Target
from trunkline.files.batches import Batches
from trunkline.files.depot import Depot
from trunkline.files.desk import Desk
from trunkline.files.lines import Chosen
from trunkline.files.register import Register
from trunkline.files.settings import URLS
from trunkline.files.settling import Settling
from trunkline.files.trespass import file_ids
from trunkline.gateway.config import Config
from trunkline.gateway.money import Money
from trunkline.layers.admit import allowed
from trunkline.providers.endpoint import Door
from trunkline.providers.provider import Provider
from trunkline.providers.quirks import CALLERS
from trunkline.transport.transport import Transport

Targets = Callable[[str], Sequence[Target]]
"""What a model's name stands for, in order. Raises UnknownModel."""


class Filing:
    """All of it; ``before`` is that of the house this one follows, whose counts go on."""

    def __init__(
        self,
        config: Config,
        money: Money,
        depots: dict[str, Depot],
        targets: Targets,
        tariff: Callable[[Target], Tariff | None],
        before: "Filing | None" = None,
    ) -> None:
        self._config = config
        self._money = money
        self._targets = targets
        self._tariff = tariff
        register = Register(lambda: money.store.belongings, money.wall)
        dialects: dict[DialectName, Callable[[], Dialect]] = {name: CALLERS[name] for name in URLS.values()}
        self.desk = Desk(register, depots, self.choose, dialects, self.why_not, config.files)
        self.counts: Counter[str] = Counter() if before is None else before.counts
        self.settling = Settling(self.desk, money.purse, tariff, dialects, self.counts)
        self.batches = Batches(self.desk, self.settling, money.purse)
        self._task: asyncio.Task[None] | None = None

    @property
    def used(self) -> bool:
        """False while nobody has left anything. Where another process took the first file it is known a poll later."""
        return self.desk.register.used

    def why_not(self, caller: Caller, name: str) -> str | None:
        """Why a caller may not leave files with a provider; None: it may."""
        provider = self._config.providers[name]
        missing = set(caller.requires) - set(provider.tags)
        if missing:
            return f"it lacks the tag {', '.join(sorted(missing))}"
        if caller.targets is not None and not any(_of(pattern, name) for pattern in caller.targets):
            return f"its targets are {', '.join(caller.targets)}"
        return None

    def choose(self, caller: Caller, model: str, spoken: DialectName, provider: str | None) -> Chosen:
        """Where a line goes; see ``files.lines.Choose``."""
        allowed(caller, model)
        for target in self._targets(model):
            row = self._config.providers[target.provider]
            fits = spoken in row.batches and provider in {None, target.provider}
            if fits and caller.may_reach(str(target)) and self.why_not(caller, target.provider) is None:
                facts = self._config.facts(target)
                offer = Offer(target, self._tariff(target), facts.max_output, facts.context_window)
                wanted = demands(self._money.purse.rules, caller, target, self._money.wall())
                limited = any(demand.rule.hard for demand in wanted)
                return Chosen(offer, cast("Dialect", row.dialect(spoken)), limited)
        having = [name for name, one in self._config.providers.items() if spoken in one.batches] or ["none"]
        where = f"at {provider}, where this batch goes," if provider else "at a provider with batches of this kind"
        raise InvalidRequest(
            f"the model {model[:80]!r} has no target {where} that the key {caller.name!r} may use; "
            f"providers with such batches: {', '.join(having)}",
            param="model",
        )

    async def check_names(self, call: Call) -> None:
        """Raises UnknownObject for a request that names another key's file."""
        if self.used and (named := file_ids(call.body)):
            await self.desk.register.check_names(call.caller, named)

    def open(self) -> None:
        """Begin to look after batches, on the running loop; once is enough."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.settling.keep())

    async def aclose(self) -> None:
        """Look after nothing any more; what is on its way to a provider is waited for."""
        await self.batches.aclose()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def __repr__(self) -> str:
        return f"<Filing [{', '.join(self.desk.depots)}]>"


def depot(provider: Provider, door: Door, transport: Transport, clock: Callable[[], float]) -> Depot:
    """A provider's files; ``door`` is that of any of its dialects with its key."""
    path = urlsplit(provider.base_url("openai")).path
    root = path + (f"?{provider.query}" if provider.query else "")
    headers = [header for header in door.headers if header[0] != b"content-type"]
    return Depot(
        provider.name, replace(door, target=root, headers=headers), transport, clock, time.time, provider.batches
    )


def _of(pattern: str, provider: str) -> bool:
    """True for a pattern of targets that some target of the provider can fit."""
    return fnmatchcase(provider, pattern.partition("/")[0])
