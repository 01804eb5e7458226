"""A price book answers for a provider, a name, a moment and a service, with exact integers or with nothing."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceBook, PriceBookError, PriceList, checked
from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.published import PublishedPrice, PublishedTier
from trunkline.catalog.tariff import Tariff
from trunkline.core.usage import Usage
from trunkline.providers.estimate import estimate

BUCKETS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")
fine = st.decimals(min_value=0, max_value=1000, places=18)
WIDE = Context(prec=80)
counts = st.integers(min_value=0, max_value=10_000_000)


def row(dollars, **condition):
    return BookRow(input=Decimal(dollars), output=Decimal(0), **condition)


def book(*rows, **provider):
    models = {"m": BookModel(rows, aliases=("alias",))}
    return PriceBook(PriceList("test 1", "2026-11-22", {"own": BookProvider(models, **provider)}))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def dollars(prices, moment, service=None, model="m"):
    price = prices.tariff("own", model).price(at(moment), service)
    return price.dollars(price.input)


@given(rates=st.tuples(*[fine] * 6), tokens=st.tuples(*[counts] * 6))
def test_eighteen_decimals_are_charged_exactly_and_rounded_half_up_once(rates, tokens):
    price = BookRow(**dict(zip(BUCKETS, rates, strict=True))).price()
    exact = sum(
        (rate.as_integer_ratio()[0] * 10**18 // rate.as_integer_ratio()[1] * count)
        for rate, count in zip(rates, tokens, strict=True)
    )  # in units of 10**-24 dollars
    expected = int((Decimal(exact).scaleb(-15, context=WIDE)).quantize(Decimal(1), ROUND_HALF_UP, context=WIDE))

    assert price.charge(Usage(**dict(zip(BUCKETS, tokens, strict=True)))) == expected


def test_a_price_counts_from_its_day_on_by_utc():
    prices = book(row(1), row(2, since="2026-03-01"), row(3, since="2026-07-01"))

    assert [dollars(prices, moment) for moment in ("2020-01-01", "2026-02-28T23:59:59.999", "2026-03-01")] == [1, 1, 2]
    assert dollars(prices, "2026-06-30T23:59:59") == 2
    assert dollars(prices, "2027-01-01") == 3


def test_hours_of_the_day_are_half_open_and_may_pass_midnight():
    prices = book(row(1), row(2, daily="22:30-01:00"), row(3, daily="12:00-13:00"))

    asked = ("22:29:59", "22:30:00", "23:59:59", "00:00:00", "00:59:59", "01:00:00", "12:00:00", "12:59:59", "13:00:00")
    assert [dollars(prices, f"2026-05-05T{clock}") for clock in asked] == [1, 2, 2, 2, 2, 1, 3, 3, 1]


def test_hours_end_with_the_next_day_that_brings_a_price():
    prices = book(row(1), row(2, daily="01:00-02:00"), row(5, since="2026-03-01"))

    assert dollars(prices, "2026-02-28T01:30:00") == 2
    assert dollars(prices, "2026-03-01T01:30:00") == 5


def test_a_call_before_every_price_costs_the_first():
    assert dollars(book(row(7, since="2026-01-01"), row(8, since="2026-02-01")), "2025-01-01") == 7


def test_a_service_has_its_own_price_and_without_one_costs_the_standard():
    prices = book(row(4), row(2, service="batch"), row(1, service="batch", since="2026-03-01"))

    assert [dollars(prices, "2026-01-01", service) for service in (None, "batch", "priority", "auto")] == [4, 2, 4, 4]
    assert dollars(prices, "2026-03-01", "batch") == 1


@pytest.mark.parametrize("name", ["m", "alias", "m-2026-01-31", "alias-20260131"])
def test_a_model_is_found_by_name_alias_and_dated_snapshot(name):
    assert dollars(book(row(4)), "2026-01-01", model=name) == 4


@pytest.mark.parametrize(("provider", "model"), [("own", "m2"), ("own", "M"), ("other", "m"), ("own", "")])
def test_what_is_not_in_the_book_has_no_price_rather_than_none_to_pay(provider, model):
    assert book(row(4)).tariff(provider, model) is None


def test_a_provider_that_is_like_another_takes_its_standard_price_but_not_its_services():
    maker = BookProvider({"m": BookModel((row(4), row(1, service="batch")))})
    prices = PriceBook(
        PriceList("test 1", "2026-11-22", {"own": BookProvider({}, like=("gone", "maker")), "maker": maker})
    )

    assert [dollars(prices, "2026-01-01", service) for service in (None, "batch")] == [4, 4]


def test_a_fee_for_the_call_is_charged_once_in_every_tier_and_not_for_a_call_that_was_not_served():
    tier = PublishedTier(over=10, input=Decimal(2))
    price = BookRow(input=Decimal(1), output=Decimal(0), request=Decimal("0.012"), tiers=(tier,)).price()

    assert price.charge(Usage(input=10)) == 10_000 + 12_000_000
    assert price.charge(Usage(input=11)) == 22_000 + 12_000_000
    assert price.charge(Usage()) == 0


def test_an_estimate_covers_the_fee_and_prices_finer_than_pico_dollars():
    price = BookRow(input=Decimal("0.0833333333333333"), output=Decimal(1), request=Decimal("0.01")).price()
    bounds = estimate(ModelFacts(price=price), 1_000_000, 10)

    assert bounds.high == price.charge(Usage(input=1_000_000, output=10)) == 83_333_333 + 10_000 + 10_000_000


def test_rates_are_shown_as_they_were_published():
    price = BookRow(input=Decimal("0.18000000000000002"), output=Decimal("1.5")).price()

    assert price.dollars(price.input) == Decimal("0.18000000000000002")
    assert price.dollars(price.output) == Decimal("1.5")


def test_the_version_follows_the_prices_and_not_the_day_they_were_compiled():
    one, other, dearer = book(row(1)), book(row(1)), book(row(2))
    later = PriceBook(msgspec.structs.replace(one.list, as_of="2027-01-01"))

    assert one.version == other.version == later.version != dearer.version
    assert one.version.startswith("test-1/")
    assert one.tariff("own", "m").version == one.version


def test_a_book_shows_its_version_and_size():
    assert repr(book(row(1))) == f"<PriceBook {book(row(1)).version} [1 providers | 1 models]>"


def test_a_price_somebody_agreed_on_is_a_tariff_too():
    price = PublishedPrice(input=Decimal(1), output=Decimal(2)).price()

    assert Tariff.always(price, "config").price(0, "batch") is price


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"input": "-1"}, "is no price"),
        ({"input": "NaN"}, "is no price"),
        ({"input": "1000001"}, "is no price"),
        ({"input": "1E-9999999"}, "decimals"),
        ({"input": "0.0000000000000000000001"}, "decimals"),
        ({"request": "-1"}, "is no price"),
        ({"daily": "25:00-26:00"}, "matching regex"),
        ({"daily": "01:00"}, "matching regex"),
        ({"from": "yesterday"}, "matching regex"),
        ({"when": "always"}, "unknown field"),
        ({"tiers": [{"over": 5}, {"over": 5}]}, "must rise"),
    ],
)
def test_a_row_that_cannot_be_charged_by_is_refused_where_it_is_read(wrong, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert({"input": "1", "output": "1"} | wrong, BookRow)


@pytest.mark.parametrize(
    ("rows", "said"),
    [((row(1, since="2026-02-30"),), "own/m: day"), ((row(1, service="batch"),), "own/m: has no standard price")],
)
def test_a_book_is_checked_as_a_whole_and_the_model_named(rows, said):
    with pytest.raises(PriceBookError, match=said):
        checked(book(*rows).list)
