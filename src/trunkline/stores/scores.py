"""How good an answer was, as it is kept: single scores, and sums of evidence that fade with time.

Refuses to know who scores and what is believed from it. Times are Unix milliseconds, scores are between 0 and 1.
"""

from typing import Literal

from msgspec import Struct

from trunkline.stores.records import Millis

Source = Literal["judge", "validator", "user", "gold"]
MOST_SUMS = 4_096  # numbers in one piece of evidence: a linear belief of ninety features

MOST_REMEMBERED = 64 * 1024  # characters of one state


class Score(Struct, frozen=True, kw_only=True):
    """One opinion of one answer.

    ``id``       unique: writing the same one twice is writing it once.
    ``request``  the id the caller was told.
    ``target``   provider/model that answered.
    ``cluster``  the kind of prompt it was.
    ``by``       which judge, validator or key.
    ``score``    0 (bad) to 1 (good); None where it was tried and none was found: unjudged.
    ``weight``   how much it counts beside others.
    ``label``    what else was said in a word: ``thumbs_up``, ``retried``, ``no_score``, ...
    """

    id: str
    at: Millis
    request: str
    target: str
    cluster: str
    source: Source
    by: str
    score: float | None
    weight: float = 1.0
    label: str = ""
    comment: str = ""


class Evidence(Struct, frozen=True):
    """Sums that were true at ``at``: they add up, and they halve with every half-life."""

    name: str
    at: Millis
    sums: tuple[float, ...]

    def faded(self, to: Millis, half_life: Millis) -> "Evidence":
        """What is left of it at a later time; an earlier one changes nothing."""
        if to <= self.at:
            return self
        left = 0.5 ** ((to - self.at) / half_life)
        return Evidence(self.name, to, tuple(left * value for value in self.sums))

    def plus(self, more: "Evidence", half_life: Millis) -> "Evidence":
        """Both together at the later of their times. Sums of another length are of another kind: the newer stand."""
        if len(self.sums) != len(more.sums):
            return max(self, more, key=lambda evidence: evidence.at)
        at = max(self.at, more.at)
        one, other = self.faded(at, half_life), more.faded(at, half_life)
        return Evidence(self.name, at, tuple(a + b for a, b in zip(one.sums, other.sums, strict=True)))


class Memory(Struct, frozen=True):
    """The state of something that must outlive the process, as JSON; ``at`` is when it was so."""

    name: str
    at: Millis
    text: str


class ScoreQuery(Struct, frozen=True):
    """Which scores: those of the half-open time ``[since, until)`` that have every value named here."""

    since: Millis = 0
    until: Millis = 1 << 53
    target: str | None = None
    source: Source | None = None
    request: str | None = None
    limit: int = 1_000
