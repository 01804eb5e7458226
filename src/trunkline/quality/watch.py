"""Looks at every answer after it has reached its caller: checks it, has a sample judged, watches models for a fall.

Refuses to be waited for: answers stand in a bounded line, and what finds no place in it is not looked at.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from math import log2

from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.errors import CallError
from trunkline.layers.overhear import Heard
from trunkline.quality import checks, sampling, validators
from trunkline.quality.drift import Alarm, Drift, DriftSettings
from trunkline.quality.panel import Panel, PanelEvaluation
from trunkline.quality.recent import Recent, RecentAnswer
from trunkline.quality.scorebook import Scorebook
from trunkline.quality.settings import QualitySettings
from trunkline.quality.validators import Finding
from trunkline.routing import complexity
from trunkline.routing.changepoint import Change
from trunkline.routing.clusters import cluster_of
from trunkline.routing.decision import Decision
from trunkline.routing.learner import Asked
from trunkline.stores.scores import Score

log = logging.getLogger("trunkline")
MOST_ALARMS = 100
MOST_TOLD = 500  # characters of what checks saw, beside a score
MOST_KEPT = 16  # findings of one answer, for whoever asks about it
MOST_WATCHED = 1_024  # models times signals
LENGTHS = 20.0  # doublings: the length of an answer is put on 0 to 1 by its logarithm
HALVED = DriftSettings(drop=1 / LENGTHS)
LEFT_BY_LENGTH = 0.5  # of what is believed: who writes otherwise may be as good as before


class Fall(Struct, frozen=True):
    """A model is not what it was: ``signal`` is score, canaries, refusals, spoiled, shorter, longer, or whose scores.

    The last is of one kind of prompt (``brief scores``), and may be a rise as well.
    """

    target: str
    signal: str
    alarm: Alarm
    at: int

    @property
    def told(self) -> str:
        """What was seen, in words."""
        if self.signal not in {"shorter", "longer"}:
            return str(self.alarm)
        ends = (self.alarm.before, self.alarm.after)
        before, after = (2 ** (LENGTHS * (end if self.signal == "shorter" else 1 - end)) for end in ends)
        lately = f"over the last {self.alarm.answers} answers"
        return f"the usual length went from {before:.0f} to {after:.0f} characters {lately}"

    def __str__(self) -> str:
        return f"{self.target} has changed ({self.signal}): {self.told}"


class Found(Struct, frozen=True):
    """What struck in one answer: the check's name and what it saw; ``at`` is Unix milliseconds."""

    request: str
    target: str
    check: str
    told: str
    at: int


def _shortened(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(replace(one, told=one.told[:MOST_TOLD]) for one in found[:MOST_KEPT])


class Looked(Struct, frozen=True):
    """One answer that was opened."""

    id: str
    route: str
    target: str
    asked: Asked
    request: ChatRequest
    answer: Completion
    found: tuple[Finding, ...]


class Watch:
    """The line and what works it off; ``rng`` is uniform in [0, 1), ``more`` are those who also look (shadows)."""

    def __init__(self, settings: QualitySettings, panel: Panel, book: Scorebook, rng: Callable[[], float]) -> None:
        self.settings = settings
        self.panel = panel
        self.book = book
        self.recent = Recent()
        self.falls: deque[Fall] = deque(maxlen=MOST_ALARMS)
        self.found: deque[Found] = deque(maxlen=MOST_ALARMS)
        self.fallen: Counter[tuple[str, str]] = Counter()  # by target and signal
        self.counts: Counter[str] = Counter()
        self.agreement: float | None = None  # 1 less the spread of a panel's scores, the latest counting most
        self.allowance = sampling.Allowance(settings.spend_share)
        self._strata = sampling.Strata(settings.rate)
        self.more: list[Callable[[Looked], None]] = []
        self._rng = rng
        self._line: deque[Heard] = deque()
        self._arrived = asyncio.Event()
        self._drifts: dict[tuple[str, str], Drift] = {}
        self._judging: set[asyncio.Task[None]] = set()
        book.changed = self._contradicted

    def take(self, heard: Heard) -> None:
        """Put an answer in the line; called when its caller has it."""
        self.counts["answers"] += 1
        if len(self._line) >= self.settings.queue:
            self.counts["unseen"] += 1
            return
        self._line.append(heard)
        self._arrived.set()

    async def run(self) -> None:
        """Work the line off, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._line:
                await self._look_safely(self._line.popleft())
                await asyncio.sleep(0)  # callers come first: one answer, then whoever waits

    async def settled(self) -> None:
        """Look at all that has arrived, and wait until it is judged; ``run`` need not be running."""
        while self._line or self._judging:
            while self._line:
                await self._look_safely(self._line.popleft())
            await asyncio.sleep(0)
            if self._judging:
                await asyncio.wait(tuple(self._judging))

    async def aclose(self) -> None:
        """Stop judging; what is under way is given up."""
        for task in self._judging:
            task.cancel()
        if self._judging:
            await asyncio.wait(tuple(self._judging))

    async def _look_safely(self, heard: Heard) -> None:
        """One answer that cannot be looked at must not end the looking."""
        try:
            await self._look_at(heard)
        except Exception:
            self.counts["failed"] += 1
            log.exception("the answer to %s could not be looked at; its caller is not affected", heard.exchange.id)

    async def _look_at(self, heard: Heard) -> None:
        exchange = heard.exchange
        self.allowance.served(exchange.cost)
        looked = await self._opened(heard)
        if looked is None:
            self.counts["unread"] += 1
            return
        self.recent.keep(
            RecentAnswer(looked.id, looked.target, looked.asked, exchange.call.caller.name, _shortened(looked.found))
        )
        for finding in looked.found:
            self.counts[f"found {finding.check}"] += 1
            self.found.append(Found(looked.id, looked.target, finding.check, finding.told, self.book.wall()))
        self._watch(looked)
        decision = exchange.decision
        chance = self._chance(looked, decision.propensity if isinstance(decision, Decision) else 1.0)
        deciding = checks.decided(self.settings.checks, looked.route, looked.found)
        if validators.spoiled(looked.found):
            self._spoiled(looked, 1.0 if deciding else chance)
        elif deciding:
            self.counts["passed"] += 1
            self.book.score(looked.id, looked.target, looked.asked, "validator", deciding, 1.0)
        elif self._rng() < chance:
            self._sample(looked, near_budget=bool(exchange.nearing))
        if not self._pressed(near_budget=bool(exchange.nearing)):
            for look in self.more:
                look(looked)

    def _pressed(self, *, near_budget: bool) -> bool:
        """What nobody waits for is dropped first: under load, and near the caller's budget."""
        return near_budget or len(self._line) > self.settings.queue / 2

    async def _opened(self, heard: Heard) -> Looked | None:
        """Never raises for what a caller or a provider wrote."""
        exchange, target = heard.exchange, heard.exchange.target
        if exchange.call.dialect.operation != "chat":
            return None
        try:
            request, answer = exchange.call.request, heard.completion()
            if answer is None or target is None:
                return None
            profile = complexity.of(request)
            own = checks.of_route(self.settings.checks, exchange.call.envelope.model)
            found = await validators.seen(request, answer, own)
        except (CallError, RecursionError):
            return None
        asked = Asked(cluster_of(profile), profile.vector())
        return Looked(exchange.id, exchange.call.envelope.model, str(target), asked, request, answer, found)

    def _chance(self, looked: Looked, propensity: float) -> float:
        doubt = self.book.learner.doubt(looked.target, looked.asked.cluster, self.book.wall())
        return self._strata.chance(doubt, propensity)

    def _spoiled(self, looked: Looked, chance: float) -> None:
        """Nobody needs to judge it. It weighs what others are judged at, or the mean would be of spoiled answers."""
        spoiling = [finding for finding in looked.found if finding.spoiled]
        why, told = ", ".join(one.check for one in spoiling), "; ".join(one.told for one in spoiling if one.told)
        self.book.score(
            looked.id, looked.target, looked.asked, "validator", why, 0.0, weight=chance, comment=told[:MOST_TOLD]
        )

    def _sample(self, looked: Looked, *, near_budget: bool) -> None:
        if not self.panel.may_judge(looked.target):
            self.counts["unjudged own_family"] += bool(self.panel.evaluators)
        elif self._pressed(near_budget=near_budget) or len(self._judging) >= self.settings.concurrent:
            self.counts["unjudged load"] += 1
        elif not self.allowance.enter():
            self.counts["unjudged budget"] += 1
        else:
            task = asyncio.get_running_loop().create_task(self._judge(looked))
            self._judging.add(task)
            task.add_done_callback(self._judging.discard)

    async def _judge(self, looked: Looked) -> None:
        evaluation = PanelEvaluation(None, ())
        try:
            evaluation = await self.panel.evaluate(looked.target, looked.request, looked.answer)
        finally:
            self.allowance.leave(evaluation.cost)
        self.judged(looked, evaluation)

    def judged(self, looked: Looked, evaluation: PanelEvaluation) -> None:
        """Take what judges came to."""
        label = "" if evaluation.score is not None else "unjudged"
        self.counts["judged" if evaluation.score is not None else "unjudged unread"] += 1
        by = evaluation.judges or "+".join(one.judge.name for one in self.panel.may_judge(looked.target))
        self.book.score(
            looked.id, looked.target, looked.asked, "judge", by, evaluation.score, label=label, comment=evaluation.why
        )
        if sum(one.score is not None for one in evaluation.each) > 1:
            alike = 1 - evaluation.spread
            self.agreement = alike if self.agreement is None else 0.95 * self.agreement + 0.05 * alike
        if evaluation.score is not None:
            self.scored(looked.target, looked.asked.cluster, "score", evaluation.score)

    def _watch(self, looked: Looked) -> None:
        """What is seen of every answer, without a judge."""
        refused = any(finding.check == "refusal" for finding in looked.found)
        for signal, sound in (("refusals", not refused), ("spoiled", not validators.spoiled(looked.found))):
            self.scored(looked.target, looked.asked.cluster, signal, float(sound))
        if looked.answer.text and not looked.answer.tool_calls:
            size = min(log2(len(looked.answer.text)) / LENGTHS, 1.0)
            self.scored(looked.target, looked.asked.cluster, "shorter", size)
            self.scored(looked.target, looked.asked.cluster, "longer", 1 - size)

    def scored(self, target: str, cluster: str, signal: str, score: float) -> None:
        """One more number for the watch over a model; a fall lowers what is believed of it, and is told."""
        drift = self._drift(target, signal)
        alarm = None if drift is None else drift.add(score, cluster)
        if alarm is not None:
            by_length = signal in {"shorter", "longer"}
            left = max(self.settings.drift.left, LEFT_BY_LENGTH) if by_length else self.settings.drift.left
            self.book.learner.weaken(target, left, self.book.wall())
            self.fallen[target, signal] += 1
            self._tell(target, signal, alarm)

    def _contradicted(self, target: str, cluster: str, change: Change) -> None:
        """Scores of one kind of prompt contradict those before; the learner has forgotten what it had to.

        Not counted among the falls, which wake people: it is quicker, so it is wrong more often.
        """
        self._tell(target, f"{cluster} scores", Alarm(change.before, change.after, change.answers))

    def _tell(self, target: str, signal: str, alarm: Alarm) -> None:
        fall = Fall(target, signal, alarm, self.book.wall())
        self.falls.append(fall)
        log.warning("%s", fall)

    def _drift(self, target: str, signal: str) -> Drift | None:
        drift = self._drifts.get((target, signal))
        if drift is None and len(self._drifts) < MOST_WATCHED:
            drift = self._drifts[target, signal] = Drift(self._seen_in(signal))
        return drift

    async def recall(self, signal: str, scores: Sequence[Score]) -> None:
        """Learn what is usual from scores of before this process, the newest first; what fell then was told then."""
        for place, score in enumerate(reversed(scores)):
            drift = self._drift(score.target, signal)
            if drift is not None and score.score is not None:
                drift.add(score.score, score.cluster)
            if not place % 100:
                await asyncio.sleep(0)

    def _seen_in(self, signal: str) -> DriftSettings:
        """What is seen of every answer, not of a sample, comes faster: false alarms must be rarer by as much."""
        drift = self.settings.drift
        if signal in {"score", "canaries"}:
            return drift
        if signal in {"shorter", "longer"}:
            drift = replace(drift, drop=HALVED.drop)
        times = min(1 / max(self.settings.rate, 0.001), 100)
        return replace(drift, horizon=min(round(drift.horizon * times), 1_000_000))

    def follow(self, before: "Watch") -> None:
        """Go on where another left off: its counts, what is usual, and the answers users may still have a word on."""
        self.counts, self.recent, self.falls, self.found, self.fallen = (
            before.counts,
            before.recent,
            before.falls,
            before.found,
            before.fallen,
        )
        if (self.settings.drift, self.settings.rate) == (before.settings.drift, before.settings.rate):
            self._drifts = before._drifts  # noqa: SLF001 - another of the same

    def targets(self) -> Sequence[str]:
        """Whose scores are watched."""
        return sorted({target for target, _ in self._drifts})

    def __repr__(self) -> str:
        return f"<Watch [{len(self._line)} in line | {len(self._judging)} judged now | {self.counts['judged']} judged]>"
