"""Which of two answers is better? Asked in both orders; whoever changes its mind with the order has seen a tie.

Refuses to believe one order alone: published judges choose the first answer far more often than it is the better one
(docs/quality-results.md has their figures).
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct

from trunkline.core.errors import CallError
from trunkline.core.money import Nanos
from trunkline.quality import prompts
from trunkline.quality.judge import Judge, Said, asked, repair
from trunkline.quality.prompts import Prompt, Question, Shown
from trunkline.quality.rubric import Rubric, find_rubric
from trunkline.quality.verdict_parser import MOST_READ, objects

Choice = Literal["a", "b", "tie"]
MOST_SAID = 2_048  # tokens
FORM = '{"reason": "...", "better": <1, 2 or 0>}'
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "better": {"type": "integer", "enum": [0, 1, 2]}},
    "required": ["reason", "better"],
    "additionalProperties": False,
}
_SAID: dict[Any, int] = {0: 0, 1: 1, 2: 2, "0": 0, "1": 1, "2": 2, "tie": 0, "neither": 0}


class Preference(Struct, frozen=True):
    """``choice`` None: unjudged, and ``why`` says why. ``orders`` are the choices in the two orders, as far as read."""

    judge: str
    choice: Choice | None
    orders: tuple[Choice | None, Choice | None]
    cost: Nanos | None = 0
    why: str = ""


def settled(first: Choice | None, swapped: Choice | None) -> Choice | None:
    """The choice of two orders: what both say; a tie where they differ; None where one was not read."""
    if first is None or swapped is None:
        return None
    return first if first == swapped else "tie"


def majority(choices: Sequence[Choice | None]) -> Choice | None:
    """What a panel says: the side with more votes, a tie where neither has; None where nobody judged."""
    said = [choice for choice in choices if choice is not None]
    if not said:
        return None
    ahead = said.count("a") - said.count("b")
    return "a" if ahead > 0 else "b" if ahead < 0 else "tie"


class PairwiseEvaluator:
    """Compares answers; arguments as ``QualityEvaluator``."""

    def __init__(
        self, judge: Judge, rubric: str | Rubric = "general", *, mark: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        self.judge = judge
        self.rubric = find_rubric(rubric)
        self._mark = mark

    async def compare(self, request: Question, a: Shown, b: Shown, *, reference: str = "") -> Preference:
        """Which of two answers is better. Never raises for what the judge says or fails."""
        question, one, other = prompts.question_text(request), prompts.shown_text(a), prompts.shown_text(b)
        first, swapped = await asyncio.gather(
            self._ask(question, (one, other), reference), self._ask(question, (other, one), reference)
        )
        orders = (_choice(first[0], "a", "b"), _choice(swapped[0], "b", "a"))
        costs = [cost for _, cost, _ in (first, swapped)]
        cost = None if None in costs else sum(filter(None, costs))
        return Preference(self.judge.name, settled(*orders), orders, cost, first[2] or swapped[2])

    async def _ask(
        self, question: str, answers: tuple[str, str], reference: str
    ) -> tuple[int | None, Nanos | None, str]:
        """0, 1, 2 or None, the cost, and what was wrong."""
        prompt = prompts.pair(self.rubric, question, answers, self._mark(), reference)
        try:
            said = await asked(self.judge, prompt, MOST_SAID, SCHEMA)
            better = chosen(said.text)
            if better is None:
                again = await asked(self.judge, _again(prompt, said), MOST_SAID, SCHEMA)
                cost = None if said.cost is None or again.cost is None else said.cost + again.cost
                said, better = Said(again.text, cost), chosen(again.text)
        except CallError as error:
            return None, 0, f"the judge could not be asked: {error.kind}"
        return better, said.cost, "" if better is not None else "no verdict could be read"

    def __repr__(self) -> str:
        return f"<PairwiseEvaluator {self.judge.name} [{self.rubric.name}]>"


def chosen(said: str) -> int | None:
    """The verdict in a judge's words: 1, 2, or 0 for neither; None unless exactly one is there."""
    read = objects(said[-MOST_READ:])
    levels = [level for one in read.found for level in (one, *one.values()) if isinstance(level, dict)]
    found = [level["better"] for level in levels if "better" in level]
    verdicts = {
        _SAID.get(value) if isinstance(value, int | str) and not isinstance(value, bool) else None for value in found
    }
    unfinished = not read.whole or any(key in {"reason", "better"} for key in read.broken)
    return verdicts.pop() if len(verdicts) == 1 and not unfinished else None


def _again(prompt: Prompt, said: Said) -> Prompt:
    return repair(prompt, said.text, prompts.REPAIR.format(why="no verdict in it", form=FORM))


def _choice(better: int | None, first: Choice, second: Choice) -> Choice | None:
    return None if better is None else (("tie", first, second)[better])
