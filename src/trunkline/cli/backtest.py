"""``trunkline backtest``: what routing would have saved on tables of outcomes, and how much quality it would have kept.

Refuses to compute; needs the extra ``trunkline[backtest]``.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from trunkline.cli.check import console
from trunkline.cli.found_ledger import ledger_option
from trunkline.cli.off_policy import needs_numpy, off_policy
from trunkline.cli.share import Share, written
from trunkline.core.errors import TrunklineError
from trunkline.core.nearest import quoted

if TYPE_CHECKING:  # numpy is loaded when the command runs, not when its help is shown
    from trunkline.backtest.replay import Finding
    from trunkline.backtest.strategies import Aim

STRATEGIES = ("cascade", "sure", "untrained", "prompt", "heuristic", "static", "random", "best")
_HELP = "Share of the best single model's quality that must be kept."


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option(
    "--strategy", "strategies", multiple=True, type=click.Choice(STRATEGIES), help="Only these; the default is all."
)
@click.option("--suite", "suites", multiple=True, help="Only these suites of the directory.")
@click.option("--floor", type=Share(0.5, 1.0), default=0.99, show_default=True, help=_HELP)
@click.option("--confidence", type=Share(0.5, 0.999), default=0.5, show_default=True, help="That it is kept.")
@click.option("--splits", type=click.IntRange(1, 1000), default=12, show_default=True, help="Random halves.")
@click.option("--jobs", type=click.IntRange(1, 64), default=min(os.cpu_count() or 1, 8), help="Processes.")
@ledger_option
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A config whose strategies to judge by the ledger.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with curves.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Write the tables as Markdown.")
def backtest(
    directory: Path | None,
    strategies: tuple[str, ...],
    suites: tuple[str, ...],
    floor: float,
    confidence: float,
    splits: int,
    jobs: int,
    ledger: Path | None,
    policy: Path | None,
    *,
    as_json: bool,
    report: Path | None,
    write: Path | None,
) -> None:
    """Replay routing on DIRECTORY: NAME_queries, NAME_outcomes and, where kept, NAME_answers (parquet, CSV or JSONL).

    Everything is fitted and every threshold chosen on one random half, and measured on the other.

    With --policy instead of DIRECTORY: judge a config's strategies by the decisions that our own ledger logged.
    """
    needs_numpy()
    if (directory is None) == (policy is None):
        raise click.UsageError("name a DIRECTORY of tables, or a --policy to judge by the --ledger")
    if policy is not None:
        off_policy(policy, ledger, floor=floor, as_json=as_json)
    elif directory is not None:
        aim = (floor, confidence)
        _on_tables(directory, aim, splits, strategies or STRATEGIES, jobs, suites, report, write, as_json=as_json)


def _on_tables(
    directory: Path,
    asked: tuple[float, float],
    splits: int,
    names: tuple[str, ...],
    jobs: int,
    suites: tuple[str, ...],
    report: Path | None,
    write: Path | None,
    *,
    as_json: bool,
) -> None:
    from trunkline.backtest.strategies import Aim  # noqa: PLC0415 - see above

    for path in (report, write):
        if path is not None and not path.absolute().parent.is_dir():
            raise TrunklineError(f"{path} cannot be written: its directory does not exist; make it, or name another")
    aim = Aim(*asked)
    found = _run(directory, aim, splits, names, jobs, suites)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for finding in found:
            console().print(_table(finding))
    _save(found, aim, report, write)


def _run(
    directory: Path, aim: "Aim", splits: int, names: tuple[str, ...], jobs: int, suites: tuple[str, ...]
) -> "list[Finding]":
    from trunkline.backtest import replay, tables  # noqa: PLC0415 - see above

    wanted = [name for name in tables.suites(directory) if not suites or name in suites]
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("replaying", total=len(wanted) * splits)

        def told(name: str) -> None:
            progress.update(task, advance=1, description=name)

        return replay.backtest(directory, aim, splits, names, jobs=jobs, told=told, only=suites)


def _save(found: "list[Finding]", aim: "Aim", report: Path | None, write: Path | None) -> None:
    from trunkline.backtest import markdown  # noqa: PLC0415 - see above
    from trunkline.backtest.report import html  # noqa: PLC0415

    if report is not None:
        with written(report):
            report.write_text(html(found, aim), encoding="utf-8")
    if write is not None:
        with written(write):
            write.write_text(markdown.page(found, aim), encoding="utf-8")


def _captions(finding: "Finding") -> list[str]:
    told = [f"shares of the best single model in hindsight ({quoted(finding.best)} over all), with 95 % intervals"]
    if finding.left_out:
        told.append(f"left out, for outcomes of too few prompts: {', '.join(map(quoted, finding.left_out))}")
    return told


def _table(finding: "Finding") -> Table:
    from trunkline.backtest.report import percent, title  # noqa: PLC0415 - see above

    table = Table(
        title=escape(f"{finding.suite}: {finding.prompts:,} prompts, {finding.models} models, {finding.splits} halves"),
        caption=escape("\n".join(_captions(finding))),
    )
    for column in ("strategy", "cost saved", "quality kept", "calls", "latency"):
        table.add_column(column, justify="left" if column == "strategy" else "right")
    for name, line in finding.lines.items():
        latency = "unknown" if line.latency is None else f"{line.latency.value:.2f} s"
        table.add_row(title(name), percent(line.saved), percent(line.quality), f"{line.calls:.2f}", latency)
    return table
