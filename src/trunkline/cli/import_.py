"""``trunkline import``: another gateway's config, turned into ours.

Refuses to overwrite a file, and to keep silent of what has no counterpart.
"""

from pathlib import Path

import click
import yaml

from trunkline.core.errors import ConfigError
from trunkline.gateway.from_litellm import imported


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
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: cannot be read: {' '.join(str(error).split())}") from None
    found = imported(document)
    text = yaml.dump(found.config, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    if to is None:
        click.echo(text, nl=False)
    elif to.exists():
        raise ConfigError(f"{to} exists; name another file, or move it away")
    else:
        to.write_text(text, "utf-8")
        click.echo(f"wrote {to}; trunkline check -c {to} says whether it can be used", err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
