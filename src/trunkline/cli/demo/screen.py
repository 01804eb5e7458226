"""What the demo shows: progress, the live table, the end. On a terminal it moves, in a file it is plain lines.

Refuses to decide anything.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.status import Status
from rich.table import Table

from trunkline.cli.demo.table import HEAD, errors, line, summary, table
from trunkline.cli.demo.tour import Row


class Screen:
    """One run's output."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.moves = console.is_terminal
        self._status: Status | None = None

    def starting(self, what: str) -> None:
        """Something is being started: a spinner on a terminal, nothing in a file."""
        self.started()
        if self.moves:
            self._status = self._console.status(what)
            self._status.start()

    def started(self) -> None:
        """It is up, or nothing will come of it any more."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, text: str = "", style: str = "") -> None:
        """Lines as they are, never broken, so that they can be copied."""
        self._console.print(text, style=style, soft_wrap=True, markup=False, highlight=False)

    @contextmanager
    def table(self, rows: Sequence[Row]) -> Generator[None]:
        """While the tour runs: the table, kept up to date."""
        if not self.moves:
            self.say(HEAD)
        with self.live(lambda: table(rows, self._console.width)):
            yield

    @contextmanager
    def live(self, render: Callable[[], Table]) -> Generator[None]:
        """While the block runs: what ``render`` draws, again and again; in a file nothing."""
        if not self.moves:
            yield
            return
        with Live(get_renderable=render, console=self._console, refresh_per_second=12):
            yield

    def draw(self, drawn: Table) -> None:
        """A table as it stands, once; on a terminal it stands there already."""
        if not self.moves:
            self._console.print(drawn)

    def changed(self, row: Row) -> None:
        """A row has changed; in a file a row is written once, when it has ended."""
        if not self.moves and not row.running:
            self.say(line(row))

    def ended(self, rows: Sequence[Row]) -> None:
        """What the tour comes to."""
        self.say()
        if self.moves:
            for text in errors(rows):
                self.say(text, style="yellow")
            self.say()
        for row in rows:
            if row.surprise:
                self.say(f"call {row.number} was a surprise: {row.surprise}", style="bold red")
        self.say(summary(rows), style="bold")
        self.say()
