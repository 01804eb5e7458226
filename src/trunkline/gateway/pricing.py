"""What the targets of a config cost: by its own words, by its price book, by the catalogue.

Refuses to know calls.
"""

from collections.abc import Mapping
from pathlib import Path

from trunkline.catalog.price import Price
from trunkline.core.exchange import Target
from trunkline.gateway.config import Config
from trunkline.providers.provider import Tariffs


def book_of(config: Config) -> Tariffs | None:
    """The price book that a config names. Raises PriceBookError."""
    if config.prices is None:
        return None
    from trunkline.catalog.book import PriceBook  # noqa: PLC0415 - who names none loads none of it
    from trunkline.catalog.book_file import read_list  # noqa: PLC0415 - as above

    return PriceBook(read_list(Path(config.prices).expanduser()))


def prices_of(config: Config, book: Tariffs | None, now: float) -> Mapping[Target, Price]:
    """What the targets of its routes cost at a moment, in the routes' order; ``now`` in seconds since 1970."""
    targets = dict.fromkeys(step.target for route in config.models.values() for step in route.targets)
    tariffs = {target: config.providers[target.provider].tariff(target.model, book) for target in targets}
    return {target: tariff.price(now) for target, tariff in tariffs.items() if tariff is not None}
