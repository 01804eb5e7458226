"""``trunkline check``: is this config right, and what house does it describe?

Refuses to start anything and to ask any provider.
"""

import json
import os
from pathlib import Path

import click
from rich.console import Console

from trunkline.gateway.config import Config
from trunkline.gateway.config_schema import schema
from trunkline.gateway.config_source import default_file, from_environment, load
from trunkline.gateway.listen import refuse_open_house

_PIPE_WIDTH = 300


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Config file; left out: trunkline.yaml, .yml or .toml here, or else the environment's keys.",
)
@click.option("--schema", "as_schema", is_flag=True, help="Print the config's JSON Schema, for editors.")
def check(path: Path | None, *, as_schema: bool) -> None:
    """Validate a config and print the house it describes, without a secret in it."""
    if as_schema:
        click.echo(json.dumps(schema(), indent=2))
        return
    from trunkline.cli.house_tree import house_tree  # noqa: PLC0415 - a wrong config needs no tree

    config, source = found_config(path)
    refuse_open_house(config.listen, keys=len(config.keys))
    console().print(house_tree(config, source))


def console() -> Console:
    """Standard output; as wide as need be where nobody's window ends (a pipe, a file)."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def found_config(path: Path | None) -> tuple[Config, str]:
    """The config of a file, of the default file here, or of the environment; and how to call its source."""
    path = path or default_file(Path())
    if path is None:
        return from_environment(os.environ), "the environment"
    return load(path), str(path)
