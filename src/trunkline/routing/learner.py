"""What is believed of every model's quality, online: one posterior by kind of prompt, one regression on its features.

Refuses to know who scores and who chooses. The two see the same scores from two sides and neither is right alone: the
posterior knows nothing of what is between kinds, the regression nothing of what is not linear; their mean is taken.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from trunkline.routing.linear_belief import LinearBelief, LinearPrior
from trunkline.routing.posteriors import DEFAULTS, Belief, Posteriors, PosteriorSettings, Prior
from trunkline.stores.ports import QualityStore
from trunkline.stores.records import Millis
from trunkline.stores.scores import Evidence, Score

KIND = "linear"
KINDS_REMEMBERED = 4  # times the memory of one kind: what a regression over all kinds remembers
CHANGED = 0.3  # left of a regression when one kind of prompts has changed: the others may have not
MOST_MODELS = 256


class Asked(Struct, frozen=True):
    """What a prompt looks like to the learner: its kind, and its features."""

    cluster: str
    features: tuple[float, ...] = ()


class Learner:
    """Beliefs by target; ``features`` is how many a prompt has. Times are Unix milliseconds."""

    def __init__(
        self, features: int, settings: PosteriorSettings = DEFAULTS, priors: Mapping[str, Prior] | None = None
    ) -> None:
        self.settings = settings
        self.posteriors = Posteriors(settings, priors)
        self._features = features
        self._lines: dict[str, LinearBelief] = {}

    def believe(self, target: str, asked: Asked, now: Millis, prior: Prior | None = None) -> tuple[float, float]:
        """Mean and sd of the quality to expect of a target on a prompt; ``prior`` may be of this very prompt."""
        belief = self.posteriors.belief(target, asked.cluster, now, prior)
        if target not in self._lines or len(asked.features) != self._features:
            return belief.mean, belief.sd
        mean, sd = self._lines[target].predict(asked.features)
        return (belief.mean + min(max(mean, 0.0), 1.0)) / 2, (belief.sd + sd) / 2

    def belief(self, target: str, cluster: str, now: Millis) -> Belief:
        """The posterior alone, which has an interval to show."""
        return self.posteriors.belief(target, cluster, now)

    def scored(self, target: str, cluster: str, now: Millis) -> float:
        """The weight of a target's scores in a kind of prompt, or, of the empty kind, in all."""
        return self.posteriors.scored(target, cluster, now)

    def learn(self, target: str, asked: Asked, score: float, weight: float, now: Millis) -> None:
        """Take one score of an answer, 0 to 1. Raises ValueError for what is none."""
        changed = self.posteriors.learn(target, asked.cluster, score, weight, now)
        line = self._line(target) if len(asked.features) == self._features else None
        if line is not None:
            if changed:
                line.weaken(CHANGED, now)
            if line.scored > KINDS_REMEMBERED * self.settings.memory:
                line.weaken(0.75, now)
            line.learn(asked.features, score, weight, now)

    def weaken(self, target: str, left: float, now: Millis) -> None:
        """Believe only ``left`` (0 to 1) of what was learned of a target: it is not what it was."""
        self.posteriors.weaken(target, left, now)
        if target in self._lines:
            self._lines[target].weaken(left, now)

    async def save(self, store: QualityStore, scores: Iterable[Score] = ()) -> None:
        """Add what is new to what is stored. Raises StoreUnavailable; then it is kept for the next time."""
        new = self._fresh()
        try:
            await store.learn(tuple(scores), new, self.settings.half_life)
        except BaseException:
            self._put_back(new)
            raise

    def forget_fresh(self) -> None:
        """Nobody will store it: what is believed stays, what was to be written goes."""
        self._fresh()

    async def load(self, store: QualityStore) -> None:
        """Take what all processes have learned. Raises StoreUnavailable."""
        stored = await store.evidence()
        self.posteriors.replace(stored)
        for piece in stored:
            kind, _, target = piece.name.partition("|")
            line = self._line(target) if kind == KIND else None
            if line is not None:
                line.replace(piece)

    def _line(self, target: str) -> LinearBelief | None:
        line = self._lines.get(target)
        if line is None and len(self._lines) < MOST_MODELS:
            prior = self.posteriors.priors.get(target, self.posteriors.unknown)
            line = LinearBelief(self._features, LinearPrior((prior.mean,), max(prior.sd, 0.05)))
            line.half_life = self.settings.half_life
            self._lines[target] = line
        return line

    def _fresh(self) -> list[Evidence]:
        lines = [line.fresh(f"{KIND}|{target}") for target, line in self._lines.items()]
        return [*self.posteriors.fresh(), *(piece for piece in lines if piece is not None)]

    def _put_back(self, unsaved: Iterable[Evidence]) -> None:
        for piece in unsaved:
            kind, _, target = piece.name.partition("|")
            if kind == KIND:
                self._lines[target].put_back(piece)
            else:
                self.posteriors.put_back(piece)

    def __repr__(self) -> str:
        return f"<Learner {self.posteriors!r}>"
