"""Every row of the data file is a provider that could be called."""

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from trunkline.catalog.catalogue import models_of
from trunkline.catalog.facts import ModelRow
from trunkline.catalog.published import PublishedPrice
from trunkline.catalog.regional import premium
from trunkline.core.chat import ChatRequest, Message, Text, Thought
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
    assert auths("deepseek") == {"openai": "bearer", "responses": "bearer", "anthropic": "x-api-key"}
    assert auths("fireworks") == {"openai": "bearer", "anthropic": "bearer"}
    assert auths("anthropic") == {"anthropic": "x-api-key"}


def auths(name):
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


def rendered(name, spoken, said=(), **fields):
    request = ChatRequest("m", messages=(*said, Message("user", (Text("Hi."),))), **fields)
    found = known(name).dialect(spoken).write_request(request, "m")
    return msgspec.json.decode(found.body), found.dropped


def test_perplexitys_agents_are_asked_without_what_their_sdk_does_not_know_and_only_what_was_said_is_named_dropped():
    assert list(known("perplexity").dialects) == ["responses"], "chat completions ended on 2026-09-27"

    body, dropped = rendered("perplexity", "responses", temperature=0.2, max_tokens=9)

    assert set(body) == {"model", "input", "max_output_tokens"}
    assert dropped == ("temperature",)
    assert rendered("openai", "responses")[0]["store"] is False


def test_openrouter_tells_usage_unasked():
    assert "stream_options" not in rendered("openrouter", "openai", stream=True)[0]
    assert "stream_options" in rendered("deepinfra", "openai", stream=True)[0]


def test_minimax_takes_its_limit_under_the_newer_name_and_its_own_words_for_thoughts():
    assert rendered("minimax", "openai", max_tokens=9)[0]["max_completion_tokens"] == 9
    assert rendered("minimax", "openai", extra={"reasoning_split": True})[0]["reasoning_split"] is True


def test_sambanova_is_not_asked_for_what_its_models_cannot_do_and_gets_its_thoughts_back():
    thought = Message("assistant", (Thought("France, so"), Text("Paris.")))

    body, dropped = rendered("sambanova", "openai", said=(thought,), seed=7, top_k=3, extra={"logprobs": True})

    assert dropped == ("logprobs", "seed")
    assert body["top_k"] == 3
    assert body["messages"][0] == {"role": "assistant", "content": "Paris.", "reasoning": "France, so"}


@pytest.mark.parametrize("name", ["groq", "cerebras", "minimax", "openai", "azure"])
def test_where_the_older_name_of_the_token_limit_is_deprecated_the_newer_is_sent(name):
    body, _ = rendered(name, "openai", max_tokens=9)

    assert (body.get("max_tokens"), body["max_completion_tokens"]) == (None, 9)


@pytest.mark.parametrize(
    ("name", "spoken", "url"),
    [
        ("sambanova", "anthropic", "https://api.sambanova.ai/v1"),
        ("deepinfra", "anthropic", "https://api.deepinfra.com/anthropic/v1"),
        ("qwen", "anthropic", "https://dashscope-intl.aliyuncs.com/apps/anthropic/v1"),
        ("qwen", "responses", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("deepseek", "responses", "https://api.deepseek.com"),
        ("xai", "responses", "https://api.x.ai/v1"),
        ("vercel", "responses", "https://ai-gateway.vercel.sh/v1"),
    ],
)
def test_callers_of_a_second_dialect_are_answered_in_it_with_a_bearers_key(name, spoken, url):
    assert known(name).base_url(spoken) == url
    assert auths(name)[spoken] == "bearer"


@pytest.mark.parametrize(
    ("model", "region", "dollars"),
    [
        ("claude-sonnet-4-5@20250929", None, 3),
        ("claude-sonnet-4-5@20250929", "global", 3),
        ("claude-sonnet-4-5@20250929", "europe-west1", 3.3),
        ("claude-sonnet-4-6@default", "eu", 3.3),
        ("claude-haiku-4-5@20251001", "us-east5", 1.1),
        ("claude-opus-4-1@20250805", "us-east5", 15),
        ("claude-opus-4-7", None, 5),
    ],
)
def test_claude_on_googles_cloud_costs_what_its_snapshot_costs_and_a_tenth_more_in_a_region(model, region, dollars):
    vertex = replace(known("vertex-claude"), region=region)
    tariff = vertex.tariff(model)

    assert tariff is not None
    assert tariff.price(0.0).charge(Usage(input=100_000)) == round(dollars * 10**8)  # below a dearer tier
    assert tariff.version.endswith("+10%") == (tariff.price(0.0).per_nano > 1000)


def test_a_price_of_ones_own_is_not_raised_by_a_region():
    own = {"claude-sonnet-4-5": ModelRow(prices=PublishedPrice(input=Decimal(2), output=Decimal(10)))}
    vertex = replace(known("vertex-claude"), region="europe-west1", models=own)

    tariff = vertex.tariff("claude-sonnet-4-5@20250929")

    assert tariff is not None
    assert tariff.price(0.0).charge(Usage(input=1_000_000)) == 2 * 10**9


@pytest.mark.parametrize(
    ("model", "region", "percent"),
    [
        ("claude-sonnet-4@20250514", "eu", 0),
        ("claude-opus-4-20250514", "eu", 0),
        ("claude-3-7-sonnet@20250219", "eu", 0),
        ("claude-opus-4-5@20251101", "eu", 10),
        ("gemini-3-pro", "eu", 0),
    ],
)
def test_only_models_since_sonnet_4_5_cost_more_in_a_region(model, region, percent):
    assert premium(model) == percent
