"""The price book: what models cost, from which day, at which hours, in which service; found by provider and name.

Refuses to know files, and whose data it was compiled from.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from trunkline.catalog.catalogue import ByName
from trunkline.catalog.facts import Day
from trunkline.catalog.price import PLACES, Price, decimals, units_of
from trunkline.catalog.published import Dollars, PublishedPrice
from trunkline.catalog.tariff import DAY, Dated, Tariff
from trunkline.core.errors import TrunklineError

_FINEST = 21  # decimals; a float per token has at most 20 of them per million, and 28 digits is what a Decimal shows
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
Daily = Annotated[str, Meta(pattern=rf"^{_CLOCK}-{_CLOCK}$", extra={"form": "hours of the UTC day, like 16:30-00:30"})]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Names = Annotated[tuple[Name, ...], Meta(max_length=1000)]


class PriceBookError(TrunklineError):
    """A price book, or what one is made from, that cannot be used; says where and what to do."""


class BookRow(
    PublishedPrice,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    rename={"since": "from"},
):
    """A price with the condition it holds under; of the rows of a service the last that holds counts."""

    service: Annotated[str, Meta(min_length=1, max_length=64)] | None = None  # flex, batch, ...; None: the standard one
    since: Day | None = None  # UTC day from which it holds; None: always
    daily: Daily | None = None  # None: all day
    request: Dollars | None = None  # dollars for the call itself

    def price(self) -> Price:
        """As written, however many decimals. Raises ValueError where a rate is none."""
        rates = (value for layer in (self, *self.tiers) for value in _rates(layer))
        places = max(PLACES, *(decimals(rate) for rate in rates if rate.is_finite()))
        if places > _FINEST:
            raise ValueError(f"more than {_FINEST} decimals: write dollars per million tokens")
        price = self._compiled(places)
        if self.request is None:
            return price
        fee = units_of(self.request, places + 6)
        tiers = tuple(msgspec.structs.replace(tier, price=_with(tier.price, fee)) for tier in price.tiers)
        return msgspec.structs.replace(_with(price, fee), tiers=tiers)

    def dated(self) -> Dated:
        """The row as what calls are charged by. Raises ValueError for a day that does not exist."""
        start, end = (0, DAY) if self.daily is None else (_second(clock) for clock in self.daily.split("-"))
        return Dated(self.price(), 0 if self.since is None else _epoch(self.since), start, end)


class BookModel(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model's rows, the standard ones and each service's from the earliest on."""

    rows: Annotated[tuple[BookRow, ...], Meta(min_length=1, max_length=1000)]
    aliases: Names = ()
    uncounted: Names = ()  # what it costs money for beside, and no token bucket counts: web searches, audio

    def tariff(self, version: str, *, services: bool = True) -> Tariff:
        """All its rows, compiled. Raises ValueError as ``BookRow.dated``."""
        groups: dict[str | None, list[Dated]] = {}
        for row in self.rows:
            groups.setdefault(row.service, []).append(row.dated())
        standard = tuple(groups.pop(None, ()))
        if not standard:
            raise ValueError("has no standard price: add a row without service")
        named = {name: tuple(rows) for name, rows in groups.items() if name and services}
        return Tariff(version, standard, named)


class BookProvider(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A provider's models; a model it lacks costs what it costs at the first of ``like`` that has it."""

    models: Annotated[dict[Name, BookModel], Meta(max_length=100_000)]
    like: Names = ()


class PriceList(Struct, frozen=True, forbid_unknown_fields=True):
    """The document."""

    source: Annotated[str, Meta(min_length=1, max_length=100)]  # whose data, with its version
    as_of: Day  # when it was compiled
    providers: Annotated[dict[Name, BookProvider], Meta(max_length=1000)]
    form: Literal[1] = 1

    def digest(self) -> str:
        """The same for the same prices, whoever compiled them and when."""
        return hashlib.sha256(msgspec.json.encode(self.providers, order="deterministic")).hexdigest()[:12]


class PriceBook:
    """The document, to be asked. Build it once: it reads no row until a tariff is asked for."""

    __slots__ = ("_models", "list", "version")

    def __init__(self, prices: PriceList) -> None:
        self.list = prices
        self.version = f"{prices.source.replace(' ', '-')}/{prices.digest()}"
        self._models = {name: ByName(provider.models) for name, provider in prices.providers.items()}

    def tariff(self, provider: str, model: str) -> Tariff | None:
        """All that a model costs; None where that is not known. The name may be an alias or a dated snapshot's."""
        own = self._find(provider, model)
        if own is not None:
            return own.tariff(self.version)
        listed = self.list.providers.get(provider)
        for other in () if listed is None else listed.like:
            found = self._find(other, model)
            if found is not None:
                return found.tariff(self.version, services=False)  # another vendor's services are not this one's
        return None

    def model(self, provider: str, model: str) -> BookModel | None:
        """A model's own rows, by any of its names."""
        return self._find(provider, model)

    def _find(self, provider: str, model: str) -> BookModel | None:
        models = self._models.get(provider)
        return None if models is None else models.find(model)

    def __repr__(self) -> str:
        models = sum(len(provider.models) for provider in self.list.providers.values())
        return f"<PriceBook {self.version} [{len(self._models)} providers | {models} models]>"


def checked(prices: PriceList) -> PriceList:
    """The same, every row of it compiled once. Raises PriceBookError naming the first that cannot be."""
    for provider, listed in prices.providers.items():
        for name, model in listed.models.items():
            try:
                model.tariff("")
            except ValueError as error:
                raise PriceBookError(f"price of {provider}/{name}: {error}") from error
    return prices


def _rates(layer: Struct) -> list[Decimal]:
    said: Mapping[str, object] = msgspec.structs.asdict(layer)
    return [value for value in said.values() if isinstance(value, Decimal)]


def _with(price: Price, fee: int) -> Price:
    return msgspec.structs.replace(price, request=fee)


def _epoch(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), time(), UTC).timestamp())


def _second(clock: str) -> int:
    at = time.fromisoformat(clock)
    return at.hour * 3600 + at.minute * 60 + at.second
