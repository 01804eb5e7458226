"""Where another strategy would have gone with our own logged calls: the chance of each target, call by call.

Refuses to estimate what would have come of it, and to replay a cascade: what it looks at, answers, no ledger keeps.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from trunkline.backtest.decisions import Row
from trunkline.core.errors import TrunklineError
from trunkline.core.exchange import Target
from trunkline.quality.predictor import Learned
from trunkline.routing.candidates import Candidate
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import NAMES, Complexity
from trunkline.routing.learned.arrays import Floats
from trunkline.routing.learned.policy import Policy
from trunkline.routing.learner import Asked, Learner
from trunkline.routing.posteriors import DEFAULTS, PosteriorSettings
from trunkline.routing.prior import Ability, Known, Quality
from trunkline.routing.strategies import Adaptive, Cascade, Fastest, Ordered, Strategy
from trunkline.routing.strategies.ranking import Circumstances, Ranked, Rng, certain

UNKNOWN = Ability(0.0, 1.0, "guess")


class Course(Struct, frozen=True):
    """A route as another config has it: ``targets`` in its order, ``abilities`` before anything was scored.

    ``policies`` says what of the route's models a fitted policy stands for, by target.
    """

    strategy: Strategy
    targets: tuple[str, ...]
    abilities: Mapping[str, Ability | Known] = {}
    learning: PosteriorSettings = DEFAULTS
    policy: Policy | None = None
    model_of: Mapping[str, str] = {}


def chances(found: Sequence[Row], course: Course, names: Sequence[str], seed: int = 0) -> Floats:
    """Rows x ``names``: how likely each target would have been the first choice; zeros where none could be one.

    ``found`` in the order of their times. Raises TrunklineError for a strategy that looks at what no ledger keeps.
    """
    replay = _replay(found, course, random.Random(seed).random)  # noqa: S311 - a draw that can be repeated
    place = {name: number for number, name in enumerate(names)}
    shares = np.zeros((len(found), len(names)))
    for number, row in enumerate(found):
        left = _candidates(row, course)
        for ranked in replay(row, left) if left else ():
            shares[number, place[str(ranked.candidate.target)]] += ranked.propensity
    return shares


def _candidates(row: Row, course: Course) -> list[Candidate]:
    """Those of the call that the course has too, in its order."""
    made: list[Candidate] = []
    for one in row.decision.candidates:
        if one.target in course.targets:
            provider, _, model = one.target.partition("/")
            quality = Quality(one.quality, one.sd, one.source)
            place = course.targets.index(one.target)
            made.append(Candidate(place, Target(provider, model), quality, one.cost, one.latency))
    return sorted(made, key=lambda one: one.place)


Replay = Callable[[Row, Sequence[Candidate]], Sequence[Ranked]]


def _replay(found: Sequence[Row], course: Course, rng: Rng) -> Replay:
    strategy = course.strategy
    match strategy:
        case Cascade():
            raise TrunklineError(
                "a cascade cannot be replayed from logged decisions: it looks at answers of several models to the same "
                "prompt, and the ledger keeps none. Replay it on tables with `trunkline backtest DIRECTORY`"
            )
        case Ordered():
            return lambda _, left: certain((one, -float(one.place)) for one in left)
        case Adaptive():
            return Learning(course, strategy, rng)
        case Fastest() if not any(one.latency for row in found for one in row.decision.candidates):
            raise TrunklineError("these logged decisions hold no latencies, so the strategy latency cannot be replayed")
        case _:
            policy = course.policy
            if policy is not None and not policy.untrained:
                raise TrunklineError(
                    "this policy looks at words, and the ledger keeps none; judge it on tables with "
                    "`trunkline backtest DIRECTORY`, or fit one with `trunkline fit --ledger`"
                )
            return lambda row, left: strategy.rank(*_informed(row, left, course), rng)


def _informed(row: Row, left: Sequence[Candidate], course: Course) -> tuple[Sequence[Candidate], Circumstances]:
    """The candidates as a fitted policy sees them, and what it knows of the price of quality."""
    complexity, policy = row.complexity, course.policy
    if policy is None:
        return left, Circumstances(complexity)
    expected = policy.predict(complexity.vector(), "")
    made: list[Candidate] = []
    for one in left:
        known = expected.get(course.model_of.get(str(one.target), ""))
        quality = one.quality if known is None else Quality(known.mean, known.sd, "policy")
        made.append(Candidate(one.place, one.target, quality, one.cost, one.latency))
    return made, Circumstances(complexity, price=policy.price if policy.floor.shown else 0.0)


class Learning:
    """Replays what learns: it begins at the priors, and is taught by the calls that it would have made itself.

    A logged call is taken into its history with the chance by which it would rather have made it than the log did
    (Dudik, Erhan, Langford and Li 2012), so that its history is one that it could have had.
    """

    def __init__(self, course: Course, strategy: Adaptive, rng: Rng) -> None:
        self._course = course
        self._strategy = strategy
        self._rng = rng
        self._learner = Learner(len(NAMES), course.learning)
        self._learned = Learned(self._learner, lambda: 0)

    def __call__(self, row: Row, left: Sequence[Candidate]) -> Sequence[Ranked]:
        """The order for one call, and then its lesson."""
        complexity = row.complexity
        asked = Asked(cluster_of(complexity), complexity.vector())
        ranked = self._strategy.rank(
            [self._believed(one, complexity, asked, row.at) for one in left], Circumstances(complexity), self._rng
        )
        own = next((one.propensity for one in ranked if str(one.candidate.target) == row.target), 0.0)
        if row.quality is not None and self._rng() * row.propensity < own:
            self._learner.learn(row.target, asked, row.quality, 1.0, row.at)
        return ranked

    def _believed(self, one: Candidate, complexity: Complexity, asked: Asked, now: int) -> Candidate:
        target = str(one.target)
        prior = self._course.abilities.get(target, UNKNOWN).at(complexity.score)
        return Candidate(one.place, one.target, self._learned.quality(target, prior, asked, now), one.cost, one.latency)
