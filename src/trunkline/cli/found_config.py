"""Which config a command works on: the file it is told, the default file here, or the environment's keys.

Refuses to know what a command does with it.
"""

import os
from pathlib import Path

import click

from trunkline.gateway.config import Config
from trunkline.gateway.config_source import default_file, from_environment, load

config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Config file; left out: trunkline.yaml, .yml or .toml here, or else the environment's keys.",
)


def found_config(path: Path | None) -> tuple[Config, str]:
    """The config of a file, of the default file here, or of the environment; and how to call its source."""
    path = path or default_file(Path())
    if path is None:
        return from_environment(os.environ), "the environment"
    return load(path), str(path)
