"""LiteLLM's price file becomes a book; what it does not say for certain stays unknown."""

from datetime import date
from decimal import Decimal

import pytest

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceBook, PriceBookError, PriceList
from trunkline.catalog.litellm import imported, with_more
from trunkline.core.usage import Usage

TODAY = date(2026, 11, 22)
PLAIN = {"input_cost_per_token": Decimal("1e-06"), "output_cost_per_token": Decimal("2e-06"), "mode": "chat"}


def book(name="m", provider="openai", **fields):
    return PriceBook(imported({name: {"litellm_provider": provider, **PLAIN, **fields}, **OTHER}, TODAY))


OTHER = {"other": {"litellm_provider": "elsewhere", **PLAIN}}


def charge(prices, usage, service=None, model="m", provider="openai"):
    return prices.tariff(provider, model).price(0, service).charge(usage)


def test_every_token_bucket_and_the_fee_are_taken_to_the_last_digit():
    prices = book(
        input_cost_per_token=Decimal("1.8000000000000002e-07"),
        cache_read_input_token_cost=Decimal("2e-08"),
        cache_creation_input_token_cost=Decimal("3e-07"),
        cache_creation_input_token_cost_above_1hr=Decimal("5e-07"),
        output_cost_per_reasoning_token=Decimal("4e-06"),
        input_cost_per_request=Decimal("0.012"),
    )

    assert prices.model("openai", "m").rows == (
        BookRow(
            input=Decimal("0.18000000000000002"),
            cache_read=Decimal("0.02"),
            cache_write=Decimal("0.3"),
            cache_write_1h=Decimal("0.5"),
            output=Decimal(2),
            reasoning=Decimal(4),
            request=Decimal("0.012"),
        ),
    )


def test_long_prompts_are_charged_by_the_highest_mark_reached():
    prices = book(
        input_cost_per_token_above_128k_tokens=Decimal("3e-06"),
        output_cost_per_token_above_200k_tokens=Decimal("8e-06"),
    )

    assert [charge(prices, Usage(input=tokens, output=1)) for tokens in (128_000, 128_001, 200_001)] == [
        128_000_000 + 2_000,
        384_003_000 + 2_000,
        600_003_000 + 8_000,
    ]


def test_services_have_their_prices_over_the_standard_ones():
    prices = book(
        input_cost_per_token_batches=Decimal("5e-07"),
        output_cost_per_token_priority=Decimal("9e-06"),
        input_cost_per_token_above_200k_tokens_priority=Decimal("7e-06"),
    )

    usage = Usage(input=2, output=1)
    assert [charge(prices, usage, service) for service in (None, "batch", "priority", "flex")] == [
        4_000,
        3_000,
        11_000,
        4_000,
    ]
    assert charge(prices, Usage(input=200_001), "priority") == 1_400_007_000


@pytest.mark.parametrize(
    ("name", "provider", "known_as"),
    [
        ("gpt-x", "openai", ("openai", "gpt-x")),
        ("together_ai/org/model", "together_ai", ("together", "org/model")),
        ("fireworks_ai/accounts/a/models/b", "fireworks_ai-embedding-models", ("fireworks", "accounts/a/models/b")),
        ("org/model", "groq", ("groq", "org/model")),
    ],
)
def test_names_become_those_the_provider_itself_has(name, provider, known_as):
    assert book(name, provider).tariff(*known_as) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"input_cost_per_token": 0, "output_cost_per_token": 0},
        {"output_cost_per_token": None},
        {"input_cost_per_token": "0.1"},
        {"input_cost_per_token": True},
        {"input_cost_per_token": -1},
        {"input_cost_per_token": 2},
        {"tiered_pricing": [{"range": [0, 1], "input_cost_per_token": 1}]},
        {"litellm_provider": None},
    ],
)
def test_an_entry_without_a_sound_price_stays_unknown(fields):
    assert book(**fields).tariff("openai", "m") is None


def test_an_embedding_has_no_output_to_pay_for():
    prices = book(mode="embedding", output_cost_per_token=None)

    assert charge(prices, Usage(input=3, output=3)) == 3_000


def test_what_no_bucket_counts_is_named():
    prices = book(input_cost_per_audio_token=Decimal("1e-05"), search_context_cost_per_query={"low": 1})

    assert prices.model("openai", "m").uncounted == ("input_cost_per_audio_token", "search_context_cost_per_query")


@pytest.mark.parametrize("data", [[], {}, {"a": 1}, {"a": {}}, None])
def test_another_file_is_refused(data):
    with pytest.raises(PriceBookError, match="not LiteLLM's price file"):
        imported(data, TODAY)


def test_a_book_keeps_its_own_prices_beside_those_it_lacked():
    dear = BookModel((BookRow(input=Decimal(9), output=Decimal(9)),))
    own = PriceList("test 1", "2026-01-01", {"openai": BookProvider({"m": dear}, like=("elsewhere",))})

    both = with_more(own, book(name="more").list)
    again = with_more(both, book(name="more").list)

    assert both.providers["openai"].models["m"] == dear
    assert set(both.providers["openai"].models) == {"m", "more"}
    assert (both.providers["openai"].like, set(both.providers)) == (("elsewhere",), {"openai", "elsewhere"})
    assert again == both
