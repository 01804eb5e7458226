"""What a target still allows, learned from its headers and its 429s, so that a call waits before it is refused.

Refuses to read headers: numbers are passed in. It holds calls back for a bounded time only: it may be wrong.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.errors import RateLimit
from trunkline.core.outcome import Outcome
from trunkline.resilience.backoff import growing
from trunkline.resilience.gate import Rejected

LEARNING = 0.1  # weight of the newest call's tokens


class RateLimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds."""

    base: Annotated[
        float,
        Meta(
            gt=0, le=60, extra_json_schema={"x-unit": "seconds"}, description="Pause after a 429 without Retry-After."
        ),
    ] = 1.0
    cap: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            extra_json_schema={"x-unit": "seconds"},
            description="That pause doubles with each 429 on end, up to this.",
        ),
    ] = 30.0
    longest: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            extra_json_schema={"x-unit": "seconds"},
            description="However far away a header says, after this a call is tried.",
        ),
    ] = 300.0


class Headroom(Struct, frozen=True):
    """What a provider's headers said of one window: ``remaining`` units now, full again in ``reset`` seconds.

    ``limit`` is the size of the window; where it is known, units are taken to come back evenly until then, as OpenAI's
    and Anthropic's token buckets do (platform.openai.com/docs/guides/rate-limits,
    docs.anthropic.com/en/api/rate-limits). Without it they come back all at once.
    """

    remaining: float
    reset: float
    limit: float | None = None


class _Window:
    """One window as it is believed to be."""

    __slots__ = ("at", "limit", "remaining", "until")

    def __init__(self, told: Headroom, now: float, longest: float) -> None:
        self.at = now
        self.remaining = told.remaining
        self.until = now + min(max(0.0, told.reset), longest)
        self.limit = told.limit

    def ready_at(self, units: float, now: float) -> float:
        missing = units - self.remaining
        if missing <= 0 or now >= self.until:
            return now
        if self.limit is None or self.limit <= self.remaining or units > self.limit:
            return self.until
        return max(now, self.at + missing * (self.until - self.at) / (self.limit - self.remaining))


class RateLimitGate:
    """Requests and tokens left at one target, and the pause that its last 429 asked for: a gate."""

    __slots__ = ("_blocks", "_in_a_row", "_requests", "_tokens", "_typical", "blocked_until", "settings")

    def __init__(self, settings: RateLimitSettings | None = None) -> None:
        self.settings = settings or RateLimitSettings()
        self.blocked_until = 0.0
        self._blocks = 0  # 429s so far that began after the one before
        self._in_a_row = 0
        self._typical = 0.0  # tokens of a call; none known costs none
        self._requests: _Window | None = None
        self._tokens: _Window | None = None

    def learn(self, now: float, *, requests: Headroom | None = None, tokens: Headroom | None = None) -> None:
        """What an answer's headers said; a window that they do not name is left as it is."""
        if requests is not None:
            self._requests = _Window(requests, now, self.settings.longest)
        if tokens is not None:
            self._tokens = _Window(tokens, now, self.settings.longest)

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """When there is room for one more request of the usual size. No panic here: a 429 means what it says."""
        at = max(now, self.blocked_until)
        if self._requests is not None:
            at = max(at, self._requests.ready_at(1.0, now))
        if self._tokens is not None:
            at = max(at, self._tokens.ready_at(self._typical, now))
        return at

    def enter(self, now: float, *, panic: bool = False) -> int:
        """Take one request and its usual tokens out of what is left. Raises Rejected."""
        at = self.ready_at(now)
        if at > now:
            raise Rejected("the rate limit", "is used up", retry_after=at - now)
        for window, units in ((self._requests, 1.0), (self._tokens, self._typical)):
            if window is not None:
                window.remaining -= units
        return self._blocks

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """A 429 blocks until its Retry-After, or for a growing pause; all that began before it are the same 429."""
        error = outcome.error
        if isinstance(error, RateLimit):
            self._block(now, error.retry_after, again=ticket == self._blocks)
        elif error is None and not outcome.abandoned:
            if ticket == self._blocks:
                self._in_a_row = 0
            used = outcome.usage.total
            self._typical += (used - self._typical) * (LEARNING if self._typical else 1.0)

    def _block(self, now: float, retry_after: float | None, *, again: bool) -> None:
        settings = self.settings
        if retry_after is not None and retry_after > 0:
            self.blocked_until = max(self.blocked_until, now + min(retry_after, settings.longest))
        elif again:
            pause = growing(settings.base, 2.0, settings.cap, self._in_a_row)
            self.blocked_until = max(self.blocked_until, now + pause)
        if again:
            self._blocks += 1
            self._in_a_row += 1

    def __repr__(self) -> str:
        shown = [
            f"{window.remaining:g} {name} left"
            for name, window in (("requests", self._requests), ("tokens", self._tokens))
            if window is not None
        ]
        return f"<RateLimitGate [{' | '.join(shown) or 'nothing known'}]>"
