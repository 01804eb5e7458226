"""What a model's tokens cost, as integers: the whole of the arithmetic from tokens to money.

Refuses to know models, providers, and where a price was published.
"""

from decimal import Decimal

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.core.usage import Usage

PicoPerToken = int
"""Pico-dollars per token: $1 per million tokens is 1_000_000, so six decimals of a published price are exact."""

_PICO_PER_TOKEN = 1_000_000  # for one dollar per million tokens
_PICO_PER_NANO = 1_000
_DEAREST = 1_000_000  # dollars per million tokens; beyond it somebody has mistaken the unit


class Price(Struct, frozen=True):
    """Pico-dollars per token and bucket; the buckets are those of ``Usage``."""

    input: PicoPerToken
    cache_read: PicoPerToken
    cache_write: PicoPerToken
    cache_write_1h: PicoPerToken
    output: PicoPerToken
    reasoning: PicoPerToken
    tiers: tuple["Tier", ...] = ()  # dearest last; a prompt over the mark is charged by the tier as a whole

    def at(self, prompt_tokens: int) -> "Price":
        """The price of a call whose prompt has this many tokens, cached ones included."""
        if not self.tiers:
            return self
        return next((tier.price for tier in reversed(self.tiers) if prompt_tokens > tier.over), self)

    def charge(self, usage: Usage) -> Nanos:
        """What these tokens cost; rounded half up to nano-dollars once, at the very end."""
        price = self.at(usage.prompt)
        pico = (
            usage.input * price.input
            + usage.cache_read * price.cache_read
            + usage.cache_write * price.cache_write
            + usage.cache_write_1h * price.cache_write_1h
            + usage.output * price.output
            + usage.reasoning * price.reasoning
        )
        return nanos_of(pico)


class Tier(Struct, frozen=True):
    """The price of every token of a call whose prompt has more than ``over`` tokens."""

    over: int
    price: Price


FREE = Price(input=0, cache_read=0, cache_write=0, cache_write_1h=0, output=0, reasoning=0)


def nanos_of(amount: int) -> Nanos:
    """Pico-dollars as nano-dollars, rounded half up."""
    return (amount + _PICO_PER_NANO // 2) // _PICO_PER_NANO


def pico(dollars_per_million: Decimal) -> PicoPerToken:
    """A published price as pico-dollars per token, exactly.

    Raises ValueError for a price that is negative, not finite, over a million, or has more than six decimals.
    """
    if not dollars_per_million.is_finite() or not 0 <= dollars_per_million <= _DEAREST:
        raise ValueError(f"{dollars_per_million} is no price: write dollars per million tokens, from 0 to {_DEAREST}")
    exact = dollars_per_million * _PICO_PER_TOKEN
    if exact != exact.to_integral_value():
        raise ValueError(f"{dollars_per_million} has more than six decimals: write dollars per million tokens")
    return int(exact)
