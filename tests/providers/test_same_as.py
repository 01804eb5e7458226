"""A model under a name of one's own, such as an Azure deployment's, is the public model that is behind it."""

import msgspec
import pytest

import trunkline
from trunkline.catalog.facts import ModelRow
from trunkline.providers.registry import known

BEHIND = "openai/gpt-5-mini"


@pytest.fixture
def azure():
    rows = {
        "deployed": ModelRow(same_as=BEHIND),
        "cut": ModelRow(same_as=BEHIND, max_output=100),
        "new": ModelRow(same_as="openai/a-model-of-next-year"),
    }
    return msgspec.structs.replace(known("azure"), models=rows)


def test_facts_and_price_are_those_of_the_model_behind_it(azure):
    public = known("openai")

    assert azure.facts("deployed").context_window == public.facts("gpt-5-mini").context_window
    assert azure.tariff("deployed") == public.tariff("gpt-5-mini") is not None
    assert azure.tariff("another") is None


def test_what_is_said_of_it_stands_over_what_is_public(azure):
    assert azure.facts("cut").max_output == 100
    assert azure.facts("cut").tools is known("openai").facts("gpt-5-mini").tools


def test_one_that_no_table_knows_stays_unknown(azure):
    assert azure.tariff("new") is None
    assert azure.facts("new").context_window is None


def test_its_public_scores_are_the_priors_of_routing(tmp_path):
    file = tmp_path / "trunkline.yaml"
    file.write_text(
        "providers:\n"
        "  azure:\n"
        "    url: https://mine.test/openai/v1\n"
        "    key: a-key-of-azure\n"
        "    models: {mine: {same_as: openai/gpt-5}, other: {}}\n"
        "models: {smart: {targets: [azure/mine, azure/other], strategy: quality_first}}\n"
    )

    with trunkline.open_sync(file) as gateway:
        decision = gateway.route("smart", "Why?")

    sources = {str(each.candidate.target): each.candidate.quality.source for each in decision.ranked}
    assert sources == {"azure/mine": "benchmark", "azure/other": "guess"}


@pytest.mark.parametrize("text", ["gpt-5", "/x", "openai/", "open ai/x"])
def test_it_is_written_as_provider_and_model(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"same_as": text}, ModelRow)
