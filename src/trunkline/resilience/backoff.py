"""How long to wait before asking again: exponential with full jitter, or as long as the provider said.

Refuses to sleep, and to decide whether asking again makes sense.
"""

import math
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct

Rng = Callable[[], float]
"""Uniform in [0, 1), like ``random.random``."""

_SECONDS = {"x-unit": "seconds"}


def growing(base: float, factor: float, cap: float, n: int) -> float:
    """``min(cap, base * factor**n)`` that does not overflow, whatever ``n``."""
    if base >= cap:
        return cap
    if factor == 1 or n <= 0:
        return base
    steps = math.log(cap / base) / math.log(factor)
    return cap if n >= steps else min(cap, base * factor**n)


class Backoff(Struct, frozen=True, forbid_unknown_fields=True):
    """Full jitter: uniform in [0, min(cap, base * factor**n)] before retry n (0 is the first). Seconds.

    Jitter that only adds to a fixed delay takes 3.5 times as long and 30 % more calls to clear a burst of 100 clients
    (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    base: Annotated[
        float,
        Meta(ge=0.001, le=60, extra_json_schema=_SECONDS, description="Longest first wait. Lower it for local models."),
    ] = 0.5
    factor: Annotated[float, Meta(ge=1, le=10, description="Growth of the longest wait from retry to retry.")] = 2.0
    cap: Annotated[
        float,
        Meta(ge=0.001, le=3600, extra_json_schema=_SECONDS, description="No wait of our own choice is longer."),
    ] = 8.0
    max_retry_after: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            extra_json_schema=_SECONDS,
            description="Longest Retry-After that is waited for; a longer one means: not this target.",
        ),
    ] = 120.0

    def __post_init__(self) -> None:
        if self.cap < self.base:
            raise ValueError(f"cap ({self.cap:g} s) must be at least base ({self.base:g} s)")

    def ceiling(self, n: int) -> float:
        """The longest wait before retry ``n``."""
        return growing(self.base, self.factor, self.cap, n)

    def delay(self, n: int, rng: Rng) -> float:
        """The wait before retry ``n``: full jitter."""
        return rng() * self.ceiling(n)

    def wait(self, n: int, rng: Rng, *, left: float = math.inf, retry_after: float | None = None) -> float | None:
        """Seconds to wait before retry ``n``; None if longer than ``left``, or than any Retry-After waited for.

        A usable ``retry_after`` is the shortest wait there is. Zero, negative, NaN and infinity are no hint.
        """
        seconds = self.delay(n, rng)
        if retry_after is not None and 0 < retry_after < math.inf:
            if retry_after > self.max_retry_after:
                return None
            seconds = retry_after
        return seconds if seconds <= left else None
