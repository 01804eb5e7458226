"""What a model's tokens cost, as integers: the whole of the arithmetic from tokens to money.

Refuses to know models, providers, and where a price was published.
"""

from decimal import Decimal

from msgspec import Struct

from trunkline.core.money import Nanos
from trunkline.core.usage import Usage

PicoPerToken = int
"""Pico-dollars per token: $1 per million tokens is 1_000_000, so six decimals of a published price are exact."""

PLACES = 6  # decimals of dollars per million tokens that pico-dollars per token hold
_PICO_PER_NANO = 1_000
_DEAREST = 1_000_000  # dollars per million tokens; beyond it somebody has mistaken the unit
_LONGEST = 100  # decimals anybody writes; a hostile exponent would make an integer as large as the memory


class Price(Struct, frozen=True):
    """Units of money per token and bucket; the buckets are those of ``Usage``.

    A unit is a pico-dollar, ``per_nano`` of which make a nano-dollar. A price with more decimals than pico-dollars hold
    (resellers publish 0.0833333333333333) has finer units and a larger ``per_nano``.
    """

    input: PicoPerToken
    cache_read: PicoPerToken
    cache_write: PicoPerToken
    cache_write_1h: PicoPerToken
    output: PicoPerToken
    reasoning: PicoPerToken
    tiers: tuple["Tier", ...] = ()  # dearest last; a prompt over the mark is charged by the tier as a whole
    request: int = 0  # of the call itself, beside its tokens; a call that used no token was not served and is free
    per_nano: int = _PICO_PER_NANO

    def raised(self, percent: int) -> "Price":
        """A price so much higher, exactly: its units become finer."""
        more = 100 + percent
        return Price(
            input=self.input * more,
            cache_read=self.cache_read * more,
            cache_write=self.cache_write * more,
            cache_write_1h=self.cache_write_1h * more,
            output=self.output * more,
            reasoning=self.reasoning * more,
            tiers=tuple(Tier(tier.over, tier.price.raised(percent)) for tier in self.tiers),
            request=self.request * more,
            per_nano=self.per_nano * 100,
        )

    def at(self, prompt_tokens: int) -> "Price":
        """The price of a call whose prompt has this many tokens, cached ones included."""
        if not self.tiers:
            return self
        return next((tier.price for tier in reversed(self.tiers) if prompt_tokens > tier.over), self)

    def charge(self, usage: Usage) -> Nanos:
        """What these tokens cost; rounded half up to nano-dollars once, at the very end."""
        price = self.at(usage.prompt)
        units = (
            usage.input * price.input
            + usage.cache_read * price.cache_read
            + usage.cache_write * price.cache_write
            + usage.cache_write_1h * price.cache_write_1h
            + usage.output * price.output
            + usage.reasoning * price.reasoning
        )
        return price.nanos(units + price.request if usage.total else units)

    def nanos(self, units: int) -> Nanos:
        """Units of this price as nano-dollars, rounded half up."""
        return (units + self.per_nano // 2) // self.per_nano

    def dollars(self, units: int) -> Decimal:
        """A rate of this price as dollars per million tokens, exactly."""
        return Decimal(units) / (self.per_nano * 1_000)


class Tier(Struct, frozen=True):
    """The price of every token of a call whose prompt has more than ``over`` tokens."""

    over: int
    price: Price


FREE = Price(input=0, cache_read=0, cache_write=0, cache_write_1h=0, output=0, reasoning=0)


def pico(dollars_per_million: Decimal) -> PicoPerToken:
    """A published price as pico-dollars per token, exactly.

    Raises ValueError for a price that is negative, not finite, over a million, or has more than six decimals.
    """
    return units_of(dollars_per_million, PLACES)


def units_of(dollars_per_million: Decimal, places: int) -> int:
    """A published price in units so fine that ``places`` decimals are whole, exactly. Raises ValueError as ``pico``."""
    if not dollars_per_million.is_finite() or not 0 <= dollars_per_million <= _DEAREST:
        raise ValueError(f"{dollars_per_million} is no price: write dollars per million tokens, from 0 to {_DEAREST}")
    if decimals(dollars_per_million) <= _LONGEST:
        over, under = dollars_per_million.as_integer_ratio()  # exact, unlike arithmetic within a decimal context
        units, rest = divmod(over * int(10**places), under)
        if not rest:
            return units
    raise ValueError(f"{dollars_per_million} has more than {places} decimals: write dollars per million tokens")


def decimals(amount: Decimal) -> int:
    """How many decimals a finite amount is written with."""
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
