"""Has the model behind a name changed? Watches the scores of sampled answers for a lasting fall, cluster by cluster.

Refuses to compare weeks. After every ten scores it asks of each moment lately how much likelier the scores are if they
fell then, all scores before that moment being what is usual, and adds the odds up (Shiryaev, 1963; Roberts, 1966). At
which sum it rings was measured for the asked-for rate of false alarms, of the first stretch as of later ones.
"""

from collections import deque
from collections.abc import Iterable
from math import exp, fsum, log, sqrt
from typing import Annotated

from msgspec import Meta, Struct

BLOCK = 10  # scores between two looks
BLOCKS = 24  # a fall is looked for in the last 240 scores
# Falls long enough to be found count fully: they are what must not be missed within 200 scores. A fall so deep that
# fewer scores show it outweighs the rest.
FULL, BRIEF = 12, 0.05
FLATTEST = 0.05  # sd below which scores are taken to spread: the first hundred may be equal by luck
EDGE = 0.02  # means are taken to be at least so far from 0 and 1
MOST_REFERENCE = 5_000
MOST_ODDS = 500.0  # in logs
# What the log of the summed odds stays below in 19 of 20 stretches of 500 scores, by what one score tells of the fall
# (the drop's square over the variance), and 0.1: measured with coins of 60 to 95 % and with graded scores, 4,000 seeds
# each. A coin of 80 % tells 0.06, one of 90 % 0.11, one of 95 % 0.21.
LIMIT, STRETCH, FALSE = 5.95, 500, 0.05
LITTLE, EASE, LEAST = 0.07, 1.15, 4.5


class DriftSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as a change, and how sure an alarm must be."""

    drop: Annotated[
        float, Meta(gt=0, le=1, description="Fall of the mean score that must be found: 0.1 is ten points.")
    ] = 0.1
    reference: Annotated[
        int, Meta(ge=30, le=100_000, description="Scored answers that say what is usual, before anything is watched.")
    ] = 300
    horizon: Annotated[
        int, Meta(ge=50, le=1_000_000, description="Scored answers within which false alarms are counted.")
    ] = 500
    false_alarms: Annotated[
        float, Meta(gt=0, lt=0.5, description="Probability of an alarm within the horizon when nothing has changed.")
    ] = 0.05
    left: Annotated[
        float,
        Meta(ge=0, le=1, description="Part of what was learned of the model that is still believed after an alarm."),
    ] = 0.1


class Alarm(Struct, frozen=True):
    """The mean was ``before`` and has been ``after`` for about the last ``answers`` scored answers."""

    before: float
    after: float
    answers: int

    def __str__(self) -> str:
        went = "fell" if self.after < self.before else "rose"
        changed = f"the mean score {went} from {self.before:.2f} to {self.after:.2f}"
        return f"{changed} over the last {self.answers} scored answers"


class _Tally:
    """Scores of one cluster: their sum, their squares' sum, and how many, of which old ones count in part."""

    __slots__ = ("count", "squares", "sum")

    def __init__(self) -> None:
        self.sum = self.squares = self.count = 0.0

    def add(self, score: float) -> None:
        self.sum += score
        self.squares += score * score
        self.count += 1

    def take(self, other: "_Tally", share: float = 1) -> None:
        """Add another's scores, or a share of them; with -1 leave them out."""
        self.sum += share * other.sum
        self.squares += share * other.squares
        self.count += share * other.count

    @property
    def mean(self) -> float:
        return self.sum / self.count


_Tallies = dict[str, _Tally]


class Drift:
    """One model's watch, fed with every score in the order of the answers; after an alarm it learns the usual anew."""

    __slots__ = ("_all", "_blocks", "_count", "_limit", "_odds", "_settings")

    def __init__(self, settings: DriftSettings) -> None:
        self._settings = settings
        self._begin()

    def _begin(self) -> None:
        self._all: _Tallies = {}
        self._count = 0.0
        self._blocks: deque[_Tallies] = deque()
        self._odds = self._limit = 0.0

    @property
    def watching(self) -> bool:
        """False while what is usual is still being learned."""
        return self._count >= self._settings.reference

    def add(self, score: float, cluster: str = "") -> Alarm | None:
        """Take one score, 0 to 1; an alarm when the mean has fallen."""
        if not self.watching:
            self._note(score, cluster, self._all)
            return None
        block = self._open_block()
        self._note(score, cluster, self._all, block)
        # a block that is not below the usual cannot make it ring
        return self._look() if _size(block) >= BLOCK and self._above(block) < 0 else None

    def _note(self, score: float, cluster: str, *places: _Tallies) -> None:
        self._count += 1
        for tallies in places:
            tallies.setdefault(cluster, _Tally()).add(score)

    def _open_block(self) -> _Tallies:
        """The block that takes the next score. One that is too old for a new fall becomes what is usual."""
        if not self._blocks or _size(self._blocks[-1]) >= BLOCK:
            self._blocks.append({})
        if len(self._blocks) > BLOCKS:
            self._blocks.popleft()
            if self._count > MOST_REFERENCE:
                self._fade(MOST_REFERENCE / self._count)
        return self._blocks[-1]

    def _above(self, block: _Tallies) -> float:
        """By how much a block's sum is above the usual."""
        return fsum(tally.sum - tally.count * self._all[cluster].mean for cluster, tally in block.items())

    def _fade(self, left: float) -> None:
        """What is usual counts less and less; the blocks, in which a fall is looked for, count fully."""
        lately = _sums(self._blocks)
        for cluster in list(self._all):
            tally = self._all[cluster]
            before = _Tally()
            before.take(tally)
            before.take(lately.get(cluster, _Tally()), -1)
            tally.take(before, left - 1)
            if tally.count < 1:
                del self._all[cluster]
        self._count = sum(tally.count for tally in self._all.values())

    def _look(self) -> Alarm | None:
        likelihoods = self._likelihoods()
        odds = [exp(min(one, MOST_ODDS)) for one in likelihoods]
        self._odds = log(BRIEF * fsum(odds[: FULL - 1]) + fsum(odds[FULL - 1 :]))
        if self._odds <= self._limit:
            return None
        alarm = self._alarm(likelihoods.index(max(likelihoods)) + 1)
        self._begin()
        return alarm

    def _likelihoods(self) -> list[float]:
        """Log likelihood ratios of a fall one block ago, two blocks ago, and so on."""
        level, spread = self._coin()
        after: _Tallies = {}
        contrasts: dict[str, tuple[float, float]] = {}
        found, count = [], 0.0
        for block in reversed(self._blocks):
            for cluster, tally in block.items():
                one = after.setdefault(cluster, _Tally())
                one.take(tally)
                contrasts[cluster] = _contrast(self._all[cluster], one)
                count += tally.count
            weight, fallen = map(fsum, zip(*contrasts.values(), strict=True))
            found.append(_likelihood(count, weight, fallen, self._settings.drop, level) / spread)
        return found

    def _coin(self) -> tuple[float, float]:
        """The coin that scores are taken for: how often it is right, and their variance within clusters by its own.

        Scores of 0 and 1 are a coin of that variance, whose skew they have then; others one of their mean.
        """
        squares, total = (fsum(getattr(tally, name) for tally in self._all.values()) for name in ("squares", "sum"))
        within = squares - fsum(tally.sum * tally.mean for tally in self._all.values())
        variance = max(within / max(self._count - len(self._all), 1.0), FLATTEST**2)
        self._limit = limit(self._settings, self._settings.drop**2 / variance)
        if squares == total:
            return (1 + sqrt(max(1 - 4 * variance, 0.0))) / 2, 1.0
        mean = total / self._count
        return mean, min(variance / max(mean * (1 - mean), FLATTEST**2), 1.0)

    def _alarm(self, blocks: int) -> Alarm:
        after = _sums(list(self._blocks)[-blocks:])
        count = _size(after)
        usual = fsum(one.count * _before(self._all[cluster], one) for cluster, one in after.items())
        return Alarm(usual / count, fsum(one.sum for one in after.values()) / count, round(count))

    def __repr__(self) -> str:
        state = f"{self._odds:.1f} of {self._limit:.1f}" if self.watching else f"{self._count:.0f} scores so far"
        return f"<Drift [{state}]>"


def limit(settings: DriftSettings, information: float) -> float:
    """The log odds at which the watch rings; ``information`` is what one score tells of the fall.

    Of a longer stretch and rarer alarms by Doob's inequality: the odds exceed a bound at most in its inverse.
    """
    measured = LIMIT - EASE * log(max(information / LITTLE, 1.0))
    return max(measured, LEAST) + log(settings.horizon / STRETCH * FALSE / settings.false_alarms)


def _contrast(all_: _Tally, after: _Tally) -> tuple[float, float]:
    """What a cluster says of a fall: the weight of its word (Cochran, 1954), and that times by how much it fell."""
    before = all_.count - after.count
    if before < 1:
        return 0.0, 0.0
    weight = before * after.count / all_.count
    return weight, weight * ((all_.sum - after.sum) / before - after.mean)


def _likelihood(count: float, weight: float, fallen: float, least: float, level: float) -> float:
    """How much likelier all scores are, in logs, if their mean fell: a coin's odds, of one coin that says as much.

    That coin was thrown ``count`` times after the moment, and so often before it that its word has this weight, and was
    right at this level over both. Its mean is taken to be what fits that best, with the fall and without. A fall is at
    least ``least``, and half of what it seems to be: a deep one is one, too.
    """
    if not weight:
        return 0.0
    before, seems = count * weight / (count - weight), fallen / weight
    part, drop = count / (before + count), max(least, seems / 2)
    right = before * min(max(level + seems * part, 0.0), 1.0)
    total = count * min(max(level - seems * (1 - part), 0.0), 1.0)
    was = min(max(level + drop * part, EDGE), 1 - EDGE)
    fell, usual = max(was - drop, EDGE), min(max(level, EDGE), 1 - EDGE)
    ahead = right * log(was / usual) + (before - right) * log((1 - was) / (1 - usual))
    return ahead + total * log(fell / usual) + (count - total) * log((1 - fell) / (1 - usual))


def _before(all_: _Tally, after: _Tally) -> float:
    """A cluster's mean before; its mean in all where it is new."""
    before = all_.count - after.count
    return (all_.sum - after.sum) / before if before >= 1 else all_.mean


def _size(block: _Tallies) -> float:
    return sum(tally.count for tally in block.values())


def _sums(blocks: Iterable[_Tallies]) -> _Tallies:
    found: _Tallies = {}
    for block in blocks:
        for cluster, tally in block.items():
            found.setdefault(cluster, _Tally()).take(tally)
    return found
