"""The two things a demo can show in its house: the tour, or a route that learns.

Refuses to start or stop anything.
"""

from itertools import islice
from pathlib import Path
from typing import Protocol

import yaml

from trunkline.cli.demo.by_hand import lines
from trunkline.cli.demo.call import Caller
from trunkline.cli.demo.house import CLOUDS, HOUSE, LEARNING, TOUR, House, Plan
from trunkline.cli.demo.learning import Learning
from trunkline.cli.demo.learning_table import progress, summary, table
from trunkline.cli.demo.picture import draw
from trunkline.cli.demo.questions import questions
from trunkline.cli.demo.screen import Screen
from trunkline.cli.demo.steps import STEPS
from trunkline.cli.demo.tour import Tour
from trunkline.simulator import load_config
from trunkline.transport.transport import Transport

INTERRUPTED = 130  # what a shell shows for a program that Ctrl-C ended
TOLD_EVERY = 20  # questions, in a file


class Show(Protocol):
    """``code`` is what to exit with if it were stopped now; ``plan`` the house it wants."""

    code: int
    plan: Plan
    notes: list[str]

    async def run(self, house: House, transport: Transport) -> None:
        """All of it."""
        ...


class TourShow:
    """A dozen calls of every kind, once."""

    plan = TOUR

    def __init__(self, screen: Screen, picture: Path | None) -> None:
        self.code = INTERRUPTED
        self.notes: list[str] = []
        self._screen = screen
        self._picture = picture
        self._tour = Tour(STEPS, load_config(CLOUDS), screen.changed)

    async def run(self, house: House, transport: Transport) -> None:
        """The tour, then lines to copy."""
        screen, tour = self._screen, self._tour
        with screen.table(tour.rows):
            await tour.run(Caller(house.url, transport), has_local=house.has_local)
        screen.ended(tour.rows)
        by_hand = lines(house.url, model_names(), has_local=house.has_local)
        screen.say(by_hand)
        if self._picture is not None:
            draw(self._picture, self.notes, tour.rows, by_hand)
        self.code = 1 if tour.surprises else 0


class LearnShow:
    """Questions to a route that knows nothing at first; ``most`` None: until it is stopped."""

    plan = LEARNING

    def __init__(self, screen: Screen, seed: int, most: int | None) -> None:
        self.code = 0 if most is None else INTERRUPTED
        self.notes: list[str] = []
        self._screen = screen
        self._seed = seed
        self._most = most

    async def run(self, house: House, transport: Transport) -> None:
        """All questions; what it comes to is told however it ends."""
        screen = self._screen
        learning = Learning("learned" if house.has_local else "learned-clouds", self._seed, self._changed)
        try:
            with screen.live(lambda: table(learning)):
                await learning.run(Caller(house.url, transport), islice(questions(self._seed), self._most))
            self.code = 1 if learning.failed else 0
        finally:
            screen.draw(table(learning))
            for text in ["", *summary(learning)]:
                screen.say(text)
            for failure in learning.failed:
                screen.say(f"failed: {failure}", style="bold red")

    def _changed(self, learning: Learning) -> None:
        if not self._screen.moves and len(learning.learned) % TOLD_EVERY == 0:
            self._screen.say(progress(learning))


def model_names() -> list[str]:
    """The names callers may use, from the gateway's file."""
    return list(yaml.safe_load(HOUSE.read_text("utf-8"))["models"])
