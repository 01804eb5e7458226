"""``trunkline demo``: the whole thing at work on this machine, without an account or a key.

Refuses to fake anything: real processes, real sockets, a real model; only the two clouds are simulated.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console

from trunkline.cli.demo.child import ChildFailed
from trunkline.cli.demo.house import open_house
from trunkline.cli.demo.screen import Screen
from trunkline.cli.demo.shows import LearnShow, Show, TourShow, model_names
from trunkline.transport.http import HttpTransport

__all__ = ["demo", "model_names"]

QUESTIONS = 240
SEED = 7


@click.command()
@click.option("--once", is_flag=True, help="End after the tour, or the questions, instead of staying up.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Of the gateway; 0 picks a free one. Left out: 8080 if free."
)
@click.option("--no-local", is_flag=True, help="Leave the local model out.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="Also draw the tour into an SVG file.")
@click.option("--learn", is_flag=True, help="Show a route that learns who is good at what, instead of the tour.")
@click.option(
    "--questions", type=click.IntRange(1, 100_000), help=f"That --learn asks. Left out: {QUESTIONS} with --once."
)
@click.option("--seed", type=int, default=SEED, show_default=True, help="Of the questions that --learn asks.")
def demo(
    *, once: bool, port: int | None, no_local: bool, picture: Path | None, learn: bool, questions: int | None, seed: int
) -> None:
    """Start two simulated clouds, a real local model and the gateway, and make a dozen calls through it.

    With --learn: ask a stream of questions whose answers a program can check, and watch routing learn from them.

    Exit code 0 means that every call ended as it should.
    """
    if learn and picture is not None:
        raise click.UsageError("--picture draws the tour, which --learn leaves out")
    if questions is not None and not learn:
        raise click.UsageError("--questions is for --learn")
    screen = Screen(Console())
    most = questions or (QUESTIONS if once else None)
    show: Show = LearnShow(screen, seed, most) if learn else TourShow(screen, picture)
    try:
        code = asyncio.run(_Demo(screen, show, once=once, port=port, local=not no_local).run())
    except ChildFailed as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


class _Demo:
    """One run of a show in its house."""

    def __init__(self, screen: Screen, show: Show, *, once: bool, port: int | None, local: bool) -> None:
        self._screen = screen
        self._show = show
        self._once = once
        self._port = port
        self._local = local

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
        return self._show.code

    async def _work(self) -> None:
        screen, show = self._screen, self._show
        opening = open_house(self._port, screen.starting, self._note, local=self._local, plan=show.plan)
        try:
            async with opening as house:
                screen.started()
                transport = HttpTransport()
                screen.say()
                try:
                    await show.run(house, transport)
                finally:
                    await transport.aclose()
                if not self._once:
                    screen.say("\nThe house stays up. Ctrl-C stops it.", style="bold")
                    await asyncio.gather(*(child.ended() for child in house.children))
        finally:
            screen.started()

    def _note(self, text: str) -> None:
        self._show.notes.append(text)
        self._screen.say(text)
