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
from trunkline.core.errors import ConfigError
from trunkline.core.nearest import hint, quoted
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import default_file, load
from trunkline.gateway.listen import is_loopback
from trunkline.providers.provider import USUAL_AUTH, Provider
from trunkline.providers.registry import known, rows


@click.command()
@click.argument("name", required=False)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def providers(name: str | None, path: Path | None, *, as_json: bool) -> None:
    """List every provider known by name, and those of a config, with their keys; or all that is known of NAME."""
    config, wrong = _house(path)
    listed = list(_listed(config, os.environ))
    if name is not None:
        listed = [_named(name, listed)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listed if name is None else listed[0]), indent=2))
    elif name is not None:
        click.echo("\n".join(_page(listed[0])))
    else:
        console().print(_table(listed))
    if wrong is not None:
        raise wrong


def _house(path: Path | None) -> tuple[Config | None, ConfigError | None]:
    """The config, or what is wrong with it: what is known by name is listed all the same."""
    found = path or default_file(Path())
    try:
        return (None if found is None else load(found)), None
    except ConfigError as error:
        return None, error


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


def _named(name: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    for one in listed:
        if one["name"] == name:
            return one
    near = hint(name, [one["name"] for one in listed])
    raise ConfigError(f"{quoted(name)} is no provider known by name{near} trunkline providers lists all of them")


def _told(provider: Provider, state: str, ready: bool) -> dict[str, Any]:
    return {
        "name": provider.name,
        "state": state,
        "has_key": ready,
        "url": provider.url if state == "known" else provider.address,
        "dialects": list(provider.dialects),
        "speaks": {name: _speech(provider, name) for name in provider.dialects},
        "files": provider.keeps_files,
        "batches": list(provider.batches),
        "key_env": list(provider.key_env),
        "docs": provider.docs,
        "as_of": provider.as_of,
        "unconfirmed": list(provider.unconfirmed),
    }


def _speech(provider: Provider, name: Any) -> dict[str, Any]:
    """How it is asked in one dialect, with a key."""
    how = provider.dialects[name]
    return {
        "url": how.url or provider.url,
        "auth": how.auth or provider.auth or USUAL_AUTH.get(name, "bearer"),
        "quirks": how.quirks,
    }


def _table(listed: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("provider", "here", "key", "read", "dialects"):
        table.add_column(name, no_wrap=name != "dialects")
    for one in listed:
        key = "yes" if one["has_key"] else next(iter(one["key_env"]), "none")
        here = one["state"] if one["state"] == "configured" else ""
        table.add_row(one["name"], here, key, one["as_of"] or "", ", ".join(one["dialects"]))
    return table


def _page(one: dict[str, Any]) -> Iterator[str]:
    """One provider, a fact a line."""
    yield f"{one['name']}  {one['url']}  {one['state']}"
    key = " or ".join(one["key_env"]) or "none is sent"
    yield f"key: {key} ({'there' if one['has_key'] else 'not there'})"
    for name, speech in one["speaks"].items():
        where = "" if speech["url"] == one["url"] else f" at {speech['url']}"
        yield f"{name}{where}, key as {speech['auth']}"
        yield from (f"    {quirk}: {_value(value)}" for quirk, value in speech["quirks"].items())
    if one["files"]:
        yield "keeps files" + (f", and runs batches of {', '.join(one['batches'])}" if one["batches"] else "")
    if one["docs"]:
        yield f"read: {one['docs']} on {one['as_of']}"
    yield from (f"not found there: {gap}" for gap in one["unconfirmed"])


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value).lower()
