"""``trunkline providers``, ``check --live`` and ``import litellm`` as a person meets them."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.test_check import trunkline
from trunkline.cli import live
from trunkline.cli.live import probe
from trunkline.cli.remedy import REMEDIES, remedy, told
from trunkline.core import errors
from trunkline.core.errors import BadReply, CallError
from trunkline.core.secret import Secret
from trunkline.gateway import config_source
from trunkline.providers.registry import known, rows
from trunkline.simulator import Simulator, read_config


def test_every_known_provider_is_listed_with_whether_its_key_is_there(tmp_path):
    done = trunkline(tmp_path, "providers", "--json", GROQ_API_KEY="gsk-secret-1")
    listed = {one["name"]: one for one in json.loads(done.stdout)}

    assert set(listed) == set(rows())
    assert len(listed) >= 35
    assert listed["groq"]["has_key"]
    assert not listed["openai"]["has_key"]
    assert "gsk-secret" not in done.stdout


def test_a_configs_providers_stand_first_and_say_so(tmp_path):
    (tmp_path / "trunkline.yaml").write_text("providers: {mine: {url: 'http://127.0.0.1:1/v1'}, groq: {key: gsk-1}}")

    done = trunkline(tmp_path, "providers")

    lines = done.stdout.splitlines()
    assert lines[1].split()[:3] == ["mine", "configured", "yes"]
    assert lines[2].split()[:3] == ["groq", "configured", "yes"]
    assert sum("configured" in line for line in lines) == 2


def test_one_provider_is_shown_with_its_addresses_its_quirks_and_what_was_not_found(tmp_path):
    done = trunkline(tmp_path, "providers", "deepinfra", DEEPINFRA_TOKEN="secret-of-deepinfra")
    told = json.loads(trunkline(tmp_path, "providers", "deepinfra", "--json").stdout)

    assert "key: DEEPINFRA_API_KEY or DEEPINFRA_TOKEN (there)" in done.stdout
    assert "anthropic at https://api.deepinfra.com/anthropic/v1, key as bearer" in done.stdout
    assert "    max_tokens_name: max_tokens" in done.stdout
    assert "not found there: rate-limit headers" in done.stdout
    assert "secret" not in done.stdout
    assert told["speaks"]["openai"]["quirks"] == {"max_tokens_name": "max_tokens", "developer_role": False}
    assert told["unconfirmed"] == list(known("deepinfra").unconfirmed)


def test_a_name_that_is_no_providers_is_told_the_nearest(tmp_path):
    done = trunkline(tmp_path, "providers", "groqq")

    assert done.returncode == 1
    assert 'did you mean "groq"?' in done.stderr


def test_a_wrong_config_does_not_keep_the_rows_from_who_looks_for_the_variable_it_lacks(tmp_path):
    (tmp_path / "trunkline.yaml").write_text("providers: {groq: }\n")

    done = trunkline(tmp_path, "providers")

    assert done.returncode == 1
    assert "GROQ_API_KEY" in done.stdout
    assert "providers.groq: has no key: set the environment variable GROQ_API_KEY" in done.stderr


@pytest.fixture
def simulated():
    models, slow = {"sim": {}}, {"first_token": {"median": 60, "sigma": 0}}
    poor = [{"kind": "body", "body": "openai_insufficient_quota"}]
    return read_config(
        {
            "providers": {
                "good": {"models": models, "keys": ["sk-good-1234"]}, "bad": {"models": models, "keys": ["x"]},
                "slow": {"models": models, "latency": slow}, "poor": {"models": models, "faults": poor},
            }
        }
    )  # fmt: skip


async def test_a_live_check_asks_each_provider_once_and_names_what_is_wrong(simulated, tmp_path: Path, monkeypatch):
    async with Simulator(simulated) as simulator:
        file = tmp_path / "trunkline.yaml"
        file.write_text(
            f"""
providers:
  good: {{url: {simulator.url}/good/v1, key: sk-good-1234}}
  bad: {{url: {simulator.url}/bad/v1, dialect: gemini, key: sk-wrong-123}}
  gone: {{url: "http://127.0.0.1:9/v1"}}
  empty: {{url: {simulator.url}/good/v1}}
  other: {{url: {simulator.url}/good/v1, key: sk-good-1234}}
  slow: {{url: {simulator.url}/slow/v1}}
  poor: {{url: {simulator.url}/poor/v1, key: a-long-key-of-the-poor}}
models: {{a: good/sim, b: bad/sim, c: gone/sim, d: other/none, e: slow/sim, f: poor/sim}}
"""
        )
        monkeypatch.setattr(live, "SECONDS", 1.5)
        probes = {one.provider: one for one in await probe(config_source.load(file, {}))}
        log = [entry for entry in simulator.log if entry.method == "POST"]

    assert probes["good"].error is None
    assert "provider_authentication_failed" in (probes["bad"].error or "")
    assert "connect_failed" in (probes["gone"].error or "")
    assert "name one, as in models: {fast: empty/MODEL}" in probes["empty"].line
    assert sorted(entry.provider for entry in log if entry.provider != "slow") == ["bad", "good", "good", "poor"]
    assert probes["good"].line.endswith("price unknown")
    assert "change providers.bad.key (****): is it whole" in probes["bad"].line
    assert "change providers.gone.url (http://127.0.0.1:9/v1): is that the address" in probes["gone"].line
    assert "change the name none: does your account have it? Or providers.other.url" in probes["other"].line
    assert "no answer within 1.5 s" in probes["slow"].line
    assert "timeouts.first_content" in probes["slow"].line
    assert "providers.poor.key (****poor): its account has nothing left" in probes["poor"].line


def test_a_live_check_names_the_variable_that_a_refused_key_came_from():
    provider = replace(known("groq"), key=Secret("gsk-1234567890abcdef"), key_env=("GROQ_API_KEY",))

    assert (remedy("provider_authentication_failed", provider, "m") or "").startswith("GROQ_API_KEY (****cdef)")


def test_what_a_strangers_server_says_is_one_line_that_steers_no_terminal():
    line = told(BadReply("a\x1b[31m\nFAIL lie" + "x" * 5_000))

    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize("kind", REMEDIES)
def test_every_remedy_is_of_a_kind_that_errors_have(kind):
    kinds = {each.kind for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CallError)}

    assert kind in kinds
    assert remedy(kind, known("openai"), "m")


def test_where_no_route_names_a_model_the_cheapest_is_asked(tmp_path):
    file = tmp_path / "trunkline.yaml"
    file.write_text(
        "providers:\n"
        "  openai: {key: sk-0123456789}\n"
        "  groq: {key: gsk-0123456789, models: {mine: {}}}\n"
        "  anthropic: {key: sk-ant-0123456789}\n"
        "  own: 'http://127.0.0.1:1/v1'\n"
        "models: {fast: anthropic/claude-sonnet-5}\n"
    )

    asked = {provider.name: model for provider, model in live.asked_for(config_source.load(file, {}))}

    openai = known("openai")
    costs = [openai.estimate(name, 20, 16).high or 10**9 for name in openai.model_names]
    assert openai.estimate(asked["openai"], 20, 16).high == min(costs) < costs[0]
    assert asked == {"openai": asked["openai"], "groq": "mine", "anthropic": "claude-sonnet-5", "own": ""}


def test_a_live_check_that_fails_exits_with_1(tmp_path):
    (tmp_path / "trunkline.yaml").write_text("providers: {gone: {url: 'http://127.0.0.1:9/v1'}}\nmodels: {a: [gone/m]}")

    done = trunkline(tmp_path, "check", "--live")

    assert done.returncode == 1
    assert "FAIL  gone/m" in done.stdout
    assert done.stdout.endswith("0 of 1 providers answered\n")


def test_litellms_config_is_imported_and_checked(tmp_path):
    (tmp_path / "theirs.yaml").write_text(
        "model_list: [{model_name: m, litellm_params: {model: groq/x, api_key: os.environ/G, foo: 1}}]"
    )

    done = trunkline(tmp_path, "import", "litellm", "theirs.yaml", "--to", "trunkline.yaml")
    again = trunkline(tmp_path, "import", "litellm", "theirs.yaml", "--to", "trunkline.yaml")
    checked = trunkline(tmp_path, "check", G="gsk-123456")

    assert done.returncode == 0
    assert "note: model_list[0].litellm_params.foo: has no counterpart here" in done.stderr
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert checked.returncode == 0
    assert "groq/x" in checked.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model_list: []\na: 2001-13-45", "month must be"), ("model_list: " + "[" * 9_000, "nested more than 32 deep"),
        ("model_list: []\na: " + "9" * 5_000, "4300 digits"), ("model_list: &a [*a]", "something it is part of"),
        ("model_list: &a [&b [x, x], *b]\n<<: 5", "cannot be read"), ("!!python/object:os.system x", "not allowed"),
    ],
    ids=["day", "deep", "digits", "itself", "merge", "tag"],
)  # fmt: skip
def test_a_hostile_file_of_litellms_is_one_line_that_says_what_is_wrong(tmp_path, text, told):
    (tmp_path / "theirs.yaml").write_text(text)

    done = trunkline(tmp_path, "import", "litellm", "theirs.yaml")

    assert done.returncode == 1
    assert done.stderr.startswith("error: theirs.yaml")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_no_name_in_a_file_of_litellms_steers_a_terminal_or_begins_a_line(tmp_path):
    (tmp_path / "theirs.yaml").write_text('model_list: []\n"x\\e[31m\\nnote: lie": 1')

    done = trunkline(tmp_path, "import", "litellm", "theirs.yaml", "--to", "no/such/folder.yaml")
    shown = trunkline(tmp_path, "import", "litellm", "theirs.yaml")

    assert done.stderr.startswith("error: no/such/folder.yaml cannot be written")
    assert shown.stderr == "note: x?[31m?note: lie: has no counterpart here\n"
