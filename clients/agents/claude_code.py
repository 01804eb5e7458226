"""Claude Code: `ANTHROPIC_BASE_URL` is the gateway's own, without /v1; `ANTHROPIC_AUTH_TOKEN` is the key."""

import os
import subprocess
import tempfile
from pathlib import Path

from play import GATEWAY, KEY, SUM, TOLD, play

PACKAGES = Path(__file__).with_name("node_modules")


def claude(model: str, text: str, *options: str) -> str:
    """What it says when asked once, in an empty folder with no settings; it ends with 1 where it shows an error."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "PATH": f"{_shipped()}{os.pathsep}{os.environ['PATH']}",
            "HOME": folder,
            "ANTHROPIC_BASE_URL": GATEWAY,
            "ANTHROPIC_AUTH_TOKEN": KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        command = ["claude", "-p", text, "--model", model, *options]
        done = subprocess.run(
            command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
    return done.stdout or done.stderr


def _shipped() -> Path:
    """The folder of the program of this platform: its package's own install script would have linked it."""
    return next(PACKAGES.glob("@anthropic-ai/claude-code-*/claude")).parent


def stream(model: str) -> None:
    assert TOLD in (said := claude(model, SUM)), said


def tools(model: str) -> None:
    # whatever the simulated model asks of the tool, its result, even an error, is what the next turn tells
    assert "The tool answered: " in (said := claude(model, "Use the Read tool", "--allowedTools", "Read")), said


def limited(model: str) -> None:
    assert "429" in (said := claude(model, SUM)), said


def cut(model: str) -> None:
    assert "API Error" in (said := claude(model, SUM)), said


def unknown(model: str) -> None:
    assert "may not exist" in (said := claude(model, SUM)), said


play({"anthropic": str}, [stream, tools, limited, cut, unknown])
