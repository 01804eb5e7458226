"""How many requests to one target may be retries: a share of all, and a few a second besides.

Refuses to know why a retry is wanted. Fallback to another target is not charged here: one budget for both runs dry just
when fallback is needed.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.resilience.counting_window import CountingWindow


class RetryBudgetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Of each target by itself."""

    ratio: Annotated[
        float, Meta(ge=0, le=1, description="Retries for each request of the last seconds. 0.2 is one in five.")
    ] = 0.2
    reserve: Annotated[
        float,
        Meta(ge=0, le=10_000, description="Retries a second that are free, so that rare requests may be retried."),
    ] = 10.0
    seconds: Annotated[
        float,
        Meta(ge=1, le=60, extra_json_schema={"x-unit": "seconds"}, description="How long a request counts."),
    ] = 10.0


class RetryBudget:
    """Retries of any last ``seconds`` <= ratio * requests + reserve * seconds, both counted in ten slots.

    After Finagle's RetryBudget and tower's; counts are integers, so that no rounding adds up.
    """

    __slots__ = ("_counts", "settings")

    def __init__(self, settings: RetryBudgetSettings | None = None) -> None:
        self.settings = settings or RetryBudgetSettings()
        self._counts = CountingWindow(self.settings.seconds)

    def deposit(self, now: float) -> None:
        """A request that is no retry was made."""
        self._counts.add(now, first=1)

    def allows(self, now: float) -> bool:
        """True when a retry may be made."""
        return self.balance(now) >= 1 - 1e-9

    def withdraw(self, now: float) -> bool:
        """Take one retry, if there is one."""
        if not self.allows(now):
            return False
        self._counts.add(now, second=1)
        return True

    def balance(self, now: float) -> float:
        """Retries that may be made at once."""
        self._counts.at(now)
        settings = self.settings
        return settings.ratio * self._counts.first + settings.reserve * settings.seconds - self._counts.second

    def __repr__(self) -> str:
        return f"<RetryBudget {self._counts.second} retries of {self._counts.first} requests>"
