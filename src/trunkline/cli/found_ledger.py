"""Which ledger a command means: the option's, the environment's, or the default file here.

Refuses to make one: a command that looks must not leave an empty ledger behind.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from trunkline.core.errors import ConfigError
from trunkline.core.secret import Secret
from trunkline.stores.opening import StoreSettings, open_store
from trunkline.stores.ports import Store

T = TypeVar("T")
DEFAULT_LEDGER = Path("trunkline.db")

ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="TRUNKLINE_LEDGER",
    default=DEFAULT_LEDGER,
    show_default=True,
    help="SQLite file of the ledger; or set TRUNKLINE_LEDGER.",
)
pepper_option = click.option(
    "--pepper-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Secret under which keys are digested; left out, TRUNKLINE_PEPPER, or the file beside the ledger.",
)


def settings(ledger: Path, pepper: str | None = None, *, make: bool = False) -> StoreSettings:
    """The ledger of a file. Raises ConfigError for one that is not there, unless it may be made."""
    if not make and not ledger.exists():
        raise ConfigError(f"there is no ledger at {ledger}; name it with --ledger, or start the gateway with one")
    return StoreSettings(path=str(ledger), pepper=Secret(pepper) if pepper else None)


def with_store(found: StoreSettings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with a store, and close it."""

    async def run() -> T:
        store = open_store(found)
        try:
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(run())
