"""How often each caller may call: requests and tokens a minute, and calls at once. Checked all, then taken all.

Refuses to wait, to do I/O and to know the clock. One process counts its own; several gateways do not share these.
"""

from collections import Counter
from typing import Literal

from msgspec import Struct

from trunkline.core.call import Caller, CallerLimits
from trunkline.core.errors import CallerRateLimit

NO_LIMITS = CallerLimits()
MINUTE = 60.0
MOST_IDLE = 10_000  # callers remembered; those whose buckets are full again say nothing
_NEARLY = 1e-6  # of a token: whoever waited as long as it was told is not told to wait again
Kind = Literal["requests", "tokens"]


class Allowance(Struct, frozen=True):
    """What is left of a limit: ``reset`` is seconds until all of it is there again."""

    limit: int
    remaining: int
    reset: float


class Bucket:
    """So many a minute, refilled all the time; it may go below zero when a call took more than was expected."""

    __slots__ = ("_at", "_level", "limit")

    def __init__(self, limit: int, now: float) -> None:
        self.limit = limit
        self._level = float(limit)
        self._at = now

    def level(self, now: float) -> float:
        """How many are there; a clock that goes back adds none."""
        passed = max(0.0, now - self._at)
        return min(float(self.limit), self._level + passed * self.limit / MINUTE)

    def wait(self, count: float, now: float) -> float:
        """Seconds until so many are there; what is over the limit is waited for as the limit."""
        missing = min(count, self.limit) - self.level(now)
        return missing * MINUTE / self.limit if missing > _NEARLY else 0.0

    def take(self, count: float, now: float) -> None:
        """Take them, or give them back when negative."""
        self._level = min(float(self.limit), self.level(now) - count)
        self._at = max(now, self._at)

    def allowance(self, now: float) -> Allowance:
        """As headers tell it."""
        return Allowance(self.limit, max(0, int(self.level(now))), self.wait(self.limit, now))


class _Counts:
    __slots__ = ("concurrent", "requests", "tokens")

    def __init__(self, requests: Bucket | None, tokens: Bucket | None) -> None:
        self.requests = requests
        self.tokens = tokens
        self.concurrent = 0

    def idle(self, now: float) -> bool:
        buckets = (self.requests, self.tokens)
        return not self.concurrent and all(one is None or one.level(now) >= one.limit for one in buckets)


class Rates:
    """The counts of all callers; ``now`` in seconds of any clock that does not jump."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()  # by the limit that was reached
        self._counts: dict[str, _Counts] = {}

    def enter(self, caller: Caller, tokens: int, now: float) -> None:
        """Take one request, so many tokens and a place. Raises CallerRateLimit, and then nothing is taken."""
        counts = self._of(caller, now)
        self._check(caller, counts, tokens, now)
        counts.concurrent += 1
        if counts.requests:
            counts.requests.take(1, now)
        if counts.tokens:
            counts.tokens.take(tokens, now)

    def _check(self, caller: Caller, counts: _Counts, tokens: int, now: float) -> None:
        limits = caller.limits
        if limits.concurrent is not None and counts.concurrent >= limits.concurrent:
            self.refused["concurrent"] += 1
            raise _refused(caller, f"{limits.concurrent} calls at once", 1.0)
        if counts.requests and (wait := counts.requests.wait(1, now)) > 0:
            self.refused["requests"] += 1
            raise _refused(caller, f"{counts.requests.limit} requests a minute", wait)
        if counts.tokens and (wait := counts.tokens.wait(tokens, now)) > 0:
            self.refused["tokens"] += 1
            raise _refused(caller, f"{counts.tokens.limit} tokens a minute", wait)

    def leave(self, caller: Caller, expected: int, used: int, now: float) -> None:
        """Give the place back, and take what was used beyond what was expected."""
        counts = self._of(caller, now)
        counts.concurrent = max(0, counts.concurrent - 1)
        if counts.tokens:
            counts.tokens.take(used - expected, now)

    def allowances(self, caller: Caller, now: float) -> dict[Kind, Allowance]:
        """What is left of the limits a caller has."""
        counts = self._of(caller, now)
        found: dict[Kind, Allowance] = {}
        if counts.requests:
            found["requests"] = counts.requests.allowance(now)
        if counts.tokens:
            found["tokens"] = counts.tokens.allowance(now)
        return found

    def _of(self, caller: Caller, now: float) -> _Counts:
        counts = self._counts.get(caller.name)
        if counts is None:
            if len(self._counts) >= MOST_IDLE:
                self._counts = {name: one for name, one in self._counts.items() if not one.idle(now)}
            counts = self._counts[caller.name] = _Counts(None, None)
        limits = caller.limits  # a key's limits may change while its counts stand
        counts.requests = _bucket(counts.requests, limits.requests_per_minute, now)
        counts.tokens = _bucket(counts.tokens, limits.tokens_per_minute, now)
        return counts

    def __repr__(self) -> str:
        return f"<Rates [{len(self._counts)} callers]>"


def _bucket(bucket: Bucket | None, limit: int | None, now: float) -> Bucket | None:
    if limit is None:
        return None
    return bucket if bucket is not None and bucket.limit == limit else Bucket(limit, now)


def _refused(caller: Caller, limit: str, wait: float) -> CallerRateLimit:
    return CallerRateLimit(f"the key {caller.name!r} may make {limit}; come back in {wait:.1f} s", retry_after=wait)
