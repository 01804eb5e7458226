"""Durations and sizes as people write them: ``30s``, ``500ms``, ``10m``; ``32MiB``.

Refuses to know what is being timed or measured.
"""

import re
from decimal import Decimal

_NUMBER = r"(\d{1,15}(?:\.\d{1,9})?)"
DURATION_PATTERN = rf"{_NUMBER}\s*(ms|s|m|h)"
SIZE_PATTERN = rf"{_NUMBER}\s*(B|kB|KB|KiB|MB|MiB|GB|GiB)"
_DURATION = re.compile(DURATION_PATTERN)
_SIZE = re.compile(SIZE_PATTERN)
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}


def seconds(text: str) -> float | None:
    """``"500ms"`` is 0.5; None for what is no duration."""
    found = _DURATION.fullmatch(text.strip())
    return float(Decimal(found[1]) * _SECONDS[found[2]]) if found else None


def size(text: str) -> int | None:
    """``"32MiB"`` is 33_554_432; None for what is no whole number of bytes."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    count = Decimal(found[1]) * _BYTES[found[2]]
    return int(count) if count == count.to_integral_value() else None


def duration_text(value: float) -> str:
    """0.5 as ``500ms``, 90 as ``90s``, 3600 as ``1h``."""
    if value >= 3600 and value % 3600 == 0:
        return f"{value / 3600:g}h"
    if value >= 600 and value % 60 == 0:  # below ten minutes seconds read better
        return f"{value / 60:g}m"
    return f"{value:g}s" if value >= 1 or not value else f"{value * 1000:g}ms"


def size_text(count: int) -> str:
    """33_554_432 as ``32MiB``."""
    for unit in ("GiB", "MiB", "KiB"):
        if count >= _BYTES[unit] and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]}{unit}"
    return f"{count}B"
