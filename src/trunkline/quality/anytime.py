"""Is a candidate not worse than what serves now? An answer that stays true however often one looks.

Refuses to wait for a planned number of answers: looking after each one and stopping when it looks good makes an
ordinary test wrong in a third of all cases and more. Here a gambler bets against the hypothesis; under it the stake
cannot be expected to grow, so it reaches 20 in at most one case of 20, at any time (Ville, 1939; the bets on bounded
means are those of Waudby-Smith and Ramdas, 2024).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

Standing = Literal["undecided", "not_worse", "worse"]
# Part of what could be lost that is bet each time; all are played side by side, and their mean is a fair stake again.
BETS = (0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.33, 0.5)


class Comparison(Struct, frozen=True, forbid_unknown_fields=True):
    """When a candidate is shown not to be worse, and when it is shown to be."""

    margin: Annotated[
        float,
        Meta(gt=0, le=0.5, description="Quality points a candidate may be worse and still be taken: 0.03 is three."),
    ] = 0.03
    error: Annotated[
        float,
        Meta(gt=0, le=0.5, description="Probability of promoting one that is worse by more than the margin."),
    ] = 0.05
    most: Annotated[
        int, Meta(ge=10, le=1_000_000, description="Answers compared at most; then the comparison ends undecided.")
    ] = 5_000


class Stakes(Struct, frozen=True):
    """A comparison under way: two gamblers, each with a stake on every bet. Begins with one unit on each.

    ``against_worse`` bets that the candidate is not worse than the margin, ``against_good`` that it is.
    """

    against_worse: tuple[float, ...] = (1.0,) * len(BETS)
    against_good: tuple[float, ...] = (1.0,) * len(BETS)
    seen: int = 0
    total: float = 0.0

    def after(self, difference: float, comparison: Comparison) -> "Stakes":
        """The stakes after one more answer; ``difference`` is the candidate's score less the present model's, -1 to 1.

        Raises ValueError for what no two scores can differ by.
        """
        if not -1 <= difference <= 1:
            raise ValueError(f"two scores between 0 and 1 differ by -1 to 1, not by {difference}")
        ahead = difference + comparison.margin
        most, least = 1 - comparison.margin, 1 + comparison.margin  # how far it can fall below, or rise above, zero
        return Stakes(
            tuple(stake * (1 + bet * ahead / most) for bet, stake in zip(BETS, self.against_worse, strict=True)),
            tuple(stake * (1 - bet * ahead / least) for bet, stake in zip(BETS, self.against_good, strict=True)),
            self.seen + 1,
            self.total + difference,
        )

    @property
    def difference(self) -> float:
        """The mean difference so far; its interval is what ``standing`` speaks of."""
        return self.total / max(self.seen, 1)

    def standing(self, comparison: Comparison) -> Standing:
        """What is shown now, with at most ``error`` probability of saying so wrongly at any time."""
        if sum(self.against_worse) / len(BETS) >= 1 / comparison.error:
            return "not_worse"
        if sum(self.against_good) / len(BETS) >= 1 / comparison.error:
            return "worse"
        return "undecided"


RESTARTED = 50  # answers between two comparisons of a guard
KEPT = 4


class GuardState(Struct, frozen=True):
    """Where a guard stands; ``running`` is each comparison's allowed error and its stakes."""

    running: tuple[tuple[float, Stakes], ...] = ()
    begun: int = 0
    seen: int = 0
    total: float = 0.0


NEW = GuardState()


class Guard:
    """Watches one who serves for being worse, for ever: a new comparison begins every fifty answers.

    A single one that has seen a hundred good answers has nothing left to bet when they turn bad. The k-th comparison
    may err with error / (k (k + 1)): together, however many, with ``error``.
    """

    __slots__ = ("_begun", "_comparison", "_running", "seen", "total")

    def __init__(self, comparison: Comparison, state: GuardState = NEW) -> None:
        self._comparison = comparison
        self._running = [(replace(comparison, error=error), stakes) for error, stakes in state.running]
        self._begun = state.begun
        self.seen = state.seen
        self.total = state.total

    @property
    def state(self) -> GuardState:
        """To go on from later."""
        running = tuple((one.error, stakes) for one, stakes in self._running)
        return GuardState(running, self._begun, self.seen, self.total)

    def take(self, difference: float) -> Standing:
        """One more difference; what is shown now. Never "not_worse": that was shown before."""
        if self.seen % RESTARTED == 0:
            self._begun += 1
            error = self._comparison.error / (self._begun * (self._begun + 1))
            self._running = [*self._running[1 - KEPT :], (replace(self._comparison, error=error), Stakes())]
        self.seen += 1
        self.total += difference
        self._running = [(one, stakes.after(difference, one)) for one, stakes in self._running]
        worse = any(stakes.standing(one) == "worse" for one, stakes in self._running)
        return "worse" if worse else "undecided"

    @property
    def difference(self) -> float:
        """The mean difference so far."""
        return self.total / max(self.seen, 1)
