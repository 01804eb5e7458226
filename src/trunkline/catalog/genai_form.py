"""The form of genai-prices' data, as far as a price book needs it, and which of its prices holds when.

Refuses to know trunkline's own form, and to match names by pattern: a name that is merely similar is another model.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

from msgspec import Struct

DAY = 86_400


class Step(Struct, frozen=True):
    """The price of a call whose prompt has more than ``start`` tokens."""

    start: int
    price: Decimal


class Tiered(Struct, frozen=True):
    """A price with steps, the lowest first."""

    base: Decimal
    tiers: list[Step]

    def over(self, mark: int) -> Decimal:
        """The price once the prompt is over ``mark`` tokens."""
        reached = [step.price for step in sorted(self.tiers, key=_start) if step.start <= mark]
        return reached[-1] if reached else self.base


def _start(step: Step) -> int:
    return step.start


Rates = dict[str, Decimal | Tiered | None]
"""By its own names of prices, such as ``input_mtok``."""

Said = dict[str, Decimal | Tiered]
"""Those of them that are there."""


class Constraint(Struct, frozen=True):
    """From a day on, or daily between two times; all of it UTC."""

    start_date: date | None = None
    start_time: time | None = None
    end_time: time | None = None

    @property
    def window(self) -> tuple[int, int] | None:
        """Start and end in seconds of the UTC day; None: all day."""
        if self.start_time is None or self.end_time is None:
            return None
        return second(self.start_time), second(self.end_time)

    def active(self, day: date | None, at: int) -> bool:
        """True on a day (None: before any day that is named) at a second of it."""
        if self.start_date is not None:
            return day is not None and day >= self.start_date
        if self.window is None:
            return True
        start, end = self.window
        return at >= start or at < end if end < start else start <= at < end


class Conditional(Struct, frozen=True):
    """Prices that hold under a constraint; of several the last active one counts."""

    prices: Rates
    constraint: Constraint | None = None


class Variant(Struct, frozen=True):
    """Prices for requests of one kind, over the standard ones; for each price the first active variant counts."""

    when: dict[str, str]
    prices: Rates
    constraint: Constraint | None = None


class Clause(Struct, frozen=True, rename={"any_of": "or"}):
    """How a model's name is recognised, one of these set. Patterns are read for the plain name in them."""

    equals: str | None = None
    starts_with: str | None = None
    contains: str | None = None
    ends_with: str | None = None
    any_of: list["Clause"] | None = None

    def names(self) -> Iterator[str]:
        """Names that it surely recognises."""
        for text in (self.equals, self.starts_with, self.contains, self.ends_with):
            if text is not None:
                yield text
        for clause in self.any_of or ():
            yield from clause.names()


class GenaiModel(Struct, frozen=True):
    """One model."""

    id: str
    match: Clause
    prices: Rates | list[Conditional] = {}
    price_variants: list[Variant] | None = None

    @property
    def standard(self) -> list[Conditional]:
        """Its prices, the first of which hold where no other does."""
        return self.prices if isinstance(self.prices, list) else [Conditional(self.prices)]

    @property
    def keys(self) -> set[str]:
        """Everything it ever has a price for."""
        entries: list[Conditional | Variant] = [*self.standard, *(self.price_variants or [])]
        return {key for entry in entries for key in _said(entry.prices)}

    @property
    def services(self) -> list[str]:
        """The words that choose a variant: ``flex``, ``batch``; no word can say more than one condition."""
        variants = self.price_variants or []
        return list(dict.fromkeys(value for variant in variants for value in _service(variant)))

    def constraints(self, service: str | None) -> list[Constraint]:
        """All that the price depends on."""
        entries: list[Conditional | Variant] = [*self.standard, *self._variants(service)]
        return [entry.constraint for entry in entries if entry.constraint is not None]

    def rates(self, service: str | None, day: date | None, at: int) -> Said:
        """What holds for a service on a day at a second of it."""
        merged: Said = {}
        for variant in self._variants(service):
            if _active(variant, day, at):
                merged = _said(variant.prices) | merged
        holding = [entry for entry in self.standard if _active(entry, day, at)] or self.standard[:1]
        return _said(holding[-1].prices) | merged if holding else merged

    def _variants(self, service: str | None) -> list[Variant]:
        return [variant for variant in self.price_variants or [] if service in _service(variant)]


class GenaiProvider(Struct, frozen=True):
    """One provider."""

    id: str
    models: list[GenaiModel]
    fallback_model_providers: list[str] | None = None


def second(clock: time) -> int:
    """The second of the UTC day; a time without a zone is UTC."""
    moment = datetime.combine(date(1970, 1, 2), clock, clock.tzinfo or UTC)
    return int(moment.timestamp()) % DAY


def _service(variant: Variant) -> list[str]:
    return list(variant.when.values()) if len(variant.when) == 1 else []


def _active(entry: Conditional | Variant, day: date | None, at: int) -> bool:
    return entry.constraint is None or entry.constraint.active(day, at)


def _said(rates: Rates) -> Said:
    return {name: rate for name, rate in rates.items() if rate is not None}
