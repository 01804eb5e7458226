"""``trunkline fit``: a policy file for the gateway, from tables of outcomes or from the user's own ledger.

Refuses to compute; needs the extra ``trunkline[backtest]``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trunkline.accounting.analysis import moment
from trunkline.cli.check import console
from trunkline.cli.off_policy import logged_rows, needs_numpy
from trunkline.cli.share import Share, written
from trunkline.core.errors import TrunklineError
from trunkline.core.nearest import quoted
from trunkline.stores.opening import wall_millis

if TYPE_CHECKING:  # numpy is loaded when the command runs
    from trunkline.backtest.strategies import Aim
    from trunkline.routing.learned.policy import Policy


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@click.option("--suite", help="Which suite of the directory; needed when there are several.")
@click.option(
    "--ledger",
    is_flag=False,
    flag_value="",
    help="Instead of tables: SQLite file of a ledger with logged decisions and scores. Without a name: the one here.",
)
@click.option("--until", default="0m", show_default="now", help="Only decisions before: 7d (ago), 2026-11-22, today.")
@click.option("--route", help="Whose decisions of the ledger; needed when there are several.")
@click.option(
    "--floor",
    type=Share(0.5, 1.0),
    default=0.99,
    show_default=True,
    help="Share of the best single model's quality that must be kept.",
)
@click.option("--confidence", type=Share(0.5, 0.999), default=0.95, show_default=True, help="That it is kept.")
def fit(
    directory: Path | None,
    output: Path,
    suite: str | None,
    ledger: str | None,
    route: str | None,
    until: str,
    floor: float,
    confidence: float,
) -> None:
    """Fit routing on all prompts of DIRECTORY, or on the logged decisions of --ledger, and write a policy file.

    Where the floor cannot be shown on these prompts, the policy asks the best model always, and this command says so.
    """
    if (directory is None) == (ledger is None):
        raise click.UsageError("name a DIRECTORY of tables, or a --ledger of logged decisions")
    needs_numpy()
    from trunkline.backtest.strategies import Aim  # noqa: PLC0415 - numpy is loaded when it runs

    aim = Aim(floor, confidence)
    if directory is not None:
        policy = _from_tables(directory, suite, aim)
    else:
        policy = _from_ledger(Path(ledger) if ledger else None, route, until, aim)
    _write(policy, output)


def _from_tables(directory: Path, suite: str | None, aim: "Aim") -> "Policy":
    from trunkline.backtest import fitting, tables  # noqa: PLC0415 - as above
    from trunkline.backtest import suite as suites  # noqa: PLC0415

    found = tables.suites(directory)
    if suite is None and len(found) > 1:
        raise TrunklineError(f"{directory} has several suites: {', '.join(found)}; choose one with --suite")
    if suite is not None and suite not in found:
        raise TrunklineError(f"{directory} has no suite {quoted(suite)}; it has {', '.join(found)}")
    return fitting.fit(suites.build(tables.read(directory, suite or found[0])), aim)


def _from_ledger(ledger: Path | None, route: str | None, until: str, aim: "Aim") -> "Policy":
    from trunkline.backtest import decisions, fit_logged  # noqa: PLC0415 - as above

    before = moment(until, wall_millis())
    rows = decisions.of_route([row for row in logged_rows(ledger) if row.at < before], route, "--route")
    learnt = fit_logged.fit(rows, aim)
    route = quoted(rows[0].route)
    _say(f"{learnt.decisions:,} logged decisions of the route {route}, {learnt.clusters} kinds of prompts")
    for model, (count, effective) in learnt.scored.items():
        _say(f"  {model}: {count:,} scored answers, worth {effective:,.0f} drawn evenly")
    for model, why in learnt.left_out.items():
        _say(f"  {model} is not fitted ({why}): it stays with what is known of it without")
    _say(
        "not fitted: words, as the ledger keeps no prompts; and when a cascade's answer will do, as it keeps no "
        "answers of several models to one prompt. A cascade goes on untrained: two agree, else the best"
    )
    return learnt.policy


def _write(policy: "Policy", output: Path) -> None:
    from trunkline.routing.learned import policy as files  # noqa: PLC0415 - as above

    with written(output):
        size = files.write(policy, output)
    best = quoted(policy.best_model)
    _say(f"{output}: {size:,} bytes, {len(policy.models)} models, best {best}")
    kept = policy.floor
    if not kept.shown:
        _say(
            f"the floor of {kept.declared:.1%} could not be shown at {kept.confidence:.0%} confidence on "
            f"{kept.prompts:,} prompts: {best} answers everything. More prompts, a lower --floor or a lower "
            "--confidence may help."
        )
        return
    _say(
        f"floor {kept.declared:.1%} shown at {kept.confidence:.0%}: quality {kept.quality:.1%} of the best (at least "
        f"{kept.quality_low:.1%}), cost saved {kept.saved:.1%}, on {kept.prompts:,} prompts"
    )
    order = " > ".join(map(quoted, dict.fromkeys((*policy.probes, policy.best_model))))
    _say(f"asks in order: {order}" if policy.probes else "asks one model, chosen by the prompt")


def _say(text: str) -> None:
    """Names come from tables and ledgers: nothing in them is markup."""
    console().print(text, markup=False, highlight=False, soft_wrap=True)
