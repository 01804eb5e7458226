"""aider: `OPENAI_API_BASE` ends in /v1, and the model is `openai/NAME`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from play import GATEWAY, KEY, SUM, TOLD, play

OPTIONS = (
    "--no-git --yes-always --no-check-update --no-show-model-warnings --no-analytics --no-pretty --no-gitignore "
    "--no-detect-urls --no-show-release-notes --map-tokens 0 --edit-format ask"
)


def aider(model: str) -> str:
    """What it says when asked one question in an empty folder."""
    environ = {
        **os.environ,
        "OPENAI_API_BASE": f"{GATEWAY}/v1",
        "OPENAI_API_KEY": KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or else it fetches its price map first
    }
    program = str(Path(sys.executable).parent / "aider")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--model", f"openai/{model}", *OPTIONS.split(), "--message", SUM]
        environ["HOME"] = folder
        done = subprocess.run(
            command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
            check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    return done.stdout


def stream(model: str) -> None:
    assert TOLD in (said := aider(model)), said


play({"openai": str}, [stream])
