"""The local model as a value in a program: a child process that lives as long as an `async with` block.

Refuses to know how the child serves; it reads one line, and stops the child by its process id.
"""

import asyncio
import sys
import tempfile
from types import TracebackType
from typing import IO, Self

from trunkline.local.engine import MODEL, READY
from trunkline.local.weights import LocalModelError, check_engine, find_weights

SAID = 2000
"""Bytes of the child's last words that an error shows."""


class LocalModel:
    """`async with LocalModel() as model: model.url, model.name`.

    ``url`` is the base URL with ``/v1``; OpenAI's dialect answers below it at ``/chat/completions``, Anthropic's at
    ``/messages``. Any key is accepted.

    ``start_within`` is how long the child may take to load, in seconds (1 s is usual; more on a slow disk).
    ``stop_within`` is how long it may take to end before it is killed.

    Raises:
        LocalModelError: the extra is not installed, or the child did not come up; shows what it last said.
    """

    def __init__(self, *, port: int = 0, start_within: float = 60.0, stop_within: float = 5.0) -> None:
        self.name = MODEL
        self.url = ""
        self._port = port
        self._start_within = start_within
        self._stop_within = stop_within
        self._child: asyncio.subprocess.Process | None = None

    def __repr__(self) -> str:
        return f"<LocalModel {self.name} {self.url or 'not started'}>"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child else None

    async def __aenter__(self) -> Self:
        check_engine()
        find_weights()
        # A file, not a pipe: nobody has to read it for the child to go on.
        with tempfile.TemporaryFile() as said:
            try:
                self._child = await self._spawn(said)
                self.url = await self._wait_until_ready(self._child)
            except BaseException as error:
                await self._stop()
                if isinstance(error, LocalModelError):
                    raise LocalModelError(f"{error} It said: {_tail(said)}") from None
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _spawn(self, said: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline.local", "--port", str(self._port), "--with-parent"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
        )

    async def _wait_until_ready(self, child: asyncio.subprocess.Process) -> str:
        assert child.stdout is not None  # noqa: S101 - asked for above
        try:
            line = await asyncio.wait_for(child.stdout.readline(), self._start_within)
        except TimeoutError:
            raise LocalModelError(f"The local model did not start within {self._start_within:g} s.") from None
        said = line.decode()
        if not said.startswith(READY):
            raise LocalModelError("The local model ended before it answered.")
        return said.removeprefix(READY).strip()

    async def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), self._stop_within)
        except TimeoutError:
            child.kill()
            await child.wait()
        if child.stdin is not None:
            child.stdin.close()


def _tail(said: IO[bytes]) -> str:
    said.seek(0, 2)
    said.seek(max(0, said.tell() - SAID))
    return said.read().decode(errors="replace").strip() or "nothing."
