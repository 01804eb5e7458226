"""What follows in one loop over targets: ask this one, wait, ask another, or stop. A pure function of the history.

Refuses to wait, to send and to remember: everything it knows is passed in, and the same history gives the same step.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.core.errors import CallError
from trunkline.core.exchange import Target
from trunkline.resilience.backoff import Backoff, Rng
from trunkline.resilience.gate import NEVER
from trunkline.resilience.reactions import reaction_to

Key = tuple[str, str, str]
"""Provider, model, name of the credential: what is never asked twice in one round, save for a retry."""


class Candidate(Struct, frozen=True):
    """A target as it is now, in the order of preference. Times as the gates tell them, seconds on the house's clock.

    ``panic_at`` when it may be tried although its circuit is open; ``credential`` a name, never a secret; ``window``
    in tokens; ``may_retry``: its retry budget has one left; ``limited``: nothing but its rate limit keeps a call out.
    """

    target: Target
    ready_at: float
    panic_at: float = NEVER
    credential: str = ""
    window: int | None = None
    may_retry: bool = True
    limited: bool = False

    @property
    def key(self) -> Key:
        """What makes two candidates the same."""
        return (self.target.provider, self.target.model, self.credential)


class Tried(Struct, frozen=True):
    """One attempt that failed before its first content; not ``sent`` it is on nobody's bill."""

    candidate: Candidate
    error: CallError
    ended_at: float
    sent: bool = True


class Again(Struct, frozen=True):
    """The same target at ``at``; ``charged`` to its retry budget unless it was not reached, the first time."""

    candidate: Candidate
    at: float
    charged: bool = True


class Elsewhere(Struct, frozen=True):
    """This target at ``at``: the first one, another one, or one of an earlier round; ``panic``: its circuit is open."""

    candidate: Candidate
    at: float
    panic: bool = False


class Stop(Struct, frozen=True):
    """No further attempt. ``final``: the error is the caller's to mend; ``targets``: nobody is left who could help."""

    reason: Literal["final", "attempts", "deadline", "targets"]


Step = Again | Elsewhere | Stop


class Recovery(Struct, frozen=True, forbid_unknown_fields=True):
    """One loop, one deadline: attempts, waits and fallbacks all count here."""

    max_attempts: Annotated[
        int,
        Meta(ge=1, le=100, description="Requests on the providers' bills for one call, all targets together."),
    ] = 6
    retries: Annotated[
        int, Meta(ge=0, le=10, description="Of one target on end, before another is asked. 0: always elsewhere.")
    ] = 1
    rounds: Annotated[
        int, Meta(ge=1, le=10, description="How often each target gets its turn while the deadline lasts.")
    ] = 2
    max_wait: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            extra_json_schema={"x-unit": "seconds"},
            description="Longest single wait for a target. Lower it where callers would rather have an error.",
        ),
    ] = 30.0
    patience: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            extra_json_schema={"x-unit": "seconds"},
            description="A retry that has to wait longer goes elsewhere first, if anybody is ready.",
        ),
    ] = 2.0
    content_policy_fallback: Annotated[
        bool, Meta(description="Ask another model after a refusal for content policy.")
    ] = False
    continue_streams: Annotated[
        bool,
        Meta(
            description="A stream of text that breaks after its first content is continued, once and marked, by the "
            "next target that goes on with a prefill. Set true where a marked seam is better than an error."
        ),
    ] = False
    backoff: Annotated[Backoff, Meta(description="Waits between attempts.")] = Backoff()

    def next(
        self,
        candidates: Sequence[Candidate],
        tried: Sequence[Tried],
        *,
        now: float,
        deadline: float,
        rng: Rng,
        minimum: float = 0.0,
    ) -> Step:
        """The next step; ``minimum`` seconds are what an attempt needs at least: connect and first content.

        No step begins so late that it could not take ``minimum`` before the deadline, none before a Retry-After of its
        provider and credential has passed, and never more than ``max_attempts`` are made.
        """
        if tried and self._final(tried[-1].error):
            return Stop("final")
        if sum([attempt.sent for attempt in tried]) >= self.max_attempts:
            return Stop("attempts")
        latest = deadline - minimum
        if now > latest:
            return Stop("deadline")
        limit = min(latest, now + self.max_wait)
        step = _View(self, candidates, tried, now, limit, rng()).choose()
        if step is None:
            return Stop("targets")
        return step if step.at <= limit else Stop("deadline")

    def _final(self, error: CallError) -> bool:
        """Nobody else may be asked, and asking again does not help."""
        if reaction_to(error).other_policy:
            return not self.content_policy_fallback
        return not (error.fallback or error.retryable)


class _View:
    """One decision's sight of the history; no step is later than ``limit`` if there is any other."""

    __slots__ = ("_candidates", "_draw", "_last", "_limit", "_now", "_settings", "_tried", "_turns")

    def __init__(
        self,
        settings: Recovery,
        candidates: Sequence[Candidate],
        tried: Sequence[Tried],
        now: float,
        limit: float,
        draw: float,
    ) -> None:
        self._settings = settings
        self._tried = tried
        self._last = tried[-1] if tried else None
        self._now = now
        self._limit = limit
        self._draw = draw
        self._turns = _turns(tried, settings.retries + 1)
        self._candidates = self._unique(candidates)

    def choose(self) -> Again | Elsewhere | None:
        """Again, if that is first and soon; the first who is ready; else whoever is ready earliest."""
        again = self._again()
        if again is not None and self._is_first(again):
            return again
        others = [Elsewhere(candidate, self._ready_at(candidate)) for candidate in self._others()]
        ready = next((step for step in others if step.at <= self._now), None)
        if ready is not None:
            return ready
        waits: list[Again | Elsewhere] = [*others, *([again] if again else [])]
        waits += [Elsewhere(candidate, self._ready_at(candidate)) for candidate in self._survivors()]
        if all(step.candidate.ready_at > self._now for step in waits):
            waits = [self._in_panic(step) for step in waits]
        elif self._may_have_cost() and any(self._is_soon(step) for step in others):
            waits = list(others)  # asking the same again may be billed twice: another one is worth a short wait
        return min(waits, key=lambda step: step.at, default=None)

    def _is_first(self, again: Again) -> bool:
        return self._last is not None and reaction_to(self._last.error).again and self._is_soon(again)

    def _is_soon(self, step: Again | Elsewhere) -> bool:
        return step.at <= min(self._limit, self._now + self._settings.patience)

    def _may_have_cost(self) -> bool:
        return self._last is not None and self._last.error.may_have_cost

    # --- who may be asked --------------------------------------------------------------------------------------------

    def _unique(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Those who can still help, each once."""
        found = {candidate.key: candidate for candidate in reversed(candidates) if self._can_help(candidate)}
        return [candidate for candidate in candidates if found.pop(candidate.key, None) is not None]

    def _can_help(self, candidate: Candidate) -> bool:
        return all(self._outlives(candidate, attempt) for attempt in self._tried)

    def _outlives(self, candidate: Candidate, attempt: Tried) -> bool:
        """False when this failure says that asking ``candidate`` is in vain."""
        error, failed = attempt.error, attempt.candidate
        if reaction_to(error).larger_window:
            return candidate.window is not None and failed.window is not None and candidate.window > failed.window
        provider, _, credential = failed.key
        if error.retryable:
            longest = self._settings.backoff.max_retry_after
            return candidate.key != failed.key or not _told(error) or (error.retry_after or 0.0) <= longest
        if error.blames == "endpoint":
            return candidate.target.provider != provider
        if error.blames == "credential":
            return (candidate.target.provider, candidate.credential) != (provider, credential)
        return candidate.key != failed.key

    def _others(self) -> list[Candidate]:
        """Who did not have a turn in this round."""
        this_round = max(self._turns.values(), default=1)
        return [candidate for candidate in self._candidates if self._turns.get(candidate.key, 0) < this_round]

    def _survivors(self) -> list[Candidate]:
        """Who had a turn in this round and may have one in the next."""
        this_round = max(self._turns.values(), default=1)
        if this_round >= self._settings.rounds:
            return []
        return [candidate for candidate in self._candidates if self._turns.get(candidate.key, 0) == this_round]

    # --- when --------------------------------------------------------------------------------------------------------

    def _ready_at(self, candidate: Candidate) -> float:
        return max(candidate.ready_at, self._held_until(candidate), self._paused_until(candidate))

    def _held_until(self, candidate: Candidate) -> float:
        """The end of every Retry-After told to this provider and credential: a rate limit is the account's."""
        account = candidate.key[::2]
        hints = [
            attempt.ended_at + attempt.error.retry_after
            for attempt in self._tried
            if attempt.candidate.key[::2] == account and _told(attempt.error) and attempt.error.retry_after
        ]
        return max([self._now, *hints])

    def _paused_until(self, candidate: Candidate) -> float:
        """The end of this call's own backoff from a target; who said when to come back needs none."""
        pause = self._draw * self._settings.backoff.ceiling(len(self._tried) - 1)
        ended = [
            attempt.ended_at
            for attempt in self._tried
            if attempt.candidate.key == candidate.key and not _told(attempt.error)
        ]
        return max(ended) + pause if ended else self._now

    def _again(self) -> Again | None:
        """A retry of the last target, if its error, its budget and its number of retries allow one."""
        last = self._last
        if last is None or not last.error.retryable:
            return None
        candidate = next((one for one in self._candidates if one.key == last.candidate.key), None)
        at_once = self._never_reached_once(last)
        if candidate is None or not (at_once or candidate.may_retry):
            return None
        if _on_end(self._tried) % (self._settings.retries + 1) == 0:
            return None
        pause = self._now if at_once else self._paused_until(candidate)
        at = max(candidate.ready_at, self._held_until(candidate), pause)
        return Again(candidate, at, charged=not at_once)

    def _never_reached_once(self, last: Tried) -> bool:
        """Nothing reached the target, for the first time in this call: what fails twice has to wait like all others."""
        if not reaction_to(last.error).at_once:
            return False
        key = last.candidate.key
        return sum(one.candidate.key == key and reaction_to(one.error).at_once for one in self._tried) == 1

    def _in_panic(self, step: Again | Elsewhere) -> Again | Elsewhere:
        """Everybody's gate is shut: an open circuit may be tried before its time, a Retry-After still holds."""
        candidate = step.candidate
        if candidate.panic_at >= candidate.ready_at:
            return step
        at = max(candidate.panic_at, self._held_until(candidate), self._paused_until(candidate))
        return Elsewhere(candidate, at, panic=True) if at < step.at else step


def _told(error: CallError) -> bool:
    """The provider said when to come back."""
    return error.retry_after is not None and 0 < error.retry_after < NEVER


def _runs(tried: Sequence[Tried]) -> Iterator[tuple[Key, int]]:
    """Keys, each with the number of attempts on end."""
    for key, attempts in groupby(tried, key=lambda attempt: attempt.candidate.key):
        yield key, sum(1 for _ in attempts)


def _turns(tried: Sequence[Tried], attempts_a_turn: int) -> dict[Key, int]:
    """Turns had by each key: an attempt and its retries are one."""
    turns: dict[Key, int] = {}
    for key, count in _runs(tried):
        turns[key] = turns.get(key, 0) + ceil(count / attempts_a_turn)
    return turns


def _on_end(tried: Sequence[Tried]) -> int:
    return list(_runs(tried))[-1][1]
