"""Ways to answer an exam: each knows what it learned before, asks models, and names whose answer it gives.

Refuses scores: a plan sees prompts and answers, as a gateway does.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from trunkline.backtest.exam import Exam
from trunkline.routing.learned.arrays import Floats, Ints
from trunkline.routing.learned.cascade import Cascade
from trunkline.routing.learned.prompt_layer import PromptLayer


class Plan(Protocol):
    """Something that was fitted and now sits an exam."""

    def sit(self, exam: Exam) -> Ints:
        """The model whose answer is given, for each prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """One model, and where it cannot be asked the next in ``ranking``."""

    ranking: tuple[int, ...]

    def sit(self, exam: Exam) -> Ints:
        """The first of the ranking that is there."""
        return there(exam, np.full(len(exam), self.ranking[0]), self.ranking)


@dataclass(frozen=True, slots=True)
class Mix:
    """Each prompt goes to ``one`` with this chance, else to ``other``, whatever it says."""

    one: int
    other: int
    chance: float
    ranking: tuple[int, ...]
    seed: int = 0

    def sit(self, exam: Exam) -> Ints:
        """By lot."""
        lots = np.random.default_rng(self.seed).random(len(exam))
        return there(exam, np.where(lots < self.chance, self.one, self.other), self.ranking)


@dataclass(frozen=True, slots=True)
class ByLooks:
    """Prompts sorted by looks into levels, and for each level the model with the most quality for cost to a power."""

    choice: tuple[int, ...]  # per level
    ranking: tuple[int, ...]

    def sit(self, exam: Exam) -> Ints:
        """By level alone."""
        return there(exam, np.array(self.choice)[levels(exam.seen.features)], self.ranking)


@dataclass(frozen=True, slots=True)
class ByPrompt:
    """The prompt layer alone: the most expected quality after its price."""

    layer: PromptLayer
    price: float

    def sit(self, exam: Exam) -> Ints:
        """One model for each prompt, and no answer looked at."""
        outlook = self.layer.predict(exam.seen)
        worth = np.where(exam.present, outlook.quality - self.price * outlook.cost, -np.inf)
        chosen: Ints = worth.argmax(axis=1)
        return chosen


@dataclass(frozen=True, slots=True)
class Untrained:
    """Two probes: do they agree, their answer; else the best. What a gateway does before it has any data."""

    probes: tuple[int, int]
    ranking: tuple[int, ...]

    def sit(self, exam: Exam) -> Ints:
        """Agreement of readable answers, nothing else."""
        heard = exam.ask(np.arange(len(exam)), self.probes)
        agree = heard.same()[:, 0, 1]
        return there(exam, np.where(agree, self.probes[0], self.ranking[0]), self.ranking)


@dataclass(frozen=True, slots=True)
class Cascading:
    """The learned cascade: probes one after another, until one answer is good enough or all have spoken."""

    layer: PromptLayer
    cascade: Cascade
    ranking: tuple[int, ...]

    def sit(self, exam: Exam) -> Ints:
        """As the gateway would, for all prompts side by side."""
        outlook, order = self.layer.predict(exam.seen), self.cascade.order
        chosen, open_rows = np.full(len(exam), order[-1]), np.arange(len(exam))
        for asked in range(1, len(order) + 1):
            heard = exam.ask(open_rows, order[:asked])
            standing = self.cascade.standing(heard, outlook.rows(open_rows))
            nothing = ~heard.present[np.arange(len(open_rows)), standing.leader]
            going = self.cascade.asks_on(standing, asked) | (nothing & (asked < len(order)))
            chosen[open_rows[~going]] = np.array(order)[standing.leader[~going]]
            open_rows = open_rows[going]
        return there(exam, chosen, self.ranking)


def there(exam: Exam, chosen: Ints, ranking: tuple[int, ...]) -> Ints:
    """The chosen models, and where one cannot be asked the first of the ranking that can."""
    present = exam.present
    standby = np.array(ranking)[present[:, list(ranking)].argmax(axis=1)]
    return np.where(present[np.arange(len(chosen)), chosen], chosen, standby)


def levels(features: Floats) -> Ints:
    """How hard prompts look by rules of thumb, 0 to 2: their length, words such as explain and compare, code."""
    length, reasoning, code = features[:, 0] * 12, features[:, 2], features[:, 3]
    looks = 0.5 * np.clip((length - 3.0) / 4.0, 0.0, 1.0) + 0.3 * reasoning + 0.2 * np.minimum(1.0, 2 * code)
    level: Ints = (looks > 0.25).astype(np.int64) + (looks > 0.5)
    return level
