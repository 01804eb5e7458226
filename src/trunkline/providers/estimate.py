"""What a call will cost at least and at most, said before it is sent.

Refuses to count tokens: it is told how many the prompt has.
"""

from msgspec import Struct

from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.price import Price
from trunkline.core.money import Nanos


class Estimate(Struct, frozen=True):
    """Nano-dollars; None where that bound is not known.

    ``low``   the whole prompt by its cheapest bucket (a cache, where the price has one) and no answer.
    ``high``  the whole prompt by its dearest bucket and the longest answer allowed: never exceeded by the bill.
    """

    low: Nanos | None
    high: Nanos | None


UNKNOWN = Estimate(None, None)


def estimate(facts: ModelFacts, prompt_tokens: int, max_tokens: int | None) -> Estimate:
    """The bounds for a prompt of so many tokens; ``max_tokens`` None means as many as the model can.

    The high bound is unknown when the longest answer is.
    """
    price = facts.price
    if price is None:
        return UNKNOWN
    longest = _longest(facts.max_output, max_tokens)
    return Estimate(
        low=_charge(price, prompt_tokens, 0, dear=False),
        high=None if longest is None else _charge(price, prompt_tokens, longest, dear=True),
    )


def _longest(possible: int | None, asked: int | None) -> int | None:
    return possible if asked is None else asked


def _charge(price: Price, prompt: int, answer: int, *, dear: bool) -> Nanos:
    tier = price.at(prompt)
    buckets = (tier.input, tier.cache_read, tier.cache_write, tier.cache_write_1h)
    rate = max(buckets) if dear else min(buckets)
    return tier.nanos(prompt * rate + answer * max(tier.output, tier.reasoning) + tier.request)
