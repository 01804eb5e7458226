"""The operator's doors to the money: what was spent, where budgets stand, who has a key.

Refuses callers' keys, as all doors below ``/admin``.
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from trunkline.accounting.analysis import By, moment, spend
from trunkline.accounting.keys import caller_of
from trunkline.accounting.report import of_key, of_spend
from trunkline.accounting.scopes import checked_name, scope_of
from trunkline.accounting.standing import Standing, standing
from trunkline.core.errors import ConfigError, InvalidRequest
from trunkline.core.money import usd
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.money import Money
from trunkline.server.app import Visit
from trunkline.server.http import read_body
from trunkline.stores.records import Millis, UsageQuery

LARGEST_BODY = 64 * 1024  # bytes; a key with a thousand models is smaller
LONGEST_QUERY = 4096
KEYS = "/admin/keys/"


class NoLedger(InvalidRequest):
    """This house keeps no ledger, so there is nothing to be asked of it."""

    kind, status = "no_ledger", 409


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of ``/admin/spend``, as the options of `trunkline spend`."""

    by: By = "model"
    since: str = "7d"
    until: str = "0m"
    zone: str = "UTC"
    provider: str | None = None
    model: str | None = None
    key: str | None = None
    team: str | None = None
    tag: str | None = None

    def query(self, now: Millis) -> UsageQuery:
        """What is asked of the ledger. Raises ValueError for a time that is none."""
        since, until = moment(self.since, now, self.zone), moment(self.until, now, self.zone)
        return UsageQuery(since, until, self.provider, self.model, self.key, self.team, self.tag)


class MoneyDoors:
    """``/admin/spend``, ``/admin/budgets``, ``/admin/keys`` and what is done to one key."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def spend(self, visit: Visit) -> None:
        """Where the money went."""
        money = await self._money()
        asked = _asked(visit)
        now = money.wall()
        prices = self._gateway.prices(now / 1000)
        default = next(iter(prices), None)
        try:
            query = asked.query(now)
            found = await spend(money.store.usage, query, asked.by, place=asked.zone, prices=prices, default=default)
        except ValueError as error:
            raise InvalidRequest(str(error)) from error
        await visit.json(200, of_spend(found, query, asked.by))

    async def budgets(self, visit: Visit) -> None:
        """Where every budget stands: of the config, and those that keys carry."""
        money = await self._money()
        now = money.wall()
        callers = [key.caller for key in self._gateway.config.keys]
        callers += [caller_of(row) for row in await money.store.keys.list() if row.usable(now)]
        found = await standing(money.store, money.purse.rules, callers, now)
        await visit.json(200, {"budgets": [_standing(one) for one in found]})

    async def keys(self, visit: Visit) -> None:
        """Every key of the ledger, ended ones too."""
        money = await self._money()
        await visit.json(200, {"keys": [of_key(row, money.wall()) for row in await money.ring.list()]})

    async def create(self, visit: Visit) -> None:
        """Make a key: ``name`` and what it may do; the answer is the only place where it is ever shown."""
        money = await self._money()
        said = await _body(visit)
        try:
            name = checked_name(said.pop("name", None))
            if any(key.name == name for key in self._gateway.config.keys):  # their budgets and rates would be one
                raise ConfigError(f"a key named {name} stands in the config; choose another name")
            key = await money.create(name, scope_of(said, money.wall()))
        except ConfigError as error:
            raise InvalidRequest(str(error)) from error
        await visit.json(201, {"name": name, "key": key})

    async def change(self, visit: Visit) -> None:
        """``POST /admin/keys/NAME/revoke`` and ``.../rotate``."""
        money = await self._money()
        name, _, what = visit.path.removeprefix(KEYS).rpartition("/")
        try:
            if what == "revoke":
                await money.ring.revoke(name)
                await visit.json(200, {"name": name, "state": "revoked"})
            else:
                await visit.json(200, {"name": name, "key": await money.ring.rotate(name)})
        except ConfigError as error:
            raise InvalidRequest(str(error)) from error

    async def _money(self) -> Money:
        money = self._gateway.money
        if money is None:
            raise NoLedger("this house keeps no ledger; name a file in ledger")
        await money.purse.settled()  # whoever asks after an answer is told of it
        return money


def _asked(visit: Visit) -> Asked:
    written: bytes = visit.scope.get("query_string", b"")
    if len(written) > LONGEST_QUERY:
        raise InvalidRequest(f"the query is over {LONGEST_QUERY} bytes; ask for less")
    try:
        return msgspec.convert(dict(parse_qsl(written.decode("latin-1"))), Asked)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{error}; there are {', '.join(Asked.__struct_fields__)}") from error


async def _body(visit: Visit) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(await read_body(visit.scope, visit.receive, LARGEST_BODY), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is no JSON object: {error}") from error
    return found


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "budget": one.budget,
        "subject": one.subject,
        "limit_usd": usd(one.limit),
        "spent_usd": usd(one.spent),
        "held_usd": usd(one.held),
        "begins_ms": one.begins,
        "ends_ms": one.ends,
        "hard": one.hard,
    }
