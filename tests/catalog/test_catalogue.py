"""The table of models: whole, dated, and found by the names people use."""

import re

import pytest

from trunkline.catalog.catalogue import Models, models_of
from trunkline.catalog.facts import ModelRow, facts
from trunkline.providers.registry import rows


def every_model():
    return [(provider, model) for provider in rows() for model in models_of(provider).names()]


def test_the_catalogue_has_at_least_eighty_models_of_known_providers():
    assert len(every_model()) >= 80


@pytest.mark.parametrize(("provider", "model"), every_model())
def test_every_model_has_a_price_a_window_that_is_not_absurd_and_a_date(provider, model):
    found = facts(models_of(provider).find(model))
    assert found.price is not None
    assert found.price.output >= found.price.input > 0
    assert found.price.cache_read <= found.price.input <= found.price.cache_write_1h
    assert found.context_window is None or 4_000 <= found.context_window <= 10_000_000
    assert found.max_output is None or found.max_output < (found.context_window or 0)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", found.as_of or "")


def test_an_alias_stands_for_one_model_only():
    for provider in rows():
        table = models_of(provider)
        aliases = [alias for name in table.names() for alias in table.find(name).aliases]
        assert len(aliases) == len(set(aliases)), provider
        assert not set(aliases) & set(table.names()), provider


@pytest.mark.parametrize(
    ("provider", "asked", "same_as"),
    [
        ("openai", "gpt-5-mini", "gpt-5-mini"),
        ("openai", "gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("anthropic", "claude-opus-4-1@20250805", "claude-opus-4-1"),
        ("gemini", "gemini-flash-latest", "gemini-3.8-flash"),
    ],
)
def test_a_name_finds_its_model_exactly_by_alias_or_as_a_dated_snapshot(provider, asked, same_as):
    table = models_of(provider)
    assert table.find(asked) is not None
    assert table.find(asked) == table.find(same_as)


def test_a_snapshot_with_a_price_of_its_own_keeps_it():
    table = models_of("openai")
    assert table.find("gpt-4o-2024-05-13").prices != table.find("gpt-4o-2024-08-06").prices


@pytest.mark.parametrize("asked", ["gpt-5-minimal", "gpt-5-mini-2025", "gpt-5-mini-2512", "", "GPT-5-mini"])
def test_a_name_that_is_merely_similar_is_another_model(asked):
    assert models_of("openai").find(asked) is None


def test_a_provider_without_a_table_has_no_models():
    assert models_of("nobody").names() == ()


def test_nearer_facts_stand_over_farther_ones_field_by_field():
    near, far = ModelRow(context_window=8), ModelRow(context_window=16, tools=True)
    found = facts(near, None, far)
    assert (found.context_window, found.tools, found.vision, found.price) == (8, True, None, None)


def test_false_said_nearby_is_not_the_same_as_nothing_said():
    assert facts(ModelRow(tools=False), ModelRow(tools=True)).tools is False


def test_an_alias_is_looked_up_where_no_model_has_the_name():
    table = Models({"a": ModelRow(aliases=("b",)), "c": ModelRow(context_window=5)})
    assert table.find("b") is table.find("a")
    assert table.find("c").context_window == 5
