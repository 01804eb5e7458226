"""How many calls to one target may be in flight: fewer after each sign of congestion, slowly more while all goes well.

Refuses to queue: who waits, and how long, is the router's.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.outcome import Outcome
from trunkline.resilience.gate import Rejected
from trunkline.resilience.verdict import CONGESTION

LEARNING = 0.1  # weight of the newest call's duration
UNKNOWN_SECONDS = 1.0  # how long a call takes before one has ended


class ConcurrencySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls in flight at one target."""

    initial: Annotated[int, Meta(ge=1, le=100_000, description="The limit before anything is known.")] = 256
    largest: Annotated[
        int, Meta(ge=1, le=100_000, description="It never grows past this. Lower it for a model on your own machine.")
    ] = 1000
    waiting: Annotated[
        int,
        Meta(
            ge=0,
            le=100_000,
            description="Calls that wait in line while nobody else is ready. 0: they fail at once, with 503.",
        ),
    ] = 10_000
    fall: Annotated[float, Meta(ge=0.7, le=0.9, description="What a 429 or a timeout multiplies the limit by.")] = 0.8

    def __post_init__(self) -> None:
        if self.initial > self.largest:
            raise ValueError(f"initial ({self.initial}) must be at most largest ({self.largest})")


class ConcurrencyLimit:
    """Additive increase, multiplicative decrease, as TCP does: a gate.

    A burst of refusals is one sign: only calls that began after the last fall can make it fall again. It grows by
    1/limit for each good call that ended while at least half of it was in use, so by at most one in a round trip.
    """

    __slots__ = ("_falls", "_limit", "_typical", "in_flight", "settings")

    def __init__(self, settings: ConcurrencySettings | None = None) -> None:
        self.settings = settings or ConcurrencySettings()
        self._limit = float(self.settings.initial)
        self._falls = 0
        self._typical = UNKNOWN_SECONDS
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """Calls that may be in flight, at least 1."""
        return int(self._limit)

    @property
    def turn(self) -> float:
        """Seconds after which, by experience, the next of so many calls ends."""
        return self._typical / self.limit

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """``now``, or when by experience the next call ends."""
        return now if self.in_flight < self.limit else now + self.turn

    def enter(self, now: float, *, panic: bool = False) -> int:
        """One more in flight. Raises Rejected."""
        if self.in_flight >= self.limit:
            wait = self.ready_at(now) - now
            raise Rejected("the concurrency limit", f"is reached ({self.limit} in flight)", retry_after=wait)
        self.in_flight += 1
        return self._falls

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """One less; its error's class says whether the target has too much to do."""
        used = self.in_flight * 2 >= self._limit
        self.in_flight -= 1
        if isinstance(outcome.error, CONGESTION):
            if ticket == self._falls:
                self._falls += 1
                self._limit = max(1.0, self._limit * self.settings.fall)
        elif outcome.error is None and not outcome.abandoned:
            self._typical += (outcome.duration - self._typical) * LEARNING
            if used:
                self._limit = min(float(self.settings.largest), self._limit + 1 / self._limit)

    def __repr__(self) -> str:
        return f"<ConcurrencyLimit {self.in_flight} of {self.limit} in flight>"
