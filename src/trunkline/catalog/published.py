"""Prices as vendors publish them and people write them: exact decimals of dollars per million tokens.

Refuses to know tokens and money; ``price()`` turns it into the integers that do.
"""

from decimal import Decimal
from typing import Annotated, Self

from msgspec import Meta, Struct, structs

from trunkline.catalog.price import PLACES, Price, Tier, units_of

Dollars = Annotated[Decimal, Meta(examples=[0.15])]


class PublishedTier(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What changes once a prompt is long. Buckets left out cost what they cost below the mark."""

    over: Annotated[int, Meta(ge=1, description="Prompt tokens above which the whole call costs this instead.")]
    input: Annotated[Dollars | None, Meta(description="Prompt tokens that no cache served.")] = None
    output: Annotated[Dollars | None, Meta(description="Tokens of the answer.")] = None
    cache_read: Annotated[Dollars | None, Meta(description="Prompt tokens served from the provider's cache.")] = None
    cache_write: Annotated[Dollars | None, Meta(description="Prompt tokens stored in the provider's cache.")] = None
    cache_write_1h: Annotated[Dollars | None, Meta(description="Prompt tokens stored for an hour.")] = None
    reasoning: Annotated[Dollars | None, Meta(description="Tokens spent thinking, where they cost other.")] = None


class PublishedPrice(Struct, frozen=True, forbid_unknown_fields=True):
    """Dollars per million tokens, as on a vendor's price page."""

    input: Annotated[Dollars, Meta(description="Prompt tokens that no cache served.")]
    output: Annotated[Dollars, Meta(description="Tokens of the answer.")]
    cache_read: Annotated[
        Dollars | None, Meta(description="Prompt tokens served from the provider's cache; left out: as input.")
    ] = None
    cache_write: Annotated[
        Dollars | None, Meta(description="Prompt tokens stored in the provider's cache; left out: as input.")
    ] = None
    cache_write_1h: Annotated[
        Dollars | None, Meta(description="Prompt tokens stored for an hour (Anthropic); left out: as cache_write.")
    ] = None
    reasoning: Annotated[
        Dollars | None, Meta(description="Tokens spent thinking, where they cost other than output.")
    ] = None
    tiers: Annotated[
        tuple[PublishedTier, ...], Meta(max_length=16, description="Prices of long prompts, the lowest mark first.")
    ] = ()

    def __post_init__(self) -> None:
        self.price()  # a price that cannot be an exact integer is refused where it is written

    def price(self) -> Price:
        """The integers calls are charged by. Raises ValueError as ``pico`` does, or for marks out of order."""
        return self._compiled(PLACES)

    def _compiled(self, places: int) -> Price:
        marks = [tier.over for tier in self.tiers]
        if marks != sorted(set(marks)):
            raise ValueError(f"the tiers' marks {marks} must rise from one tier to the next")
        tiers = tuple(Tier(tier.over, _price(self._above(tier), places)) for tier in self.tiers)
        return _price(self, places, tiers)

    def _above(self, tier: PublishedTier) -> Self:
        said = {name: value for name, value in structs.asdict(tier).items() if name != "over" and value is not None}
        return structs.replace(self, tiers=(), **said)


def _price(published: PublishedPrice, places: int, tiers: tuple[Tier, ...] = ()) -> Price:
    def rate(said: Decimal | None, otherwise: int) -> int:
        return otherwise if said is None else units_of(said, places)

    plain, output = units_of(published.input, places), units_of(published.output, places)
    cache_write = rate(published.cache_write, plain)
    return Price(
        input=plain,
        cache_read=rate(published.cache_read, plain),
        cache_write=cache_write,
        cache_write_1h=rate(published.cache_write_1h, cache_write),
        output=output,
        reasoning=rate(published.reasoning, output),
        tiers=tiers,
        per_nano=10**places // 1_000,
    )
