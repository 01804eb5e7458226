"""The strategies of a backtest by name: each fits itself on a lesson and gives a plan.

Refuses to see more than the training half: a lesson holds nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from trunkline.backtest import fit_cascade, fit_prompt
from trunkline.backtest.fit_cascade import Draft
from trunkline.backtest.floor import Play, Shown, cheapest_shown
from trunkline.backtest.plans import Always, ByLooks, ByPrompt, Cascading, Mix, Plan, Untrained, levels
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Floats
from trunkline.routing.learned.cascade import Cascade
from trunkline.routing.learned.prompt_layer import Outlook, PromptLayer

SURE = 0.95  # the confidence at which a floor counts as guaranteed
EXPONENTS = tuple(float(power) for power in np.linspace(0.3, 0.0, 16))  # of cost, thrifty first; 0.3 is the rule's own
PROMPT_PRICES = tuple(
    float(price) for price in np.geomspace(0.003, 3.0, 40)
)  # quality that a call of the best must bring


class Aim(Struct, frozen=True):
    """``floor``: share of the best single model's quality to keep; ``confidence`` that it is kept, 0.5: on average."""

    floor: float = 0.99
    confidence: float = 0.5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """The training half and what was fitted on it once for all strategies."""

    training: Suite
    layer: PromptLayer
    outlook: Outlook
    draft: Draft | None

    @classmethod
    def of(cls, training: Suite) -> "Lesson":
        """Fit the prompt layer, and the answer layer where there are answers."""
        layer, outlook = fit_prompt.cross_fit(training)
        return cls(training, layer, outlook, fit_cascade.fit(training, outlook))

    @property
    def ranking(self) -> tuple[int, ...]:
        """All models, the best single one first, then by quality."""
        best, order = self.training.best, np.argsort(-self.training.quality, kind="stable")
        return (best, *(int(place) for place in order if place != best))

    def shown(self, plays: list[Play], aim: Aim) -> Shown | None:
        """The cheapest of these plays that keeps the aim."""
        training, best = self.training, self.training.best
        rng = np.random.default_rng(aim.seed)
        price = float(training.price[best])
        return cheapest_shown(plays, training.score, best, price, aim.floor, aim.confidence, rng)


class Fitted(Struct, frozen=True):
    """A plan, and what of its floor was shown; None: nothing cheaper could be, so the best model answers.

    ``price``: quality a dollar at which the prompt layer alone keeps the floor; 0: it cannot, only quality counts.
    """

    plan: Plan
    shown: Shown | None = None
    cascade: Cascade | None = None
    price: float = 0.0


def best(lesson: Lesson, _: Aim) -> Fitted:
    """Always the model that was best in training."""
    return Fitted(Always(lesson.ranking))


def random_mix(lesson: Lesson, aim: Aim) -> Fitted:
    """The cheapest and the best model by lot, in the share that keeps the floor."""
    quality = lesson.training.quality
    cheap = int(lesson.training.price.argmin())
    return Fitted(_mix(lesson, aim, cheap, lesson.training.best, quality))


def static_mix(lesson: Lesson, aim: Aim) -> Fitted:
    """The cheapest lot between any two models that keeps the floor."""
    training, target = lesson.training, aim.floor * lesson.training.quality[lesson.training.best]
    pairs = [
        (one, other)
        for one in range(len(training.models))
        for other in range(len(training.models))
        if training.quality[one] <= target <= training.quality[other]
    ]

    def dollars(pair: tuple[int, int]) -> float:
        share = _share(training.quality, *pair, float(target))
        return float(share * training.price[pair[0]] + (1 - share) * training.price[pair[1]])

    return Fitted(_mix(lesson, aim, *min(pairs, key=dollars), training.quality))


def _mix(lesson: Lesson, aim: Aim, one: int, other: int, quality: Floats) -> Mix:
    target = aim.floor * float(quality[lesson.training.best])
    return Mix(one, other, _share(quality, one, other, target), lesson.ranking, aim.seed)


def _share(quality: Floats, one: int, other: int, target: float) -> float:
    """How often the first may be asked so that the mean is the target."""
    gap = float(quality[other] - quality[one])
    return 1.0 if gap <= 0 else float(np.clip((quality[other] - target) / gap, 0.0, 1.0))


def heuristic(lesson: Lesson, aim: Aim) -> Fitted:
    """Quality / cost^0.3 by length, keywords and code; the power falls until the floor is kept."""
    training = lesson.training
    level = levels(training.seen.features)
    table = np.array([_level_quality(training, level == number) for number in range(3)])
    made = [_by_looks(lesson, table, power) for power in EXPONENTS]
    rows = np.arange(len(training))
    plays = [
        Play(np.nan_to_num(training.score[rows, choice]), np.nan_to_num(training.cost[rows, choice]))
        for choice in (np.array(plan.choice)[level] for plan in made)
    ]
    shown = lesson.shown(plays, aim)
    return Fitted(Always(lesson.ranking) if shown is None else made[shown.play], shown)


def _level_quality(training: Suite, chosen: Floats) -> Floats:
    """Shrunk to the mean over all levels by fifty prompts' weight."""
    there = training.present & chosen[:, None].astype(bool)
    total = np.where(there, training.score, 0.0).sum(axis=0)
    shrunk: Floats = (total + 50.0 * training.quality) / (there.sum(axis=0) + 50.0)
    return shrunk


def _by_looks(lesson: Lesson, table: Floats, power: float) -> ByLooks:
    worth = table / np.maximum(lesson.training.price, 1e-9) ** power
    return ByLooks(tuple(int(place) for place in worth.argmax(axis=1)), lesson.ranking)


def prompt(lesson: Lesson, aim: Aim) -> Fitted:
    """The prompt layer alone."""
    training, outlook = lesson.training, lesson.outlook
    rows = np.arange(len(training))
    plays: list[Play] = []
    for price in prompt_prices(training):
        worth = np.where(training.present, outlook.quality - price * outlook.cost, -np.inf).argmax(axis=1)
        plays.append(Play(training.score[rows, worth], training.cost[rows, worth]))
    shown = lesson.shown(plays, aim)
    if shown is None:
        return Fitted(Always(lesson.ranking))
    price = prompt_prices(training)[shown.play]
    return Fitted(ByPrompt(lesson.layer, price), shown, price=price)


def prompt_prices(training: Suite) -> list[float]:
    """Quality a dollar, from the dearest taste to the most thrifty."""
    return [price / float(training.price[training.best]) for price in PROMPT_PRICES]


def untrained(lesson: Lesson, _: Aim) -> Fitted:
    """Two cheap probes of different makers; nothing is fitted but who is cheap and best."""
    training = lesson.training
    cheap = [place for place in lesson.ranking if training.price[place] <= 0.2 * training.price[training.best]]
    first = cheap[0] if cheap else None
    second = next(
        (place for place in cheap if first is not None and _maker(training, place) != _maker(training, first)), None
    )
    if first is None or second is None or not training.answered:
        return Fitted(Always(lesson.ranking))
    return Fitted(Untrained((first, second), lesson.ranking))


def _maker(training: Suite, place: int) -> str:
    return fit_cascade.maker(training.models[place])


def cascade(lesson: Lesson, aim: Aim) -> Fitted:
    """The learned cascade, or the prompt layer alone where that is shown to save more."""
    alone = prompt(lesson, aim)
    if lesson.draft is None:
        return alone
    made = [lesson.draft.rules(price) for price in fit_cascade.prices(lesson.training)]
    shown = lesson.shown([play for _, play in made], aim)
    if shown is None or (alone.shown is not None and alone.shown.saved > shown.saved):
        return alone
    learned = lesson.draft.cascade(made[shown.play][0])
    return Fitted(Cascading(lesson.layer, learned, lesson.ranking), shown, learned, alone.price)


def sure(lesson: Lesson, aim: Aim) -> Fitted:
    """The same, with the floor shown at 95 % confidence."""
    return cascade(lesson, Aim(aim.floor, max(SURE, aim.confidence), aim.seed))


Strategy = Callable[[Lesson, Aim], Fitted]
STRATEGIES: dict[str, tuple[str, Strategy]] = {
    "cascade": ("learned cascade", cascade),
    "sure": ("learned cascade, floor shown at 95 %", sure),
    "untrained": ("untrained cascade (two agree, else the best)", untrained),
    "prompt": ("prompt layer alone", prompt),
    "heuristic": ("seed heuristic (length, keywords, code)", heuristic),
    "static": ("best static mix", static_mix),
    "random": ("random mix of cheapest and best", random_mix),
    "best": ("best model in training, always", best),
}
