"""Is a model still what it was at a kind of prompt? Finds the moment since which its scores contradict those before.

Refuses to forget anything itself. The test is a likelihood ratio: how much likelier the scores of a cell are if it
changed at the moment where that is likeliest than if it never did (the generalised likelihood ratio; Lai, 1995). It
sees rises as well as falls. ``quality/drift.py`` watches a whole model for small falls, with more patience.
"""

from collections import deque
from collections.abc import Iterable
from math import log

from msgspec import Struct

MOST = 40  # scores of a cell among which the moment is looked for
FEWEST = 4.0  # scores, by weight, on either side of it
# Logarithms of the ratio. By chance it rings about once in a thousand scores, and little is lost then. After one change
# others are likely, so less convinces until WARY more scores of a cell are heard (python -m bench.learning_worlds).
CONVINCING, CONVINCING_WARY = 5.0, 3.0
WARY = 80
YOUNG = 200.0  # scores since the last change; what was steady for more of them, n, is taken to change once in n
EDGE = 0.02  # shares are taken to be at least so far from 0 and 1


class Change(Struct, frozen=True):
    """A cell's mean was ``before``, and has been ``after`` for its latest ``answers`` scores.

    ``sums`` are those scores' weight for good, for bad, and of their squares.
    """

    before: float
    after: float
    answers: int
    sums: tuple[float, float, float]


class Changes:
    """The latest scores of every cell, by name, and which cells are under suspicion."""

    __slots__ = ("_heard", "_latest", "_wary")

    def __init__(self) -> None:
        self._latest: dict[str, deque[tuple[float, float]]] = {}
        self._heard: dict[str, float] = {}  # weight since the last change
        self._wary: dict[str, int] = {}

    def wary(self, name: str) -> bool:
        """Something else has changed, and this cell may have: it was not heard of enough since."""
        return name in self._wary

    def suspect(self, names: Iterable[str]) -> None:
        """Look closer at these for a while."""
        self._wary |= dict.fromkeys(names, WARY)

    def hear(self, name: str, score: float, weight: float) -> None:
        """One more score of a cell."""
        self._heard[name] = self._heard.get(name, 0.0) + weight
        self._latest.setdefault(name, deque(maxlen=MOST)).append((score, weight))

    def found(self, name: str, good: float, bad: float, sharpness: float) -> Change | None:
        """What contradicts the rest of the cell's ``good`` and ``bad`` weight, in which the latest scores count too.

        ``sharpness`` is what one score tells beside a toss of right or wrong.
        """
        steady = CONVINCING + log(max(self._heard.get(name, 0.0) / YOUNG, 1.0))
        convincing = CONVINCING_WARY if self.wary(name) else steady
        change = likeliest(self._latest.get(name, ()), good, bad, sharpness, convincing)
        if change is not None:  # what is left of before must not contradict the same scores again
            del self._latest[name], self._heard[name]
            self._wary.pop(name, None)
        elif self.wary(name):
            self._wary[name] -= 1
            if not self._wary[name]:
                del self._wary[name]
        return change


def likeliest(
    latest: Iterable[tuple[float, float]], good: float, bad: float, sharpness: float, convincing: float
) -> Change | None:
    """The split of all scores into those before and the last of ``latest`` that most says there were two shares."""
    whole, mean = good + bad, good / max(good + bad, 1e-9)
    found, most = None, convincing
    inside = min(max(mean, EDGE), 1 - EDGE)
    enough = most * inside * (1 - inside) / max(sharpness, 1e-9)  # a divergence is at most chi squared: no logarithms
    count = right = squares = 0.0
    for answers, (score, weight) in enumerate(reversed([*latest]), 1):
        count, right, squares = count + weight, right + weight * score, squares + weight * score**2
        rest = whole - count
        if rest < FEWEST:
            break
        if count < FEWEST:
            continue
        before, after = max(good - right, 0.0) / rest, right / count  # fading may leave a hair less than nothing
        if count * (after - mean) ** 2 + rest * (before - mean) ** 2 < enough:
            continue
        ratio = sharpness * (count * _apart(after, mean) + rest * _apart(before, mean))
        if ratio > most:
            most, found = ratio, Change(before, after, answers, (right, count - right, squares))
    return found


def _apart(share: float, other: float) -> float:
    """Kullback and Leibler's divergence of one coin from another, in nats."""
    p, q = (min(max(each, EDGE), 1 - EDGE) for each in (share, other))
    return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
