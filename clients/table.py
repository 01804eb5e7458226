"""What became of the clients, as lines of text for a terminal and as a table for docs/clients.md.

Refuses to judge: a cell says what its scenes said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clients.house import DIALECTS
from clients.rows import CLIENTS, Client

OK = "ok"
LONGEST = 160  # characters of a reason that a line shows


@dataclass(frozen=True)
class Played:
    """How one scene went; ``why`` is empty where it went well."""

    dialect: str
    provider: str
    scene: str
    why: str
    seconds: float


@dataclass(frozen=True)
class Result:
    """What became of a client: its scenes, or why there are none."""

    client: Client
    played: Sequence[Played]
    missing: str = ""

    @property
    def failed(self) -> list[Played]:
        """The scenes that did not go well."""
        return [one for one in self.played if one.why]

    @property
    def ok(self) -> bool:
        """Whether it was there and all went well."""
        return bool(self.played) and not self.failed and not self.missing


Row = tuple[str, ...]
HEAD: Row = ("client", "version", "speaks", *(f"to {name}" for name in DIALECTS), "exercised")


def rows(results: Sequence[Result]) -> list[Row]:
    """One for each dialect that each client speaks."""
    return [row for result in results for row in _rows(result)]


def _rows(result: Result) -> Iterator[Row]:
    client = result.client
    if not result.played:
        yield (client.title, client.version, "", *[""] * len(DIALECTS), f"not tried: {short(result.missing)}")
    for dialect in dict.fromkeys(one.dialect for one in result.played):
        said = [one for one in result.played if one.dialect == dialect]
        cells = (_cell([one for one in said if one.provider == provider]) for provider in DIALECTS)
        scenes = dict.fromkeys(one.scene for one in said)
        yield (client.title, client.version, dialect, *cells, ", ".join(scenes))


def _cell(said: Sequence[Played]) -> str:
    failed = [one.scene for one in said if one.why]
    return f"fails: {', '.join(failed)}" if failed else OK if said else ""


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The table for a terminal, and the reason of every failure below it."""
    table = [HEAD, *rows(results)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for result in results:
        for one in result.failed:
            yield f"{result.client.title}, {one.dialect} to {one.provider}, {one.scene}: {short(one.why)}"
        if result.missing:
            yield f"{result.client.title}: {short(result.missing)}"


def markdown(results: Sequence[Result], before: str) -> str:
    """The tables for docs/clients.md: how each client is pointed here, and what became of it.

    The rows of a client that was not tried are those of the page as it was, as long as its version is the same.
    """
    tried = {result.client: result for result in results}
    pointed, became = [], []
    for one in CLIENTS:
        pointed.append(_line((one.title, one.base, f"[{one.program}](../clients/{one.program})")))
        kept = [line for line in before.splitlines() if line.startswith(f"| {one.title} | {one.version} | ")]
        became += map(_line, _rows(tried[one])) if one in tried else kept
    return f"{_table(('client', 'base URL, and where', 'example'), pointed)}\n\n{_table(HEAD, became)}\n"


def _table(head: Row, body: Sequence[str]) -> str:
    return "\n".join((_line(head), _line(tuple("---" for _ in head)), *body))


def _line(row: Row) -> str:
    return "| " + " | ".join(row) + " |"


def short(why: str) -> str:
    """A reason on one line."""
    line = " ".join(why.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."
