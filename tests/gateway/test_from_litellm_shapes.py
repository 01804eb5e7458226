"""LiteLLM's configs in the shapes that people have: each becomes one that can be used, and nothing is lost unsaid."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from trunkline.core.errors import ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import load
from trunkline.gateway.from_litellm import imported
from trunkline.providers.registry import known, rows

CLOUDS = """
model_list:
  - model_name: chat
    litellm_params: {model: azure/chat-deployed, api_base: os.environ/AZURE_BASE, api_key: os.environ/AZURE_API_KEY,
                     api_version: os.environ/AZURE_VERSION, max_retries: 4}
  - model_name: chat
    litellm_params: {model: azure/gpt5_series/other, api_key: os.environ/K,
                     api_base: "https://two.openai.azure.com/openai/v1/"}
    rpm: 3
  - model_name: gem
    tenant: research
    litellm_params: {model: vertex_ai/gemini-2.5-pro, vertex_project: my-project-1, vertex_location: europe-west4,
                     vertex_credentials: os.environ/GOOGLE_FILE}
  - model_name: sonnet
    litellm_params: {model: vertex_ai/claude-sonnet-4-5@20250929, vertex_ai_project: my-project-1,
                     vertex_ai_location: us-east5}
  - model_name: sonnet
    litellm_params: {model: bedrock/converse/us.anthropic.claude-sonnet-4-5, aws_region_name: us-west-2}
  - {model_name: pictures, litellm_params: {model: azure/, api_base: os.environ/AZURE_BASE, api_key: os.environ/K}}
  - {model_name: hosted, litellm_params: {model: sagemaker/llama, input_cost_per_second: 0.0004}}
router_settings: {routing_strategy: usage-based-routing-v2, redis_host: os.environ/REDIS}
"""
RESELLERS = """
model_list:
  - {model_name: default, litellm_params: {model: openrouter/meta-llama/m, api_key: os.environ/OPENROUTER_API_KEY}}
  - {model_name: groq/m, litellm_params: {model: groq/meta-llama/m, api_key: os.environ/GROQ_API_KEY, max_tokens: 900}}
  - {model_name: together/m, litellm_params: {model: together_ai/meta-llama/M, api_key: os.environ/TOGETHER_API_KEY}}
  - {model_name: fire, litellm_params: {model: fireworks_ai/qwen3, api_key: os.environ/FIREWORKS_API_KEY}}
  - {model_name: search, litellm_params: {model: perplexity/sonar, api_key: os.environ/PERPLEXITY_API_KEY}}
  - {model_name: cheap, litellm_params: {model: gpt-5-mini, litellm_credential_name: team, reasoning_effort: low}}
credential_list: [{credential_name: team, credential_values: {api_key: os.environ/TEAM_KEY}, credential_info: {x: y}}]
router_settings:
  retry_after: 1
  num_retries: 2
  fallbacks: [{default: [groq/m, together/m, cheap]}, {together/m: [default]}]
litellm_settings: {success_callback: [billing.instance], request_timeout: 120, cache: true, cache_params: {type: local}}
general_settings: {master_key: os.environ/MASTER, custom_auth: own.auth, database_url: null, port: 4000}
mcp_servers: {docs: {url: "https://docs.example/mcp"}}
guardrails: [{guardrail_name: g, litellm_params: {guardrail: aporia, mode: post_call}}]
"""
OWN_SERVERS = """
model_list:
  - {model_name: qwen, litellm_params: {model: openai/qwen3, api_base: "http://10.0.0.7:8000/v1", api_key: none}}
  - model_name: qwen
    litellm_params: {model: openai/qwen3, api_base: "http://10.0.0.8:8000/v1/", api_key: none, weight: 2}
  - {model_name: bare, litellm_params: {model: m, custom_llm_provider: openai, api_base: "https://llm.example/v1"}}
  - {model_name: vllm, litellm_params: {model: hosted_vllm/m, api_base: "http://vllm/v1"}, model_info: {mode: chat}}
  - model_name: proxied
    litellm_params: {model: openai/gpt-5-mini, api_base: "https://proxy.example/v1", api_key: os.environ/K}
  - model_name: claude
    litellm_params: {model: anthropic/claude-haiku-4-5, api_base: "https://proxy.example", api_key: os.environ/K}
environment_variables: {K: x}
"""
WILD = """
model_list:
  - {model_name: "*", litellm_params: {model: "openai/*", api_key: os.environ/OPENAI_API_KEY}}
  - {model_name: "groq/*", litellm_params: {model: "groq/*", api_key: os.environ/GROQ_API_KEY}}
  - {model_name: groq/fast, litellm_params: {model: groq/llama-3.1-8b-instant, api_key: os.environ/GROQ_API_KEY}}
  - {model_name: groq/same, litellm_params: {model: groq/same, api_key: os.environ/GROQ_API_KEY}}
"""
SHAPES = {"clouds": CLOUDS, "resellers": RESELLERS, "own servers": OWN_SERVERS, "wild": WILD}
NAMES = (
    "AZURE_API_KEY K OPENROUTER_API_KEY GROQ_API_KEY TOGETHER_API_KEY FIREWORKS_API_KEY PERPLEXITY_API_KEY TEAM_KEY "
    "MASTER OPENAI_API_KEY GOOGLE_OAUTH_ACCESS_TOKEN AWS_BEARER_TOKEN_BEDROCK"
)
ENVIRON = {name: f"secret-of-{name}-0123" for name in NAMES.split()}
every = pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)


@pytest.fixture
def house(tmp_path):
    """The config that a text of LiteLLM's becomes, loaded from its file, and the notes."""

    def of(text: str) -> tuple[Config, str]:
        google = tmp_path / "google.json"
        google.write_text('{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}')
        found = imported(yaml.safe_load(text))
        file = tmp_path / "trunkline.yaml"
        file.write_text(yaml.safe_dump(found.config, sort_keys=False))
        environ = {**ENVIRON, "AZURE_BASE": "https://one.openai.azure.com", "GOOGLE_FILE": str(google)}
        return load(file, environ), "\n".join(found.notes)

    return of


def leaves(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value that is no table and no list, by the names above it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*where, str(name)))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from leaves(each, (*where[:-1], f"{where[-1]}[{at}]"))
    else:
        yield where, str(value)


@every
def test_it_becomes_a_config_that_can_be_used(house, text: str):
    config, _ = house(text)

    assert config.providers


@every
def test_whatever_it_says_is_carried_over_or_named(text: str):
    found = imported(yaml.safe_load(text))
    usual = [variable for name in found.config["providers"] if name in rows() for variable in known(name).key_env]
    ours = " ".join([yaml.safe_dump(found.config), *usual])
    said = " ".join(found.notes)
    known_silence = {"mode", "credential_name", "credential_info", "litellm_credential_name", "custom_llm_provider"}

    for where, value in leaves(yaml.safe_load(text)):
        word = value.rstrip("/").rpartition("/")[2]
        names = where[-1:] if where[0].startswith("model_list") else [name.partition("[")[0] for name in where]
        named = any(f"{name}:" in said for name in names) or f"{value}:" in said
        whole = any(
            note.startswith(f"{where[0]}:") and ("left out" in note or "needs no" in note) for note in found.notes
        )
        assert word in ours or named or whole or set(where) & known_silence, (where, value)


def targets(config: Config, name: str) -> list[str]:
    return [str(step.target) for step in config.models[name].targets]


def test_fallbacks_keep_their_order(house):
    config, _ = house(RESELLERS)

    assert targets(config, "default") == [
        "openrouter/meta-llama/m", "groq/meta-llama/m", "together/meta-llama/M", "openai/gpt-5-mini"
    ]  # fmt: skip


def test_only_the_names_that_are_listed_can_be_called_unless_it_has_wildcards(house):
    closed, _ = house(RESELLERS)
    wild, notes = house(WILD)

    assert not closed.direct
    assert list(closed.models)[:3] == ["default", "groq/m", "together/m"]
    assert wild.direct
    assert list(wild.models) == ["groq-fast"]
    assert "groq/fast: is groq-fast here" in notes
    assert "groq/same: needs no entry" in notes


def test_names_are_read_as_litellm_reads_them(house):
    config, _ = house(RESELLERS)

    assert targets(config, "fire") == ["fireworks/accounts/fireworks/models/qwen3"]
    assert targets(config, "search") == ["perplexity/perplexity/sonar"]
    assert config.providers["openai"].key.reveal() == ENVIRON["TEAM_KEY"]


def test_projects_regions_and_credentials_of_google_are_carried_over(house):
    config, notes = house(CLOUDS)
    vertex, claude = config.providers["vertex"], config.providers["vertex-claude"]

    assert (vertex.project, vertex.region) == ("my-project-1", "europe-west4")
    assert vertex.google.file.endswith("google.json")
    assert (claude.project, claude.region) == ("my-project-1", "us-east5")
    assert "vertex_" not in notes


def test_azures_addresses_get_what_litellm_adds_and_what_a_variable_must_not_hold_is_said(house):
    config, notes = house(CLOUDS)

    assert config.providers["azure"].url == "https://one.openai.azure.com/openai/v1"
    assert config.providers["azure-2"].url == "https://two.openai.azure.com/openai/v1"
    assert targets(config, "chat") == ["azure/chat-deployed", "azure-2/other"]
    assert config.models["chat"].strategy.weights == {"azure/chat-deployed": 1, "azure-2/other": 3}
    assert "api_base: what its variable holds must not end in / or in /openai/v1" in notes
    assert "'azure/' names no model" in notes
    assert "'sagemaker' is not known by name here; left out" in notes


def test_a_server_that_only_speaks_as_openais_has_nothing_else_of_it(house):
    config, notes = house(OWN_SERVERS)
    own, proxied = config.providers["10.0.0.7"], config.providers["proxy.example"]

    assert own.dialect("openai").max_tokens_name == "keep"
    assert own.tariff("qwen3") is None
    assert proxied.dialect("openai").max_tokens_name == "max_completion_tokens"  # OpenAI's own model, by its own name
    assert proxied.tariff("gpt-5-mini") is not None
    assert config.providers["llm.example"].key.reveal() == ENVIRON["OPENAI_API_KEY"]
    assert "has no api_key, so it is sent OPENAI_API_KEY" in notes
    assert config.providers["anthropic"].base_url("anthropic") == "https://proxy.example/v1"


def test_credentials_that_stand_in_the_file_are_not_written_on():
    entry = {"model": "vertex_ai/gemini-2.5-pro", "vertex_credentials": '{"private_key": "secret-1"}'}

    found = imported({"model_list": [{"model_name": "m", "litellm_params": entry}]})

    assert "secret-1" not in str(found)
    assert "save them, and write google: {file: PATH}" in found.notes[0]


def test_a_config_whose_models_are_in_other_files_says_to_import_those():
    with pytest.raises(ConfigError, match="import the files that its include names"):
        imported({"include": ["models.yaml"]})
