"""``trunkline models``: the names a house offers, what is behind each, and what it costs.

Refuses to ask any provider.
"""

import time
from pathlib import Path

import click
import msgspec
from rich.table import Table

from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.price import Price
from trunkline.cli.check import console
from trunkline.cli.found_config import config_option, found_config
from trunkline.cli.house_tree import dollars
from trunkline.gateway.listing import ABILITIES, Offer, offers, plain
from trunkline.gateway.pricing import book_of


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def models(path: Path | None, *, as_json: bool) -> None:
    """List the models a config offers: targets, windows, abilities and dollars per million tokens."""
    config, _ = found_config(path)
    found = list(offers(config, book_of(config), time.time()))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([plain(offer) for offer in found]), indent=2))
    else:
        console().print(_table(found))


def _table(found: list[Offer]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("model", "answered by", "window", "abilities", "in $/M", "cached", "out $/M"):
        table.add_column(name, justify="right" if "$" in name or name in {"window", "cached"} else "left")
    for offer in found:
        for index, (target, facts) in enumerate(offer.steps):
            table.add_row("" if index else offer.name, str(target), *_cells(facts))
    return table


def _cells(facts: ModelFacts) -> list[str]:
    window = "unknown" if facts.context_window is None else f"{facts.context_window:,}"
    return [window, ", ".join(_able(facts)) or "unknown", *_rates(facts.price)]


def _able(facts: ModelFacts) -> list[str]:
    return [name.replace("_", " ") for name in ABILITIES if getattr(facts, name)]


def _rates(price: Price | None) -> list[str]:
    if price is None:
        return ["unknown", "", "unknown"]
    return [dollars(price, price.input), dollars(price, price.cache_read), dollars(price, price.output)]
