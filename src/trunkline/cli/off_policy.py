"""``trunkline backtest --policy``: a config's strategies, judged by what our own ledger logged.

Refuses to compute, and to change the ledger.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.table import Table

from trunkline.cli.check import console
from trunkline.cli.found_config import found_config
from trunkline.cli.found_ledger import settings, with_store
from trunkline.core.errors import TrunklineError
from trunkline.stores.ports import Store
from trunkline.stores.records import UsageQuery, UsageRecord
from trunkline.stores.scores import Score, ScoreQuery

if TYPE_CHECKING:  # numpy is loaded when the command runs
    from trunkline.backtest.decisions import Compared

MOST = 200_000  # records, the newest: more do not make intervals that decide anything else


def needs_numpy() -> None:
    """Raise TrunklineError that says what to install."""
    if find_spec("numpy") is None:
        raise TrunklineError("this command needs numpy: pip install 'trunkline[backtest]'")


def off_policy(policy: Path, ledger: Path | None, *, as_json: bool) -> None:
    """Read the ledger, judge, print."""
    from trunkline.backtest import decisions  # noqa: PLC0415 - see above

    config, _ = found_config(policy)
    strategies = {name: route.strategy for name, route in config.models.items()}
    records, scores = with_store(settings(ledger), _read)
    compared = decisions.compare(decisions.rows(records, scores), strategies)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(compared)).decode())
    else:
        console().print(_table(compared))


async def _read(store: Store) -> tuple[list[UsageRecord], list[Score]]:
    return await store.usage.read(UsageQuery(limit=MOST)), await store.quality.scores(ScoreQuery(limit=MOST))


def _table(compared: "list[Compared]") -> Table:
    table = Table(title="another policy on our own logged decisions", caption="with 95 % intervals")
    for column in ("figure", "as it was", "IPS", "SNIPS", "doubly robust", "difference", "rows", "support"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for one in compared:
        best = one.doubly_robust
        cells = (one.ips, one.snips, best, one.gained)
        table.add_row(one.figure, f"{one.was:.4g}", *map(str, cells), f"{best.n:,}", f"{best.support:.0%}")
    return table
