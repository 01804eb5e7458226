"""What a provider's rate-limit headers say is left, as numbers.

Refuses to act on it, and to believe a header that is no number.
"""

import math
from collections.abc import Callable

from trunkline.dialects.retry_hints import Headers, until_reset
from trunkline.resilience.rate_limit import Headroom

# OpenAI and those like it; Anthropic. Groq's request window is a day: its reset says so.
WINDOWS = {
    "requests": (b"x-ratelimit-%s-requests", b"anthropic-ratelimit-requests-%s"),
    "tokens": (b"x-ratelimit-%s-tokens", b"anthropic-ratelimit-tokens-%s"),
}


def headroom(headers: Headers, wall: Callable[[], float]) -> dict[str, Headroom]:
    """Windows by name (``requests``, ``tokens``) of an answer that has just come; ``wall`` tells Unix seconds."""
    told = {name: value for name, value in headers if b"ratelimit" in name}
    if not told:
        return {}
    found = {}
    for window, forms in WINDOWS.items():
        for form in forms:
            remaining = _number(told.get(form % b"remaining"))
            reset = until_reset(told.get(form % b"reset", b"").decode("latin-1"), headers, wall())
            if remaining is not None and reset is not None:
                found[window] = Headroom(remaining, reset, _number(told.get(form % b"limit")))
    return found


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
