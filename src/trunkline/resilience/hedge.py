"""When a second request is sent because the first is late, and when it may not be.

Refuses to send it, to cancel the loser and to meter it: the caller of this does, and says what it cost.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.money import Nanos

MILLION = 1_000_000  # shares of money in integers: no float touches it


class HedgeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """At most one extra request a call, before its first content only."""

    share: Annotated[
        float, Meta(ge=0, le=1, description="Largest share of requests that is sent twice. 0 switches hedging off.")
    ] = 0.05
    cost_share: Annotated[
        float, Meta(ge=0, le=1, description="Largest share of the money of all calls that goes into second requests.")
    ] = 0.05
    least: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            extra_json_schema={"x-unit": "seconds"},
            description="Never earlier than this, however fast the target usually is.",
        ),
    ] = 0.2
    burst: Annotated[
        float, Meta(ge=1, le=1000, description="Second requests that may be saved up for a bad moment.")
    ] = 10.0


class Late(Struct, frozen=True):
    """A call that waits for its first content: since when, on what, and what another request is expected to cost."""

    started: float
    p95: float | None
    committed: bool
    requests: int
    expected_cost: Nanos | None


class Hedging:
    """Two buckets that calls fill and second requests empty: one of requests, one of money."""

    __slots__ = ("_money", "_requests", "_typical", "settings")

    def __init__(self, settings: HedgeSettings | None = None) -> None:
        self.settings = settings or HedgeSettings()
        self._requests = 0.0
        self._money: Nanos = 0
        self._typical: Nanos = 0

    def saw(self, cost: Nanos | None) -> None:
        """A call ended that cost so much (None: not known) without any second request."""
        settings = self.settings
        self._requests = min(settings.burst, self._requests + settings.share)
        if cost is not None:
            self._typical += (cost - self._typical) // 10 if self._typical else cost
            saved = self._money + cost * round(settings.cost_share * MILLION) // MILLION
            self._money = min(saved, max(self._typical, cost) * round(settings.burst))

    def at(self, late: Late) -> float | None:
        """When the second request goes out: after the usual p95 of first content; None for not at all.

        Not after content, not as a third request, not while the target's p95 or the request's cost is unknown, and not
        beyond either share.
        """
        if late.committed or late.requests != 1 or late.p95 is None or not self._affords(late.expected_cost):
            return None
        return late.started + max(self.settings.least, late.p95)

    def take(self, cost: Nanos | None) -> bool:
        """Pay for a second request that goes out now; False when it may not after all. ``settle`` corrects the cost."""
        if cost is None or not self._affords(cost):
            return False
        self._requests -= 1
        self._money -= cost
        return True

    def settle(self, expected: Nanos, cost: Nanos | None) -> None:
        """The loser was cancelled and metered: it cost this instead of what was expected (None: still not known)."""
        self._money += 0 if cost is None else expected - cost

    def _affords(self, cost: Nanos | None) -> bool:
        return cost is not None and self._requests >= 1 - 1e-9 and cost <= self._money

    def __repr__(self) -> str:
        return f"<Hedging [{self._requests:.1f} requests | {self._money} nano-dollars]>"
