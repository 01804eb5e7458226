"""Calls a function every so often for as long as it asks for more: one timer instead of one per wait.

Refuses to know what is being watched.
"""

import asyncio
from collections.abc import Callable


class Ticker:
    """Runs ``tick`` every ``interval`` seconds until it returns False; ``start`` again at any time."""

    __slots__ = ("_interval", "_tick", "_timer")

    def __init__(self, interval: float, tick: Callable[[], bool]) -> None:
        self._interval = interval
        self._tick = tick
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether a tick is due."""
        return self._timer is not None

    def start(self) -> None:
        """Arm the timer on the running loop, unless it is armed."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._fire)

    def stop(self) -> None:
        """Disarm the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        if self._tick():
            self.start()
