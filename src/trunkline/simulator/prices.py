"""What a call costs: token counts times exact decimal prices, as integer nano-dollars.
It refuses floats and knows nothing of who is asking.
"""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

_SCALE = 10**6  # one unit is a millionth of a nano-dollar: prices may have nine decimals and stay whole numbers

Price = Annotated[Decimal, Meta(description="dollars per million tokens, at most nine decimals")]


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens by bucket. The three input buckets are disjoint; `reasoning` is a part of `output`."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per million tokens. A cache price that is not given is the input price."""

    input: Price = Decimal(0)
    output: Price = Decimal(0)
    cache_read: Price | None = None
    cache_write: Price | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            price = getattr(self, name)
            if price is not None and not (price.is_finite() and price >= 0 and _units(price) % 1 == 0):
                raise ValueError(f"`{name}` must be a price of zero or more with at most nine decimals, got {price}")


class Tariff(Struct, frozen=True):
    """Prices turned into whole numbers once; `cost` then needs integers only."""

    input: int
    output: int
    cache_read: int
    cache_write: int

    @staticmethod
    def of(prices: Prices) -> "Tariff":
        """The tariff of a price list."""

        def units(price: Decimal | None) -> int:
            return int(_units(prices.input if price is None else price))

        return Tariff(units(prices.input), units(prices.output), units(prices.cache_read), units(prices.cache_write))

    def cost(self, usage: Usage) -> int:
        """Nano-dollars, rounded half to even once, on the sum of the buckets."""
        total = (
            usage.input * self.input
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
            + usage.output * self.output
        )
        whole, rest = divmod(total, _SCALE)
        return whole + (rest * 2 > _SCALE or (rest * 2 == _SCALE and whole % 2 == 1))


def _units(price: Decimal) -> Decimal:
    # A dollar a million tokens is 1,000 nano-dollars a token.
    return price * 1000 * _SCALE
