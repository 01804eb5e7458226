"""What there is before any load: time to import, time to the first answer, the wheel, the packages of an install.

Refuses to measure anything under load.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import house

ROOT = Path(__file__).parent.parent
INSTALL_SECONDS = 180
OF_THE_TOOLS = {"pip", "setuptools"}  # what an empty environment may hold already


def import_seconds(times: int) -> list[float]:
    """``import trunkline`` in fresh interpreters: each beside an empty one that ran just before it."""
    return [_run("import trunkline") - _run("pass") for _ in range(times)]


def _run(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def first_answer_seconds(config: Path, core: int, ask_once: Callable[[int], None], times: int) -> list[float]:
    """From the start of ``trunkline serve`` to the end of its first answer."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with house.gateway(config, core) as (_, port):
            ask_once(port)
            took.append(time.perf_counter() - began)
    return took


def wheel_bytes() -> int:
    """The size of the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        hatchling = Path(sys.executable).with_name("hatchling")
        subprocess.run([hatchling, "build", "-t", "wheel", "-d", folder], check=True, cwd=ROOT, capture_output=True)
        return next(Path(folder).glob("*.whl")).stat().st_size


def packages() -> int | None:
    """Packages in a fresh environment with trunkline and what it needs; None when no index could be reached."""
    folder = tempfile.mkdtemp()
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        python = Path(folder, "bin", "python")
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements/base.txt"]
        subprocess.run(install, check=True, cwd=ROOT, capture_output=True, timeout=INSTALL_SECONDS)
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
        )
        names = {line.partition("==")[0] for line in listed.stdout.splitlines()}
        return len(names - OF_THE_TOOLS) + 1  # and trunkline itself
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    finally:
        shutil.rmtree(folder)
