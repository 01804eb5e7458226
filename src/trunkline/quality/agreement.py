"""A judge that is judged: how often it agrees with people, what it prefers that is no merit, what two orders are worth.

Refuses to ask anybody: it looks at verdicts that have been given.
"""

import random
from collections.abc import Callable, Sequence
from math import sqrt
from statistics import fmean

from msgspec import Struct

from trunkline.quality.pairwise import Choice, settled

ROUNDS = 1_000  # of the bootstrap


class Compared(Struct, frozen=True):
    """One pair: what people chose, and what the judge chose with a first and with b first, all in terms of a and b.

    ``length_a`` and ``length_b`` in characters. ``swapped`` is ``first`` where a judge was asked in one order only.
    """

    label: Choice
    first: Choice | None
    swapped: Choice | None
    length_a: int
    length_b: int
    one_order: bool = False


class Share(Struct, frozen=True):
    """A share with its 95 % interval and how many it is of."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})" if self.n else "none"


class Agreement(Struct, frozen=True):
    """One judge against people, on the pairs that people decided.

    ``one_order``   a single question agrees, over both orders.
    ``two_orders``  the verdicts that did not change with the order agree.
    ``decided``     share of pairs whose verdict did not change with the order, and is no tie.
    ``gain``        two_orders less one_order, on the same pairs (bootstrap).
    ``first_place`` share of verdicts for whatever stood first; without preference a half.
    ``longer``      share of verdicts for the longer answer, less people's share for it.
    ``unread``      share of verdicts that could not be read.
    """

    one_order: Share
    two_orders: Share
    decided: Share
    gain: Share
    first_place: Share
    longer: Share
    unread: Share


def wilson(hits: float, n: int) -> Share:
    """A share of n and its interval (Wilson, 1927)."""
    if not n:
        return Share(0.0, 0.0, 1.0, 0)
    z, p = 1.959964, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Share(p, max(middle - half, 0.0), min(middle + half, 1.0), n)


def agreement(rows: Sequence[Compared], seed: int = 0) -> Agreement:
    """What the rows say of their judge. Pairs on which people saw a tie tell nothing of it, and are left out."""
    kept = [row for row in rows if row.label != "tie"]
    singles = [(row, choice) for row in kept for choice in _said(row)]
    read = [(row, choice) for row, choice in singles if choice is not None]
    hits = [row.label == choice for row, choice in read if choice != "tie"]
    pairs = [(row, settled(row.first, row.swapped)) for row in kept]
    decided = [(row, choice) for row, choice in pairs if choice in {"a", "b"}]
    right = sum(row.label == choice for row, choice in decided)
    return Agreement(
        one_order=wilson(sum(hits), len(hits)),
        two_orders=wilson(right, len(decided)),
        decided=wilson(len(decided), len(kept)),
        gain=_bootstrap(kept, _gain, seed),
        first_place=_first_place(kept),
        longer=_bootstrap(kept, _longer, seed),
        unread=wilson(len(singles) - len(read), len(singles)),
    )


def longer_wins(rows: Sequence[Compared]) -> Share:
    """How often people chose the longer answer: what a judge without eyes would score."""
    kept = [row for row in rows if row.label != "tie" and row.length_a != row.length_b]
    return wilson(sum((row.label == "a") == (row.length_a > row.length_b) for row in kept), len(kept))


def _said(row: Compared) -> tuple[Choice | None, ...]:
    return (row.first,) if row.one_order else (row.first, row.swapped)


def _first_place(rows: Sequence[Compared]) -> Share:
    two = [row for row in rows if not row.one_order]
    at_first = sum((row.first == "a") + (row.swapped == "b") for row in two)
    said = sum(choice in {"a", "b"} for row in two for choice in (row.first, row.swapped))
    return wilson(at_first, said)


def _gain(rows: Sequence[Compared]) -> float:
    singles = [row.label == choice for row in rows for choice in _said(row) if choice in {"a", "b"}]
    both = [(row, settled(row.first, row.swapped)) for row in rows]
    decided = [row.label == choice for row, choice in both if choice in {"a", "b"}]
    return fmean(decided) - fmean(singles) if decided and singles else 0.0


def _longer(rows: Sequence[Compared]) -> float:
    kept = [row for row in rows if row.length_a != row.length_b]
    said = [(row, choice) for row in kept for choice in _said(row) if choice in {"a", "b"}]
    if not said:
        return 0.0
    judge = fmean((choice == "a") == (row.length_a > row.length_b) for row, choice in said)
    return judge - fmean((row.label == "a") == (row.length_a > row.length_b) for row, _ in said)


def _bootstrap(rows: Sequence[Compared], figure: Callable[[Sequence[Compared]], float], seed: int) -> Share:
    """A figure and where it lies in 95 % of redrawn samples of pairs."""
    if not rows:
        return Share(0.0, 0.0, 0.0, 0)
    rng = random.Random(seed)  # noqa: S311 - a statistic that can be repeated
    drawn = sorted(figure(rng.choices(rows, k=len(rows))) for _ in range(ROUNDS))
    return Share(figure(rows), drawn[round(0.025 * ROUNDS)], drawn[round(0.975 * ROUNDS) - 1], len(rows))
