"""Turns calls away before they are sent, the more the fewer a target accepts.

Refuses to know why they were not accepted. The formula is "Handling Overload" of Google's SRE book:
max(0, (requests - K * accepts) / (requests + 1)).
"""

import random
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.errors import CallError, ModelOverloaded
from trunkline.core.outcome import Outcome
from trunkline.resilience.backoff import Rng
from trunkline.resilience.counting_window import CountingWindow
from trunkline.resilience.gate import Rejected
from trunkline.resilience.verdict import CONGESTION

NOT_ACCEPTED: tuple[type[CallError], ...] = (*CONGESTION, ModelOverloaded)


class ThrottleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """``k`` 2 lets twice as many through as are accepted: enough to see that a target recovers."""

    k: Annotated[
        float, Meta(ge=1, le=100, description="Requests for each accepted one. Lower it to turn away sooner.")
    ] = 2.0
    cap: Annotated[
        float,
        Meta(ge=0, le=0.99, description="Largest share turned away; below 1, or nothing would ever get better."),
    ] = 0.8
    seconds: Annotated[
        float,
        Meta(ge=1, le=3600, extra_json_schema={"x-unit": "seconds"}, description="How long a request counts."),
    ] = 60.0


class Throttle:
    """A gate; ``rng`` is uniform in [0, 1)."""

    __slots__ = ("_counts", "_rng", "settings")

    def __init__(self, settings: ThrottleSettings | None = None, *, rng: Rng = random.random) -> None:
        self.settings = settings or ThrottleSettings()
        self._counts = CountingWindow(self.settings.seconds)  # requests, accepts
        self._rng = rng

    def share(self, now: float) -> float:
        """The share of calls that is turned away, 0 to ``cap``."""
        self._counts.at(now)
        requests, accepts = self._counts.first, self._counts.second
        excess = (requests - self.settings.k * accepts) / (requests + 1)
        return min(self.settings.cap, max(0.0, excess))

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """Always ``now``: chance decides, at the door."""
        return now

    def enter(self, now: float, *, panic: bool = False) -> int:
        """By chance. Raises Rejected; who is turned away counts as a request too."""
        share = 0.0 if panic else self.share(now)
        self._counts.add(now, first=1)
        if self._rng() < share:
            raise Rejected("the throttle", f"turns {share:.0%} of calls away", retry_after=self.settings.seconds / 10)
        return 0

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """Accepted is all that is not refused for load or late: a caller's mistake was looked at too."""
        if not isinstance(outcome.error, NOT_ACCEPTED):
            self._counts.add(now, second=1)

    def __repr__(self) -> str:
        return f"<Throttle {self._counts.second} of {self._counts.first} accepted>"
