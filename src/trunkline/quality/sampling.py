"""Which answers are judged: more where quality is uncertain, and for no more than a share of the traffic's cost.

Refuses to judge. Everything is decided after the answer has reached its caller.
"""

from trunkline.core.money import Nanos

LEAST = 0.25  # times the rate: even what is known well is looked at now and then
HASTE = 3.0  # times the rate, at the start
SLOWLY = 0.0015  # a call's part in what is usual: the share holds over some thousand calls
RAREST = 0.1  # propensity: the rarest calls are worth ten times the usual ones
GRACE: Nanos = 10_000_000  # one cent before the first judgement can be paid from a share of anything
FORGETTING = 0.999  # of the sums, with every answer: the share holds over about the last thousand


class Strata:
    """How likely an answer is judged: at the rate over all, more where more is learned by it.

    An answer is worth what its cell is in doubt (Neyman's allocation), and the more the rarer such a one comes: a call
    that explored was made to be learned from. The usual worth follows slowly, so that what is judged more after a start
    or a change is judged less later: over many calls the shares add up to the rate, but for the logarithm of how far
    the usual has moved.
    """

    __slots__ = ("_usual", "rate")

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._usual: float | None = None

    def chance(self, doubt: float, propensity: float = 1.0) -> float:
        """The probability to judge an answer of a cell in such ``doubt`` that was chosen with this ``propensity``."""
        worth = doubt / max(propensity, RAREST)
        if self._usual is None:
            self._usual = worth / HASTE
        self._usual += (worth - self._usual) * SLOWLY
        return min(1.0, self.rate * max(worth / max(self._usual, 1e-9), LEAST))


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
