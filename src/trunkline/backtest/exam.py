"""The half that nobody has seen: prompts are given out, answers when asked for and paid, marks once at the end.

Refuses to show scores: a plan gets an ``Exam``, never the suite behind it, so a threshold cannot be read off the test.
"""

from dataclasses import dataclass, field

import numpy as np

from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Bools, Floats, Ints
from trunkline.routing.learned.cascade import Heard
from trunkline.routing.learned.prompt_layer import Seen


@dataclass(frozen=True, slots=True)
class Marks:
    """Per prompt: ``score`` of the answer given, ``cost`` of all that were asked, ``calls``, ``latency`` one by one."""

    score: Floats
    cost: Floats
    calls: Ints
    latency: Floats


@dataclass(slots=True)
class Exam:
    """One sitting; ``hand_in`` ends it."""

    _suite: Suite
    _asked: Bools = field(init=False)
    _over: bool = False

    def __post_init__(self) -> None:
        self._asked = np.zeros(self._suite.score.shape, np.bool_)

    def __len__(self) -> int:
        return len(self._suite)

    @property
    def seen(self) -> Seen:
        """The prompts, as numbers."""
        return self._suite.seen

    @property
    def present(self) -> Bools:
        """Which model can be asked at which prompt."""
        return self._suite.present

    def ask(self, rows: Ints, models: tuple[int, ...]) -> Heard:
        """What these models answer to these prompts, in their order; every one of them is paid."""
        at = np.ix_(rows, np.array(models))
        self._asked[at] = True
        return Heard(self._suite.group[at], self._suite.present[at], self._suite.length[at])

    def hand_in(self, chosen: Ints) -> Marks:
        """Give the answer of model ``chosen[i]`` to prompt i, asked already or asked now. Raises RuntimeError twice."""
        if self._over:
            raise RuntimeError("this exam is over: marks are given once")
        self._over = True
        suite, everyone = self._suite, np.arange(len(self._suite))
        if not suite.present[everyone, chosen].all():
            raise ValueError("a model was chosen for a prompt at which it cannot be asked")
        self._asked[everyone, chosen] = True
        paid = self._asked & suite.present
        return Marks(
            score=suite.score[everyone, chosen],
            cost=np.where(paid, suite.cost, 0.0).sum(axis=1),
            calls=paid.sum(axis=1),
            latency=np.where(paid, suite.latency, 0.0).sum(axis=1),
        )
