"""``trunkline prices``: make a price book, look at it before it replaces the old one, and show what is in it.

Refuses the network: data comes from an installed package or from a file.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import click
import msgspec
from rich.table import Table

from trunkline.catalog import genai, litellm
from trunkline.catalog.book import BookModel, PriceBook, PriceBookError, PriceList
from trunkline.catalog.book_file import DEFAULT_NAME, as_list, read_json, read_list, write_list
from trunkline.catalog.changes import Change, Changes, alarms, changes
from trunkline.cli.check import console
from trunkline.core.nearest import hint, quoted

_SHOWN = 40  # lines of each kind of change
_RATES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")

_file = click.Path(path_type=Path, dir_okay=False)
_to = click.option("--to", type=_file, default=DEFAULT_NAME, show_default=True, help="Price book to replace.")
_force = click.option("--force", is_flag=True, help="Replace it although an alarm speaks against that.")


@click.group()
def prices() -> None:
    """Make, check and show the price book."""


@prices.command()
@click.option("--from", "source", type=_file, help="A price book, or genai-prices' data file; left out: its package.")
@_to
@_force
def refresh(source: Path | None, to: Path, *, force: bool) -> None:
    """Compile a new price book and put it in the place of the old one, unless that looks wrong.

    Needs the extra, or a file: pip install 'trunkline[prices]'
    """
    replace(to, lambda _: _fresh(source, _today()), force=force)


@prices.command("import-litellm")
@click.argument("file", type=_file)
@_to
@click.option("--add", is_flag=True, help="Keep the book's own prices and add the models it lacks.")
@_force
def import_litellm(file: Path, to: Path, *, add: bool, force: bool) -> None:
    """Make a price book from LiteLLM's model_prices_and_context_window.json."""
    more = litellm.imported(read_json(file)[1], _today())
    replace(to, lambda old: litellm.with_more(old, more) if add and old else more, force=force)


@prices.command()
@click.argument("name", required=False)
@click.option("--book", type=_file, default=DEFAULT_NAME, show_default=True, help="Price book to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def show(name: str | None, book: Path, *, as_json: bool) -> None:
    """Show the book: all of it in short, a provider's prices now, or every price of provider/model."""
    if not book.exists():
        raise PriceBookError(f"{book} does not exist: make it with trunkline prices refresh")
    known = PriceBook(read_list(book))
    provider, _, model = (name or "").partition("/")
    if name and provider not in known.list.providers:
        raise PriceBookError(f"no provider {quoted(provider)} in {book}{hint(provider, known.list.providers)}")
    if model:
        _show_model(known, provider, model, as_json=as_json)
    elif as_json:
        listed = known.list.providers[provider] if provider else known.list
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))
    else:
        console().print(_models(known, provider) if provider else _providers(known))


def replace(to: Path, make: Callable[[PriceList | None], PriceList], *, force: bool) -> None:
    """Put the book that ``make`` makes of the old one in its place and say what changed. PriceBookError on an alarm."""
    old = _present(to, force=force)
    new = make(old)
    if old is not None:
        found = changes(old, new)
        _tell(found)
        against = alarms(old, found)
        if against and not force:
            raise PriceBookError(f"{to} is as it was: {'; '.join(against)}. Take it all the same with --force.")
    write_list(to, new)
    click.echo(f"{to}: {_count(new):,} models of {len(new.providers)} providers, version {PriceBook(new).version}")


def _present(to: Path, *, force: bool) -> PriceList | None:
    """The book to be replaced; None where there is none, or with ``force`` none that can be read."""
    if not to.exists():
        return None
    try:
        return read_list(to)
    except PriceBookError as error:
        if force:
            return None
        raise PriceBookError(f"{error}. Mend it, or replace it with --force.") from error


def _fresh(source: Path | None, today: date) -> PriceList:
    if source is None:
        return genai.installed(today)
    written, data = read_json(source)
    if isinstance(data, list):
        return genai.compiled(data, f"{genai.PACKAGE} {source.name}", today)
    return as_list(written, source)


def _today() -> date:
    return datetime.now(UTC).date()


def _count(book: PriceList) -> int:
    return sum(len(listed.models) for listed in book.providers.values())


def _tell(found: Changes) -> None:
    kinds: list[tuple[str, tuple[str | Change, ...]]] = [
        ("added", found.added),
        ("removed", found.removed),
        ("changed ($/M)", found.changed),
    ]
    for kind, items in kinds:
        click.echo(f"{kind}: {len(items):,}")
        for item in items[:_SHOWN]:
            click.echo(f"  {item}")
        if len(items) > _SHOWN:
            click.echo(f"  and {len(items) - _SHOWN:,} more")


def _show_model(known: PriceBook, provider: str, name: str, *, as_json: bool) -> None:
    tariff, model = known.tariff(provider, name), known.model(provider, name)
    if tariff is None:
        near = hint(name, known.list.providers[provider].models)
        raise PriceBookError(f"the price of {quoted(name)} at {provider} is unknown{near}")
    if model is None:
        like = ", ".join(known.list.providers[provider].like)
        click.echo(f"{provider} has no price of its own for {quoted(name)}: it costs what it costs at {like}")
        return
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"version": known.version, "model": model}), indent=2))
        return
    console().print(_rows(model))
    if model.uncounted:
        click.echo(f"It costs money beside tokens, which is not counted: {', '.join(model.uncounted)}")
    click.echo(known.version)


def _rows(model: BookModel) -> Table:
    table = _table("service", "from", "daily (UTC)", "over", *_RATES, "a call")
    for row in model.rows:
        condition = (row.service or "standard", row.since or "always", row.daily or "all day")
        table.add_row(*condition, "", *_cells(row), "" if row.request is None else str(row.request))
        for tier in row.tiers:
            table.add_row("", "", "", f"{tier.over:,}", *_cells(tier))
    return table


def _cells(layer: msgspec.Struct) -> list[str]:
    said = [getattr(layer, name) for name in _RATES]
    return ["" if rate is None else f"{rate:f}" for rate in said]


def _models(known: PriceBook, provider: str) -> Table:
    table = _table("model", "input", "cache_read", "output", "services")
    now = time.time()
    for name, model in known.list.providers[provider].models.items():
        tariff = model.tariff(known.version)
        price = tariff.price(now)
        rates = [f"{price.dollars(rate).normalize():f}" for rate in (price.input, price.cache_read, price.output)]
        table.add_row(name, *rates, ", ".join(tariff.services))
    return table


def _providers(known: PriceBook) -> Table:
    table = _table("provider", "models", "like", title=f"{known.version}, of {known.list.as_of}")
    for name, listed in known.list.providers.items():
        table.add_row(name, f"{len(listed.models):,}", ", ".join(listed.like))
    return table


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in columns:
        table.add_column(name, justify="right" if name in {*_RATES, "over", "models", "a call"} else "left")
    return table
