"""``trunkline judge``: has answers judged, measures judges against people, and says what their scores are worth.

Refuses to judge by itself: the models of a house do.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.progress import Progress
from rich.table import Table

import trunkline
from trunkline.cli.check import console
from trunkline.cli.found_config import config_option, found_config
from trunkline.cli.found_ledger import ledger_option, look, settings
from trunkline.core.errors import ConfigError
from trunkline.core.money import usd
from trunkline.gateway.config import Config
from trunkline.quality.agreement import Agreement, Compared, agreement, longer_wins
from trunkline.quality.judged_rows import Judged, ToJudge, calibrated, read_judged, read_rows
from trunkline.quality.judging_files import FileJudging
from trunkline.quality.quality_report import ModelReport, from_rows, from_scores
from trunkline.quality.rubric import Rubric, built_in
from trunkline.stores.scores import ScoreQuery

MOST_SCORES = 200_000
_file = click.Path(path_type=Path, dir_okay=False, exists=True)
F = TypeVar("F", bound=Callable[..., Any])
_judging: list[Callable[[Any], Any]] = [
    click.option("--judge", "judges", multiple=True, required=True, help="Model that judges; may be said again."),
    click.option("--rubric", default="general", show_default=True, help="Built in, or of the config's quality."),
    click.option("--criteria", is_flag=True, help="The judge first writes down what a good answer must have."),
    click.option("--own-family", is_flag=True, help="Let a judge judge models of its own family."),
    click.option("--concurrent", default=4, show_default=True, type=click.IntRange(1, 256), help="Rows at once."),
    click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write each row's result here."),
    click.option("--json", "as_json", is_flag=True, help="Print figures for programs."),
]


def _with(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group()
def judge() -> None:
    """Have answers judged, and find out what judges are worth."""


@judge.command()
@click.argument("file", type=_file)
@_with(_judging)
@config_option
def run(file: Path, path: Path | None, out: Path | None, *, as_json: bool, **said: Any) -> None:
    """Judge every row of FILE: one JSON object a line, with request and response, or with request, a and b."""
    rows = asyncio.run(_judged(read_rows(file), path, **said))
    _written(rows, out)
    scores = [row.score for row in rows if row.score is not None]
    told = {
        "rows": len(rows),
        "judged": len(scores) + sum(row.orders is not None and None not in row.orders for row in rows),
        "mean": sum(scores) / len(scores) if scores else None,
        "cost_usd": _cost(rows),
    }
    if as_json:
        click.echo(msgspec.json.encode(told))
        return
    mean = "no score" if told["mean"] is None else f"mean score {told['mean']:.3f}"
    click.echo(f"{told['judged']} of {len(rows)} rows judged, {mean}, cost {told['cost_usd'] or 'unknown'} dollars")
    for row in [row for row in rows if row.why][:5]:
        click.echo(f"row {row.id}: {row.why}", err=True)


@judge.command()
@click.argument("gold", type=_file)
@_with(_judging)
@config_option
def calibrate(gold: Path, path: Path | None, out: Path | None, *, as_json: bool, **said: Any) -> None:
    """Measure a judge against people: GOLD's rows also have a score from 0 to 1, or the label a, b or tie."""
    labelled = [row for row in read_rows(gold) if row.score is not None or row.label is not None]
    if not labelled:
        raise ConfigError(f"{gold}: no row has a score or a label by people")
    rows = asyncio.run(_judged(labelled, path, **said))
    _written(rows, out)
    told: dict[str, Any] = {"cost_usd": _cost(rows)}
    pairs = compared(rows)
    if any(row.people is not None for row in rows):
        told["scores"] = calibrated(rows)
    if pairs:
        told["pairs"], told["longer_wins"] = agreement(pairs), longer_wins(pairs)
    if as_json:
        click.echo(msgspec.json.encode(told))
    else:
        _shown(told)


@judge.command()
@click.option("--run", "ran", type=_file, help="What `judge run -o` wrote; left out: the scores in the ledger.")
@click.option("--gold", type=_file, help="What `judge calibrate -o` wrote: the means are corrected by it.")
@click.option("--json", "as_json", is_flag=True, help="Print figures for programs.")
@ledger_option
@config_option
def report(ran: Path | None, gold: Path | None, ledger: Path | None, path: Path | None, *, as_json: bool) -> None:
    """Say how good each model's answers are, corrected for what is known of the judge, with 95 % intervals."""
    labelled = read_judged(gold) if gold is not None else []
    if ran is not None:
        models = from_rows(read_judged(ran), labelled)
    else:
        query = ScoreQuery(limit=MOST_SCORES)
        scores = look(settings(ledger, path), lambda store: store.quality.scores(query))
        models = from_scores(scores, labelled)
    if as_json:
        click.echo(msgspec.json.encode(models))
    elif models:
        console().print(_table(models))
    else:
        click.echo("nothing has been judged yet")


async def _judged(
    rows: Sequence[ToJudge], path: Path | None, *, judges: Sequence[str], rubric: str, criteria: bool,
    own_family: bool, concurrent: int,
) -> list[Judged]:  # fmt: skip
    config = found_config(path)[0]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(trunkline.open(config))
        asked = [client.judge(name) for name in judges]
        progress = stack.enter_context(Progress(transient=True, console=_stderr()))
        task = progress.add_task("judging", total=len(rows))
        judging = FileJudging(
            asked,
            _rubric(config, rubric),
            given="criteria" if criteria else "nothing",
            own_family=own_family,
            concurrent=concurrent,
            done=lambda: progress.advance(task),
        )
        return await judging.judge(rows)


def _stderr() -> Any:
    from rich.console import Console  # noqa: PLC0415 - progress is for people, figures are for pipes

    return Console(stderr=True)


def _rubric(config: Config, name: str) -> str | Rubric:
    own = config.quality.rubrics if config.quality is not None else ()
    return next((rubric for rubric in own if rubric.name == name), built_in().get(name, name))


def compared(rows: Sequence[Judged]) -> list[Compared]:
    """The rows that are pairs with a label."""
    return [
        Compared(row.label, row.orders[0], row.orders[1], *row.lengths)
        for row in rows
        if row.label is not None and row.orders is not None and row.lengths is not None
    ]


def _written(rows: Sequence[Judged], out: Path | None) -> None:
    if out is not None:
        out.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def _cost(rows: Sequence[Judged]) -> str | None:
    costs = [row.cost for row in rows]
    return None if None in costs else usd(sum(filter(None, costs)))


def _shown(told: dict[str, Any]) -> None:
    table = Table("figure", "value", box=None, pad_edge=False)
    if "scores" in told:
        found = told["scores"]
        table.add_row("answers with both scores", f"{found.rows}, {found.unjudged} unjudged")
        table.add_row("bias: the judge's mean less people's", f"{found.bias:+.3f}")
        table.add_row("mean distance", f"{found.error:.3f}")
        table.add_row("correlation", "none" if found.together is None else f"{found.together:.2f}")
    if "pairs" in told:
        pairs: Agreement = told["pairs"]
        table.add_row("one order agrees with people", str(pairs.one_order))
        table.add_row("the orders are alike", str(pairs.decided))
        table.add_row("of those agree with people", str(pairs.two_orders))
        table.add_row(
            "gain of two orders", f"{pairs.gain.value:+.1%} ({pairs.gain.low:+.1%} to {pairs.gain.high:+.1%})"
        )
        table.add_row("verdicts for the first place", str(pairs.first_place))
        longer = pairs.longer
        table.add_row("taste for length", f"{longer.value:+.1%} ({longer.low:+.1%} to {longer.high:+.1%})")
        table.add_row("unread verdicts", str(pairs.unread))
        table.add_row("the longer answer wins, in comparison", str(told["longer_wins"]))
    table.add_row("cost", "unknown" if told["cost_usd"] is None else f"${told['cost_usd']}")
    console().print(table)


def _table(models: Sequence[ModelReport]) -> Table:
    table = Table(
        "model", "judged", "unjudged", "judge's mean", "quality", "95 %", "rests on", box=None, pad_edge=False
    )
    for one in models:
        mean = "" if one.raw is None else f"{one.raw:.3f}"
        quality, interval = ("", "") if one.mean is None else (f"{one.mean:.3f}", f"{one.low:.3f} to {one.high:.3f}")
        table.add_row(one.model, str(one.judged), str(one.unjudged), mean, quality, interval, one.basis)
    return table
