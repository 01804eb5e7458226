"""Codex: a `model_providers` table whose `base_url` ends in /v1, with `wire_api = "responses"`."""

import os
import subprocess
import tempfile
from pathlib import Path

from play import GATEWAY, KEY, SUM, TOLD, play

PROGRAM = Path(__file__).with_name("node_modules") / ".bin" / "codex"
CONFIG = f"""
model_provider = "trunkline"

[model_providers.trunkline]
name = "trunkline"
base_url = "{GATEWAY}/v1"
env_key = "TRUNKLINE_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


def codex(model: str, text: str) -> tuple[str, str]:
    """What it says when asked once, and what it says beside that."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(CONFIG)
        environ = {"PATH": os.environ["PATH"], "HOME": folder, "CODEX_HOME": folder, "TRUNKLINE_KEY": KEY}
        command = [str(PROGRAM), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        done = subprocess.run(
            [*command, "-m", model, text], env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
    return done.stdout, done.stderr


def stream(model: str) -> None:
    said, beside = codex(model, SUM)
    assert TOLD in said, beside


def tools(model: str) -> None:
    said, beside = codex(model, "Use the get_goal tool")
    assert "The tool answered: " in said, beside


def limited(model: str) -> None:
    said, beside = codex(model, SUM)
    assert not said, said
    assert "429" in beside, beside


def cut(model: str) -> None:
    said, beside = codex(model, SUM)
    assert not said, said
    assert "ERROR" in beside, beside


def unknown(model: str) -> None:
    assert "does not exist here" in (beside := codex(model, SUM)[1]), beside


play({"responses": str}, [stream, tools, limited, cut, unknown])
