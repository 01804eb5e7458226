"""`trunkline simulate`: serve simulated providers from a file.
It refuses to know how; the simulator's own command does.
"""

import click

from trunkline.simulator.command import run
from trunkline.simulator.config import ConfigError


@click.command()
@click.option("-c", "--config", required=True, metavar="FILE", help="YAML file with the simulated providers.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8900, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--log", metavar="FILE", help="Ground-truth log, - for stdout; overrides the file's `log`.")
def simulate(config: str, host: str, port: int, log: str | None) -> None:
    """Serve simulated LLM providers in every dialect, with prices, latencies, limits and scripted faults."""
    try:
        run(config, host, port, log)
    except (ConfigError, OSError) as error:
        raise click.ClickException(str(error)) from error
