"""``trunkline backtest --policy``: a config's strategies, judged by what our own ledger logged.

Refuses to compute, and to change the ledger.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from trunkline.cli.check import console
from trunkline.cli.found_config import found_config
from trunkline.cli.found_ledger import look, settings
from trunkline.core.errors import TrunklineError
from trunkline.gateway.config import Config, Route
from trunkline.gateway.pricing import book_of
from trunkline.gateway.profiles import ability_of, fitted_of
from trunkline.routing.posteriors import DEFAULTS
from trunkline.stores.ports import Store
from trunkline.stores.records import UsageQuery, UsageRecord
from trunkline.stores.scores import Score, ScoreQuery

if TYPE_CHECKING:  # numpy is loaded when the command runs
    from trunkline.backtest.decisions import Row
    from trunkline.backtest.elsewhere import Course
    from trunkline.backtest.judged import Judged, Line
    from trunkline.backtest.off_policy import Estimate

MOST = 200_000  # records, the newest: more do not make intervals that decide anything else


def needs_numpy() -> None:
    """Raise TrunklineError that says what to install."""
    if find_spec("numpy") is None:
        raise TrunklineError("this command needs numpy: pip install 'trunkline[backtest]'")


def logged_rows(ledger: Path | None) -> "list[Row]":
    """Every decided call of a ledger, the oldest first."""
    from trunkline.backtest import decisions  # noqa: PLC0415 - see above

    return decisions.rows(*look(settings(ledger), _read))


def off_policy(policy: Path, ledger: Path | None, *, floor: float, as_json: bool) -> None:
    """Read the ledger, judge every route that it has decisions of, print."""
    from trunkline.backtest import judged  # noqa: PLC0415 - see above

    config, _ = found_config(policy)
    found = logged_rows(ledger)
    there = [name for name in config.models if any(row.route == name for row in found)]
    if not there:
        told = ", ".join(sorted({row.route for row in found})) or "none"
        raise TrunklineError(
            f"the ledger holds no decision of this config's routes ({', '.join(config.models)}); it has those of: "
            f"{told}. Routes decide and log with any strategy but ordered"
        )
    made, refused = [], []
    for name in there:
        rows = [row for row in found if row.route == name]
        try:
            made.append(judged.judge(rows, name, course(config, name), floor=floor))
        except TrunklineError as error:
            refused.append(f"{name}: {error}")
    if not made:
        raise TrunklineError("; ".join(refused))
    _print(made, refused, as_json=as_json)


def course(config: Config, name: str) -> "Course":
    """A route of a config as a replay needs it."""
    from trunkline.backtest.elsewhere import Course  # noqa: PLC0415 - see above

    route: Route = config.models[name]
    book = book_of(config)
    fitted = fitted_of(name, route)
    return Course(
        strategy=route.strategy,
        targets=tuple(str(step.target) for step in route.targets),
        abilities={str(step.target): ability_of(config, step.target, book) for step in route.targets},
        learning=DEFAULTS if config.quality is None else config.quality.learning,
        policy=None if fitted is None else fitted.policy,
        model_of={} if fitted is None else {str(target): model for target, model in fitted.model_of.items()},
    )


async def _read(store: Store) -> tuple[list[UsageRecord], list[Score]]:
    return await store.usage.read(UsageQuery(limit=MOST)), await store.quality.scores(ScoreQuery(limit=MOST))


def _print(made: "Sequence[Judged]", refused: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
    else:
        for one in made:
            console().print(_ways(one))
            console().print(_estimates(one))
            for note in one.notes:
                console().print(f"- {note}", markup=False)
    for told in refused:
        click.echo(f"not judged: {told}", err=True)


def _ways(one: "Judged") -> Table:
    reference = "no target" if one.reference is None else one.reference
    table = Table(
        title=escape(f"{one.route}: {one.decisions:,} logged decisions, {one.scored:,} scored"),
        caption=escape(f"doubly robust, 95 % intervals; shares of always {reference}, the best single in hindsight"),
    )
    for column in ("decided by", "cost saved", "quality kept", "dollars a call", "quality", "seconds", "support"):
        table.add_column(column, justify="left" if column == "decided by" else "right")
    for line in one.lines:
        table.add_row(escape(line.name), *_cells(line), f"{line.support:.0%}")
    return table


def _cells(line: "Line") -> list[str]:
    shares = [_share(line.saved), _share(line.kept)]
    return shares + ["-" if one is None else str(one) for one in (line.dollars, line.quality, line.seconds)]


def _share(one: "Estimate | None") -> str:
    return "-" if one is None else f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def _estimates(one: "Judged") -> Table:
    table = Table(title="this config by three estimators", caption="with 95 % intervals; difference to what was done")
    for column in ("figure", "as it was", "IPS", "SNIPS", "doubly robust", "difference", "rows", "worth"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for each in one.figures:
        best = each.doubly_robust
        cells = (each.ips, each.snips, best, each.gained)
        table.add_row(each.figure, f"{each.was:.4g}", *map(str, cells), f"{best.n:,}", f"{best.effective:,.0f}")
    return table
