"""A provider's rate limits: two token buckets that refill over a minute, and the headers that tell of them.
They know no clock: `now` is seconds since the start.
"""

import math
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from trunkline.simulator.ask import DialectName
from trunkline.simulator.config import Limits

_MINUTE = 60.0


class Bucket:
    """`capacity` per minute, refilled evenly. The level may fall below zero: an answer's tokens are known only late."""

    __slots__ = ("_at", "_level", "capacity")

    def __init__(self, capacity: int) -> None:
        """Full at time zero."""
        self.capacity = capacity
        self._level = float(capacity)
        self._at = 0.0

    def level(self, now: float) -> float:
        """What is left."""
        self._level = min(self.capacity, self._level + max(now - self._at, 0.0) * self.capacity / _MINUTE)
        self._at = max(self._at, now)
        return self._level

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` (or, if that is more than fits, a full bucket) is there; 0.0 when it is."""
        missing = min(amount, self.capacity) - self.level(now)
        return max(missing, 0.0) * _MINUTE / self.capacity

    def take(self, amount: float, now: float) -> None:
        """Take, whatever is left."""
        self._level = self.level(now) - amount


class Denied(Struct, frozen=True):
    """A request that came too early: the exhausted limit, and when to come back."""

    what: Literal["requests", "tokens"]
    limit: int
    used: int
    requested: int
    wait: float


class RateLimits:
    """The limits of one provider."""

    def __init__(self, limits: Limits) -> None:
        """Both buckets are full at time zero."""
        self._buckets: dict[Literal["requests", "tokens"], Bucket] = {}
        if limits.requests_per_minute is not None:
            self._buckets["requests"] = Bucket(limits.requests_per_minute)
        if limits.tokens_per_minute is not None:
            self._buckets["tokens"] = Bucket(limits.tokens_per_minute)

    def admit(self, tokens: int, now: float) -> Denied | None:
        """Take one request and `tokens` tokens, or take nothing and say why."""
        amounts = {"requests": 1, "tokens": tokens}
        for what, bucket in self._buckets.items():
            wait = bucket.wait(amounts[what], now)
            if wait > 0:
                used = math.ceil(bucket.capacity - bucket.level(now))
                return Denied(what, bucket.capacity, used, amounts[what], wait)
        for what, bucket in self._buckets.items():
            bucket.take(amounts[what], now)
        return None

    def charge(self, tokens: int, now: float) -> None:
        """Take the tokens of an answer."""
        if "tokens" in self._buckets:
            self._buckets["tokens"].take(tokens, now)

    def headers(self, dialect: DialectName, now: float, epoch: float) -> list[tuple[str, str]]:
        """The vendor's rate limit headers; `epoch` is the wall time of the start."""
        found: list[tuple[str, str]] = []
        if dialect in {"gemini", "bedrock", "ollama", "cohere"}:  # tell nothing in headers
            return found
        for what, bucket in self._buckets.items():
            left = str(max(0, math.floor(bucket.level(now))))
            reset = bucket.wait(bucket.capacity, now)
            if dialect != "anthropic":
                values = {"limit": str(bucket.capacity), "remaining": left, "reset": go_duration(reset)}
                found += [(f"x-ratelimit-{key}-{what}", value) for key, value in values.items()]
            else:
                values = {"limit": str(bucket.capacity), "remaining": left, "reset": rfc3339(epoch + now + reset)}
                found += [(f"anthropic-ratelimit-{what}-{key}", value) for key, value in values.items()]
        return found


def go_duration(seconds: float) -> str:
    """Seconds as OpenAI writes them: 120ms, 1s, 9.816s, 6m0s."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms" if seconds > 0 else "0s"
    minutes, rest = divmod(round(seconds, 3), 60)
    text = f"{rest:.3f}".rstrip("0").rstrip(".")
    return f"{int(minutes)}m{text}s" if minutes else f"{text}s"


def rfc3339(timestamp: float) -> str:
    """A wall time as Anthropic writes it: whole seconds, UTC."""
    return datetime.fromtimestamp(math.ceil(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
