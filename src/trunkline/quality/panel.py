"""Several judges for one answer: the median of those who judged, and nobody judges its own family.

Refuses to average: one judge that is out of its mind moves a mean, and not a median.
"""

import asyncio
from collections.abc import Sequence
from statistics import median

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.quality.families import related
from trunkline.quality.judge import Evaluation, Judge, QualityEvaluator, RoutedJudge
from trunkline.quality.prompts import Question, Shown


class PanelEvaluation(Struct, frozen=True):
    """What several judges came to; ``spread`` is the highest score less the lowest: how far they agree."""

    score: float | None
    each: tuple[Evaluation, ...]
    why: str = ""

    @property
    def spread(self) -> float:
        """0 where they agree, or only one judged."""
        scores = [one.score for one in self.each if one.score is not None]
        return max(scores) - min(scores) if scores else 0.0

    @property
    def cost(self) -> Nanos | None:
        """Nano-dollars of all of them; None where one is not known."""
        costs = [one.cost for one in self.each]
        return None if None in costs else sum(filter(None, costs))

    @property
    def judges(self) -> str:
        """Who judged, in one word."""
        return "+".join(one.judge for one in self.each if one.score is not None)


class Panel:
    """One judge or several; ``own_family`` lets them judge models of their own family."""

    __slots__ = ("evaluators", "own_family")

    def __init__(self, evaluators: Sequence[QualityEvaluator], *, own_family: bool = False) -> None:
        self.evaluators = tuple(evaluators)
        self.own_family = own_family

    def may_judge(self, target: str) -> tuple[QualityEvaluator, ...]:
        """Those of another family than the model that answered; of a route, all whom it may ask."""
        if self.own_family:
            return self.evaluators
        return tuple(one for one in self.evaluators if not any(related(name, target) for name in _names(one.judge)))

    async def evaluate(
        self, target: str, request: Question, response: Shown, *, reference: str = "", besides: str | None = None
    ) -> PanelEvaluation:
        """Judge an answer of ``target`` (provider/model); ``besides`` is a model whose family does not judge either."""
        able = self.may_judge(target)
        if besides is not None:
            able = tuple(one for one in able if one in self.may_judge(besides))
        if not able:
            return PanelEvaluation(None, (), "every judge is of the model's own family")
        each = await asyncio.gather(*(one.evaluate(request, response, reference=reference) for one in able))
        scores = [one.score for one in each if one.score is not None]
        return PanelEvaluation(median(scores) if scores else None, tuple(each), "" if scores else each[0].why)


def _names(judge: Judge) -> Sequence[str]:
    return judge.names if isinstance(judge, RoutedJudge) else (judge.name,)
