"""An LLM as a judge: asks for grades by a rubric, once more where they cannot be read, and else leaves it unjudged.

Refuses to know which provider the judge is at, and to make up a score: ``score`` is None unless every grade was read.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct

from trunkline.core.errors import CallError
from trunkline.core.money import Nanos
from trunkline.quality import prompts
from trunkline.quality.prompts import Prompt, Question, Shown
from trunkline.quality.rubric import Given, Rubric, find_rubric
from trunkline.quality.verdict_parser import Verdict, parse

MOST_SAID = 4_096  # tokens of a verdict, a thinking judge's thoughts among them
Form = Literal["schema", "json", "plain"]
"""How a judge is held to the form of a verdict, the strictest first."""


class Behind(Struct, frozen=True):
    """Who answers to a judge's name: ``names`` are provider/model, the first asked first; ``form`` is what all take."""

    names: tuple[str, ...]
    form: Form = "schema"


class Said(Struct, frozen=True):
    """A judge's words, and what they cost in nano-dollars (None: not known)."""

    text: str
    cost: Nanos | None = 0


class Judge(Protocol):
    """A model that can be asked."""

    @property
    def name(self) -> str:
        """provider/model."""
        ...

    async def ask(self, prompt: Prompt, most_tokens: int) -> Said:
        """Its answer. Raises CallError."""
        ...


@runtime_checkable
class StructuredJudge(Protocol):
    """One that can be held to a JSON schema."""

    async def ask_for(self, prompt: Prompt, most_tokens: int, schema: dict[str, Any]) -> Said:
        """Its answer as JSON of the schema, or as it will where its provider knows no schemas. Raises CallError."""
        ...


@runtime_checkable
class RoutedJudge(Protocol):
    """One behind whose name several models may answer."""

    @property
    def names(self) -> Sequence[str]:
        """provider/model of each."""
        ...


class Evaluation(Struct, frozen=True):
    """What came of judging one answer.

    ``score``    0 to 1 by the rubric's weights; None: unjudged, and ``why`` says why.
    ``grades``   by criterion, on the rubric's scale.
    ``cost``     nano-dollars of all calls of the judge; None where one is not known.
    ``calls``    how often it was asked: 1, or 2 with a repair, one more for criteria of its own.
    """

    judge: str
    rubric: str
    score: float | None = None
    grades: dict[str, int] = {}
    reasons: dict[str, str] = {}
    cost: Nanos | None = 0
    calls: int = 0
    why: str = ""


class QualityEvaluator:
    """Judges answers one by one.

    ``judge``   any model: ``client.judge("provider/model")``, or an object of your own with ``name`` and ``ask``.
    ``rubric``  the name of a built-in one, or your own. Raises ConfigError for a name there is not.
    ``given``   ``criteria``: before it sees the answer the judge writes down what a good one must have.
    """

    def __init__(
        self,
        judge: Judge,
        rubric: str | Rubric = "general",
        *,
        given: Given = "nothing",
        mark: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.judge = judge
        self.rubric = find_rubric(rubric)
        self._given = given
        self._mark = mark

    async def evaluate(self, request: Question, response: Shown, *, reference: str = "") -> Evaluation:
        """Judge one answer; ``reference`` is an answer known to be good. Never raises for what the judge says or fails.

        ``request``   the question: text, messages, or a parsed request.
        ``response``  the answer: text, a completion, or what ``client.chat`` gave.

        An answer without any words is the worst there is; no judge needs to be asked.
        """
        question, answer = prompts.question_text(request), prompts.shown_text(response)
        if not answer.strip():
            worst = {criterion.name: self.rubric.low for criterion in self.rubric.criteria}
            return Evaluation(self.judge.name, self.rubric.name, 0.0, worst, why="the answer is empty")
        conversation = _Conversation(self.judge)
        try:
            verdict = await self._verdict(conversation, question, answer, reference)
        except CallError as error:
            verdict = Verdict(None, why=f"the judge could not be asked: {error.kind}")
        score = None if verdict.grades is None else self.rubric.score(verdict.grades)
        return Evaluation(
            self.judge.name,
            self.rubric.name,
            score,
            verdict.grades or {},
            verdict.reasons,
            conversation.cost,
            conversation.calls,
            verdict.why,
        )

    async def _verdict(self, conversation: "_Conversation", question: str, answer: str, reference: str) -> Verdict:
        mark = self._mark()
        given = reference
        if not given and self._given == "criteria":
            given = await conversation.ask(prompts.criteria_for(question, mark))
        prompt = prompts.grading(self.rubric, question, answer, mark, given)
        schema = self.rubric.schema()
        said = await conversation.ask(prompt, schema)
        verdict = parse(said, self.rubric)
        if verdict.grades is not None:
            return verdict
        again = prompts.REPAIR.format(why=verdict.why, form=prompts.form(self.rubric))
        return parse(await conversation.ask(repair(prompt, said, again), schema), self.rubric)

    def __repr__(self) -> str:
        return f"<QualityEvaluator {self.judge.name} [{self.rubric.name}]>"


class _Conversation:
    """What one judgement has cost so far."""

    __slots__ = ("_judge", "calls", "cost")

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.calls = 0
        self.cost: Nanos | None = 0

    async def ask(self, prompt: Prompt, schema: dict[str, Any] | None = None) -> str:
        self.calls += 1
        said = await asked(self._judge, prompt, MOST_SAID, schema)
        self.cost = None if self.cost is None or said.cost is None else self.cost + said.cost
        return said.text


async def asked(judge: Judge, prompt: Prompt, most_tokens: int, schema: dict[str, Any] | None) -> Said:
    """A judge's words, held to the schema where it can be. Raises CallError."""
    if schema is not None and isinstance(judge, StructuredJudge):
        return await judge.ask_for(prompt, most_tokens, schema)
    return await judge.ask(prompt, most_tokens)


def repair(prompt: Prompt, said: str, again: str) -> Prompt:
    """The same conversation with what could not be read, and a last request."""
    spoken = prompts.shortened(said, prompts.MOST_PART) or "(nothing)"
    return [*prompt, {"role": "assistant", "content": spoken}, {"role": "user", "content": again}]
