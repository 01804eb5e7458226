"""``trunkline check`` and ``trunkline models`` as a person meets them: the command, its output, its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

CANARY = "sk-canary-do-not-show-9d1f"
HOUSE = """
providers: {openai: , mine: {url: 'http://127.0.0.1:1/v1', key: '${K}'}}
models: {fast: [openai/gpt-5-mini, mine/x]}
"""


def trunkline(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from trunkline.cli.main import main; main()", *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),  # the sources that the test itself has
            "PYTHONIOENCODING": "utf-8",
            **environ,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_good_config_is_printed_as_a_tree_without_a_secret(tmp_path):
    (tmp_path / "house.yaml").write_text(HOUSE)
    done = trunkline(tmp_path, "check", "-c", "house.yaml", OPENAI_API_KEY=CANARY, K=CANARY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "openai: https://api.openai.com/v1 (openai, responses" in done.stdout
    assert ") key from OPENAI_API_KEY, ****9d1f" in done.stdout
    assert "openai/gpt-5-mini 400,000 tokens, $0.25 in / $2 out per million" in done.stdout
    assert "mine/x window unknown, price unknown" in done.stdout
    assert CANARY[:10] not in done.stdout


def test_a_bad_config_is_told_on_stderr_and_exits_with_1(tmp_path):
    (tmp_path / "house.yaml").write_text("providers: {openai: }\nmodles: {}\nlimits: {body: big}\n")
    done = trunkline(tmp_path, "check", "-c", "house.yaml", OPENAI_API_KEY="k")
    assert (done.returncode, done.stdout) == (1, "")
    assert "house.yaml:2: modles: unknown field" in done.stderr
    assert "house.yaml:3: limits.body" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_house_that_others_can_reach_is_refused(tmp_path):
    (tmp_path / "trunkline.yaml").write_text("providers: {openai: }\nlisten: 0.0.0.0:8080\n")
    done = trunkline(tmp_path, "check", OPENAI_API_KEY="k")
    assert done.returncode == 1
    assert "can be reached from other machines and there are neither keys nor an admin_key" in done.stderr


def test_without_a_file_the_environment_is_the_house(tmp_path):
    done = trunkline(tmp_path, "check", ANTHROPIC_API_KEY="k")
    assert "trunkline from the environment" in done.stdout
    assert "anthropic: https://api.anthropic.com/v1" in done.stdout


def test_the_schema_is_printed_as_json(tmp_path):
    done = trunkline(tmp_path, "check", "--schema")
    assert json.loads(done.stdout)["$defs"]["Config"]["required"] == ["providers"]


def test_models_are_listed_with_what_is_known_of_them(tmp_path):
    (tmp_path / "trunkline.yaml").write_text(HOUSE)
    table = trunkline(tmp_path, "models", OPENAI_API_KEY="k", K="k").stdout
    assert next(line for line in table.splitlines() if line.startswith("fast")).split() == [
        "fast", "openai/gpt-5-mini", "400,000", "streaming,", "tools,", "vision,", "structured", "output,",
        "reasoning", "0.25", "0.025", "2",
    ]  # fmt: skip
    offers = json.loads(trunkline(tmp_path, "models", "--json", OPENAI_API_KEY="k", K="k").stdout)
    assert offers[0]["targets"][0]["usd_per_million_tokens"]["input"] == "0.25"
    assert offers[0]["targets"][1]["usd_per_million_tokens"] is None
    assert "openai/gpt-5-mini" in [offer["name"] for offer in offers]
