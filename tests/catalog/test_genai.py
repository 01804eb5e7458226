"""genai-prices' data becomes the same book from its package and from its file; another form is refused."""

import sys
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from genai_prices.data import providers

from trunkline.catalog.book import PriceBook, PriceBookError
from trunkline.catalog.genai import compiled, installed, plain

TODAY = date(2026, 11, 22)


def model(prices, **fields):
    entry = {"id": "m", "match": {"equals": "m"}, "prices": prices, **fields}
    return PriceBook(compiled([{"id": "own", "models": [entry]}], "test 1", TODAY)).model("own", "m")


def test_the_data_file_makes_the_book_that_the_package_makes():
    file = msgspec.json.Encoder(decimal_format="number").encode(plain(providers))

    data = msgspec.json.Decoder(float_hook=Decimal).decode(file)

    assert compiled(data, "genai-prices 0.2.3", TODAY).digest() == installed(TODAY).digest()


def test_a_package_that_is_not_installed_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)

    with pytest.raises(PriceBookError, match=r"pip install 'trunkline\[prices\]', or name a file: --from FILE"):
        installed(TODAY)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Expected `array`"),
        ([{"id": "own"}], "missing required field `models`"),
        ([{"id": "own", "models": [{"id": "m", "match": {}, "prices": {"input_mtok": "cheap"}}]}], "Invalid decimal"),
        ([{"id": "own", "models": [{"id": "m", "match": {}, "prices": {"input_mtok": -1}}]}], "own/m: -1 is no price"),
    ],
)
def test_data_of_another_form_is_refused(data, said):
    with pytest.raises(PriceBookError, match=f"test 1 has a form that is not known here: .*{said}"):
        compiled(data, "test 1", TODAY)


@pytest.mark.parametrize(
    "prices", [{}, {"output_mtok": 1}, {"audio_hours": 1}, [{"prices": {"input_mtok": 1}}, {"prices": {}}]]
)
def test_a_model_that_is_ever_without_a_price_per_token_stays_unknown(prices):
    assert model(prices) is None


def test_a_model_without_a_price_at_some_hours_stays_unknown():
    night = {"constraint": {"start_time": "00:00:00", "end_time": "08:00:00"}, "prices": {"audio_hours": 1}}

    assert model([{"prices": {"input_mtok": 2}}, night]) is None


def test_a_constraint_that_says_nothing_always_holds():
    found = model([{"prices": {"input_mtok": 2}}, {"constraint": {}, "prices": {"input_mtok": 3}}])

    assert [row.input for row in found.rows] == [3]


def test_nothing_to_pay_needs_a_name_that_says_so():
    free = compiled([{"id": "own", "models": [{"id": "m:free", "match": {}, "prices": {}}]}], "test 1", TODAY)

    assert free.providers["own"].models["m:free"].rows[0].input == 0


def test_a_service_that_costs_the_same_has_no_rows_of_its_own():
    same = {"when": {"service_tier": "default"}, "prices": {}}
    half = {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}}

    found = model({"input_mtok": 2, "output_mtok": 3}, price_variants=[same, half])

    assert [(row.service, row.input, row.output) for row in found.rows] == [(None, 2, 3), ("batch", 1, 3)]


def test_hours_in_another_zone_are_those_of_utc():
    night = {"constraint": {"start_time": "00:30:00+08:00", "end_time": "08:30:00+08:00"}, "prices": {"input_mtok": 1}}

    found = model([{"prices": {"input_mtok": 2}}, night])

    assert [(row.daily, row.input) for row in found.rows] == [(None, 1), ("00:30-16:30", 2)]


def test_each_rate_takes_the_highest_mark_of_its_own_that_is_reached():
    steps = {"base": 1, "tiers": [{"start": 200, "price": 3}, {"start": 100, "price": 2}]}
    late = {"base": 5, "tiers": [{"start": 150, "price": 6}]}

    found = model({"input_mtok": steps, "output_mtok": late})

    assert [(tier.over, tier.input, tier.output) for tier in found.rows[0].tiers] == [
        (100, 2, 5),
        (150, 2, 6),
        (200, 3, 6),
    ]
