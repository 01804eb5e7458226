"""Prices are exact, whatever is published and however many tokens there are."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.accounting.pricing import cost
from trunkline.catalog.price import pico
from trunkline.catalog.published import PublishedPrice, PublishedTier
from trunkline.core.usage import UNKNOWN_USAGE, Usage

BUCKETS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")
published = st.decimals(min_value=0, max_value=1000, places=6)
counts = st.integers(min_value=0, max_value=10_000_000)


@given(rates=st.tuples(*[published] * 6), tokens=st.tuples(*[counts] * 6))
def test_cost_is_the_decimal_sum_rounded_half_up_once(rates, tokens):
    price = PublishedPrice(**dict(zip(BUCKETS, rates, strict=True))).price()
    usage = Usage(**dict(zip(BUCKETS, tokens, strict=True)))
    dollars = sum((rate * count for rate, count in zip(rates, tokens, strict=True)), Decimal(0)) / 1_000_000
    expected = int((dollars * 1_000_000_000).to_integral_value(ROUND_HALF_UP))
    assert cost(usage, price) == expected


def test_a_published_price_in_thousandths_of_a_cent_is_exact():
    assert pico(Decimal("0.075")) == 75_000
    assert pico(Decimal("0.003625")) == 3_625


@pytest.mark.parametrize("text", ["-1", "NaN", "Infinity", "1000001", "0.0000001"])
def test_a_price_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="dollars per million tokens"):
        PublishedPrice(input=Decimal(text), output=Decimal(1))


def test_half_a_nano_is_rounded_up():
    price = PublishedPrice(input=Decimal("0.0005"), output=Decimal(0)).price()
    assert cost(Usage(input=1), price) == 1
    assert cost(Usage(input=3), price) == 2


def test_buckets_left_out_cost_what_their_nearest_kin_costs():
    price = PublishedPrice(input=Decimal(1), output=Decimal(4), cache_write=Decimal(2)).price()
    assert (price.cache_read, price.cache_write, price.cache_write_1h) == (1_000_000, 2_000_000, 2_000_000)
    assert price.reasoning == price.output == 4_000_000


def test_a_prompt_over_the_mark_reprices_the_whole_call():
    tier = PublishedTier(over=100, input=Decimal(2), output=Decimal(8))
    price = PublishedPrice(input=Decimal(1), output=Decimal(4), cache_read=Decimal("0.5"), tiers=(tier,)).price()
    assert cost(Usage(input=100, output=10), price) == 100_000 + 40_000
    assert cost(Usage(input=101, output=10), price) == 202_000 + 80_000
    assert cost(Usage(input=1, cache_read=100, output=0), price) == 2_000 + 50_000, "cached tokens count as prompt"


def test_the_dearest_tier_reached_counts():
    tiers = (PublishedTier(over=10, input=Decimal(2)), PublishedTier(over=20, input=Decimal(3)))
    price = PublishedPrice(input=Decimal(1), output=Decimal(0), tiers=tiers).price()
    assert [cost(Usage(input=count), price) for count in (10, 20, 21)] == [10_000, 40_000, 63_000]


def test_marks_that_do_not_rise_are_refused():
    tiers = (PublishedTier(over=20), PublishedTier(over=20))
    with pytest.raises(ValueError, match="must rise"):
        PublishedPrice(input=Decimal(1), output=Decimal(1), tiers=tiers)


def test_unknown_price_and_unknown_usage_cost_an_unknown_amount_and_never_nothing():
    price = PublishedPrice(input=Decimal(1), output=Decimal(1)).price()
    assert cost(Usage(input=5), None) is None
    assert cost(UNKNOWN_USAGE, price) is None
    assert cost(Usage(input=5), price) == 5_000


def test_a_negative_count_earns_nobody_money():
    price = PublishedPrice(input=Decimal(1), output=Decimal(1)).price()
    assert cost(Usage(input=-5), price) is None
    assert cost(Usage(input=5, output=-4), price) is None


def test_a_price_of_nothing_is_nothing():
    assert cost(Usage(input=5, output=7), PublishedPrice(input=Decimal(0), output=Decimal(0)).price()) == 0
