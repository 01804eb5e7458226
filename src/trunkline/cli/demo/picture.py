"""A picture of a run, for the README: what the screen showed, as an SVG that fetches nothing.

Refuses to invent: it is drawn from the rows of a tour that has run.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from trunkline.cli.demo.table import errors, summary, table
from trunkline.cli.demo.tour import Row

WIDTH = 116  # columns: letters of a readable size on a page, and room for the longest answer
DAY = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        (36, 41, 47),
        (207, 34, 46),
        (17, 99, 41),
        (154, 103, 0),
        (9, 105, 218),
        (130, 80, 223),
        (27, 124, 131),
        (87, 96, 106),
    ],
)
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# rich's own form asks a font server for its letters, which a picture in a README must not.
FORM = (
    """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="trunkline demo">
<style>
.{unique_id}-matrix {{ font-family: """
    + FONT
    + """; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: """
    + FONT
    + """; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
)


def draw(path: Path, notes: Sequence[str], rows: Sequence[Row], by_hand: str) -> None:
    """Write the SVG. Raises OSError."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False)

    for note in notes:
        say(note, "dim")
    say("")
    console.print(table(rows, WIDTH))
    say("")
    say("\n".join([*errors(rows), ""]), "yellow")
    say(summary(rows), "bold")
    say("")
    say(by_hand)
    svg = console.export_svg(title="make demo", theme=DAY, code_format=FORM, unique_id="demo")
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")
