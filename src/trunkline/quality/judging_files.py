"""Has every row of a file judged: answers graded by a panel, pairs compared in both orders.

Refuses to read and write files.
"""

import asyncio
from collections.abc import Callable, Sequence

from trunkline.quality.judge import Judge, QualityEvaluator
from trunkline.quality.judged_rows import Judged, ToJudge
from trunkline.quality.pairwise import PairwiseEvaluator, majority
from trunkline.quality.panel import Panel
from trunkline.quality.rubric import Given, Rubric


class FileJudging:
    """``concurrent`` rows at once; ``done`` is told after each."""

    def __init__(
        self,
        judges: Sequence[Judge],
        rubric: str | Rubric,
        *,
        given: Given = "nothing",
        own_family: bool = False,
        concurrent: int = 4,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._panel = Panel([QualityEvaluator(judge, rubric, given=given) for judge in judges], own_family=own_family)
        self._pairs = [PairwiseEvaluator(judge, rubric) for judge in judges]
        self._room = asyncio.Semaphore(concurrent)
        self._done = done

    async def judge(self, rows: Sequence[ToJudge]) -> list[Judged]:
        """What came of each row, in their order."""
        return list(await asyncio.gather(*(self._one(number, row) for number, row in enumerate(rows, 1))))

    async def _one(self, number: int, row: ToJudge) -> Judged:
        async with self._room:
            name = row.id or str(number)
            judged = await (self._pair(name, row) if row.response is None else self._answer(name, row, row.response))
            self._done()
            return judged

    async def _answer(self, name: str, row: ToJudge, response: str) -> Judged:
        found = await self._panel.evaluate(row.model, row.request, response, reference=row.reference)
        grades = found.each[0].grades if len(found.each) == 1 else {}
        return Judged(name, row.model, found.judges, found.score, row.score, grades, cost=found.cost, why=found.why)

    async def _pair(self, name: str, row: ToJudge) -> Judged:
        a, b = row.a or "", row.b or ""
        found = [await one.compare(row.request, a, b, reference=row.reference) for one in self._pairs]
        orders = (majority([one.orders[0] for one in found]), majority([one.orders[1] for one in found]))
        costs = [one.cost for one in found]
        return Judged(
            name,
            row.model,
            "+".join(one.judge for one in found),
            label=row.label,
            orders=orders,
            lengths=(len(a), len(b)),
            cost=None if None in costs else sum(filter(None, costs)),
            why="; ".join(one.why for one in found if one.why),
        )
