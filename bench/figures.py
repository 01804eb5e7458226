"""A figure, what it is beside and what it should be at most; as a table on a terminal and in a document.

Refuses to know how anything is measured.
"""

import statistics
from collections.abc import Sequence

from msgspec import Struct
from rich.console import Console
from rich.table import Table

HEADINGS = ("what", "direct", "trunkline", "range", "times direct", "target", "")


class Figure(Struct, frozen=True):
    """The median of ``values``, in ``unit``. ``target``: at most this. ``direct``: the same without the gateway."""

    name: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    direct: float | None = None

    @property
    def median(self) -> float:
        """Of the values."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """``ok``, ``MISS``, or nothing without a target."""
        if self.target is None:
            return ""
        return "ok" if self.median <= self.target else "MISS"

    @property
    def cells(self) -> tuple[str, ...]:
        """One line of the table, under HEADINGS."""
        low, high = min(self.values), max(self.values)
        return (
            self.name,
            "" if self.direct is None else f"{shown(self.direct)} {self.unit}".rstrip(),
            f"{shown(self.median)} {self.unit}".rstrip(),
            f"{shown(low)} to {shown(high)}" if len(self.values) > 1 else "",
            f"{self.median / self.direct:.2f}" if self.direct else "",
            "" if self.target is None else f"<= {self.target:g} {self.unit}".rstrip(),
            self.verdict,
        )


def shown(value: float) -> str:
    """Three digits, or all of a larger number, and nothing below a thousandth."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:#.3g}" if abs(value) >= 0.001 else "0.000"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values are not above."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(title: str, figures: Sequence[Figure]) -> None:
    """On the terminal."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in figures:
        table.add_row(*figure.cells, style="red" if figure.verdict == "MISS" else None)
    Console(width=140).print(table)


def markdown(title: str, figures: Sequence[Figure]) -> str:
    """In a document."""
    rows = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1)), *(figure.cells for figure in figures)]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
