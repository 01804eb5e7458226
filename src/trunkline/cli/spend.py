"""``trunkline spend``: where the money went, as a table with bars, as JSON, or as CSV.

Refuses to ask any provider, and to change the ledger.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from trunkline.accounting.analysis import By, Spend, average, moment
from trunkline.accounting.analysis import spend as spent
from trunkline.accounting.report import of_line, of_spend
from trunkline.catalog.price import Price
from trunkline.cli.check import console
from trunkline.cli.found_config import config_option, found_config
from trunkline.cli.found_ledger import ledger_option, look, settings
from trunkline.core.errors import ConfigError
from trunkline.core.exchange import Target
from trunkline.core.money import NANOS_PER_USD, Nanos, usd
from trunkline.gateway.config_source import default_file
from trunkline.gateway.pricing import book_of, prices_of
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import UsageQuery, UsageSum

_BY = ("day", *[choice for part in get_args(By) for choice in get_args(part) if choice != "day"])
_BAR = 24  # characters


@click.command()
@click.option("--by", type=click.Choice(_BY), default="model", show_default=True, help="What a line is.")
@click.option("--since", default="7d", show_default=True, help="7d, 12h, 30m, 2026-11-22, today or month.")
@click.option("--until", default="0m", show_default="now", help="As --since; not included.")
@click.option("--zone", default="UTC", show_default=True, help="Where days and months are, like Europe/Berlin.")
@click.option("--provider", help="Only of this provider.")
@click.option("--model", help="Only of this model, by the provider's own name.")
@click.option("--key", help="Only of this key, by its name.")
@click.option("--team", help="Only of this team.")
@click.option("--tag", help="Only with this tag.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@ledger_option
@config_option
def spend(
    by: By, since: str, until: str, zone: str, form: str | None, ledger: Path | None, path: Path | None, **only: Any
) -> None:
    """Show where the money went; with a config, also what the same tokens would have cost at its other targets."""
    now = wall_millis()
    found = settings(ledger, path)
    try:
        query = UsageQuery(moment(since, now, zone), moment(until, now, zone), **only)
        prices = _prices(path)
        default = next(iter(prices), None)
        shown = look(found, lambda store: spent(store.usage, query, by, place=zone, prices=prices, default=default))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    match form:
        case "json":
            click.echo(msgspec.json.format(msgspec.json.encode(of_spend(shown, query, by)), indent=2))
        case "csv":
            click.echo(_csv(shown, by), nl=False)
        case _:
            _show(shown, by)


def _prices(path: Path | None) -> Mapping[Target, Price]:
    """The prices of a config's routes, in its order; none without a config."""
    if path is None and default_file(Path()) is None:
        return {}
    config, _ = found_config(path)
    return prices_of(config, book_of(config), wall_millis() / 1000)


def _show(shown: Spend, by: By) -> None:
    out = console()
    if not shown.total.attempts:
        out.print("Nothing was spent in this time.")
        return
    out.print(_table(shown, by))
    for line in _remarks(shown):
        out.print(line)


def _table(shown: Spend, by: By) -> Table:
    table = Table(box=None, pad_edge=False, show_footer=True)
    total = shown.total
    most = max((line.cost for line in shown.lines), default=0)
    for name, foot in zip(
        (by, "calls", "attempts", "failed", "tokens in", "tokens out", "cost $", "a call $", ""),
        ("total", *_numbers(total), ""),
        strict=True,
    ):
        table.add_column(name, footer=foot, justify="left" if name in {by, ""} else "right")
    for line in shown.lines:
        table.add_row(escape(line.group) or "(none)", *_numbers(line), _bar(line.cost, most))
    return table


def _numbers(line: UsageSum) -> tuple[str, ...]:
    counts = (line.calls, line.attempts, line.failed, line.usage.prompt, line.usage.completion)
    mark = " + ?" if line.unknown else ""
    mean = average(line)
    return (*[f"{count:,}" for count in counts], _dollars(line.cost) + mark, "" if mean is None else _dollars(mean))


def _dollars(amount: Nanos) -> str:
    """All of a small amount, four decimals of a large one: a table is to be read, JSON to be reckoned with."""
    return usd(amount) if abs(amount) < NANOS_PER_USD else f"{amount / NANOS_PER_USD:,.4f}"


def _bar(amount: Nanos, most: Nanos) -> str:
    eighths = amount * _BAR * 8 // most if most > 0 else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _remarks(shown: Spend) -> list[str]:
    total = shown.total
    said = []
    if total.unknown:
        said.append(f"{total.unknown:,} attempts cost an amount nobody knows, ${_dollars(total.at_most)} at most.")
    if total.wasted:
        said.append(f"${_dollars(total.wasted)} of it went to attempts that gave no answer.")
    for name, other in (("the dearest", shown.dearest), ("the default", shown.default)):
        if other is not None:
            verb, amount = ("saved", other.saved) if other.saved >= 0 else ("paid on top", -other.saved)
            said.append(
                f"Always {name}, {escape(str(other.target))}: ${_dollars(other.cost)}; {verb} ${_dollars(amount)}."
            )
    return said


def _csv(shown: Spend, by: By) -> str:
    text = io.StringIO()
    rows = [of_line(line) for line in shown.lines]
    names = list(of_line(UsageSum()))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([by, *names[1:]])
    writer.writerows([[_cell(row[name]) for name in names] for row in rows])
    return text.getvalue()


def _cell(value: object) -> object:
    """Callers choose some of these names: one that a spreadsheet would take for a formula is quoted as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
