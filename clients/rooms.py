"""Environments of their own for clients that can live together: a virtual environment, or a folder of npm packages.

Refuses to resolve anything: what is installed is pinned and hashed. An environment stands until its lock changes.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from clients.rows import HERE, REQUIREMENTS

VENVS = HERE.parent / ".venvs"
NODE = "nodejs"
"""Node and npm come as a wheel, so that nothing but Python must be there; its version is locked like any other."""

PATIENCE = 900.0  # seconds for one step of an installation
SAID = 600  # characters of a failed step's last words that are shown


class NotInstalled(Exception):
    """An environment could not be made; the text says why."""


@dataclass(frozen=True)
class Room:
    """Where clients live: the command that runs one of their programs, and the environment it needs."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


async def ready(name: str, *, npm: bool) -> Room:
    """The environment of this name, made or found. Raises NotInstalled."""
    if not npm:
        python = await _venv(name)
        return Room((str(python),), _searched(python.parent))
    python = await _venv(NODE)
    environ = _searched(python.parent)
    folder = HERE / name
    await _once(folder / "node_modules" / ".stamp", folder / "package-lock.json", [["npm", "ci"]], environ, folder)
    return Room((str(python),) if name == "agents" else ("node",), environ)


async def _venv(name: str) -> Path:
    folder, lock = VENVS / name, REQUIREMENTS / f"clients-{name}.txt"
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    steps = [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        # most of what is installed is never imported: what is, Python compiles then
        [*install, "--no-compile", "--require-hashes", "-r", str(lock)],
    ]
    await _once(folder / ".stamp", lock, steps, dict(os.environ), HERE)
    return python


async def _once(stamp: Path, lock: Path, steps: list[list[str]], environ: dict[str, str], folder: Path) -> None:
    if _stands(stamp, lock):
        return
    for step in steps:
        await _done(step, environ, folder)
    _stamped(stamp, lock)


def _stands(stamp: Path, lock: Path) -> bool:
    return stamp.exists() and stamp.read_text() == sha256(lock.read_bytes()).hexdigest()


def _stamped(stamp: Path, lock: Path) -> None:
    stamp.write_text(sha256(lock.read_bytes()).hexdigest())


async def _done(step: list[str], environ: dict[str, str], folder: Path) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *step, env=environ, cwd=folder, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NotInstalled(f"{step[0]} was not found") from error
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotInstalled(f"{' '.join(step)} did not end within {PATIENCE:g} s") from None
    if process.returncode:
        raise NotInstalled(f"{' '.join(step[:4])} ...: {said.decode(errors='replace').strip()[-SAID:]}")


def _searched(first: Path) -> dict[str, str]:
    """The environment's variables; the room's own programs are found first, and the project's packages not at all."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return {**kept, "PATH": f"{first}{os.pathsep}{kept['PATH']}", "PYTHONPATH": str(HERE / "python")}
