"""The processes that are measured: the gateway and the mock behind it, each on its core, and what they have used.

Refuses to know what is asked of them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

KEY = "sk-trunkline-bench-0123456789"
MODELS = ("each", "paced", "burst")
DIALECTS = ("openai", "anthropic")
STOP_SECONDS = 20


class Process:
    """A running process and its figures as the kernel counts them."""

    def __init__(self, command: list[str], core: int, sources: Path | None = None) -> None:
        """``sources``: the src/ that is imported, where that is not the installed one."""
        # a line for every call is written as in service, and shown only if the process fails
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        mine, env = os.sched_getaffinity(0), {**os.environ, **({"PYTHONPATH": str(sources)} if sources else {})}
        os.sched_setaffinity(0, {core})  # inherited at birth, by every thread it will ever start
        try:
            self._popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._said, text=True, env=env)
        finally:
            os.sched_setaffinity(0, mine)
        self.pid = self._popen.pid

    def first_line(self) -> str:
        """What it prints first. Raises RuntimeError when it ends without a word."""
        line = self._popen.stdout.readline() if self._popen.stdout else ""
        if not line:
            self._said.seek(0)
            raise RuntimeError(f"process {self.pid} did not start; it said: {self._said.read(4000)}")
        return line

    def cpu(self) -> float:
        """Seconds of processor time so far, all threads, user and system; clock_getcpuclockid(3) made by hand."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self, kind: str = "VmRSS") -> float:
        """MB (10**6 bytes) of memory now, or at its highest with ``VmHWM``."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(kind)) * 1024 / 1e6

    def forget_peak(self) -> None:
        """Let ``VmHWM`` start again from now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def reads(self) -> int:
        """Calls of read(2) and its like so far: on a busy event loop, the reads from its sockets."""
        lines = Path(f"/proc/{self.pid}/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("syscr"))

    def move(self, core: int) -> None:
        """To another core; for a process of one thread."""
        os.sched_setaffinity(self.pid, {core})

    def stop(self) -> int:
        """End it, gently first; its exit code."""
        self._popen.terminate()
        try:
            return self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()
        finally:
            if self._popen.stdout:
                self._popen.stdout.close()


@contextmanager
def upstream(core: int) -> Iterator[tuple[Process, int]]:
    """The mock provider and its port."""
    process = Process([sys.executable, "-m", "bench.upstream"], core)
    try:
        yield process, int(process.first_line())
    finally:
        process.stop()


@contextmanager
def gateway(config: Path, core: int, sources: Path | None = None) -> Iterator[tuple[Process, int]]:
    """``trunkline serve`` with a config, and its port."""
    process = Process([str(Path(sys.executable).with_name("trunkline")), "serve", "-c", str(config)], core, sources)
    try:
        line = process.first_line()
        yield process, int(line.rpartition(":")[2])
    finally:
        process.stop()


TARGETS = ("mock", "spare")
"""How providers' names begin: a vendor's own name would bring its quirks, and bytes would not travel as they are."""


def write_config(path: Path, upstream_port: int, ledger: str | dict[str, str] = "off") -> Path:
    """A house with both dialects in front of the mock, two targets a route, prices and keys. JSON is YAML, too.

    Without a ledger, since what the gateway itself costs is no question to a disk; ``bench.money_cost`` says the rest.
    """
    facts = {model: {"prices": {"input": 0.15, "output": 0.60}} for model in MODELS}
    row = {"url": f"http://127.0.0.1:{upstream_port}/v1", "key": "sk-upstream-0123456789", "models": facts}
    config = {
        "listen": "127.0.0.1:0",
        "providers": {f"{which}-{name}": {**row, "dialect": name} for name in DIALECTS for which in TARGETS},
        "models": {
            f"{name}-{model}": [f"{which}-{name}/{model}" for which in TARGETS] for name in DIALECTS for model in MODELS
        },
        "ledger": ledger,
        "keys": [{"name": "bench", "key": KEY}, {"name": "other", "key": f"{KEY}-other", "models": ["openai-*"]}],
    }
    path.write_bytes(msgspec.json.encode(config))
    return path
