"""A trunkline command as a child process: started, waited for by its announcement, stopped by its process id.

Refuses to know what the command does.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import IO

from trunkline.core.errors import TrunklineError

ANNOUNCED = re.compile(rb"listening on (https?://\S+)")
STOP_WITHIN = 10.0  # seconds between SIGTERM and SIGKILL
SAID = 3000  # bytes of a child's last words that an error shows


class ChildFailed(TrunklineError):
    """A process of the demo did not come up, or ended by itself; the text shows what it last said."""


class Child:
    """A running command. ``url`` is where it listens, ``took`` the seconds until it did."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, said: IO[bytes]) -> None:
        self.name = name
        self.url = ""
        self.took = 0.0
        self._process = process
        self._said = said

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def announced(self, within: float) -> None:
        """Wait for the line that names its URL. Raises ChildFailed."""
        began = time.monotonic()
        try:
            self.url = await asyncio.wait_for(self._announcement(), within)
        except TimeoutError:
            raise ChildFailed(f"{self.name} did not start within {within:g} s. {self.last_words()}") from None
        self.took = time.monotonic() - began

    async def _announcement(self) -> str:
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("a child is started with a pipe as its standard output")
        async for line in stdout:
            if found := ANNOUNCED.search(line):
                return found[1].decode()
        code = await self._process.wait()
        raise ChildFailed(f"{self.name} ended with code {code} before it listened. {self.last_words()}")

    async def ended(self) -> None:
        """Wait until it ends by itself, which is a failure. Raises ChildFailed."""
        code = await self._process.wait()
        raise ChildFailed(f"{self.name} ended by itself with code {code}. {self.last_words()}")

    def last_words(self) -> str:
        """The end of its standard error."""
        self._said.seek(0, 2)
        self._said.seek(max(0, self._said.tell() - SAID))
        said = self._said.read().decode(errors="replace").strip()
        return f"It said:\n{said}" if said else "It said nothing."

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL after ten seconds."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_WITHIN)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def running(
    name: str, *arguments: str, environ: Mapping[str, str], within: float = 30.0
) -> AsyncGenerator[Child]:
    """``trunkline ARGUMENTS`` until the block ends, however it ends. Raises ChildFailed."""
    # A file, not a pipe: nobody has to read it for the child to go on.
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            env=dict(environ),
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops its children in order
        )
        child = Child(name, process, said)
        try:
            await child.announced(within)
            yield child
        finally:
            await child.stop()
