"""What a call will cost is said between two bounds, and the bill stays within them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trunkline.accounting.pricing import cost
from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.published import PublishedPrice, PublishedTier
from trunkline.core.usage import Usage
from trunkline.providers.estimate import estimate
from trunkline.providers.registry import known

PRICE = PublishedPrice(
    input=Decimal(3),
    output=Decimal(15),
    cache_read=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
    tiers=(PublishedTier(over=200, input=Decimal(6), output=Decimal("22.5"), cache_write_1h=Decimal(12)),),
).price()
counts = st.integers(min_value=0, max_value=120)


@given(counts, counts, counts, counts, counts, counts)
def test_no_bill_leaves_its_bounds_whatever_the_cache_does(plain, read, write, hour, output, reasoning):
    usage = Usage(plain, read, write, hour, output, reasoning)
    bounds = estimate(ModelFacts(price=PRICE), usage.prompt, usage.completion)
    assert bounds.low <= cost(usage, PRICE) <= bounds.high


def test_without_a_limit_the_longest_answer_the_model_can_give_counts():
    facts = ModelFacts(price=PRICE, max_output=100)
    assert estimate(facts, 10, None) == estimate(facts, 10, 100)


def test_an_answer_that_may_be_any_length_has_no_high_bound():
    bounds = estimate(ModelFacts(price=PRICE), 10, None)
    assert bounds.low == 3_000
    assert bounds.high is None


def test_an_unknown_price_gives_no_bounds():
    bounds = estimate(ModelFacts(), 10, 10)
    assert (bounds.low, bounds.high) == (None, None)


def test_a_known_model_is_estimated_by_its_provider():
    bounds = known("openai").estimate("gpt-5-mini", 1_000_000, 100_000)
    assert (bounds.low, bounds.high) == (25_000_000, 250_000_000 + 200_000_000)
