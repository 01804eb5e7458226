"""LiteLLM's config turned into ours: what it means is kept, what has no counterpart is named."""

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
    litellm_params: {model: bedrock/anthropic.claude-v2}
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
        "model_list[5]: the provider 'bedrock'",
        "litellm_settings.callbacks",
        "litellm_settings.drop_params",
        "router_settings.num_retries",
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
