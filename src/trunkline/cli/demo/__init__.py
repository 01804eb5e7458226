"""``trunkline demo``: the whole thing at work on this machine, without an account or a key.

Refuses to fake anything: real processes, real sockets, a real model; only the two clouds are simulated.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click
import yaml
from rich.console import Console

from trunkline.cli.demo.by_hand import lines
from trunkline.cli.demo.call import Caller
from trunkline.cli.demo.child import ChildFailed
from trunkline.cli.demo.house import CLOUDS, HOUSE, House, open_house
from trunkline.cli.demo.picture import draw
from trunkline.cli.demo.screen import Screen
from trunkline.cli.demo.steps import STEPS
from trunkline.cli.demo.tour import Tour
from trunkline.simulator import load_config
from trunkline.transport.http import HttpTransport

INTERRUPTED = 130  # what a shell shows for a program that Ctrl-C ended


@click.command()
@click.option("--once", is_flag=True, help="End after the tour instead of staying up.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Of the gateway; 0 picks a free one. Left out: 8080 if free."
)
@click.option("--no-local", is_flag=True, help="Leave the local model out.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="Also draw the tour into an SVG file.")
def demo(*, once: bool, port: int | None, no_local: bool, picture: Path | None) -> None:
    """Start two simulated clouds, a real local model and the gateway, and make a dozen calls through it.

    Exit code 0 means that every call ended as it should.
    """
    screen = Screen(Console())
    try:
        code = asyncio.run(_Demo(screen, once=once, port=port, local=not no_local, picture=picture).run())
    except ChildFailed as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


class _Demo:
    """One run. ``code`` is what to exit with if it were stopped now."""

    def __init__(self, screen: Screen, *, once: bool, port: int | None, local: bool, picture: Path | None) -> None:
        self.code = INTERRUPTED
        self._screen = screen
        self._once = once
        self._port = port
        self._local = local
        self._picture = picture
        self._notes: list[str] = []
        self._tour = Tour(STEPS, load_config(CLOUDS), screen.changed)

    async def run(self) -> int:
        """The exit code; Ctrl-C, SIGTERM and a closed terminal end it in order."""
        work = asyncio.ensure_future(self._work())
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        asked = asyncio.ensure_future(stop.wait())
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not work.done():  # a second signal changes nothing: the children get their ten seconds
            self._screen.say("\nstopping what was started", style="dim")
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return self.code

    async def _work(self) -> None:
        screen = self._screen
        try:
            async with open_house(self._port, screen.starting, self._note, local=self._local) as house:
                screen.started()
                await self._show(house)
                if not self._once:
                    screen.say("\nThe house stays up. Ctrl-C stops it.", style="bold")
                    await asyncio.gather(*(child.ended() for child in house.children))
        finally:
            screen.started()

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._screen.say(text)

    async def _show(self, house: House) -> None:
        screen, tour = self._screen, self._tour
        transport = HttpTransport()
        screen.say()
        try:
            with screen.table(tour.rows):
                await tour.run(Caller(house.url, transport), has_local=house.has_local)
        finally:
            await transport.aclose()
        screen.ended(tour.rows)
        by_hand = lines(house.url, model_names(), has_local=house.has_local)
        screen.say(by_hand)
        if self._picture is not None:
            draw(self._picture, self._notes, tour.rows, by_hand)
        self.code = 1 if tour.surprises else 0


def model_names() -> list[str]:
    """The names callers may use, from the gateway's file."""
    return list(yaml.safe_load(HOUSE.read_text("utf-8"))["models"])
