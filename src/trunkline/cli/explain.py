"""``trunkline explain``: where would this request go, and why?

Refuses to send it, and to make a ledger. It knows the scores of the ledger that is there and no latencies, circuits and
sessions; what a running house decided is asked at /admin/decisions.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import replace
from rich.table import Table

from trunkline.cli.check import console
from trunkline.cli.found_config import config_option, found_config
from trunkline.core.call import Call, Caller
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import CallError, ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.providers.quirks import CALLERS
from trunkline.routing.decision import Decision

SHOWN = ("tokens", "output_tokens", "reasoning", "code", "mathematics", "constraints", "tools", "images", "score")


@click.command()
@click.argument("request", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@config_option
@click.option("--strategy", help="Decide by this strategy, if the model's route allows it.")
@click.option("--require", "requires", multiple=True, help="A tag that whoever is asked must have; may be repeated.")
@click.option("--key", help="Name of the virtual key whose request it is.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything that is drawn.")
@click.option(
    "--dialect",
    type=click.Choice(list(CALLERS)),
    default="openai",
    show_default=True,
    help="What the request is written in.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole decision as JSON.")
def explain(
    request: Path,
    path: Path | None,
    strategy: str | None,
    requires: tuple[str, ...],
    key: str | None,
    seed: int,
    dialect: DialectName,
    *,
    as_json: bool,
) -> None:
    """Decide for the REQUEST in a JSON file (- for standard input) as the gateway would, and show why."""
    config, _ = found_config(path)
    body = sys.stdin.buffer.read() if str(request) == "-" else _read(request)
    spoken: Dialect = CALLERS[dialect]()
    try:
        call = Call(body, spoken, caller=_caller(config, key), strategy=strategy, requires=requires)
        decision = asyncio.run(_decided(_looking(config), call, seed))
    except CallError as error:
        raise ConfigError(f"{request}: {error}") from error
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(decision.explained()), indent=2))
    else:
        _show(decision)


def _looking(config: Config) -> Config:
    """The config without a ledger that is not there yet."""
    ledger = config.ledger
    if ledger is None or ledger.path is None or Path(ledger.path).expanduser().exists():
        return config
    return replace(config, ledger=replace(ledger, path=None))


async def _decided(config: Config, call: Call, seed: int) -> Decision:
    """As a gateway of this config that has just been started."""
    gateway = Gateway(config)
    try:
        if gateway.quality is not None:
            await gateway.quality.book.load()
        return gateway.route(call, seed)
    finally:
        await gateway.aclose()


def _read(request: Path) -> bytes:
    try:
        return request.read_bytes()
    except OSError as error:
        raise ConfigError(f"{request} cannot be read: {error.strerror}") from error


def _caller(config: Config, name: str | None) -> Caller:
    if name is None:
        return Caller("explain")
    row = next((row for row in config.keys if row.name == name), None)
    if row is None:
        known = ", ".join(row.name for row in config.keys) or "none"
        raise ConfigError(f"--key {name!r} is no key of this config; its keys are: {known}")
    return row.caller


def _show(decision: Decision) -> None:
    told = decision.explained()
    screen = console()
    screen.print(f"[bold]{decision.target}[/bold] by [bold]{decision.strategy}[/bold] for the model {decision.route}")
    screen.print(", ".join(f"{name} {told['complexity'][name]}" for name in SHOWN), style="dim")
    screen.print(_candidates(told["candidates"]))
    for one in told["excluded"]:
        screen.print(f"not {one['target']}: {one['reason']}")
    if decision.probes:
        screen.print(f"first asked side by side: {', '.join(map(str, decision.probes))}")


def _candidates(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "target", "quality", "95 %", "from", "cost", "instead", "latency", "score", "propensity"):
        table.add_column(name, justify="left" if name in {"target", "from"} else "right")
    for row in rows:
        quality = row["quality"]
        table.add_row(
            str(row["rank"]),
            row["target"],
            f"{quality['mean']:.3f}",
            f"{quality['low']:.2f}-{quality['high']:.2f}",
            row["quality_from"],
            _dollars(row["cost_usd"]),
            "" if row["rank"] == 1 else _difference(row["instead_usd"]),
            "" if row["latency_seconds"] is None else f"{row['latency_seconds']:.2f} s",
            f"{row['score']:.4g}",
            f"{row['propensity']:.3g}",
        )
    return table


def _dollars(amount: str | None) -> str:
    return "unknown" if amount is None else f"${amount}"


def _difference(amount: str | None) -> str:
    return "" if amount is None else amount if amount.startswith("-") else f"+{amount}"
