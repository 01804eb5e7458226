"""What a config says is what the house gets: providers, routes, keys, times, and what a name stands for."""

import pytest

from trunkline.core.errors import ConfigError
from trunkline.core.exchange import Target
from trunkline.core.secret import Secret
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config, RouteTarget, VirtualKey
from trunkline.gateway.config_source import default_file, from_environment
from trunkline.gateway.listing import offers
from trunkline.gateway.units import size_text
from trunkline.providers.registry import known


def test_a_known_provider_needs_its_name_only(house):
    config = house("providers:\n  openai:\n")
    openai = config.providers["openai"]
    assert openai.url == known("openai").url
    assert openai.key.reveal() == "sk-canary-7f3a9b21c4d5e6f7"
    assert openai.key_env == ("OPENAI_API_KEY",)


def test_a_new_provider_takes_four_lines(house):
    config = house(
        "providers:\n  steady:\n    url: http://127.0.0.1:9101/v1/\n    dialect: openai\n    key: sk-steady\n"
    )
    steady = config.providers["steady"]
    assert steady.base_url("openai") == "http://127.0.0.1:9101/v1"
    assert steady.key.reveal() == "sk-steady"
    assert steady.auth_for("openai") == "bearer"


def test_an_address_alone_is_a_provider_on_this_machine(house):
    mine = house("providers: {mine: 'http://127.0.0.1:9101/v1'}\n").providers["mine"]
    assert (mine.url, list(mine.dialects), mine.key) == ("http://127.0.0.1:9101/v1", ["openai"], None)


def test_what_a_house_offers_are_its_routes_and_with_direct_the_models_known_of(house):
    text = "providers: {mine: {url: 'http://127.0.0.1:1', models: {small: }}}\nmodels: {fast: mine/small}\n"
    assert [(offer.name, offer.route) for offer in offers(house(text))] == [("fast", True), ("mine/small", False)]
    assert [offer.name for offer in offers(house(text + "direct: false\n"))] == ["fast"]


def test_a_size_that_is_no_round_number_is_shown_in_bytes():
    assert [size_text(count) for count in (32 * 1024 * 1024, 1536, 1)] == ["32MiB", "1536B", "1B"]


def test_a_provider_may_speak_both_dialects(house):
    config = house("providers: {mine: {url: 'http://127.0.0.1:1/v1', dialects: [openai, anthropic], key: k}}\n")
    mine = config.providers["mine"]
    assert {name: mine.auth_for(name) for name in mine.dialects} == {"openai": "bearer", "anthropic": "x-api-key"}


def test_what_is_said_of_a_known_provider_stands_over_its_row(house):
    config = house("providers: {mistral: {key: k, models: {mistral-small-2603: {context_window: 5}}}}\n")
    mistral = config.providers["mistral"]
    facts = mistral.facts("mistral-small-2603")
    assert facts.context_window == 5
    assert facts.price.input == 150_000
    assert mistral.dialects == known("mistral").dialects


def test_a_known_provider_asked_elsewhere_sends_nothing_to_the_vendor_in_any_dialect(house):
    config = house("providers: {deepseek: {url: 'https://proxy.example/v1', key: k}}\n")
    deepseek = config.providers["deepseek"]
    assert {deepseek.base_url(name) for name in deepseek.dialects} == {"https://proxy.example/v1"}


def test_a_known_name_means_that_provider_wherever_it_is_asked_and_an_own_name_means_nobody(house):
    asked = "url: 'http://127.0.0.1:4000/v1', dialect: openai"
    text = f"providers: {{openai: {{{asked}}}, local: {{{asked}}}}}\n"
    config = house(text)
    proxied, local = config.providers["openai"], config.providers["local"]

    assert proxied.dialect("openai") == known("openai").dialect("openai")  # max_tokens is renamed there too
    assert proxied.key.reveal() == "sk-canary-7f3a9b21c4d5e6f7"
    assert proxied.facts("gpt-5-mini").price == known("openai").facts("gpt-5-mini").price
    assert local.dialect("openai") == OpenAIChat()
    assert (local.key, local.facts("gpt-5-mini").price) == (None, None)


def test_a_row_that_is_narrowed_to_fewer_dialects_has_batches_of_those_only(house):
    few = "key: k, dialects: {openai: {}, embeddings: {}}"
    config = house(f"providers: {{openai: {{{few}}}, azure: {{{few}, url: 'https://my.test/openai/v1'}}}}\n")
    claude = house("providers: {openai: {dialect: anthropic, key: k}}\n").providers["openai"]

    assert config.providers["openai"].batches == ("openai", "embeddings")
    assert config.providers["azure"].batches == ("openai",)
    assert (claude.batches, claude.files) == ((), False)
    with pytest.raises(ConfigError, match="batches: has responses"):
        house("providers: {openai: {dialect: openai, batches: [responses], key: k}}\n")


def test_a_quirk_that_is_written_stands_over_a_known_providers(house):
    quirks = "dialects: {openai: {quirks: {max_tokens_name: keep}}}"
    config = house(f"providers: {{openai: {{url: 'http://127.0.0.1:4000/v1', {quirks}}}}}\n")
    assert config.providers["openai"].dialect("openai") == OpenAIChat()


def test_a_second_account_of_a_known_provider_is_like_it(house):
    config = house("providers: {work: {like: openai, key: k}}\n")
    work = config.providers["work"]
    assert (work.name, work.url) == ("work", known("openai").url)
    assert work.facts("gpt-5-mini").price == known("openai").facts("gpt-5-mini").price
    assert config.route("gpt-5-mini").targets == (RouteTarget("work/gpt-5-mini"),)


def test_routes_have_a_short_a_shorter_and_a_long_form(house):
    config = house(
        "providers: {openai: }\nmodels:\n  one: openai/a\n  two: [openai/a, openai/b/c]\n"
        "  three: {targets: [{model: openai/a}], on_unsupported: refuse, timeouts: {idle: 500ms}}\n"
    )
    assert config.models["one"].targets == (RouteTarget("openai/a"),)
    assert config.models["two"].targets[1].target == Target("openai", "b/c")
    assert config.models["three"].on_unsupported == "refuse"
    assert config.models["three"].timeouts.over(config.timeouts).idle == 0.5
    assert config.models["three"].timeouts.over(config.timeouts).total == config.timeouts.total


def test_times_and_sizes_are_read_in_every_unit(house):
    config = house(
        "providers: {openai: }\ntimeouts: {connect: 500ms, first_content: 90, idle: 1.5s, total: 1h}\n"
        "limits: {body: 2 MiB, drain: 2m}\n"
    )
    times = config.timeouts
    assert (times.connect, times.first_content, times.idle, times.total) == (0.5, 90.0, 1.5, 3600.0)
    assert (config.limits.body, config.limits.drain) == (2 * 1024 * 1024, 120.0)


def test_toml_says_the_same_as_yaml(house):
    yaml = house("providers: {openai: {}}\nmodels: {fast: [openai/a]}\ntimeouts: {idle: 2.5}\n")
    toml = house('[providers.openai]\n[models]\nfast = ["openai/a"]\n[timeouts]\nidle = 2.5\n', name="trunkline.toml")
    assert yaml == toml


def test_a_name_is_a_route_then_a_providers_model_then_a_model_of_the_catalogue(house):
    config = house("providers: {groq: , openai: }\nmodels: {gpt-5: groq/x}\n")
    assert config.route("gpt-5").targets[0].target == Target("groq", "x")
    assert config.route("groq/openai/gpt-oss-20b").targets[0].target == Target("groq", "openai/gpt-oss-20b")
    assert config.route("gpt-5-mini").targets[0].target == Target("openai", "gpt-5-mini")
    assert config.route("gpt-5-mini-2025-08-07").targets[0].target.provider == "openai"
    assert [config.route(name) for name in ("nothing", "mistral/x", "openai/", "/x", "")] == [None] * 5


def test_without_direct_only_the_routes_are_there(house):
    config = house("providers: {openai: }\nmodels: {fast: openai/gpt-5}\ndirect: false\n")
    assert config.route("fast") is not None
    assert config.route("openai/gpt-5") is None
    assert config.route("gpt-5") is None


def test_without_a_file_every_provider_with_a_key_is_there():
    config = from_environment({"ANTHROPIC_API_KEY": "a" * 20, "GOOGLE_API_KEY": "g" * 20, "MISTRAL_API_KEY": "  "})
    assert list(config.providers) == ["anthropic", "gemini"]
    assert config.providers["gemini"].key_env == ("GOOGLE_API_KEY",)
    assert config.route("claude-sonnet-5").targets[0].target.provider == "anthropic"


def test_without_a_file_and_a_key_the_first_steps_are_told():
    with pytest.raises(ConfigError, match=r"set the key of one, such as OPENAI_API_KEY .* or write a trunkline\.yaml"):
        from_environment({})


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        ("AZURE_API_KEY", r"AZURE_API_KEY is set, but azure wants providers\.azure\.url in a trunkline\.yaml"),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "but vertex wants GOOGLE_CLOUD_PROJECT too"),
    ],
)
def test_a_key_alone_that_is_not_enough_is_told_what_else_its_provider_wants(variable, wanted):
    with pytest.raises(ConfigError, match=wanted):
        from_environment({variable: "k" * 20})
    assert list(from_environment({variable: "k" * 20, "GROQ_API_KEY": "g" * 20}).providers) == ["groq"]


def test_the_default_file_is_found_in_the_folder(tmp_path):
    assert default_file(tmp_path) is None
    (tmp_path / "trunkline.toml").touch()
    assert default_file(tmp_path).name == "trunkline.toml"
    (tmp_path / "trunkline.yaml").touch()
    assert default_file(tmp_path).name == "trunkline.yaml"


def test_a_virtual_key_may_use_what_its_patterns_match():
    key = VirtualKey("ci", Secret("k" * 16), ("fast", "openai/*"))
    assert [key.caller.may_use(name) for name in ("fast", "openai/gpt-5")] == [True, True]
    assert [key.caller.may_use(name) for name in ("slow", "groq/x")] == [False, False]
    assert VirtualKey("me", Secret("k" * 16)).caller.may_use("anything")


def test_a_config_may_be_made_in_python():
    config = Config(providers={"openai": known("openai")})
    assert config.route("openai/gpt-5") is not None
    assert config.facts(Target("openai", "gpt-5")).context_window == 400_000


def test_what_a_row_knows_of_a_dialect_stays_below_what_is_said_of_it(house):
    config = house(
        "providers:\n"
        "  deepseek: {dialect: anthropic, key: k}\n"
        "  mistral: {dialects: {openai: {quirks: {tool_id_length: 12}}}, key: k}\n"
        "  ollama: {dialects: {ollama: {quirks: {num_ctx: 32768}}}}\n"
        "  far: {like: deepseek, dialect: anthropic, url: 'https://far.example/v1', key: k}\n"
    )
    rows = config.providers
    assert rows["deepseek"].base_url("anthropic") == "https://api.deepseek.com/anthropic/v1"
    assert rows["mistral"].dialects["openai"].quirks["tool_id_length"] == 12
    assert rows["mistral"].dialects["openai"].quirks["developer_role"] is False
    assert rows["ollama"].base_url("ollama") == "http://127.0.0.1:11434/api"
    assert rows["far"].base_url("anthropic") == "https://far.example/v1"
