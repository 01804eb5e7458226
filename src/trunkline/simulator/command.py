"""What `trunkline simulate` does: serve a config file until told to stop.
It refuses to parse a command line.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import BinaryIO

from trunkline.simulator.config import Config, load_config
from trunkline.simulator.config import Provider as ProviderConfig
from trunkline.simulator.simulator import Simulator


def run(path: str, host: str, port: int, log: str | None) -> None:
    """Serve the file at `path` until SIGTERM or SIGINT. Raises ConfigError, and OSError for the address or the log."""
    config = load_config(path)
    where = log or config.log
    if where is None or where == "-":
        _run(_serve(config, host, port, sys.stdout.buffer if where else None))
        return
    with Path(where).open("ab") as file:
        _run(_serve(config, host, port, file))


def _run(main: Coroutine[None, None, None]) -> None:
    try:
        import uvloop  # noqa: PLC0415  faster, and not there on every system
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def _serve(config: Config, host: str, port: int, log_file: BinaryIO | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Simulator(config, host=host, port=port, log_file=log_file) as simulator:
        # A log on stdout is for programs: the greeting moves out of its way.
        out = sys.stderr if log_file is sys.stdout.buffer else sys.stdout
        print(
            f"simulator listening on {simulator.url}", greeting(config, simulator.url), sep="\n", file=out, flush=True
        )
        await stop.wait()


def greeting(config: Config, url: str) -> str:
    """A short table of the providers, and a curl line to try."""
    rows: list[tuple[str, ...]] = [
        ("PROVIDER", "DIALECTS", "FIRST TOKEN", "TOKENS/S", "FAULTS", "MODELS (INPUT/OUTPUT $ PER MILLION TOKENS)")
    ]
    rows += [_row(name, provider) for name, provider in config.providers.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] + [0]
    table = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    name, provider = next(iter(config.providers.items()))
    model = next(iter(provider.models))
    key = provider.keys[0] if provider.keys else "any"
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "What is 17 + 25?"}}]}}'
    return f"\n{table}\n\ncurl {url}/{name}/v1/chat/completions -H 'authorization: Bearer {key}' -d '{body}'\n"


def _row(name: str, provider: ProviderConfig) -> tuple[str, ...]:
    latency = provider.latency
    models = [f"{key} ({model.prices.input}/{model.prices.output})" for key, model in provider.models.items()]
    return (
        name,
        ",".join(provider.dialects),
        f"{latency.first_token.median:g} s",
        f"{latency.tokens_per_second:g}" if latency.tokens_per_second else "all",
        str(len(provider.faults)),
        ", ".join(models),
    )
