"""``trunkline import``: another gateway's config, turned into ours.

Refuses to overwrite a file, and to keep silent of what has no counterpart.
"""

from pathlib import Path
from typing import Any

import click
import yaml

from trunkline.core.errors import ConfigError
from trunkline.gateway.from_litellm import imported
from trunkline.gateway.yaml_document import parse_yaml


class _Plain(yaml.SafeDumper):
    """Without anchors: the file is for people, who change one place of two that begin alike."""

    def ignore_aliases(self, data: object) -> bool:
        """What stands twice is written twice."""
        return True


@click.group("import")
def import_() -> None:
    """Turn another gateway's config into ours."""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write here; left out: standard output.")
def litellm(file: Path, to: Path | None) -> None:
    """Read LiteLLM's config FILE; what it means goes out, what has no counterpart is said on standard error."""
    document = _read(file)
    found = imported(document)
    text = yaml.dump(found.config, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    if to is None:
        click.echo(text, nl=False)
    elif to.exists():
        raise ConfigError(f"{to} exists; name another file, or move it away")
    else:
        _write(to, text)
        click.echo(f"wrote {to}; trunkline check -c {to} says whether it can be used", err=True)
    for note in found.notes:
        click.echo(f"note: {_shown(note)}", err=True)


def _read(file: Path) -> Any:
    """The document, read as LiteLLM reads it, once our own reader found nothing hostile in it. Raises ConfigError."""
    try:
        text = file.read_text("utf-8")
        parse_yaml(text, str(file))  # bounds: depth, aliases, names that stand twice
        return yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:  # a day that no month has is a ValueError
        raise ConfigError(f"{file}: cannot be read: {_shown(' '.join(str(error).split()))}") from None


def _write(to: Path, text: str) -> None:
    try:
        to.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{to} cannot be written: {error.strerror}; name another file") from None


def _shown(text: str) -> str:
    """Names come from the file: nothing in them may steer a terminal, or begin a line of its own."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
