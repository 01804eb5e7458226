"""Every row of the data file is a provider that could be called."""

import pytest

from trunkline.catalog.catalogue import models_of
from trunkline.core.secret import Secret
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config
from trunkline.gateway.config_checks import problems
from trunkline.providers.registry import known, rows

ASKED_FOR = [
    "openai",
    "groq",
    "together",
    "fireworks",
    "deepseek",
    "mistral",
    "xai",
    "openrouter",
    "cerebras",
    "ollama",
    "vllm",
    "llama.cpp",
    "anthropic",
    "gemini",
]


def test_the_providers_people_look_for_are_there():
    assert set(ASKED_FOR) <= set(rows())


@pytest.mark.parametrize("name", rows())
def test_a_row_says_where_it_is_how_its_key_travels_and_when_that_was_read(name):
    provider = known(name)
    assert provider.name == name
    assert provider.docs
    assert provider.as_of
    assert provider.local or provider.key_env
    assert provider.local == provider.url.startswith("http://127.0.0.1")
    for spoken in provider.dialects:
        assert provider.dialect(spoken).name == spoken
        assert not provider.base_url(spoken).endswith("/")


@pytest.mark.parametrize("name", rows())
def test_a_row_has_no_quirk_that_its_dialect_does_not_have(name):
    config = Config(providers={name: known(name)})
    assert [text for where, text in problems(config, [name]) if "quirks" in where] == []


def test_quirks_reach_the_dialect():
    mistral = known("mistral").dialect("openai")
    assert isinstance(mistral, OpenAIChat)
    assert (mistral.max_tokens_name, mistral.tool_id_length, mistral.tool_choice_object) == ("max_tokens", 9, False)
    assert "user" in mistral.drop
    assert known("openai").dialect("openai") != mistral
    assert known("mistral").dialect("openai") == mistral


def test_the_second_dialect_may_live_elsewhere_and_want_its_key_otherwise():
    deepseek = known("deepseek")
    assert deepseek.base_url("openai") == "https://api.deepseek.com"
    assert deepseek.base_url("anthropic") == "https://api.deepseek.com/anthropic/v1"
    assert auths("deepseek") == {"openai": "bearer", "anthropic": "x-api-key"}
    assert auths("fireworks") == {"openai": "bearer", "anthropic": "bearer"}
    assert auths("anthropic") == {"anthropic": "x-api-key"}


def auths(name):
    from msgspec.structs import replace

    provider = replace(known(name), key=Secret("k"))
    return {spoken: provider.auth_for(spoken) for spoken in provider.dialects}


def test_without_a_key_nothing_is_sent():
    assert known("openai").auth_for("openai") == "none"


@pytest.mark.parametrize("name", [name for name in rows() if known(name).local])
def test_a_model_on_a_machine_of_ones_own_costs_nothing_unless_told_otherwise(name):
    assert known(name).estimate("any-model", 1_000, 1_000).high == 0
    assert not known(name).needs_key


@pytest.mark.parametrize("name", [name for name in rows() if not known(name).local])
def test_a_hosted_model_nobody_knows_has_an_unknown_price(name):
    estimate = known(name).estimate("a-model-of-next-year", 1_000, 1_000)
    assert (estimate.low, estimate.high) == (None, None)
    assert known(name).facts("a-model-of-next-year").streaming is True


def test_every_provider_of_the_catalogue_has_a_row():
    assert all(models_of(name).names() for name in ("openai", "anthropic", "gemini", "groq", "mistral", "xai"))


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),  # a model that stays in its region is a tenth dearer
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),
        ("amazon.nova-micro-v1:0", 0.035),
    ],
)
def test_a_model_of_bedrocks_costs_what_its_inference_profile_costs(model, dollars):
    tariff = known("bedrock").tariff(model)

    assert tariff is not None
    assert tariff.price(0.0).charge(Usage(input=1_000_000)) == dollars * 10**9
