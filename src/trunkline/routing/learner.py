"""What is believed of every model's quality, online: one posterior by kind of prompt, one regression on its features.

Refuses to know who scores and who chooses. The two see the same scores from two sides and neither is right alone. How
good a model is at a kind the posterior knows best as soon as it has some scores of it, since a regression bends towards
what is linear over all kinds; how prompts of one kind differ only the regression knows.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from trunkline.routing import usual
from trunkline.routing.changepoint import Change
from trunkline.routing.linear_belief import LinearBelief, LinearPrior
from trunkline.routing.posteriors import DEFAULTS, Belief, Posteriors, PosteriorSettings, Prior
from trunkline.routing.usual import Usual
from trunkline.stores.ports import QualityStore
from trunkline.stores.records import Millis
from trunkline.stores.scores import Evidence, Score

KIND = "linear"
KINDS_REMEMBERED = 4  # times the memory of one kind: what a regression over all kinds remembers
CHANGED = 10.0  # scores that every regression weighs after a change: the posteriors of kinds know the rest
MOST_MODELS = 256
HALF = 0.5  # the regression's part in what both see
FEW = 10.0  # scores of a kind at which its own count three times what the regression says of it


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
        self._usual = Usual(features, settings.half_life)

    def believe(self, target: str, asked: Asked, now: Millis, prior: Prior | None = None) -> tuple[float, float]:
        """Mean and sd of the quality to expect of a target on a prompt; ``prior`` may be of this very prompt."""
        belief = self.posteriors.belief(target, asked.cluster, now, prior)
        if target not in self._lines or len(asked.features) != self._features:
            return belief.mean, belief.sd
        line = self._lines[target]
        here, sd = line.predict(asked.features)
        level = line.expect(self._usual.of(target, asked.cluster) or asked.features)
        part = HALF * FEW / (FEW + belief.scored)
        mean = (1 - part) * belief.mean + part * min(max(level, 0.0), 1.0) + HALF * (here - level)
        return min(max(mean, 0.0), 1.0), (1 - part) * belief.sd + part * sd

    def belief(self, target: str, cluster: str, now: Millis) -> Belief:
        """The posterior alone, which has an interval to show."""
        return self.posteriors.belief(target, cluster, now)

    def doubt(self, target: str, cluster: str, now: Millis) -> float:
        """How much a score of this target at this kind would teach, on the scale of deviations."""
        return self.posteriors.doubt(target, cluster, now)

    def scored(self, target: str, cluster: str, now: Millis) -> float:
        """The weight of a target's scores in a kind of prompt, or, of the empty kind, in all."""
        return self.posteriors.scored(target, cluster, now)

    def learn(self, target: str, asked: Asked, score: float, weight: float, now: Millis) -> Change | None:
        """Take one score of an answer, 0 to 1; a change when it shows that the target is not what it was.

        Raises ValueError for what is none.
        """
        changed = self.posteriors.learn(target, asked.cluster, score, weight, now)
        if changed is not None:
            for one in self._lines.values():
                one.weaken(min(1.0, CHANGED / max(one.scored, CHANGED)), now)
        line = self._line(target) if len(asked.features) == self._features else None
        if line is not None:
            if line.scored > KINDS_REMEMBERED * self.settings.memory:
                line.weaken(0.75, now)
            line.learn(asked.features, score, weight, now)
            self._usual.learn(target, asked.cluster, asked.features, weight, now)
        return changed

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
        self._usual.replace(stored)
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
        found = [piece for piece in lines if piece is not None]
        return [*self.posteriors.fresh(), *self._usual.fresh(), *found]

    def _put_back(self, unsaved: Iterable[Evidence]) -> None:
        for piece in unsaved:
            kind, _, target = piece.name.partition("|")
            if kind == KIND:
                self._lines[target].put_back(piece)
            elif kind == usual.KIND:
                self._usual.put_back(piece)
            else:
                self.posteriors.put_back(piece)

    def __repr__(self) -> str:
        return f"<Learner {self.posteriors!r}>"
