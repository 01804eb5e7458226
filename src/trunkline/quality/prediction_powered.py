"""The mean quality of many judged answers, corrected by a few that people scored too, with an interval that covers it.

Refuses to trust the judge: where it is biased the correction moves the mean, where it is noise its weight goes to zero
and only people's scores count. Prediction-powered inference: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (Science,
2023); the weight that makes the interval narrowest: PPI++ (Angelopoulos, Duchi and Zrnic, 2023).
"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean

from msgspec import Struct

FEWEST_LABELS = 5


class Corrected(Struct, frozen=True):
    """A mean with its interval; ``raw`` is the judge's own mean, ``bias`` what it scores too high where people scored.

    ``trust`` is the weight of the judge: 0 none, 1 as a perfect one. ``labelled`` and ``judged`` are counts.
    """

    mean: float
    low: float
    high: float
    raw: float
    bias: float
    trust: float
    labelled: int
    judged: int

    def __str__(self) -> str:
        return (
            f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f}); the judge alone says {self.raw:.3f} "
            f"and is {self.bias:+.3f} off on {self.labelled} labelled answers"
        )


def corrected(
    people: Sequence[float],
    judge_there: Sequence[float],
    judge_elsewhere: Sequence[float],
    level: float = 0.95,
    trust: float | None = None,
) -> Corrected:
    """The mean over ``judge_elsewhere``'s answers: the judge's mean there, less its bias where people scored as well.

    ``people[i]`` and ``judge_there[i]`` are of one answer, a random sample of all. Scores are 0 to 1. ``trust`` 1 takes
    only the judge's bias from the labels: for labels of other answers than these. Raises ValueError for fewer than five
    labels, or none judged elsewhere.
    """
    labels, judged = len(people), len(judge_elsewhere)
    if labels != len(judge_there):
        raise ValueError(f"there are {labels} labels for {len(judge_there)} judged answers; each needs both")
    if labels < FEWEST_LABELS or not judged:
        raise ValueError(f"at least {FEWEST_LABELS} labelled answers and one judged elsewhere are needed")
    if trust is None:
        trust = _trust(people, judge_there, judge_elsewhere)
    rest = [truth - trust * said for truth, said in zip(people, judge_there, strict=True)]
    mean = trust * fmean(judge_elsewhere) + fmean(rest)
    half = _student(level, labels - 1) * sqrt(
        trust**2 * _variance(judge_elsewhere) / judged + _cautious(rest, trust) / labels
    )
    return Corrected(
        mean=min(max(mean, 0.0), 1.0),
        low=max(mean - half, 0.0),
        high=min(mean + half, 1.0),
        raw=fmean(judge_elsewhere),
        bias=fmean(judge_there) - fmean(people),
        trust=trust,
        labelled=labels,
        judged=judged,
    )


def _trust(people: Sequence[float], there: Sequence[float], elsewhere: Sequence[float]) -> float:
    """Covariance over variance: what a linear correction of the judge would use, held between 0 and 1."""
    mean, truth = fmean(there), fmean(people)
    together = sum((said - mean) * (label - truth) for said, label in zip(there, people, strict=True)) / len(there)
    spread = _variance([*there, *elsewhere]) * (1 + len(there) / len(elsewhere))
    return min(max(together / spread, 0.0), 1.0) if spread > 1e-12 else 0.0


def _cautious(rest: Sequence[float], trust: float) -> float:
    """The variance with two imagined labels, one at each end (Agresti and Coull's rule for shares).

    Without them ten labels that agree by chance would make an interval of no width.
    """
    mean = fmean(rest)
    squares = sum((value - mean) ** 2 for value in rest)
    ends = (1 - mean) ** 2 + (-trust - mean) ** 2
    return (squares + ends) / (len(rest) + 1)


def _variance(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)


def _student(level: float, freedom: int) -> float:
    """Student's quantile by Cornish and Fisher's expansion; a thousandth off from five degrees of freedom on."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
