"""genai-prices is the oracle: over its whole catalogue a book charges what it charges, to the nano-dollar.

Out of scope, since no bucket of ``Usage`` counts it: web and storage searches, citations, and audio, images and video
that cost other than text (a book names them as ``uncounted``); and what has no price per token at all, such as speech
by the hour and documents by the page, whose price is unknown.
"""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from genai_prices.data import providers
from genai_prices.types import StartDateConstraint, TieredPrices
from genai_prices.types import Usage as TheirUsage

from trunkline.catalog.book import PriceBook
from trunkline.catalog.genai import RENAMED, installed
from trunkline.core.usage import Usage

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RANDOM = random.Random(14)
VECTORS = [
    Usage(input=1),
    Usage(output=1, input=1),
    Usage(input=1_037, cache_read=11, cache_write=7, cache_write_1h=5, output=389, reasoning=13),
    Usage(
        input=3_333_333, cache_read=777_777, cache_write=99_999, cache_write_1h=55_555, output=123_457, reasoning=8_191
    ),
    *(Usage(*(RANDOM.randrange(10 ** RANDOM.randrange(1, 7)) for _ in range(6))) for _ in range(3)),
]


@pytest.fixture(scope="module")
def book():
    return PriceBook(installed(TODAY))


def theirs(usage):
    return TheirUsage(
        input_tokens=usage.prompt,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.completion,
        output_reasoning_tokens=usage.reasoning,
    )


def rounded(dollars):
    return int((dollars * 10**9).quantize(Decimal(1), ROUND_HALF_UP))


def entries(model):
    standard = model.prices if isinstance(model.prices, list) else []
    return [*standard, *(model.price_variants or [])]


def price_sets(model):
    standard = [entry.prices for entry in model.prices] if isinstance(model.prices, list) else [model.prices]
    return [*standard, *(variant.prices for variant in model.price_variants or [])]


def said(prices):
    return {key for key, value in vars(prices).items() if value is not None}


def moments(model):
    """Both sides of every start and of both ends of every window, on days before and after."""
    days, clocks = {datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)}, {time(12)}
    for entry in entries(model):
        limit = entry.constraint
        if isinstance(limit, StartDateConstraint):
            days |= {datetime.combine(limit.start_date, time(), UTC) - timedelta(days=back) for back in (0, 1)}
        elif limit is not None:
            clocks |= {limit.start_time, limit.end_time, time(0), time(23, 59, 59)}
            clocks |= {
                (datetime.combine(TODAY, clock) - timedelta(seconds=1)).time()
                for clock in (limit.start_time, limit.end_time)
            }
    return sorted(datetime.combine(day.date(), clock, UTC) for day in days for clock in clocks)


def vectors(model):
    """Those of all, and a prompt on each mark and one token over it."""
    marks = {
        tier.start
        for prices in price_sets(model)
        for rate in vars(prices).values()
        if isinstance(rate, TieredPrices)
        for tier in rate.tiers
    }
    return [*VECTORS, *(Usage(input=mark + more - 5, cache_read=5, output=7) for mark in marks for more in (0, 1))]


def contexts(model):
    whens = [variant.when for variant in model.price_variants or []]
    return [(None, None), *((when, next(iter(when.values()))) for when in whens)]


def has_a_price_per_token(model):
    return all("input_mtok" in said(prices) for prices in price_sets(model)[: len(standard_rows(model))])


def standard_rows(model):
    return model.prices if isinstance(model.prices, list) else [model.prices]


def is_free_by_name(model):
    return model.id.endswith(":free") and not said(model.prices)


@pytest.mark.parametrize("provider", providers, ids=lambda provider: provider.id)
def test_every_model_costs_what_the_oracle_says_to_the_nano_dollar(book, provider):
    listed = RENAMED.get(provider.id, provider.id)
    checked = 0
    for model in provider.models:
        tariff = book.tariff(listed, model.id)
        if tariff is None or book.model(listed, model.id) is None:
            continue  # the next test says which these may be
        for moment in moments(model):
            for context, service in contexts(model):
                price = tariff.price(moment.timestamp(), service)
                for usage in vectors(model):
                    expected = model.calc_price(
                        theirs(usage), provider, genai_request_timestamp=moment, price_context=context
                    ).total_price
                    assert price.charge(usage) == rounded(expected), (model.id, moment, context, usage)
                    checked += 1
    assert checked >= len(VECTORS)


def test_the_models_without_a_price_are_those_the_oracle_has_none_for(book):
    without = {
        (provider.id, model.id)
        for provider in providers
        for model in provider.models
        if book.model(RENAMED.get(provider.id, provider.id), model.id) is None
    }
    expected = {
        (provider.id, model.id)
        for provider in providers
        for model in provider.models
        if not has_a_price_per_token(model) and not is_free_by_name(model)
    }

    assert without == expected
    assert len(without) < 60
    assert sum(len(listed.models) for listed in book.list.providers.values()) > 2_200


def test_a_name_stands_for_the_model_the_oracle_means(book):
    for provider in providers:
        listed = book.list.providers[RENAMED.get(provider.id, provider.id)]
        for name, model in listed.models.items():
            for alias in (name, *model.aliases):
                found = provider.find_model(alias)
                assert found is None or found.id == name, (provider.id, alias)


def test_what_no_bucket_counts_is_named(book):
    named = {
        what for listed in book.list.providers.values() for model in listed.models.values() for what in model.uncounted
    }

    assert named == {
        *("audio", "input_audio", "output_audio", "cache_audio_read"),
        *("input_image", "output_image", "cache_image_read", "input_video", "output_video"),
        *("web_searches", "storage_searches", "output_citation"),
    }


def test_a_model_a_provider_lacks_costs_what_it_costs_where_the_oracle_looks_next(book):
    followed = 0
    for provider in (one for one in providers if one.fallback_model_providers):
        listed = RENAMED.get(provider.id, provider.id)
        for maker in (one for one in providers if one.id in provider.fallback_model_providers):
            for model in maker.models:
                found = provider.find_model(model.id, all_providers=providers)
                tariff = book.tariff(listed, model.id)
                if found is not model or tariff is None or book.model(listed, model.id):
                    continue
                expected = model.calc_price(
                    theirs(VECTORS[3]), provider, genai_request_timestamp=NOON, price_context={"processing": "batch"}
                ).total_price
                assert tariff.price(NOON.timestamp(), "batch").charge(VECTORS[3]) == rounded(expected)
                followed += 1
    assert followed > 50
