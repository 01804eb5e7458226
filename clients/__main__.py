"""``python -m clients``: real clients, unmodified, each in an environment of its own, against a running gateway.

Refuses to know what a client does: its program says how its scenes went.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clients import house, rooms
from clients.rows import CLIENTS, HERE, Client
from clients.table import Played, Result, lines, markdown, short

AT_ONCE = 2  # installations and programs; the machines of CI have two cores
PATIENCE = 1800.0  # seconds for all scenes of a client: some start anew for each
PAGE = HERE.parent / "docs" / "clients.md"
BEGIN, END = "<!-- make clients ARGS=--write: begin -->\n", "<!-- make clients ARGS=--write: end -->\n"


def say(what: str) -> None:
    """A line of progress."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


async def furnished(clients: Sequence[Client]) -> dict[str, rooms.Room | str]:
    """Each environment that is needed, or why it could not be made."""
    places = asyncio.Semaphore(AT_ONCE)
    found: dict[str, rooms.Room | str] = {}

    async def furnish(name: str, *, npm: bool) -> None:
        async with places:
            began = time.monotonic()
            try:
                found[name] = await rooms.ready(name, npm=npm)
            except rooms.NotInstalled as error:
                found[name] = str(error)
            seconds = time.monotonic() - began
            told = f"not installed: {short(found[name])}" if isinstance(found[name], str) else "ready"
            say(f"environment {name:10} {told}, {seconds:.0f} s")

    wanted = {client.room: client.npm for client in clients}
    if any(wanted.values()):
        await furnish(rooms.NODE, npm=False)
    await asyncio.gather(*(furnish(name, npm=npm) for name, npm in wanted.items()))
    return found


async def tried(clients: Sequence[Client], found: dict[str, rooms.Room | str], folder: Path) -> list[Result]:
    """What became of each, in their order."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(client: Client, open_house: house.House) -> Result:
        room = found[client.room]
        if isinstance(room, str):
            return Result(client, (), f"not installed: {room}")
        async with places:
            began = time.monotonic()
            result = await played(client, room, open_house)
        told = "ok" if result.ok else f"{len(result.failed)} FAILED {short(result.missing)}".rstrip()
        seconds = time.monotonic() - began
        say(f"{client.title:32} {client.version:10} {len(result.played):4} scenes {told}, {seconds:.0f} s")
        return result

    async with house.opened(folder) as open_house:
        return list(await asyncio.gather(*(one(client, open_house) for client in clients)))


async def played(client: Client, room: rooms.Room, open_house: house.House) -> Result:
    """Run a client's program to its end."""
    process = await asyncio.create_subprocess_exec(
        *room.command, str(HERE / client.program), env={**room.environ, **open_house.environ},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        said, beside = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        return Result(client, (), f"it did not end within {PATIENCE:g} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # what a client prints by itself stands between
    told = [Played(**json.loads(line)) for line in said.splitlines() if line.startswith(b'{"dialect":')]
    missing = "" if process.returncode == 0 else f"ended with {process.returncode}: {beside.decode()[-300:]}"
    return Result(client, told, missing or ("" if told else "it played no scene"))


def write(results: Sequence[Result]) -> None:
    """Put the table into docs/clients.md."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(results, old)}\n{END}{after}", "utf-8")


async def run(chosen: argparse.Namespace) -> int:
    """Install, try, tell. 1 where a client failed or could not be installed."""
    clients = [
        client
        for client in CLIENTS
        if (client.light or not chosen.light) and (not chosen.names or client.program_name in chosen.names)
    ]
    with TemporaryDirectory() as folder:
        results = await tried(clients, await furnished(clients), Path(folder))
    say("\n" + "\n".join(lines(results)))
    scenes, failed = (sum(map(len, each)) for each in zip(*((r.played, r.failed) for r in results), strict=True))
    say(f"\n{len(results)} clients, {scenes} scenes, {failed} failed, {sum(not r.ok for r in results)} clients not ok")
    if chosen.write:
        write(results)
    return 0 if all(result.ok for result in results) else 1


async def until_told(work: Coroutine[Any, Any, int]) -> int:
    """SIGTERM ends it as Ctrl-C does: whatever was started is stopped first."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients", description=__doc__)
    names = sorted(client.program_name for client in CLIENTS)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which clients, all without a word: {', '.join(names)}"
    )
    parser.add_argument("--light", action="store_true", help="those that CI tries: two environments of 300 MB each")
    parser.add_argument("--write", action="store_true", help="write their rows into docs/clients.md")
    chosen = parser.parse_args()
    if wrong := set(chosen.names) - set(names):
        parser.error(f"no client of these names: {', '.join(sorted(wrong))}")
    with asyncio.Runner() as runner:
        return runner.run(until_told(run(chosen)))


if __name__ == "__main__":
    sys.exit(main())
