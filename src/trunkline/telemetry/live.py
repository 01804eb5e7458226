"""The last hour and the last calls, in memory: what an operator looks at while it happens.

Refuses to be the record: that is the ledger's. A restart begins anew, and says since when it knows.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

from trunkline.core.exchange import Exchange
from trunkline.core.money import usd
from trunkline.telemetry.ended_call import EndedCall, ended_call

MOST_CALLS = 1_000  # kept by id; one is about 2 kB
MINUTES = 60
SAMPLE = 256  # durations of a minute from which its percentiles are taken, the newest ones
MOST_WAITING = 200  # calls that one watcher may be behind; a slower one misses some and is told how many


class Sums(Struct, frozen=True):
    """A time's calls. ``success`` is the share of those whose caller stayed; seconds; None where there was no call."""

    calls: int
    ok: int
    errors: int
    abandoned: int
    success: float | None
    attempts: int
    cost_usd: str
    unknown_cost: int
    p50: float | None
    p95: float | None


class Minute:
    """Sums over one minute; ``at`` counts minutes since 1970."""

    __slots__ = ("abandoned", "at", "attempts", "cost", "durations", "errors", "ok", "unpriced")

    def __init__(self, at: int) -> None:
        self.at = at
        self.ok = self.errors = self.abandoned = self.attempts = self.cost = self.unpriced = 0
        self.durations: deque[float] = deque(maxlen=SAMPLE)

    def add(self, call: EndedCall) -> None:
        """Count one ended call."""
        outcome = call.outcome
        self.attempts += call.requests
        if outcome.ok:
            self.ok += 1
            self.durations.append(outcome.duration)
        elif outcome.abandoned:
            self.abandoned += 1
        else:
            self.errors += 1
        if call.cost is None:
            self.unpriced += 1
        else:
            self.cost += call.cost


class Watcher:
    """Someone who looks on: the calls that have ended since, in order."""

    __slots__ = ("missed", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[EndedCall] = deque()
        self.missed = 0

    def see(self, call: EndedCall) -> None:
        """One more call."""
        if len(self.waiting) >= MOST_WAITING:
            self.missed += 1
        else:
            self.waiting.append(call)


class Live:
    """A listener that remembers. ``wall`` is seconds since 1970."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self.since = wall()
        self.watchers: list[Watcher] = []
        self.hearers: list[Callable[[EndedCall], object]] = []  # told of every call, for good
        self._wall = wall
        self._minutes: deque[Minute] = deque(maxlen=MINUTES)
        self._calls: dict[str, EndedCall] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Take down one ended call."""
        outcome = exchange.outcome
        if outcome is None:
            return
        now = self._wall()
        call = ended_call(exchange, outcome, now)
        self._minute(now).add(call)
        if len(self._calls) >= MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        self._calls[call.id] = call
        for watcher in self.watchers:
            watcher.see(call)
        for hear in self.hearers:
            hear(call)

    def call(self, id: str) -> EndedCall | None:  # noqa: A002 - the field's own name
        """One of the last calls."""
        return self._calls.get(id)

    def calls(self, most: int, *, search: str = "") -> list[EndedCall]:
        """The newest first; ``search`` is looked for in ids, names, providers, models and outcomes."""
        word = search.casefold()
        found: list[EndedCall] = []
        for call in reversed(self._calls.values()):
            if not word or word in _words(call):
                found.append(call)
                if len(found) >= most:
                    break
        return found

    def minutes(self) -> list[tuple[int, Sums]]:
        """The last hour: each minute (counted since 1970) in which a call ended, oldest first."""
        first = int(self._wall() // 60) - MINUTES
        return [(minute.at, sums([minute])) for minute in self._minutes if minute.at > first]

    def hour(self) -> Sums:
        """The last hour in sum."""
        first = int(self._wall() // 60) - MINUTES
        return sums(minute for minute in self._minutes if minute.at > first)

    def _minute(self, now: float) -> Minute:
        at = int(now // 60)
        if not self._minutes or self._minutes[-1].at < at:
            self._minutes.append(Minute(at))
        return self._minutes[-1]  # a clock that went back counts on in the newest minute


def sums(minutes: Iterable[Minute]) -> Sums:
    """Several minutes as one."""
    known = list(minutes)
    ok, errors = sum(one.ok for one in known), sum(one.errors for one in known)
    abandoned = sum(one.abandoned for one in known)
    durations = sorted(duration for one in known for duration in one.durations)
    return Sums(
        calls=ok + errors + abandoned,
        ok=ok,
        errors=errors,
        abandoned=abandoned,
        success=ok / (ok + errors) if ok + errors else None,
        attempts=sum(one.attempts for one in known),
        cost_usd=usd(sum(one.cost for one in known)),
        unknown_cost=sum(one.unpriced for one in known),
        p50=_at(durations, 0.50),
        p95=_at(durations, 0.95),
    )


def _at(ordered: list[float], share: float) -> float | None:
    """A percentile by nearest rank."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 4) if ordered else None


def _words(call: EndedCall) -> str:
    error = call.outcome.error.kind if call.outcome.error else "ok"
    return f"{call.id} {call.trace} {call.caller} {call.asked} {call.target} {error}".casefold()
