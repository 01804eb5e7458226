"""Which ledger a command means: the option's, the config's, the environment's, or the default file here.

Refuses to make one: a command that looks must not leave an empty ledger behind.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
from msgspec.structs import replace

from trunkline.cli.found_config import found_config
from trunkline.core.errors import ConfigError
from trunkline.core.secret import Secret
from trunkline.gateway.config_source import default_file
from trunkline.stores.opening import StoreSettings, open_store
from trunkline.stores.ports import Store

T = TypeVar("T")
VARIABLE = "TRUNKLINE_LEDGER"

ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"SQLite file of the ledger; left out: the config's, {VARIABLE}, or trunkline.db here.",
)
pepper_option = click.option(
    "--pepper-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Secret under which keys are digested; left out, TRUNKLINE_PEPPER, or the file beside the ledger.",
)


def default_ledger() -> Path:
    """Where a ledger is that no config names: what the environment says, or a file here."""
    return Path(os.environ.get(VARIABLE) or "trunkline.db")


def settings(
    ledger: Path | None, config: Path | None = None, pepper: str | None = None, *, make: bool = False
) -> StoreSettings:
    """The ledger a command means. Raises ConfigError for one that is not there, unless it may be made."""
    found = _configured(config) if ledger is None else None
    found = found or StoreSettings(path=str(ledger or default_ledger()))
    if not found.keep:
        raise ConfigError("this house keeps no ledger: its config says ledger: off")
    if found.path is None:
        raise ConfigError("this house's ledger is in memory, where only its gateway sees it; name a file in ledger")
    if not make and not Path(found.path).exists():
        raise ConfigError(f"there is no ledger at {found.path}; name it with --ledger, or start the gateway with one")
    return replace(found, pepper=Secret(pepper)) if pepper else found


def _configured(path: Path | None) -> StoreSettings | None:
    """What the config here says, if there is one."""
    return None if path is None and default_file(Path()) is None else found_config(path)[0].ledger


def look(found: StoreSettings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Read something of a store that is one already: nothing is written. Raises ConfigError."""
    return with_store(found, work, looks=True)


def with_store(found: StoreSettings, work: Callable[[Store], Awaitable[T]], *, looks: bool = False) -> T:
    """Do something with a store, and close it."""

    async def run() -> T:
        store = open_store(found, looks=looks)
        try:
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(run())
