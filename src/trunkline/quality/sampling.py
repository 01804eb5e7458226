"""Which answers are judged: more where quality is uncertain, and for no more than a share of the traffic's cost.

Refuses to judge. Everything is decided after the answer has reached its caller.
"""

from trunkline.core.money import Nanos

LEAST, MOST = 0.25, 4.0  # times the rate: even what is known well is looked at now and then
GRACE: Nanos = 10_000_000  # one cent before the first judgement can be paid from a share of anything
EXPLORERS = 0.5  # of what is judged, at most
LATELY = 0.01  # a call's part in what is usual
FORGETTING = 0.999  # of the sums, with every answer: the share holds over about the last thousand


class Strata:
    """How likely an answer is judged: at the rate over all, more where more is learned by it.

    Up to half go to calls that explored, which were made to learn from; the rest by how unsure the model's
    quality is beside the usual (Neyman's allocation).
    """

    __slots__ = ("_explored", "_usual", "rate")

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._explored = 0.0  # share of the calls lately
        self._usual: float | None = None  # sd of the cells that answers came from lately

    def chance(self, sd: float, *, explored: bool = False) -> float:
        """The probability to judge an answer of a cell whose quality is known to ``sd``."""
        self._explored += (explored - self._explored) * LATELY
        if explored:
            return min(1.0, EXPLORERS * self.rate / max(self._explored, 1e-9))
        self._usual = sd if self._usual is None else self._usual + (sd - self._usual) * LATELY
        left = self.rate - min(EXPLORERS * self.rate, self._explored)
        return min(1.0, left * min(max(sd / max(self._usual, 1e-9), LEAST), MOST))


class Allowance:
    """What judging has cost beside the traffic that it judges; nano-dollars, the latest counting most."""

    __slots__ = ("_judged", "_open", "_served", "_typical", "share")

    def __init__(self, share: float) -> None:
        self.share = share
        self._served = self._judged = self._typical = 0.0
        self._open = 0

    def served(self, cost: Nanos | None) -> None:
        """An answer reached its caller."""
        self._served = FORGETTING * self._served + (cost or 0)
        self._judged *= FORGETTING

    def enter(self) -> bool:
        """True, and one judgement is under way, when it can be paid."""
        expected = self._judged + self._typical * (self._open + 1)
        if expected > self.share * self._served + GRACE:
            return False
        self._open += 1
        return True

    def leave(self, cost: Nanos | None) -> None:
        """It has ended; one whose cost is not known is taken to have cost the usual."""
        self._open -= 1
        paid = self._typical if cost is None else float(cost)
        self._judged += paid
        self._typical += (paid - self._typical) * 0.1

    @property
    def spent(self) -> tuple[int, int]:
        """Lately: for judging, and for what is judged."""
        return round(self._judged), round(self._served)

    def __repr__(self) -> str:
        return f"<Allowance [{self._judged:.0f} of {self.share * self._served:.0f} nano-dollars]>"
