"""An event loop whose clock jumps to the next timer: hours pass in milliseconds, in the right order, every time alike.
It refuses sockets, threads and real waiting: whatever needs them would make time real again.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Plain asyncio but for its clock: ``time()`` begins at ``start`` seconds and stands still while anything runs."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        jumps = _Jumps(self)
        super().__init__(jumps)
        jumps.sealed = True  # the loop's own pipe is in

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Nothing is ready: the next timer's time is now."""
        self._now += seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        """Refused. A thread ends at a time of its own."""
        raise RuntimeError("virtual time has no threads: call the function itself, or run on a real event loop")

    def __repr__(self) -> str:
        return f"<VirtualTimeLoop at {self._now:.6f} s>"


def run(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """As ``asyncio.run``, in virtual time. Raises RuntimeError when every task waits and no timer is left."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start)) as runner:
        return runner.run(main)


class _Jumps(selectors.BaseSelector):
    """Where a real selector would wait for sockets, time jumps."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}
        self.sealed = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("every task waits for another one and no timer is left: nothing can ever happen again")
        if timeout > 0:
            self._loop.jump(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self.sealed:
            raise RuntimeError("virtual time has no sockets: pass a PlayedTransport, or run on a real event loop")
        self._keys[fileobj] = key = selectors.SelectorKey(fileobj, fileobj, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys
