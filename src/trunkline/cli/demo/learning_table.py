"""What ``demo --learn`` shows: who answers which kind of question, how well and at what cost, and what it comes to.

Refuses to know when it is drawn, and to show a share without how sure it is.
"""

from collections.abc import Iterator, Sequence
from math import sqrt

from rich.box import SIMPLE_HEAD
from rich.table import Table

from trunkline.cli.demo.learning import ALWAYS, CHEAP, DEAR, LATELY, Learning, Outcome, Tally
from trunkline.cli.demo.questions import KINDS, Kind
from trunkline.core.money import Nanos, usd
from trunkline.quality.agreement import wilson

COLOURS = {"local": "cyan", CHEAP: "green", DEAR: "magenta"}
HEADINGS = ("calls", "share", f"of the\nlast {LATELY}", "good", "cost US$")
NOTHING = "·"
LEARNED = "learned"
HUNDREDTH_OF_A_CENT = 100_000  # nano-dollars


def table(run: Learning) -> Table:
    """A row for each kind and model as they stand now, then what all of it comes to, beside always the same model."""
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    grid.add_column("question", width=10)
    grid.add_column("answered\nby", width=12)
    for heading in HEADINGS:
        grid.add_column(heading, justify="right", min_width=6)
    for kind in KINDS:
        for provider in run.providers:
            asked = kind if provider == run.providers[0] else ""
            last = provider == run.providers[-1]
            grid.add_row(asked, provider, *_cells(run, kind, provider), style=COLOURS[provider], end_section=last)
    for name, tally in _tallies(_strategies(run)):
        first = "all" if name == LEARNED else ""
        good = _percent(tally.good, tally.calls)
        grid.add_row(first, name, str(tally.calls), "", "", good, usd(tally.cost), style="bold")
    return grid


def _strategies(run: Learning) -> Sequence[tuple[str, Sequence[Outcome]]]:
    return ((LEARNED, run.learned), *((f"always {name}", run.always[name]) for name in ALWAYS))


def _cells(run: Learning, kind: Kind, provider: str) -> Iterator[str]:
    cell, lately = run.cells[kind, provider], run.lately[kind]
    yield str(cell.calls)
    yield _percent(cell.calls, sum(run.cells[kind, one].calls for one in run.providers))
    yield _percent(lately.count(provider), len(lately))
    yield _percent(cell.good, cell.calls)
    yield usd(cell.cost) if cell.calls else NOTHING


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else NOTHING


def progress(run: Learning) -> str:
    """Where it stands, as one plain line."""
    named = _tallies(_strategies(run))
    told = [f"{name} {_percent(one.good, one.calls)} good, ${usd(one.cost)}" for name, one in named]
    return f"{len(run.learned):>5} asked: {'; '.join(told)}"


def summary(run: Learning) -> list[str]:
    """What it comes to, in a few lines; nothing is claimed of fewer than two halves."""
    asked = len(run.learned)
    if asked < 2:
        return [f"{asked} questions were answered: too few to say anything"]
    half = asked // 2
    whole, *always = _strategies(run)
    halves = ((f"  its first {half}", run.learned[:half]), (f"  its last {asked - half}", run.learned[half:]))
    lines = [f"{asked} questions, seed {run.seed}; good by each question's own check, 95 % intervals:"]
    for name, tally in _tallies((whole, *halves, *always)):
        lines.append(f"{name:<16} {_good(tally):<24} ${usd(tally.cost):<12} ${_thousand(tally)} per 1,000 calls")
    return lines + [_against(name, run.learned[half:], run.always[name][half:]) for name in (DEAR, CHEAP)]


def _tallies(rows: Sequence[tuple[str, Sequence[Outcome]]]) -> Iterator[tuple[str, Tally]]:
    return ((name, Tally.of(outcomes)) for name, outcomes in rows)


def _good(tally: Tally) -> str:
    share = wilson(tally.good, tally.calls)
    return f"{share.value:.0%} good ({share.low:.0%} to {share.high:.0%})"


def _thousand(tally: Tally) -> str:
    """Dollars of a thousand such calls, to a hundredth of a cent."""
    return usd(1000 * tally.cost // tally.calls // HUNDREDTH_OF_A_CENT * HUNDREDTH_OF_A_CENT)


def _against(name: str, mine: Sequence[Outcome], theirs: Sequence[Outcome]) -> str:
    """The last half beside one model's answers to the same questions, pair by pair."""
    gains = [100.0 * (one.good - other.good) for one, other in zip(mine, theirs, strict=True)]
    count = len(gains)
    mean = sum(gains) / count
    half = 1.96 * sqrt(sum((gain - mean) ** 2 for gain in gains) / max(count - 1, 1) / count)
    cost = _times(Tally.of(mine).cost, Tally.of(theirs).cost)
    sure = f"({mean - half:+.0f} to {mean + half:+.0f})"
    return f"The last {count} against always {name}: {mean:+.0f} points {sure}, {cost}."


def _times(mine: Nanos, theirs: Nanos) -> str:
    if not theirs:
        return "which was free"
    return f"{mine / theirs:.0%} of its cost" if mine < 2 * theirs else f"{mine / theirs:.1f} times its cost"
