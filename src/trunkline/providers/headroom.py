"""What a provider's rate-limit headers say is left, as numbers.

Refuses to act on it, and to believe a header that is no number.
"""

import math
from collections.abc import Callable

from trunkline.dialects.retry_hints import until_reset
from trunkline.resilience.rate_limit import Headroom

FORMS = {
    "requests": (
        b"x-ratelimit-%s-requests",  # OpenAI and those like it; Groq's window is a day: its reset says so
        b"anthropic-ratelimit-requests-%s",
        b"x-ratelimit-%s-req-minute",  # Mistral, which tells no reset
        b"x-ratelimit-%s-requests-day",  # Cerebras
        b"x-ratelimit-%s",  # Together, Moonshot, OpenRouter
    ),
    "tokens": (
        b"x-ratelimit-%s-tokens",
        b"anthropic-ratelimit-tokens-%s",
        b"x-ratelimit-%s-tokens-minute",  # Cerebras, and Mistral without a reset
    ),
}
WINDOWS = {
    window: [(form % b"remaining", form % b"reset", form % b"limit", form.endswith(b"-minute")) for form in forms]
    for window, forms in FORMS.items()
}
MINUTE = 60.0

Header = Callable[[bytes], bytes | None]
"""The value under a lower-case name, or None."""


def headroom(header: Header, wall: Callable[[], float]) -> dict[str, Headroom]:
    """Windows by name (``requests``, ``tokens``) of an answer that has just come; ``wall`` tells Unix seconds."""
    found = {}
    for window, forms in WINDOWS.items():
        for left, again, limit, of_a_minute in forms:
            remaining = _number(header(left))
            if remaining is None:
                continue
            reset = _reset(header, again, wall)
            if reset is None and of_a_minute:
                reset = MINUTE
            if reset is not None:
                found[window] = Headroom(remaining, reset, _number(header(limit)))
                break
    return found


def _reset(header: Header, name: bytes, wall: Callable[[], float]) -> float | None:
    told = header(name)
    if told is None:
        return None
    return until_reset(told.decode("latin-1"), (header(b"date") or b"").decode("latin-1"), wall())


def _number(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
