"""What a provider's rate-limit headers say is left, as numbers.

Refuses to act on it, and to believe a header that is no number.
"""

import math
from collections.abc import Callable

from trunkline.dialects.retry_hints import Headers, until_reset
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


def headroom(headers: Headers, wall: Callable[[], float]) -> dict[str, Headroom]:
    """Windows by name (``requests``, ``tokens``) of an answer that has just come; ``wall`` tells Unix seconds."""
    told = {name: value for name, value in headers if b"ratelimit" in name}
    if not told:
        return {}
    found = {}
    for window, forms in WINDOWS.items():
        for left, again, limit, of_a_minute in forms:
            remaining = _number(told.get(left))
            if remaining is None:
                continue
            reset = until_reset(told.get(again, b"").decode("latin-1"), headers, wall())
            if reset is None and of_a_minute:
                reset = MINUTE
            if reset is not None:
                found[window] = Headroom(remaining, reset, _number(told.get(limit)))
                break
    return found


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
