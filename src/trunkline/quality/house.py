"""Quality, assembled: panel, scorebook, watch, and the tasks that keep them going.

Refuses to know the gateway: it is handed a way to ask models, a store and clocks.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from msgspec.structs import asdict

from trunkline.core.errors import CallError, UnknownAnswer
from trunkline.core.exchange import Handler
from trunkline.layers.overhear import Overhear
from trunkline.quality.asking import Asking, ModelJudge
from trunkline.quality.canary import CanaryRounds
from trunkline.quality.feedback import of_the_ledger, worth_of
from trunkline.quality.figures import figures_of
from trunkline.quality.judge import Behind, Form, QualityEvaluator
from trunkline.quality.panel import Panel
from trunkline.quality.predictor import Learned
from trunkline.quality.rubric import Rubric, find_rubric
from trunkline.quality.scorebook import Scorebook
from trunkline.quality.settings import QualitySettings
from trunkline.quality.shadow import Prefer, Shadowing
from trunkline.quality.shadow_memory import ShadowMemory
from trunkline.quality.watch import Watch
from trunkline.routing.complexity import NAMES
from trunkline.routing.learner import Learner
from trunkline.stores.opening import wall_millis
from trunkline.stores.ports import QualityStore, UsageLedger
from trunkline.stores.records import Millis
from trunkline.stores.scores import Score, ScoreQuery, Source

FLUSH_SECONDS = 1.0
RELOAD_ROUNDS = 30  # flushes
USER_WEIGHT = 1.0
MOST_RECALLED = 3_000  # scores of one source
RECALLED: tuple[tuple[str, Source], ...] = (("score", "judge"), ("canaries", "gold"))
log = logging.getLogger("trunkline")


class Quality:
    """``store`` and ``ledger`` are asked for each time: there may be none.

    ``behind`` says who answers to a model's name, ``refused`` remembers what of a verdict's form they did not take;
    ``prefer`` has a route served by another model first.
    """

    def __init__(
        self,
        settings: QualitySettings,
        *,
        clock: Callable[[], float],
        store: Callable[[], QualityStore | None],
        behind: Callable[[str], Behind],
        prefer: Prefer,
        refused: MutableMapping[str, Form] | None = None,
        ledger: Callable[[], UsageLedger | None] = lambda: None,
        wall: Callable[[], Millis] = wall_millis,
        rng: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.learner = Learner(len(NAMES), settings.learning)
        self.predictor = Learned(self.learner, wall)
        self.book = Scorebook(self.learner, store, wall)
        self._clock = clock
        self._behind = behind
        self._prefer = prefer
        self._refused: MutableMapping[str, Form] = {} if refused is None else refused
        self._ledger = ledger
        self._store = store
        self.canaries: CanaryRounds | None = None
        self.shadows: list[Shadowing] = []
        self._remembering = ShadowMemory((), store, wall)
        self._sleep = sleep
        self._rng = rng
        self._tasks: list[asyncio.Task[Any]] = []
        self.watch = Watch(settings, Panel(()), self.book, rng)
        self.series = figures_of(self.watch)

    def around(self, inner: Handler) -> Handler:
        """The handler with its answers overheard."""
        return Overhear(inner, self.watch.take)

    def use(self, handle: Handler) -> None:
        """Ask judges through this handler: the whole house, so that their calls are metered like any other."""
        asking = Asking(handle, self._clock)
        rubric = self.rubric()
        judges = [
            ModelJudge(asking, model, self._behind(model), refused=self._refused) for model in self.settings.judges
        ]
        evaluators = [QualityEvaluator(judge, rubric, given=self.settings.given) for judge in judges]
        self.watch.panel = Panel(evaluators, own_family=self.settings.own_family)
        self.canaries = CanaryRounds(self.settings.canaries, asking, self.watch, self._sleep)
        self.shadows = [
            Shadowing(shadow, asking, self.watch, self._prefer, self._rng) for shadow in self.settings.shadows
        ]
        self._remembering = ShadowMemory(self.shadows, self._store, self.book.wall)
        self.watch.more = [shadow.look for shadow in self.shadows]

    def follow(self, before: "Quality") -> None:
        """Go on where another left off: its counts, and the answers that users may still have a word on.

        What it learned comes from the store, which it has flushed.
        """
        self.watch.follow(before.watch)
        self.book.listeners = before.book.listeners
        self._remembering.follow(before.shadows)

    def rubric(self) -> Rubric:
        """The one that the settings name. Raises ConfigError."""
        own = {rubric.name: rubric for rubric in self.settings.rubrics}
        return own.get(self.settings.rubric) or find_rubric(self.settings.rubric)

    def open(self) -> None:
        """Begin to look, on the running loop; once is enough."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self.watch.run()), loop.create_task(self._keep())]
            if self.canaries is not None and self.canaries.wanted:
                self._tasks.append(loop.create_task(self.canaries.run()))

    async def _recall(self) -> None:
        """What is usual of each model, from the ledger: a restart does not begin to learn it anew."""
        store = self._store()
        if store is None or self.watch.targets():
            return
        try:
            for signal, source in RECALLED:
                await self.watch.recall(signal, await store.scores(ScoreQuery(source=source, limit=MOST_RECALLED)))
        except CallError as error:
            log.warning("what was usual of the models cannot be read now: %s", error)

    async def _keep(self) -> None:
        await self._load()
        await self._recall()
        while True:
            for _ in range(RELOAD_ROUNDS):
                await self._sleep(FLUSH_SECONDS)
                await self.flush()
            await self._load()

    async def _load(self) -> None:
        await self.book.load()
        await self._remembering.load()

    async def aclose(self) -> None:
        """Stop, and write what is not written yet."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.watch.aclose()
        for shadow in self.shadows:
            await shadow.aclose()
        await self.flush()

    async def flush(self) -> None:
        """Write what is new: scores, evidence, and where comparisons stand."""
        await self.book.flush()
        await self._remembering.save()

    async def feedback(
        self,
        request: str,
        *,
        score: float | None = None,
        label: str = "",
        comment: str = "",
        key: str = "anyone",
    ) -> Score:
        """A user's word on an answer; of several words of one key on it the first teaches, the others are only kept.

        Raises InvalidRequest for what says nothing, UnknownAnswer, StoreUnavailable.
        """
        worth = worth_of(score, label, comment)
        answer = self.watch.recent.find(request, key) or await of_the_ledger(self._ledger(), request, key)
        if answer is None:
            raise UnknownAnswer(
                f"no answer to the request {request[:128]!r} is known here; send the x-request-id of an answer that "
                "this key got from this gateway",
                param="request_id",
            )
        again = any(one.source == "user" and one.by == key for one in await self.book.of(request))
        weight = 0.0 if again else USER_WEIGHT
        taken = self.book.score(
            request, answer.target, answer.asked, "user", key, worth, weight=weight, label=label, comment=comment
        )
        self.watch.counts["feedback"] += 1
        return taken

    async def of_answer(self, request: str, key: str) -> dict[str, Any]:
        """What is known of one answer: whether it was looked at here, what checks saw, and every opinion of it."""
        answer = self.watch.recent.find(request, key)
        return {
            "looked_at": answer is not None,
            "kind": None if answer is None else answer.asked.cluster,
            "found": [] if answer is None else [asdict(one) for one in answer.found],
            "scores": [_opinion(score) for score in await self.book.of(request)],
        }

    def report(self) -> dict[str, Any]:
        """What is believed, seen and spent, for whoever looks."""
        now = self.book.wall()
        cells = self.book.learner.posteriors.cells(now)
        judged, served = self.watch.allowance.spent
        return {
            "rubric": self.settings.rubric,
            "judges": [evaluator.judge.name for evaluator in self.watch.panel.evaluators],
            "agreement": self.watch.agreement,
            "counts": dict(sorted(self.watch.counts.items())),
            "cost": {"judging_nanos": judged, "judged_traffic_nanos": served},
            "quality": [_cell(target, cluster, belief) for (target, cluster), belief in sorted(cells.items())],
            "found": [asdict(found) for found in reversed(self.watch.found)],
            "shadows": [shadow.report() for shadow in self.shadows],
            "falls": [{**asdict(fall), "alarm": fall.told} for fall in self.watch.falls],
        }

    def __repr__(self) -> str:
        return f"<Quality {self.watch!r}>"


def _opinion(score: Score) -> dict[str, Any]:
    told = ("at", "source", "by", "score", "weight", "label", "comment")
    return {name: getattr(score, name) for name in told}


def _cell(target: str, cluster: str, belief: Any) -> dict[str, Any]:
    low, high = belief.interval()
    return {
        "target": target,
        "cluster": cluster or "all",
        "quality": round(belief.mean, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "scored": round(belief.scored, 2),
    }
