"""A house as its users have it: a real gateway process, a simulator process behind it, a ledger file between them.

Refuses to look inside either process: what is known of them came over HTTP, from their files or from the kernel.
"""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 30.0
SPOKEN = "listening on "


class Process:
    """A child process that says its address; what it says goes to a file, so that no pipe can fill."""

    def __init__(self, command: Sequence[str], said: Path, environ: Mapping[str, str] | None = None) -> None:
        self.said = said
        self.began = time.monotonic()
        with said.open("ab") as out:
            self._from = out.tell()
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(environ or {})},
            )
        self.pid = self._popen.pid

    async def url(self) -> str:
        """Its address, once it has said so. Raises RuntimeError with what it said instead."""
        while time.monotonic() < self.began + START_SECONDS:
            if SPOKEN in (text := self.text()):
                return text.partition(SPOKEN)[2].split()[0]
            if self._popen.poll() is not None:
                raise RuntimeError(f"process {self.pid} ended with {self._popen.returncode}: {text[-2000:]}")
            await asyncio.sleep(0.005)
        raise RuntimeError(f"process {self.pid} said no address in {START_SECONDS:g} s: {self.text()[-2000:]}")

    def text(self) -> str:
        """What it has said since it began."""
        with self.said.open("rb") as file:
            file.seek(self._from)
            return file.read().decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._popen.kill()
        self._popen.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._popen.returncode

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def largest_file(self, size: int | None) -> None:
        """No file it writes may grow beyond ``size`` bytes from now on; None lifts that."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def sockets(self) -> int:
        """Sockets it has open."""
        links = [os.readlink(f"/proc/{self.pid}/fd/{name}") for name in os.listdir(f"/proc/{self.pid}/fd")]  # noqa: PTH115, PTH208
        return sum(link.startswith("socket:") for link in links)


class House:
    """The simulator, any number of gateways on one ledger, and an HTTP client; an async context manager.

    ``providers`` is the simulator's table; ``config`` becomes the gateway's, with the providers' addresses filled in.
    """

    def __init__(
        self, folder: Path, providers: dict[str, Any], config: dict[str, Any], environ: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.truth = folder / "truth.jsonl"
        self.gateways: list[Process] = []
        self.urls: list[str] = []
        self._providers = providers
        self._config = config
        self._environ = environ

    async def __aenter__(self) -> Self:
        simulated = self.folder / "simulated.json"
        simulated.write_text(json.dumps({"seed": 7, "log_sent_bytes": 0, "providers": self._providers}))
        command = [sys.executable, "-m", "trunkline", "simulate", "-c", str(simulated), "--port", "0"]
        self.simulator = Process([*command, "--log", str(self.truth)], self.folder / "simulator.log")
        try:
            self._simulated_at = await self.simulator.url()
        except BaseException:
            self.simulator.kill()
            raise
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(60))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        for process in (*self.gateways, self.simulator):
            process.stop()

    def written(self) -> Path:
        """The gateway's config as a file."""
        providers = {}
        for name, row in self._providers.items():
            models = {
                model: {"prices": {"input": facts["prices"]["input"], "output": facts["prices"]["output"]}}
                for model, facts in row["models"].items()
                if "prices" in facts
            }
            url = f"{self._simulated_at}/{name}/v1"
            providers[name] = {"url": url, "dialect": row["dialects"], "key": row["keys"][0], "models": models}
        ledger = self._config.get("ledger", str(self.ledger))
        path = self.folder / "trunkline.json"
        path.write_text(json.dumps({"listen": "127.0.0.1:0", "providers": providers, **self._config, "ledger": ledger}))
        return path

    async def start(self, *, wait: bool = True) -> Process:
        """Another gateway on the same ledger, ready for calls; its address is the last of ``urls``."""
        command = [sys.executable, "-m", "trunkline", "serve", "-c", str(self.written())]
        gateway = Process(command, self.folder / f"gateway{len(self.gateways)}.log", self._environ)
        self.gateways.append(gateway)
        self.urls.append(await gateway.url())
        if wait:
            await self.ready(self.urls[-1])
        return gateway

    async def ready(self, url: str) -> None:
        """Wait until a gateway says that it takes calls."""
        async with asyncio.timeout(START_SECONDS):
            while (await self.get(f"{url}/readyz"))[0] != 200:
                await asyncio.sleep(0.005)

    async def get(self, url: str, key: str = "") -> tuple[int, bytes]:
        """Status and body."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        async with self.http.get(url, headers=headers) as response:
            return response.status, await response.read()
