"""The tour as a table for a terminal of any width, or as plain lines for a file.

Refuses to know when it is drawn.
"""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from trunkline.cli.demo.tour import Row
from trunkline.core.money import usd

WIDE = 130  # columns of a terminal from which the answering model is shown beside its provider
DIALECTS = {"openai": "OpenAI", "anthropic": "Anthropic"}
NOTHING = "·"

# heading, width, justify; what is left of the terminal belongs to the result
COLUMNS: tuple[tuple[str, int, JustifyMethod], ...] = (
    ("#", 2, "right"),
    ("asked\nin", 9, "left"),
    ("what", 11, "left"),
    ("model\nasked", 12, "left"),
    ("answered\nby", 8, "left"),
    ("tries", 5, "right"),
    ("first\nms", 5, "right"),
    ("whole\nms", 5, "right"),
    ("tokens\nin/out", 6, "right"),
    ("cost\nUS$", 10, "right"),
)
WITH_MODEL = 27  # the longest provider/model of the house
SHORTEST_RESULT = 10


def table(rows: Sequence[Row], width: int) -> Table:
    """All rows as they stand now, in so many columns."""
    wide = width >= WIDE
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0, header_style="bold")
    used = 0
    for heading, narrow, justify in COLUMNS:
        cells = WITH_MODEL if wide and heading.startswith("answered") else narrow
        grid.add_column(heading, width=cells, justify=justify, no_wrap=True)
        used += cells + 1
    room = max(SHORTEST_RESULT, width - used)
    grid.add_column("result", width=room, no_wrap=True, overflow="ellipsis")
    for row in rows:
        grid.add_row(*_cells(row, wide=wide), style="dim" if row.seen is None and not row.running else "")
    return grid


def _cells(row: Row, *, wide: bool) -> list[str | Text]:
    step, seen = row.step, row.seen
    asked = [str(row.number), DIALECTS[step.dialect], row.step.kind, step.model]
    if seen is None:
        return [*asked, *[NOTHING if row.running else ""] * 6, Text(*result(row))]
    return [
        *asked,
        Text(answered(row, wide=wide), style=_colour(row)),
        Text(str(seen.attempts), style="yellow" if row.fell_back else ""),
        milliseconds(seen.first_content),
        milliseconds(seen.duration),
        tokens(row),
        cost(row),
        Text(*result(row)),
    ]


def _colour(row: Row) -> str:
    if row.seen is None or not row.seen.attempts:
        return "dim"
    return {"local": "cyan", "dear": "magenta"}.get(row.seen.provider, "green")


def answered(row: Row, *, wide: bool) -> str:
    """Who answered, or was asked last."""
    if row.seen is None or not row.seen.attempts:
        return "nobody"
    return f"{row.seen.provider}/{row.seen.model}" if wide else row.seen.provider


def result(row: Row) -> tuple[str, str]:
    """The last column and its style."""
    if row.surprise:
        return f"SURPRISE: {row.surprise}", "bold red"
    if row.skipped:
        return "skipped: no local model", "dim"
    if row.seen is not None and row.seen.error is not None:
        came = f"{row.text} … then: " if row.text else ""
        return came + row.seen.error, "yellow"
    return row.text, ""


def errors(rows: Sequence[Row]) -> list[str]:
    """The errors of the tour in full: the table has no room for them."""
    return [f"{row.number}: {result(row)[0]}" for row in rows if row.seen is not None and row.seen.error is not None]


def milliseconds(seconds: float | None) -> str:
    """Whole milliseconds; a dot where there are none (a whole answer has no first word)."""
    return NOTHING if seconds is None else f"{seconds * 1000:.0f}"


def tokens(row: Row) -> str:
    """In and out; a dot where nobody counted."""
    if row.seen is None or row.seen.usage.source == "unknown":
        return NOTHING
    return f"{row.seen.usage.prompt}/{row.seen.usage.completion}"


def cost(row: Row) -> str:
    """Exact dollars; ``~`` before what was only expected, when the answer broke before its usage came."""
    nanos = row.cost
    if nanos is None:
        return "unknown"
    return f"{'~' if row.is_expected else ''}{usd(nanos)}"


def line(row: Row) -> str:
    """A finished row as one plain line, in the columns of ``HEAD``."""
    seen, step = row.seen, row.step
    asked = f"{row.number:>2}  {DIALECTS[step.dialect]:<9}  {step.kind:<11}  {step.model:<12}"
    if seen is None:
        return f"{asked}  {result(row)[0]}"
    times = f"{milliseconds(seen.first_content):>8}  {milliseconds(seen.duration):>8}"
    return (
        f"{asked}  {answered(row, wide=False):<8}  {seen.attempts:>5}  {times}  {tokens(row):>13}  {cost(row):>10}  "
        f"{result(row)[0]}"
    )


HEAD = (
    f"{'#':>2}  {'asked in':<9}  {'what':<11}  {'model asked':<12}  {'answered':<8}  {'tries':>5}  {'first ms':>8}  "
    f"{'whole ms':>8}  {'tokens in/out':>13}  {'cost US$':>10}  result"
)


def summary(rows: Sequence[Row]) -> str:
    """One line under the table, from what the gateway said of each call."""
    seen = [row for row in rows if row.seen is not None]
    whole = [row for row in seen if row.seen and row.seen.error is None]
    known = [row.cost for row in seen if row.cost is not None]
    fallbacks = sum(row.fell_back for row in seen)
    about = "about " if any(row.is_expected for row in seen) or len(known) < len(seen) else ""
    failed = len(seen) - len(whole)
    return (
        f"{len(seen)} calls: {len(whole)} answered, {fallbacks} of them by a fallback; {failed} failed and said so; "
        f"{about}${usd(sum(known))} in all"
    )
