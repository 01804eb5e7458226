"""How good a model is at a kind of prompt: a Beta posterior for each (model, cluster), from scores that fade with time.

Refuses to know who scores, where clusters come from and who routes by it. A cell with few scores is shrunk towards its
model's scores in all clusters, and those towards the model's prior: with many cells and few scores in each, the best
looking cell is the luckiest one (the winner's curse).
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.routing import beta
from trunkline.routing.changepoint import Change, Changes
from trunkline.stores.records import HOUR, Millis
from trunkline.stores.scores import Evidence

KIND = "beta"
ALL = ""  # the cluster of all clusters
MOST_CELLS = 10_000  # (model, cluster) pairs; beyond them new cells are counted for their model only
TOSSES = 4.0
SHARPEST = 4.0
# What scores of before a change weigh after it, as a number of scores: of the cell itself, of the other models at this
# kind of prompts, of the model at other kinds. Their means stay, so a false alarm costs little.
CHANGED, SAME_KIND, SAME_MODEL = 2.0, 8.0, 12.0
SUSPECTED = 6.0  # times the deviation: cells that may have changed are judged as often as ones hardly known
HEAVIEST = 100.0  # what one score may weigh


class Prior(Struct, frozen=True):
    """What is believed of a model before anybody scored it: ``mean`` and ``sd`` of its quality, 0 to 1."""

    mean: float = 0.5
    sd: float = 0.25

    def counts(self) -> tuple[float, float]:
        """As good and bad answers seen; the weakest that still has one hump."""
        mean = min(max(self.mean, 0.02), 0.98)
        strength = max(mean * (1 - mean) / max(self.sd, 1e-3) ** 2 - 1, 1.0)
        return mean * strength, (1 - mean) * strength


class Belief(Struct, frozen=True):
    """A posterior of quality as Beta(good, bad); ``scored`` is the weight of scores behind it, in its own cell."""

    good: float
    bad: float
    scored: float = 0.0

    @property
    def mean(self) -> float:
        """The quality to expect, 0 to 1."""
        return self.good / (self.good + self.bad)

    @property
    def sd(self) -> float:
        """How unsure that is."""
        return beta.mean_sd(self.good, self.bad)[1]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where the quality is with this probability."""
        return beta.interval(self.good, self.bad, level)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.mean:.0%} ({low:.0%} to {high:.0%}, {self.scored:.0f} scored)"


class PosteriorSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How fast scores are forgotten, and how far cells are drawn together."""

    half_life_hours: Annotated[
        float,
        Meta(
            ge=0.01,
            le=100_000,
            extra_json_schema={"x-unit": "hours"},
            description="After so long a score counts half. Set it lower where models change behind their names.",
        ),
    ] = 336.0
    pooling: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000,
            description="What a model's scores in all kinds of prompts weigh in one kind, as a number of scores there.",
        ),
    ] = 4.0
    memory: Annotated[
        float,
        Meta(
            ge=5,
            le=1_000_000,
            description="Scores of one model in one kind of prompts that are remembered, the latest most. Set it lower "
            "where models change, higher where they do not and small differences matter.",
        ),
    ] = 100.0

    @property
    def half_life(self) -> Millis:
        """In milliseconds."""
        return round(self.half_life_hours * HOUR)


DEFAULTS = PosteriorSettings()
UNKNOWN = Prior()


class Posteriors:
    """All cells; ``priors`` by target, ``unknown`` for the others. Times are Unix milliseconds."""

    __slots__ = ("_cells", "_changes", "_fresh", "priors", "settings", "unknown")

    def __init__(
        self,
        settings: PosteriorSettings = DEFAULTS,
        priors: Mapping[str, Prior] | None = None,
        unknown: Prior = UNKNOWN,
    ) -> None:
        self.settings = settings
        self.priors = dict(priors or {})
        self.unknown = unknown
        self._cells: dict[str, Evidence] = {}
        self._fresh: dict[str, Evidence] = {}
        self._changes = Changes()

    def learn(self, target: str, cluster: str, score: float, weight: float, now: Millis) -> Change | None:
        """Count one score (0 to 1) for its cell and for its model; a change when the cell is not what it was.

        Then little of what it was is believed any more. Raises ValueError for what is no score.
        """
        if not 0 <= score <= 1 or not 0 <= weight <= HEAVIEST:
            raise ValueError(f"a score is between 0 and 1 and its weight between 0 and {HEAVIEST:g}: {score}, {weight}")
        one = weight * score, weight * (1 - score), weight * score**2
        if cluster == ALL or not self._has_room(target, cluster):
            self._add(Evidence(_name(target, ALL), now, one))
            return None
        known = self.scored(target, cluster, now)
        if known + weight > self.settings.memory:
            self._weaken(_name(target, cluster), max(self.settings.memory - weight, 0.0) / known, now)
        for each in (cluster, ALL):
            self._add(Evidence(_name(target, each), now, one))
        self._changes.hear(_name(target, cluster), score, weight)
        return self._changed(target, cluster, now)

    def _changed(self, target: str, cluster: str, now: Millis) -> Change | None:
        """Where the latest scores of a cell contradict those before, these are believed no more.

        Nor is so much else: what happened to the model may have happened to its other kinds, whoever was worse than it
        at this kind may be better now, and all the other cells are looked at closer.
        """
        name = _name(target, cluster)
        already, sums = self._changes.wary(name), self._sums(target, cluster, now)
        change = self._changes.found(name, sums[0], sums[1], _sharpness(*sums))
        if change is None:
            return None
        self._forget(target, cluster, CHANGED, now, change.sums)
        cells = [(name, *name.split("|", 2)[1:]) for name in self._cells if not name.endswith("|" + ALL)]
        for _, other, each in cells:
            if (other == target) != (each == cluster):
                self._forget(other, each, SAME_MODEL if other == target else SAME_KIND, now)
        if not already:  # or one false alarm after the other would keep all of them suspected for ever
            self._changes.suspect(other for other, *_ in cells if other != name)
        return change

    def _forget(
        self, target: str, cluster: str, most: float, now: Millis, keep: tuple[float, ...] = (0.0, 0.0, 0.0)
    ) -> None:
        """Believe a cell's scores as if they were ``most``, beside those to ``keep``; its model forgets as much."""
        before = [max(value - kept, 0.0) for value, kept in zip(self._sums(target, cluster, now), keep, strict=True)]
        known = before[0] + before[1]
        if known > most:
            taken = tuple((most / known - 1) * value for value in before)
            for each in (cluster, ALL):
                self._add(Evidence(_name(target, each), now, taken))

    def doubt(self, target: str, cluster: str, now: Millis) -> float:
        """How much more there is to know of a cell: its deviation, or more where it may have changed just now."""
        sd = self.belief(target, cluster, now).sd
        return SUSPECTED * sd if self._changes.wary(_name(target, cluster)) else sd

    def weaken(self, target: str, left: float, now: Millis) -> None:
        """Believe only ``left`` (0 to 1) of all that was learned of a target: it is not what it was."""
        for name in [name for name in self._cells if name.startswith(f"{KIND}|{target}|")]:
            self._weaken(name, left, now)

    def _weaken(self, name: str, left: float, now: Millis) -> None:
        faded = self._cells[name].faded(now, self.settings.half_life)
        self._add(Evidence(name, now, tuple((left - 1) * value for value in faded.sums)))

    def belief(self, target: str, cluster: str, now: Millis, prior: Prior | None = None) -> Belief:
        """The posterior of a cell; one never scored has its model's, and a model never scored its prior.

        ``prior`` may be of this very prompt, instead of the model's own.
        """
        prior_good, prior_bad = (prior or self.priors.get(target, self.unknown)).counts()
        model_good, model_bad, model_squares = self._sums(target, ALL, now)
        good, bad, squares = self._sums(target, cluster, now) if cluster != ALL else (0.0, 0.0, 0.0)
        # the model's mean without this cell, which must not count twice
        rest_good, rest_bad = max(model_good - good, 0.0) + prior_good, max(model_bad - bad, 0.0) + prior_bad
        if cluster == ALL:
            sharp = _sharpness(model_good, model_bad, model_squares)
            return Belief(sharp * model_good + prior_good, sharp * model_bad + prior_bad, model_good + model_bad)
        rest, sharp = rest_good + rest_bad, _sharpness(good, bad, squares)
        pooled = min(self.settings.pooling + 1e-9, rest) / rest
        return Belief(sharp * good + pooled * rest_good, sharp * bad + pooled * rest_bad, good + bad)

    def scored(self, target: str, cluster: str, now: Millis) -> float:
        """The weight of the scores in a cell."""
        return sum(self._sums(target, cluster, now)[:2])

    def cells(self, now: Millis) -> dict[tuple[str, str], Belief]:
        """Every cell that was ever scored, by target and cluster; the cluster of a whole model is empty."""
        named = [name.split("|", 2) for name in self._cells]
        return {(target, cluster): self.belief(target, cluster, now) for _, target, cluster in named}

    def fresh(self) -> list[Evidence]:
        """What was learned since this was last asked: to be added to the store."""
        found = list(self._fresh.values())
        self._fresh.clear()
        return found

    def put_back(self, piece: Evidence) -> None:
        """What ``fresh`` gave could not be stored: it is fresh still."""
        self._fresh[piece.name] = self._plus(self._fresh.get(piece.name), piece)

    def replace(self, stored: Iterable[Evidence]) -> None:
        """Take what all processes have stored, and what this one has not stored yet."""
        self._cells = {piece.name: piece for piece in stored if _sane(piece)}
        for piece in self._fresh.values():
            self._cells[piece.name] = self._plus(self._cells.get(piece.name), piece)

    def _has_room(self, target: str, cluster: str) -> bool:
        return len(self._cells) < MOST_CELLS or _name(target, cluster) in self._cells

    def _add(self, piece: Evidence) -> None:
        self._cells[piece.name] = self._plus(self._cells.get(piece.name), piece)
        self._fresh[piece.name] = self._plus(self._fresh.get(piece.name), piece)

    def _plus(self, known: Evidence | None, more: Evidence) -> Evidence:
        return more if known is None else known.plus(more, self.settings.half_life)

    def _sums(self, target: str, cluster: str, now: Millis) -> tuple[float, float, float]:
        """Good, bad, and the squares of the scores."""
        cell = self._cells.get(_name(target, cluster))
        if cell is None:
            return 0.0, 0.0, 0.0
        good, bad, squares = cell.faded(now, self.settings.half_life).sums
        return max(good, 0.0), max(bad, 0.0), max(squares, 0.0)

    def __repr__(self) -> str:
        return f"<Posteriors [{len(self._cells)} cells]>"


def _sharpness(good: float, bad: float, squares: float) -> float:
    """What one score tells beside a toss of right or wrong: graded scores spread less, so each says more.

    The variance of a toss over theirs, with a few tosses mixed in so that the first scores cannot claim certainty.
    """
    count = good + bad
    if count < 1:
        return 1.0
    mean = good / count
    toss = mean * (1 - mean)
    spread = (max(squares - count * mean**2, 0.0) + TOSSES * toss) / (count + TOSSES)
    return min(max(toss / spread, 1.0), SHARPEST) if spread > 1e-9 else 1.0


def _name(target: str, cluster: str) -> str:
    return f"{KIND}|{target}|{cluster}"


def _sane(piece: Evidence) -> bool:
    """Whose kind and form this is; a file that was written to by hand must not poison a decision."""
    return piece.name.startswith(f"{KIND}|") and len(piece.sums) == 3 and all(map(isfinite, piece.sums))
