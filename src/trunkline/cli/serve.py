"""``trunkline serve``: the gateway as a process.

Refuses to know how it serves.
"""

import logging
import os
from pathlib import Path

import click
from msgspec.structs import replace

from trunkline.cli.found_config import config_option, found_config
from trunkline.cli.found_ledger import default_ledger
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.stores.opening import StoreSettings


@click.command()
@config_option
@click.option("--listen", help="host:port, over the config's.")
def serve(path: Path | None, listen: str | None) -> None:
    """Run the gateway until SIGTERM; on SIGHUP read the config again."""
    from trunkline.server.run import serve as run  # noqa: PLC0415 - after --help and errors of the config

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # its warnings are strangers' bad requests
    ledger: list[StoreSettings] = []

    def read() -> Config:
        config, _ = found_config(path)
        if config.ledger is None and not ledger:
            ledger.append(_ledger())
        return replace(config, listen=listen or config.listen, ledger=config.ledger or ledger[0])

    run(read(), _announce, read)


def _ledger() -> StoreSettings:
    """The file that commands look into; memory where nothing can be written, since nobody asked for a file."""
    path = default_ledger()
    if os.access(path if path.exists() else path.parent, os.W_OK):
        return StoreSettings(path=str(path))
    click.echo(
        f"no ledger can be kept at {path}: what is spent is forgotten when this ends; set ledger in the config",
        err=True,
    )
    return StoreSettings()


def _announce(url: str, gateway: Gateway) -> None:
    names = list(gateway.config.models) or gateway.model_names()
    model = names[0] if names else "provider/model"
    auth = ' -H "authorization: Bearer $YOUR_KEY"' if gateway.config.keys else ""
    click.echo(f"trunkline listening on {url}")
    click.echo(f"  dashboard: {url}/dashboard")
    click.echo(f"  models: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}")
    if gateway.money is not None and gateway.money.settings.path is not None:
        click.echo(f"  ledger: {gateway.money.settings.path}")
    click.echo(
        f"""  try: curl {url}/v1/chat/completions{auth} -H 'content-type: application/json' """
        f"""-d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Say hi."}}]}}'"""
    )
