"""Compares a candidate model with the one that serves, on copies of real calls that no caller sees.

Refuses to guess: the candidate is promoted when it is shown not to be worse by more than the margin, at whatever moment
one looks, and rolled back the same way: then the model it replaced is asked in the shadow.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from trunkline.core.call import Call
from trunkline.core.chat import Completion
from trunkline.core.errors import CallError
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.quality import validators
from trunkline.quality.anytime import Guard, GuardState, Stakes, Standing
from trunkline.quality.asking import OURSELVES, Asking
from trunkline.quality.settings import Shadow
from trunkline.quality.watch import Looked, Watch

log = logging.getLogger("trunkline")
_DIALECT = OpenAIChat()
Prefer = Callable[[str, str | None], None]
"""Serve a route by this provider/model first; None: as the config says."""


class ShadowState(Struct, frozen=True):
    """Where a comparison stands, to go on from later.

    ``decided``  when the candidate was last promoted, rolled back or shown to be worse, Unix milliseconds; 0: never.
    ``guard``    since it serves; None: it does not.
    ``margin``   of the comparison that this is of: stakes on another one say nothing.
    """

    standing: Standing = "undecided"
    incumbent: str | None = None
    decided: int = 0
    open: bool = True
    stakes: Stakes = Stakes()
    guard: GuardState | None = None
    margin: float = 0.0
    error: float = 0.0

    @property
    def order(self) -> tuple[int, int]:
        """Of two states of one comparison the higher one stands: the later decision, then the longer comparison."""
        return self.decided, self.stakes.seen if self.guard is None else self.guard.seen


class Shadowing:
    """One candidate's comparison; ``prefer`` changes who serves, ``rng`` is uniform in [0, 1)."""

    def __init__(
        self, settings: Shadow, asking: Asking, watch: Watch, prefer: Prefer, rng: Callable[[], float]
    ) -> None:
        self.settings = settings
        self.stakes = Stakes()
        self.standing: Standing = "undecided"
        self.incumbent: str | None = None
        self.decided = 0  # when, Unix milliseconds
        self._asking = asking
        self._watch = watch
        self._prefer = prefer
        self._rng = rng
        self._open = True
        self._guard: Guard | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, looked: Looked) -> None:
        """One more answer was served: copy its call, if it is drawn."""
        if not self._open or looked.route != self.settings.route or self._rng() >= self.settings.rate:
            return
        candidate = self.settings.candidate
        if self.promoted != (looked.target == candidate):
            return  # a fallback answered: it is neither of the two
        if not self.promoted:
            self.incumbent = looked.target
        other = self.incumbent if self.promoted else candidate
        if other is not None and len(self._tasks) < self._watch.settings.concurrent and self._watch.allowance.enter():
            task = asyncio.get_running_loop().create_task(self._compare(looked, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def state(self) -> ShadowState:
        """To go on from later."""
        comparison, guard = self.settings.comparison, None if self._guard is None else self._guard.state
        return ShadowState(
            self.standing, self.incumbent, self.decided, self._open, self.stakes, guard,
            comparison.margin, comparison.error,
        )  # fmt: skip

    def restore(self, state: ShadowState) -> None:
        """Go on from there. Stakes on another margin are void; a promotion stands while the config wants promotions."""
        comparison, was = self.settings.comparison, self.promoted
        alike = (state.margin, state.error) == (comparison.margin, comparison.error)
        serves = state.guard is not None and self.settings.promote
        if not alike and not serves:
            return
        self.standing, self.incumbent, self.decided = state.standing, state.incumbent, state.decided
        self.stakes, self._open = (state.stakes if alike else Stakes()), state.open
        guard = state.guard if alike and state.guard is not None else GuardState()
        self._guard = Guard(comparison, guard) if serves else None
        if serves != was:
            self._prefer(self.settings.route, self.settings.candidate if serves else None)
            told = "serves" if serves else "no longer serves"
            log.warning("%s %s route %s: so it was decided", self.settings.candidate, told, self.settings.route)

    async def settled(self) -> None:
        """Wait for the comparisons that are under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def aclose(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await self.settled()

    async def _compare(self, looked: Looked, other: str) -> None:
        costs: list[int | None] = []
        try:
            served, shadow = await self._scores(looked, other, costs)
        except CallError as error:
            self._watch.counts["shadows unanswered"] += 1
            log.info("the shadow %s did not answer: %s", other, error)
            return
        finally:
            self._watch.allowance.leave(None if None in costs else sum(filter(None, costs)))
        if served is not None and shadow is not None:
            self.take(served - shadow if self.promoted else shadow - served)

    async def _scores(self, looked: Looked, other: str, costs: list[int | None]) -> tuple[float | None, float | None]:
        """Of the answer that was served, and of the other model's to the same request."""
        body = _DIALECT.write_request(looked.request, other).body
        asked = await self._asking.send(Call(body, _DIALECT, caller=OURSELVES))
        costs.append(asked.cost)
        first = await self._score(looked, looked.answer, other, costs)
        second = await self._score(looked, asked.completion, other, costs)
        return first, second

    async def _score(self, looked: Looked, answer: Completion, other: str, costs: list[int | None]) -> float | None:
        """By the judges that are of neither model's family: both answers have the same."""
        if validators.spoiled(await validators.seen(looked.request, answer)):
            return 0.0
        judging = await self._watch.panel.evaluate(looked.target, looked.request, answer, besides=other)
        costs.append(judging.cost)
        return judging.score

    def take(self, difference: float) -> None:
        """One more difference, candidate less incumbent; act on what is shown now."""
        comparison = self.settings.comparison
        if self._guard is not None:
            self.standing = self._guard.take(difference)
        else:
            self.stakes = self.stakes.after(difference, comparison)
            self.standing = self.stakes.standing(comparison)
        if self.standing == "worse":
            self._end()
        elif self.standing == "not_worse":
            self._promote()
        elif not self.promoted and self.stakes.seen >= comparison.most:
            self._open = False

    def _promote(self) -> None:
        self._tell("is not worse than")
        if not self.settings.promote:
            self._open = False
            return
        self._guard = Guard(self.settings.comparison)
        self._prefer(self.settings.route, self.settings.candidate)

    def _end(self) -> None:
        self._tell("is worse than")
        self._open = False
        if self.promoted:
            self._guard = None
            self._prefer(self.settings.route, None)

    @property
    def promoted(self) -> bool:
        """True while the candidate serves, and the model it replaced is asked in the shadow."""
        return self._guard is not None

    @property
    def measured(self) -> Stakes | Guard:
        """The comparison under way, or the guard since the promotion."""
        return self.stakes if self._guard is None else self._guard

    def _tell(self, what: str) -> None:
        self.decided = self._watch.book.wall()
        seen, difference, margin = self.measured.seen, self.measured.difference, self.settings.comparison.margin
        log.warning(
            "%s %s %s on route %s by more than %g: %+.3f over %d answers",
            self.settings.candidate, what, self.incumbent, self.settings.route, margin, difference, seen,
        )  # fmt: skip

    def report(self) -> dict[str, Any]:
        """Where the comparison stands."""
        return {
            "route": self.settings.route,
            "candidate": self.settings.candidate,
            "incumbent": self.incumbent,
            "standing": self.standing,
            "difference": round(self.measured.difference, 4),
            "compared": self.measured.seen,
            "promoted": self.promoted,
            "decided": self.decided or None,
        }
