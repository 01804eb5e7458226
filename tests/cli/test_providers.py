"""``trunkline providers``, ``check --live`` and ``import litellm`` as a person meets them."""

import json
from pathlib import Path

import pytest

from tests.cli.test_check import trunkline
from trunkline.cli.live import probe
from trunkline.gateway import config_source
from trunkline.providers.registry import rows
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


@pytest.fixture
def simulated():
    models = {"sim": {}}
    return read_config(
        {"providers": {"good": {"models": models, "keys": ["sk-good-1234"]}, "bad": {"models": models, "keys": ["x"]}}}
    )


async def test_a_live_check_asks_each_provider_once_and_names_what_is_wrong(simulated, tmp_path: Path):
    async with Simulator(simulated) as simulator:
        file = tmp_path / "trunkline.yaml"
        file.write_text(
            f"""
providers:
  good: {{url: {simulator.url}/good/v1, key: sk-good-1234}}
  bad: {{url: {simulator.url}/bad/v1, dialect: gemini, key: sk-wrong-123}}
  gone: {{url: "http://127.0.0.1:9/v1"}}
  empty: {{url: {simulator.url}/good/v1}}
models: {{a: [good/sim], b: [bad/sim], c: [gone/sim]}}
"""
        )
        probes = {one.provider: one for one in await probe(config_source.load(file, {}))}
        log = [entry for entry in simulator.log if entry.method == "POST"]

    assert probes["good"].error is None
    assert "provider_authentication_failed" in (probes["bad"].error or "")
    assert "connect_failed" in (probes["gone"].error or "")
    assert "name one under models" in (probes["empty"].error or "")
    assert len(log) == 2


def test_a_live_check_that_fails_exits_with_1(tmp_path):
    (tmp_path / "trunkline.yaml").write_text("providers: {gone: {url: 'http://127.0.0.1:9/v1'}}\nmodels: {a: [gone/m]}")

    done = trunkline(tmp_path, "check", "--live")

    assert done.returncode == 1
    assert "gone/m" in done.stdout


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
