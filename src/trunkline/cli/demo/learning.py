"""The loop as it runs: ask the route that learns, check the answer by program, tell the gateway what it was worth.

Refuses to draw anything. Every question goes to the cheap and to the dear model as well, so that what is compared is
measured on the same questions; of those answers the gateway is told nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

from trunkline.cli.demo.call import Caller, Seen
from trunkline.cli.demo.questions import KINDS, Kind, Question
from trunkline.core.errors import CallError
from trunkline.core.money import Nanos, nanos

LATELY = 20  # calls of a kind
MOST_FAILED = 20  # questions, until it gives up: something in the house is broken
CHEAP, DEAR = "cheap", "dear"
ALWAYS = (CHEAP, DEAR)


class Outcome(Struct, frozen=True):
    """Of one answer: who gave it, whether its check was content, and its cost as the gateway's header says it."""

    kind: Kind
    provider: str
    good: bool
    cost: Nanos


class Tally(Struct):
    """Outcomes, counted."""

    calls: int = 0
    good: int = 0
    cost: Nanos = 0

    def add(self, one: Outcome) -> None:
        """Count one."""
        self.calls += 1
        self.good += one.good
        self.cost += one.cost

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Tally":
        """All counted."""
        tally = cls()
        for one in outcomes:
            tally.add(one)
        return tally


class Learning:
    """One run: ``learned`` and ``always`` have one outcome for each question, in order; ``changed`` hears of each."""

    def __init__(self, route: str, seed: int, changed: Callable[["Learning"], None]) -> None:
        self.seed = seed
        self.providers = (CHEAP, DEAR) if route.endswith("clouds") else ("local", CHEAP, DEAR)
        self.learned: list[Outcome] = []
        self.always: dict[str, list[Outcome]] = {name: [] for name in ALWAYS}
        self.cells = {(kind, provider): Tally() for kind in KINDS for provider in self.providers}
        self.lately: dict[Kind, deque[str]] = {kind: deque(maxlen=LATELY) for kind in KINDS}
        self.failed: list[str] = []
        self._route = route
        self._changed = changed

    async def run(self, caller: Caller, asked: Iterable[Question]) -> None:
        """Every question, one after the other, decided by what those before have taught; ends early if many fail."""
        for question in asked:
            try:
                await self._ask(caller, question)
            except CallError as error:
                self.failed.append(f"{question.text!r}: {type(error).__name__}: {error}")
            if len(self.failed) >= MOST_FAILED:
                return

    async def _ask(self, caller: Caller, question: Question) -> None:
        asking = [caller.ask("openai", question.body(name), lambda _: None) for name in (self._route, *ALWAYS)]
        seen, *others = await asyncio.gather(*asking)
        wrong = [one.error for one in (seen, *others) if one.error is not None]
        if wrong:
            self.failed.append(f"{question.text!r}: {wrong[0]}")
            return
        mine = outcome(question, seen)
        await caller.tell(seen.id, float(mine.good))
        self._count(mine)
        for name, other in zip(ALWAYS, others, strict=True):
            self.always[name].append(outcome(question, other))
        self._changed(self)

    def _count(self, one: Outcome) -> None:
        self.learned.append(one)
        self.cells[one.kind, one.provider].add(one)
        self.lately[one.kind].append(one.provider)


def outcome(question: Question, seen: Seen) -> Outcome:
    """What came of a question that was answered."""
    return Outcome(question.kind, seen.provider, question.met_by(seen.text), nanos(seen.cost))
