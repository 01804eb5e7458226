"""``trunkline status``: what a running gateway knows of its targets.

Refuses to judge: the gateway's own words are shown.
"""

import json
import urllib.error
import urllib.request
from typing import Any

import click
from rich.table import Table

from trunkline.cli.check import console

SECONDS = 5.0


@click.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Base URL of the gateway.")
@click.option("--key", envvar="TRUNKLINE_ADMIN_KEY", help="Its admin key; by default from TRUNKLINE_ADMIN_KEY.")
@click.option("--json", "as_json", is_flag=True, help="Print what the gateway said.")
def status(url: str, key: str | None, *, as_json: bool) -> None:
    """Show each target's state, why, and until when."""
    told = _asked(url.rstrip("/") + "/admin/health", key)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    console().print(_table(told["targets"]))
    if not told["targets"]:
        click.echo("no target has been asked yet")
    click.echo(f"{told['status']}, up {told['uptime_seconds']:.0f} s, {told['calls_open']} calls open")


def _asked(url: str, key: str | None) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise click.ClickException(f"{url} is no URL of a gateway; it begins with http:// or https://")
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"} if key else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - the scheme is checked above
            told: dict[str, Any] = json.load(response)
            return told
    except urllib.error.HTTPError as error:
        said = json.load(error).get("detail", error.reason)
        raise click.ClickException(f"the gateway said: {said}") from error
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"no gateway answers at {url}: {error}; is it running? Name it with --url"
        ) from error


def _table(targets: list[dict[str, Any]]) -> Table:
    table = Table("target", "state", "in flight", "first content p50", "p95", "why", box=None, pad_edge=False)
    for target in targets:
        state = "ready" if target["why"] is None else "shut"
        flight = f"{target['in_flight']} of {target['limit']}"
        times = (_ms(target["first_content_p50"]), _ms(target["first_content_p95"]))
        table.add_row(target["target"], state, flight, *times, target["why"] or "")
    return table


def _ms(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds * 1000:.0f} ms"
