"""From a file or the environment to a config, or to one error that lists everything wrong with it.

Refuses to use the config: what it says is carried out elsewhere.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import structs

from trunkline.core.errors import ConfigError
from trunkline.gateway import aws_environment, google_environment
from trunkline.gateway.config import Config, Route
from trunkline.gateway.config_checks import problems
from trunkline.gateway.decoding import BROKEN, Decoding
from trunkline.gateway.document import Document, Where, read_document
from trunkline.gateway.interpolation import Interpolation
from trunkline.gateway.provider_tables import filled
from trunkline.gateway.secret_file import read_secret
from trunkline.providers.provider import Provider
from trunkline.providers.registry import known, rows

PLACEHOLDER = "//your-"  # an address that only a config can complete
DEFAULT_FILES = ("trunkline.yaml", "trunkline.yml", "trunkline.toml")
_MOST_SHOWN = 50
_FIRST_STEPS = (
    "set the key of one, such as OPENAI_API_KEY or ANTHROPIC_API_KEY (trunkline providers lists all), "
    "or write a trunkline.yaml, such as providers: {ollama: } for a server on this machine"
)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The config in a file, checked, its secrets read. Raises ConfigError with every problem, one a line."""
    environ = os.environ if environ is None else environ
    return built(read_document(path), environ)


def built(document: Document, environ: Mapping[str, str]) -> Config:
    """The config a document describes; see ``load``."""
    interpolation = Interpolation(environ)
    tree = interpolation.tree(document.tree)
    found = interpolation.problems
    silent = {where for where, _ in found}  # what could not be replaced need not be wrong in itself
    tree = {**tree, "providers": filled(tree.get("providers"), found)} if "providers" in tree else tree
    broken: set[Where] = {("providers", name) for name, table in _tables(tree).items() if table is None}
    tree = _without(tree, broken)
    silent |= {("providers",)} if broken else set()  # a table that is empty only because its one entry is wrong
    decoding = Decoding(document.folder)
    config: Config = decoding.decode(Config, tree, ())
    found += [problem for problem in decoding.problems if problem[0] not in silent]
    silent |= {where[:-1] for where, _ in found if where[-1:] == ("key",)}  # a key that cannot be read is a key
    if config is not BROKEN:
        config = _placed(_keyed(config, environ), document.folder)
        found += [problem for problem in problems(config, _tables(document.tree)) if problem[0] not in silent]
    if found:
        raise ConfigError(interpolation.masked(_listed(document, found)))
    return config


def from_environment(environ: Mapping[str, str]) -> Config:
    """No file: every known provider whose key is in the environment, its models by ``provider/model`` or bare name.

    Raises ConfigError saying what to set when none is set, or what else a provider wants whose key is set.
    """
    hosted = {row.name: _with_key(row, environ) for row in map(known, rows()) if not row.local}
    keyed = {name: one for name, one in hosted.items() if one.key is not None}
    found = {name: one for name, one in keyed.items() if not _wants(one)}
    if not found:
        wanting = [f". {one.key_env[0]} is set, but {name} wants {_wants(one)}" for name, one in keyed.items()]
        raise ConfigError("".join([f"no provider is known: {_FIRST_STEPS}", *wanting]))
    return Config(providers=found)


def _wants(provider: Provider) -> str:
    """What a config must say of a provider besides its key; empty where nothing is wanting."""
    if PLACEHOLDER in provider.url:
        return f"providers.{provider.name}.url in a trunkline.yaml, the address of your own resource"
    return "GOOGLE_CLOUD_PROJECT too" if "{project}" in provider.address else ""


def default_file(folder: Path) -> Path | None:
    """The config file of a folder, None when it has none."""
    return next((path for name in DEFAULT_FILES if (path := folder / name).is_file()), None)


def _keyed(config: Config, environ: Mapping[str, str]) -> Config:
    providers = {name: _with_key(provider, environ) for name, provider in config.providers.items()}
    return structs.replace(config, providers=providers)


def _placed(config: Config, folder: Path) -> Config:
    """The config with the files it names in its own folder, as its secrets' are, wherever the house is started."""
    prices = None if config.prices is None else str(folder / Path(config.prices).expanduser())
    ledger = config.ledger
    if ledger is not None and ledger.path is not None:
        ledger = structs.replace(ledger, path=str(folder / Path(ledger.path).expanduser()))
    models = {name: _policy_placed(route, folder) for name, route in config.models.items()}
    providers = {name: _credentials_placed(provider, folder) for name, provider in config.providers.items()}
    return structs.replace(config, prices=prices, ledger=ledger, models=models, providers=providers)


def _credentials_placed(provider: Provider, folder: Path) -> Provider:
    if provider.google is None or provider.google.file is None:
        return provider
    file = str(folder / Path(provider.google.file).expanduser())
    return structs.replace(provider, google=structs.replace(provider.google, file=file))


def _policy_placed(route: Route, folder: Path) -> Route:
    if route.policy is None:
        return route
    return structs.replace(route, policy=str(folder / Path(route.policy).expanduser()))


def _with_key(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """The provider with the key it was given, or that of the first variable set; ``key_env`` then names that one."""
    provider = google_environment.in_project(aws_environment.in_region(provider, environ), environ)
    if provider.has_key:
        return structs.replace(provider, key_env=())
    found = next((name for name in provider.key_env if environ.get(name, "").strip()), None)
    if provider.auth == "none":
        return provider
    if found is None:
        return (
            structs.replace(provider, aws=aws_environment.keys(environ)) if "bedrock" in provider.dialects else provider
        )
    return structs.replace(provider, key=read_secret(environ[found].strip(), Path(os.devnull)), key_env=(found,))


def _tables(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    tables = tree.get("providers")
    return tables if isinstance(tables, Mapping) else {}


def _without(tree: Mapping[str, Any], places: set[Where]) -> Mapping[str, Any]:
    if not places:
        return tree
    left = {name: table for name, table in _tables(tree).items() if ("providers", name) not in places}
    return {**tree, "providers": left}


def _listed(document: Document, found: Iterable[tuple[Where, str]]) -> str:
    told = dict.fromkeys(f"{document.place(where)}: {text}" for where, text in found)
    lines = sorted(told, key=lambda line: _line_number(line, document.name))
    more = len(lines) - _MOST_SHOWN
    return "\n".join([*lines[:_MOST_SHOWN], *([f"... and {more} more"] if more > 0 else [])])


def _line_number(text: str, name: str) -> int:
    number = text.removeprefix(f"{name}:").partition(":")[0]
    return int(number) if number.isdigit() else 0
