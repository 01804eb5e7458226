"""Takes scores from everybody, teaches the learner at once, and writes them down in portions.

Refuses to wait for a disk: what cannot be written now is written later; what is too much is forgotten, oldest first.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable

from trunkline.core.errors import CallError
from trunkline.routing.changepoint import Change
from trunkline.routing.learner import Asked, Learner
from trunkline.stores.ports import QualityStore
from trunkline.stores.records import Millis
from trunkline.stores.scores import Score, ScoreQuery, Source

log = logging.getLogger("trunkline")
MOST_UNWRITTEN = 20_000  # scores
MOST_OF_ONE = 100  # opinions of one answer that are told


class Scorebook:
    """``store`` None: nothing outlives the process. ``wall`` is Unix milliseconds."""

    def __init__(self, learner: Learner, store: Callable[[], QualityStore | None], wall: Callable[[], Millis]) -> None:
        self.learner = learner
        self.wall = wall
        self._store = store
        self.listeners: list[Callable[[Score], None]] = []  # hear every opinion
        self.changed: Callable[[str, str, Change], None] = lambda *_: None  # hears what scores have contradicted
        self._unwritten: deque[Score] = deque(maxlen=MOST_UNWRITTEN)
        self._turn = asyncio.Lock()  # what was read before a portion was written knows nothing of it

    def score(
        self,
        request: str,
        target: str,
        asked: Asked,
        source: Source,
        by: str,
        score: float | None,
        *,
        weight: float = 1.0,
        label: str = "",
        comment: str = "",
    ) -> Score:
        """Take one opinion of one answer; None is kept as unjudged and teaches nothing."""
        now = self.wall()
        taken = Score(
            id=f"{now:x}{os.urandom(8).hex()}",
            at=now,
            request=request,
            target=target,
            cluster=asked.cluster,
            source=source,
            by=by,
            score=score,
            weight=weight,
            label=label,
            comment=comment,
        )
        if score is not None and weight > 0:
            change = self.learner.learn(target, asked, score, weight, now)
            if change is not None:
                self.changed(target, asked.cluster, change)
        self._unwritten.append(taken)
        for listener in self.listeners:
            try:
                listener(taken)
            except Exception:
                log.exception("a listener failed on an opinion of the answer to %s", request)
        return taken

    async def of(self, request: str) -> list[Score]:
        """Every opinion of one answer, the oldest first; without the written ones while the store cannot be read."""
        known: dict[str, Score] = {}
        if (store := self._store()) is not None:
            try:
                known = {
                    score.id: score for score in await store.scores(ScoreQuery(request=request, limit=MOST_OF_ONE))
                }
            except CallError as error:
                log.warning("the opinions of the answer to %s cannot be read now: %s", request, error)
        known |= {score.id: score for score in self._unwritten if score.request == request}
        return sorted(known.values(), key=lambda score: (score.at, score.id))

    async def flush(self) -> None:
        """Write what is new. What the store refuses now waits for the next time."""
        store = self._store()
        if store is None:
            self._unwritten.clear()
            self.learner.forget_fresh()
            return
        try:
            async with self._turn:
                scores = list(self._unwritten)
                await self.learner.save(store, scores)
        except CallError as error:
            log.warning("%d scores wait for the store: %s", len(self._unwritten), error)
            return
        written = {score.id for score in scores}
        while self._unwritten and self._unwritten[0].id in written:
            self._unwritten.popleft()

    async def load(self) -> None:
        """Take what all processes have learned; nothing where the store cannot be read now."""
        store = self._store()
        if store is None:
            return
        try:
            async with self._turn:
                await self.learner.load(store)
        except CallError as error:
            log.warning("what was learned cannot be read now: %s", error)

    def __repr__(self) -> str:
        return f"<Scorebook [{len(self._unwritten)} unwritten]>"
