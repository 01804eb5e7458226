"""LiteLLM's config turned into ours: what it means is kept, what has no counterpart is named."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from trunkline.core.errors import ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import load
from trunkline.gateway.from_litellm import imported

THEIRS = """
model_list:
  - model_name: gpt
    litellm_params: {model: openai/gpt-5-mini, api_key: os.environ/OPENAI_API_KEY, rpm: 300}
  - model_name: gpt
    litellm_params: {model: azure/gpt-deployed, api_key: os.environ/AZURE_KEY, rpm: 100,
                     api_base: "https://mine.openai.azure.com/", api_version: "2025-01-01"}
  - model_name: claude
    litellm_params: {model: anthropic/claude-sonnet-4-5, api_key: os.environ/ANTHROPIC_API_KEY}
  - model_name: bare
    litellm_params: {model: claude-haiku-4-5, api_key: os.environ/ANTHROPIC_API_KEY}
  - model_name: own
    litellm_params: {model: openai/qwen, api_base: "http://10.0.0.5:8000/v1", api_key: sk-12345678}
  - model_name: far
    litellm_params: {model: nowhere/some-model}
litellm_settings: {drop_params: true, request_timeout: 90, fallbacks: [{claude: [gpt, nobody]}], callbacks: [langfuse]}
router_settings: {routing_strategy: simple-shuffle, num_retries: 3}
general_settings: {master_key: os.environ/MASTER, database_url: "postgres://x"}
"""
ENVIRON = {"OPENAI_API_KEY": "sk-1", "AZURE_KEY": "az-key-123", "ANTHROPIC_API_KEY": "sk-ant-1", "MASTER": "m" * 20}


@pytest.fixture
def found():
    return imported(yaml.safe_load(THEIRS))


def test_the_result_is_a_config_that_can_be_used(found, tmp_path):
    file = tmp_path / "trunkline.yaml"
    file.write_text(yaml.safe_dump(found.config, sort_keys=False))

    config = load(file, ENVIRON)

    assert isinstance(config, Config)
    assert set(config.models) == {"gpt", "claude", "bare", "own"}
    assert config.providers["azure"].url == "https://mine.openai.azure.com/openai/v1"
    assert config.providers["10.0.0.5"].url == "http://10.0.0.5:8000/v1"
    assert config.timeouts.total == 90
    assert config.recovery.retries == 3
    assert config.admin_key == config.keys[0].key


def test_deployments_of_one_name_share_its_calls_and_fallbacks_come_after_them(found):
    models = found.config["models"]

    assert models["gpt"]["targets"] == ["openai/gpt-5-mini", "azure/gpt-deployed"]
    assert models["gpt"]["strategy"]["weights"] == {"openai/gpt-5-mini": 300, "azure/gpt-deployed": 100}
    assert models["claude"] == ["anthropic/claude-sonnet-4-5", "openai/gpt-5-mini", "azure/gpt-deployed"]
    assert models["bare"] == ["anthropic/claude-haiku-4-5"]


def test_what_has_no_counterpart_is_said_and_nothing_is_silent(found):
    said = "\n".join(found.notes)

    for place in (
        "model_list[1].litellm_params.api_version",
        "model_list[4].api_key: stands in the file",
        "model_list[5]: the provider 'nowhere'",
        "litellm_settings.callbacks",
        "litellm_settings.drop_params",
        "general_settings.database_url",
        "fallbacks of claude: 'nobody'",
    ):
        assert place in said, place
    assert "sk-12345678" not in said


@pytest.mark.parametrize("document", [None, [], {}, {"model_list": 5}])
def test_what_is_no_such_config_is_refused(document):
    with pytest.raises(ConfigError, match="model_list"):
        imported(document)


@pytest.mark.parametrize("entry", [None, {}, {"litellm_params": {}}, {"litellm_params": {"model": 5}}])
def test_a_deployment_without_a_model_is_left_out_and_named(entry):
    found = imported({"model_list": [entry]})

    assert found.config["models"] == {}
    assert found.notes == ("model_list[0]: has no litellm_params.model; left out",)


def of(*entries, **sections):
    """Our config and the notes of a config of theirs."""
    found = imported({"model_list": list(entries), **sections})
    return found.config, "\n".join(found.notes)


def deployed(name, model, **params):
    return {"model_name": name, "litellm_params": {"model": model, **params}}


def test_a_deployments_prices_limits_and_abilities_become_facts_of_its_model():
    entry = deployed("own", "hosted_vllm/llama", api_base="http://gpu:8000/v1", input_cost_per_token=2e-7)
    entry["litellm_params"]["output_cost_per_token"] = 0.0000006
    entry["model_info"] = {"max_input_tokens": 131072, "supports_vision": False}

    config, _ = of(entry)

    assert config["providers"]["vllm"]["models"]["llama"] == {
        "context_window": 131072,
        "vision": False,
        "prices": {"input": 0.2, "output": 0.6},
    }


@pytest.mark.parametrize("cost", ["much", -1, float("nan"), 1e-13])
def test_a_price_that_is_none_is_left_out_and_named(cost):
    config, notes = of(deployed("m", "openai/gpt-5-mini", input_cost_per_token=cost, output_cost_per_token=1e-6))

    assert config["providers"] == {"openai": None}
    assert "input_cost_per_token is no number of dollars" in notes
    assert "a price needs input and output" in notes


def test_a_deployments_timeouts_are_its_targets_own():
    config, notes = of(deployed("m", "openai/gpt-5-mini", timeout=30, stream_timeout=float("nan")))

    assert config["models"]["m"] == [{"model": "openai/gpt-5-mini", "timeouts": {"total": 30.0}}]
    assert "stream_timeout: is no number of seconds" in notes


def test_an_alias_is_the_model_it_stands_for():
    config, notes = of(
        deployed("m", "openai/gpt-5-mini"), router_settings={"model_group_alias": {"n": "m", "o": {"model": "z"}}}
    )

    assert config["models"]["n"] == config["models"]["m"]
    assert "model_group_alias.o: 'z' is no model of this config" in notes


def test_default_fallbacks_come_after_every_model_that_has_none_of_its_own():
    config, _ = of(
        deployed("a", "openai/a"),
        deployed("b", "openai/b"),
        deployed("c", "openai/c"),
        litellm_settings={"default_fallbacks": ["c"], "fallbacks": [{"a": ["b"]}]},
    )

    assert config["models"] == {
        "a": ["openai/a", "openai/b"],
        "b": ["openai/b", "openai/c"],
        "c": ["openai/c"],
    }


def test_budgets_by_day_and_month_are_carried_over_and_others_named():
    config, notes = of(
        deployed("a", "openai/a"),
        litellm_settings={"max_budget": 100, "budget_duration": "30d"},
        router_settings={
            "provider_budget_config": {
                "openai": {"budget_limit": 5, "time_period": "1d"},
                "anthropic": {"budget_limit": 5, "time_period": "7d"},
            }
        },
    )

    assert config["budgets"] == [
        {"name": "openai", "limit": 5, "per": "provider", "only": ["openai"], "window": "day"},
        {"name": "all", "limit": 100, "window": "month"},
    ]
    assert "provider_budget_config.anthropic: 5 in 7d is no budget here" in notes


def test_a_master_key_too_short_to_be_safe_is_not_taken_over():
    config, notes = of(deployed("a", "openai/a"), general_settings={"master_key": "sk-1234"})

    assert config["admin_key"] == config["keys"][0]["key"] == "${TRUNKLINE_MASTER_KEY}"
    assert "shorter than 16 characters" in notes
    assert "sk-1234" not in notes


def test_wildcards_need_no_entry_since_any_model_can_be_named_with_its_provider():
    config, notes = of(deployed("*", "*"), deployed("anthropic/*", "anthropic/*", api_key="os.environ/OTHER_KEY"))

    assert config["models"] == {}
    assert config["providers"] == {"anthropic": {"key": "${OTHER_KEY}"}}
    assert notes.count("see direct") == 2


def test_one_account_named_twice_is_one_provider():
    config, _ = of(
        deployed("a", "openai/a", api_key="os.environ/OPENAI_API_KEY"),
        deployed("b", "gpt-5"),
        deployed("c", "openai/c"),
    )

    assert config["providers"] == {"openai": None}


@pytest.mark.parametrize("way", ["", "converse/", "us-west-2/", "converse/us-gov-west-1/"])
def test_a_model_at_bedrock_keeps_its_region_and_the_keys_that_sign(way, tmp_path):
    entry = deployed(
        "sonnet",
        f"bedrock/{way}us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        aws_region_name="us-west-2",
        aws_access_key_id="os.environ/KEY_ID",
        aws_secret_access_key="os.environ/KEY_SECRET",
    )

    found, notes = of(entry)

    assert notes == ""
    assert found["models"] == {"sonnet": ["bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"]}
    file = tmp_path / "trunkline.yaml"
    file.write_text(yaml.safe_dump(found))
    config = load(file, {"KEY_ID": "AKIA1234567890", "KEY_SECRET": "a-secret-of-aws"})
    assert config.providers["bedrock"].region == "us-west-2"
    assert config.providers["bedrock"].aws is not None


def test_a_machine_with_ollama_is_asked_in_its_own_dialect_first(tmp_path):
    found, _ = of(deployed("own", "ollama_chat/llama3", api_base="http://10.0.0.5:11434/"))

    file = tmp_path / "trunkline.yaml"
    file.write_text(yaml.safe_dump(found))
    ollama = load(file, {}).providers["ollama"]
    assert list(ollama.dialects) == ["ollama", "openai"]
    assert ollama.base_url("ollama") == "http://10.0.0.5:11434/api"
    assert ollama.base_url("openai") == "http://10.0.0.5:11434/v1"


ODD = [
    None, True, 0, -1, 3.5, float("nan"), float("inf"), 10**400, "", "/", "*", "os.environ/", "http://[bad]/x", "NaN",
    "1e999999999999", "sNaN", "ollama/", "bedrock/", "x\ny", [], {}, [[]], [None], {None: None}, {1: {}}, [{"*": None}],
]  # fmt: skip
EVERYTHING = """
model_list:
  - model_name: a
    litellm_params: {model: openai/x, api_key: k, api_base: "http://h/v1", rpm: 1, weight: 2, timeout: 5,
                     stream_timeout: 3, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001, tags: [t]}
    model_info: {base_model: azure/gpt-4o, max_input_tokens: 5, supports_vision: true, id: x}
  - model_name: b
    litellm_params: {model: bedrock/us-east-1/claude, aws_region_name: x, aws_access_key_id: a}
  - {model_name: o, litellm_params: {model: ollama/x, api_base: "http://h:1"}}
litellm_settings: {num_retries: 3, request_timeout: 5, fallbacks: [{a: [b]}], default_fallbacks: [b], max_budget: 5,
                   content_policy_fallbacks: [{a: b}], callbacks: [otel], budget_duration: 30d}
router_settings: {routing_strategy: simple-shuffle, model_group_alias: {z: a, y: {model: b, hidden: true}}, timeout: 4,
                  provider_budget_config: {openai: {budget_limit: 5, time_period: 1d}}}
general_settings: {master_key: sk-12345678901234567890}
"""


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, but its root."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*where, name)
        yield from places(each, (*where, name))


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_whatever_stands_anywhere_there_is_a_config_or_an_error_that_says_why(odd: Any) -> None:
    document = yaml.safe_load(EVERYTHING)
    for where in places(document):
        mutated = deepcopy(document)
        table = mutated
        for name in where[:-1]:
            table = table[name]
        table[where[-1]] = odd
        try:
            yaml.safe_dump(imported(mutated).config)
        except ConfigError:
            assert where == ("model_list",)
