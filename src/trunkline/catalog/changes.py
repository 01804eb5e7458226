"""What a new price book changes, and what of it nobody should accept unseen.

Refuses to know files, and who decides.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from trunkline.catalog.book import BookModel, PriceList
from trunkline.catalog.price import Price
from trunkline.catalog.tariff import Tariff

SHRINK = Decimal("0.05")  # of all models lost
JUMP = 3  # times dearer or cheaper
_LISTED = 5  # in one alarm

_BUCKETS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "request")


class Change(Struct, frozen=True):
    """A rate in dollars per million tokens that is another now; ``where`` names model, service and prompt length."""

    where: str
    bucket: str
    old: Decimal
    new: Decimal

    @property
    def jump(self) -> bool:
        """More than three times the old one, less than a third of it, or to or from nothing."""
        return self.new > JUMP * self.old or self.old > JUMP * self.new

    def __str__(self) -> str:
        return f"{self.where} {self.bucket} {self.old.normalize():f} -> {self.new.normalize():f}"


class Changes(Struct, frozen=True):
    """Models as ``provider/model``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Change, ...]


def changes(old: PriceList, new: PriceList) -> Changes:
    """All that is different for somebody's bill."""
    before, after = _models(old), _models(new)
    both = [name for name in after if name in before]
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(change for name in both for change in _changed(name, before[name], after[name])),
    )


def alarms(old: PriceList, found: Changes) -> list[str]:
    """Why a new book should not replace the old one without being looked at; empty: it may."""
    said = []
    total = len(_models(old))
    if len(found.removed) > SHRINK * total:
        said.append(f"{len(found.removed)} of {total} models are gone")
    emptied = list(_emptied(old, found))
    if emptied:
        said.append(f"no model is left of {_some(emptied)}")
    jumps = [change for change in found.changed if change.jump]
    if jumps:
        said.append(f"{len(jumps)} prices changed more than {JUMP} times, or to or from nothing: {_some(jumps)}")
    return said


def _some(items: list[Any]) -> str:
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return ", ".join(str(item) for item in items[:_LISTED]) + more


def _emptied(old: PriceList, found: Changes) -> Iterator[str]:
    gone = set(found.removed)
    for provider, listed in old.providers.items():
        if listed.models and all(f"{provider}/{name}" in gone for name in listed.models):
            yield provider


def _models(prices: PriceList) -> dict[str, BookModel]:
    return {
        f"{provider}/{name}": model
        for provider, listed in prices.providers.items()
        for name, model in listed.models.items()
    }


def _changed(name: str, old: BookModel, new: BookModel) -> Iterable[Change]:
    """At every moment from which a row of either holds, for its service, below and above every mark; each once."""
    if old.rows == new.rows:
        return ()
    before, after = old.tariff(""), new.tariff("")
    moments = {(service, moment) for tariff in (before, after) for service, moment in _moments(tariff)}
    found = (
        change
        for service, moment in sorted(moments)
        for change in _compared(
            f"{name} {service}".rstrip(), before.price(moment, service), after.price(moment, service)
        )
    )
    return dict.fromkeys(found)


def _moments(tariff: Tariff) -> Iterator[tuple[str, int]]:
    for service, rows in (("", tariff.standard), *tariff.services.items()):
        for row in rows:
            yield service, row.since + row.start


def _compared(where: str, old: Price, new: Price) -> Iterator[Change]:
    for mark in sorted({0, *(tier.over for price in (old, new) for tier in price.tiers)}):
        before, after = old.at(mark + 1), new.at(mark + 1)
        place = f"{where} over {mark:,}" if mark else where
        for bucket in _BUCKETS:
            was, now = before.dollars(getattr(before, bucket)), after.dollars(getattr(after, bucket))
            if was != now:
                yield Change(place, bucket, was, now)
