"""``trunkline check``: is this config right, and what house does it describe?

Refuses to start anything, and to ask any provider unless it is told to.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from trunkline.cli.found_config import config_option, found_config
from trunkline.gateway.config import Config
from trunkline.gateway.config_schema import schema
from trunkline.gateway.listen import refuse_open_house
from trunkline.gateway.pricing import book_of
from trunkline.gateway.profiles import fitted_of

_PIPE_WIDTH = 300


@click.command()
@config_option
@click.option("--schema", "as_schema", is_flag=True, help="Print the config's JSON Schema, for editors.")
@click.option("--live", is_flag=True, help="Also ask each provider one question of a few tokens.")
def check(path: Path | None, *, as_schema: bool, live: bool) -> None:
    """Validate a config and print the house it describes, without a secret in it."""
    if as_schema:
        click.echo(json.dumps(schema(), indent=2))
        return
    from trunkline.cli.house_tree import house_tree  # noqa: PLC0415 - a wrong config needs no tree

    config, source = found_config(path)
    refuse_open_house(config.listen, closed=config.closed)
    for name, route in config.models.items():
        fitted_of(name, route)
    console().print(house_tree(config, source, book_of(config), time.time()))
    if live:
        _ask(config)


def _ask(config: Config) -> None:
    """Exit code 1 where a provider does not answer."""
    from trunkline.cli.live import probe  # noqa: PLC0415 - the engine is loaded for those who ask

    probes = asyncio.run(probe(config))
    silent = sum(one.error is not None for one in probes)
    out = console()
    for one in probes:
        out.print(one.line, style=None if one.error is None else "red", markup=False, soft_wrap=True)
    out.print(f"{len(probes) - silent} of {len(probes)} providers answered")
    if silent:
        sys.exit(1)


def console() -> Console:
    """Standard output; as wide as need be where nobody's window ends (a pipe, a file)."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
