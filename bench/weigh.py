"""What there is before any load: time to import, time to the first answer, the wheel, the packages of an install.

Refuses to measure anything under load.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import house

ROOT = Path(__file__).parent.parent
INSTALL_SECONDS = 180
OF_THE_TOOLS = {"pip", "setuptools"}  # what an empty environment may hold already


IMPORT = "import trunkline"
FRONT_DOOR = "import trunkline; trunkline.open"  # the import brings little; its first use brings the engine


def import_seconds(python: str, times: int, code: str = IMPORT) -> list[float]:
    """Of CPU, for an import in fresh interpreters, less an empty one's that ran just after it."""
    _run(python, FRONT_DOOR)  # and its bytecode is there
    return [_run(python, code) - _run(python, "pass") for _ in range(times)]


def _run(python: str, code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_answer_seconds(config: Path, core: int, ask_once: Callable[[int], None], times: int) -> list[float]:
    """From the start of ``trunkline serve`` to the end of its first answer."""
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        with house.gateway(config, core) as (_, port):
            ask_once(port)
            took.append(time.perf_counter() - began)
    return took


def wheel(folder: Path) -> Path:
    """The wheel, built into a folder."""
    hatchling = Path(sys.executable).with_name("hatchling")
    subprocess.run([hatchling, "build", "-t", "wheel", "-d", folder], check=True, cwd=ROOT, capture_output=True)
    return next(folder.glob("*.whl"))


def bare_install(folder: Path, built: Path) -> str | None:
    """The Python of a fresh environment with the wheel and what it needs; None when no index can be reached."""
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        _quietly(sys.executable, "-m", "venv", str(folder))
        _quietly(*pip, "--require-hashes", "-r", "requirements/base.txt")
        _quietly(*pip, "--no-deps", "--no-index", str(built))
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return python


def packages(python: str) -> int:
    """How many packages its environment holds, trunkline itself among them."""
    listed = _quietly(python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
    return len({line.partition("==")[0] for line in listed.splitlines()} - OF_THE_TOOLS)


def _quietly(*command: str) -> str:
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    return done.stdout
