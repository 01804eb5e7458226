"""Asks models questions with known answers on schedule, so that a change is seen without waiting for users or judges.

Refuses to let the answers count as the quality of real traffic: they only feed the watch for a fall.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from trunkline.core.errors import CallError
from trunkline.quality.asking import Asking
from trunkline.quality.linear_pattern import TooMuchWorkError
from trunkline.quality.settings import Canaries, Canary
from trunkline.quality.watch import Watch
from trunkline.routing.learner import Asked

log = logging.getLogger("trunkline")
MOST_SAID = 1_024  # tokens of an answer, thoughts among them
CLUSTER = "canary"


class CanaryRounds:
    """``sleep`` waits in seconds."""

    def __init__(
        self, settings: Canaries, asking: Asking, watch: Watch, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._asking = asking
        self._watch = watch
        self._sleep = sleep

    @property
    def wanted(self) -> bool:
        """True when there is anything to ask, and anybody to be asked."""
        return bool(self._settings.models and self._settings.questions)

    async def run(self) -> None:
        """Round after round, for ever; the questions are spread evenly over the time between two rounds."""
        pause = self._settings.every / max(len(self._settings.models) * len(self._settings.questions), 1)
        while True:
            for number, canary in enumerate(self._settings.questions):
                for model in self._settings.models:
                    await self._sleep(pause)
                    await self.ask(model, number, canary)

    async def ask(self, model: str, number: int, canary: Canary) -> bool | None:
        """Ask one question; None where nobody answered. Each question is compared with its own past."""
        watch = self._watch
        try:
            prompt = [{"role": "user", "content": canary.ask}]
            asked = await self._asking.ask(model, prompt, max_completion_tokens=MOST_SAID)
        except CallError as error:
            watch.counts["canaries unanswered"] += 1
            log.info("the canary question %d was not answered by %s: %s", number, model, error)
            return None
        try:
            met = await asyncio.to_thread(canary.expect.met_by, asked.completion.text)  # patterns may take their time
        except TooMuchWorkError:
            watch.counts["canaries undecided"] += 1
            return None
        target = str(asked.exchange.target)
        watch.counts["canaries right" if met else "canaries wrong"] += 1
        kind = Asked(f"{CLUSTER} {number}")
        watch.book.score(asked.exchange.id, target, kind, "gold", CLUSTER, float(met), weight=0.0)
        watch.scored(target, kind.cluster, "canaries", float(met))
        return met
