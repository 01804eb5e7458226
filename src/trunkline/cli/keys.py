"""``trunkline keys``: makes, shows, ends and renews the virtual keys that callers of a gateway use.

Refuses to show a key a second time: nobody has it.
"""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from trunkline.accounting.keys import KeyRing, pepper
from trunkline.accounting.report import of_key
from trunkline.accounting.scopes import checked_name, scope_of
from trunkline.cli.check import console
from trunkline.cli.found_config import config_option
from trunkline.cli.found_ledger import T, ledger_option, look, pepper_option, settings, with_store
from trunkline.core.call import Priority
from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.opening import StoreSettings, wall_millis

_SHOWN_ONCE = "Keep it now: it is not shown again."


@click.group()
def keys() -> None:
    """Make, show, end and renew virtual keys."""


@keys.command()
@click.argument("name")
@click.option("--model", "models", multiple=True, help="Name it may use, * matching anything; may be said again.")
@click.option("--target", "targets", multiple=True, help="provider/model that may serve it; may be said again.")
@click.option("--team", help="Team whose budgets its calls count against.")
@click.option("--tag", "tags", multiple=True, help="Tag of its calls; may be said again.")
@click.option("--budget", help="Dollars it may spend in a calendar month (UTC).")
@click.option("--rpm", type=click.IntRange(1), help="Requests a minute.")
@click.option("--tpm", type=click.IntRange(1), help="Tokens a minute.")
@click.option("--concurrent", type=click.IntRange(1), help="Calls at once.")
@click.option("--requires", multiple=True, help="Tag that every target of its calls must have; may be said again.")
@click.option("--priority", type=click.Choice(get_args(Priority)), help="Who keeps dear targets when money runs short.")
@click.option("--expires", help="A day like 2027-01-31 (UTC), from which on it is refused.")
@ledger_option
@config_option
@pepper_option
def create(name: str, ledger: Path | None, path: Path | None, pepper_file: Path | None, **said: Any) -> None:
    """Make a key and show it, this once."""
    scope = _scope(said)
    checked_name(name)
    key = _with_ring(ledger, path, pepper_file, lambda ring: ring.create(name, scope), make=True)
    _told(key)


@keys.command("list")
@click.option("--all", "everyone", is_flag=True, help="Also those that are revoked or have expired.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@ledger_option
@config_option
def list_(ledger: Path | None, path: Path | None, *, everyone: bool, as_json: bool) -> None:
    """Show who has a key and what each may do."""
    now = wall_millis()
    found = look(settings(ledger, path), lambda store: store.keys.list())
    rows = [row for row in found if everyone or row.usable(now)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([of_key(row, now) for row in rows]), indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "key", "created", "state", "may"):
        table.add_column(column)
    for row in rows:
        table.add_row(escape(row.name), f"...{row.hint}", _day(row.created), _state(row, now), escape(_may(row.scope)))
    console().print(table if rows else "No keys.")


@keys.command()
@click.argument("name")
@ledger_option
@config_option
@pepper_option
def revoke(name: str, ledger: Path | None, path: Path | None, pepper_file: Path | None) -> None:
    """End a key; running gateways refuse it within two seconds."""
    _with_ring(ledger, path, pepper_file, lambda ring: ring.revoke(name))
    click.echo(f"{name} is revoked.")


@keys.command()
@click.argument("name")
@ledger_option
@config_option
@pepper_option
def rotate(name: str, ledger: Path | None, path: Path | None, pepper_file: Path | None) -> None:
    """End a key and make another that may do the same; show it, this once."""
    _told(_with_ring(ledger, path, pepper_file, lambda ring: ring.rotate(name)))


def _with_ring(
    ledger: Path | None,
    path: Path | None,
    pepper_file: Path | None,
    work: Callable[[KeyRing], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    said = pepper_file.read_text("latin-1").strip() if pepper_file else os.environ.get("TRUNKLINE_PEPPER")
    found: StoreSettings = settings(ledger, path, said, make=make)
    return with_store(found, lambda store: work(KeyRing(store.keys, pepper(found), wall_millis)))


def _told(key: str) -> None:
    """The key alone on standard output, so that it can be piped into a secret store."""
    click.echo(key)
    click.echo(_SHOWN_ONCE, err=True)


def _scope(said: dict[str, Any]) -> KeyScope:
    fields = {
        "models": said["models"] or None,
        "team": said["team"],
        "tags": said["tags"],
        "requests_per_minute": said["rpm"],
        "tokens_per_minute": said["tpm"],
        "concurrent": said["concurrent"],
        "budget_usd": said["budget"],
        "expires": said["expires"],
        "targets": said["targets"] or None,
        "priority": said["priority"],
        "requires": said["requires"],
    }
    return scope_of(fields, wall_millis())


def _state(row: KeyRow, now: int) -> str:
    if row.revoked is not None:
        return f"revoked {_day(row.revoked)}"
    return "stands" if row.usable(now) else f"expired {_day(row.scope.expires or 0)}"


def _may(scope: KeyScope) -> str:
    said = [", ".join(scope.models) if scope.models else "every model"]
    said += [f"only by {', '.join(scope.targets)}"] if scope.targets else []
    said += [f"only at {' '.join(scope.requires)}"] if scope.requires else []
    said += [f"team {scope.team}"] if scope.team else []
    said += [f"tags {' '.join(scope.tags)}"] if scope.tags else []
    said += [f"${scope.budget_usd} a month"] if scope.budget_usd else []
    limits = (
        (scope.requests_per_minute, "requests/min"),
        (scope.tokens_per_minute, "tokens/min"),
        (scope.concurrent, "at once"),
    )
    said += [f"{limit:,} {what}" for limit, what in limits if limit]
    said += [f"{scope.priority} priority"] if scope.priority != "normal" else []
    said += [f"until {_day(scope.expires)}"] if scope.expires else []
    return "; ".join(said)


def _day(millis: int) -> str:
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m-%d}"
