"""``trunkline providers``: the rows trunkline knows, and which of them a house has.

Refuses to ask any of them: ``trunkline check --live`` does.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec
from rich.table import Table

from trunkline.cli.check import console
from trunkline.cli.found_config import config_option
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import default_file, load
from trunkline.gateway.listen import is_loopback
from trunkline.providers.provider import Provider
from trunkline.providers.registry import known, rows


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def providers(path: Path | None, *, as_json: bool) -> None:
    """List every provider known by name, and those of a config: dialects, keys, and when its facts were read."""
    found = path or default_file(Path())
    config = None if found is None else load(found)
    listed = list(_listed(config, os.environ))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))
    else:
        console().print(_table(listed))


def _listed(config: Config | None, environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The house's own first, then the rows it does not use."""
    own = {} if config is None else config.providers
    for provider in own.values():
        own_machine = is_loopback(urlsplit(provider.address).hostname or "")
        yield _told(provider, "configured", provider.has_key or not provider.needs_key or own_machine)
    for name in rows():
        if name not in own:
            provider = known(name)
            has_key = any(environ.get(variable, "").strip() for variable in provider.key_env)
            yield _told(provider, "known", has_key or not provider.needs_key)


def _told(provider: Provider, state: str, ready: bool) -> dict[str, Any]:
    return {
        "name": provider.name,
        "state": state,
        "has_key": ready,
        "url": provider.url if state == "known" else provider.address,
        "dialects": list(provider.dialects),
        "key_env": list(provider.key_env),
        "docs": provider.docs,
        "as_of": provider.as_of,
    }


def _table(listed: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("provider", "here", "key", "dialects", "address", "read"):
        table.add_column(name)
    for one in listed:
        key = "yes" if one["has_key"] else ", ".join(one["key_env"]) or "none"
        here = one["state"] if one["state"] == "configured" else ""
        table.add_row(one["name"], here, key, ", ".join(one["dialects"]), one["url"], one["as_of"] or "")
    return table
