"""The cost of a call that has ended.

Refuses to guess: an unknown price or an unknown usage costs an unknown amount, never nothing.
"""

from trunkline.catalog.price import Price
from trunkline.core.money import Nanos
from trunkline.core.usage import Usage


def cost(usage: Usage, price: Price | None) -> Nanos | None:
    """Nano-dollars, exact and rounded half up once; None where the price or the usage is unknown.

    A negative count is no count (a hostile or broken provider could otherwise earn a caller money): unknown too.
    """
    if price is None or usage.source == "unknown" or _negative(usage):
        return None
    return price.charge(usage)


def _negative(usage: Usage) -> bool:
    counts = (usage.input, usage.cache_read, usage.cache_write, usage.cache_write_1h, usage.output, usage.reasoning)
    return min(counts) < 0
