"""What a circuit tells about itself: each change of its state, once, in order, to everyone who listens.

Refuses to let a listener hold up or break the circuit.
"""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Literal

from msgspec import Struct

from trunkline.resilience.circuit_settings import Mode
from trunkline.resilience.gate import Cause

log = logging.getLogger("trunkline")

State = Literal["closed", "open", "half_open", "forced_open", "disabled"]
Reason = Literal["consecutive", "failure_rate", "slow_rate", "probes_failed", "probes_hung", "open_time_over", "probes_passed", "mode"]  # fmt: skip  # noqa: E501


class Transition(Struct, frozen=True):
    """One change of state. Times on the circuit's clock, rates over its window, None where it is empty."""

    circuit: str
    was: State
    state: State
    reason: Reason
    at: float
    generation: int
    open_until: float | None
    failure_rate: float | None
    slow_rate: float | None
    cause: Cause | None


Listener = Callable[[Transition], None]


class CircuitStatus(Struct, frozen=True):
    """A circuit at one moment, for people to read. ``acquired`` = the four ends + ``in_flight``."""

    circuit: str
    state: State
    mode: Mode
    generation: int
    open_until: float | None
    failure_rate: float | None
    slow_rate: float | None
    calls: int
    acquired: int
    succeeded: int
    failed: int
    ignored: int
    abandoned: int
    rejected: int
    in_flight: int
    cause: Cause | None


class Telling:
    """A queue of transitions: put in while the circuit is locked, told after."""

    __slots__ = ("_busy", "_listeners", "_lock", "pending")

    def __init__(self, listeners: tuple[Listener, ...]) -> None:
        self.pending: deque[Transition] = deque()
        self._listeners = list(listeners)
        self._lock = Lock()
        self._busy = False

    def add(self, listener: Listener) -> None:
        """One more who wants to hear."""
        self._listeners.append(listener)

    def tell(self) -> None:
        """Tell what is pending. One thread tells at a time, so that the order holds; a listener may use the circuit."""
        while True:
            with self._lock:
                if self._busy or not self.pending:
                    return
                self._busy = True
                transition = self.pending.popleft()
            try:
                self._each(transition)
            finally:
                self._busy = False

    def _each(self, transition: Transition) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(transition)
            except Exception:  # a listener may fail unfelt
                log.exception("a listener of circuit %r failed", transition.circuit)
