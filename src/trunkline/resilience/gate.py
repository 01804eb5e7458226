"""A gate stands before a target: it says when a call may enter, counts it in, and hears how it ended.

Refuses to wait, to send and to know which gates stand beside it.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from msgspec import Struct

from trunkline.core.errors import NoTarget
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage

NEVER = float("inf")
LONGEST_CAUSE = 300  # characters of a message that is kept: providers put whole HTML pages into them
NOT_SENT = Outcome(Usage(), 0.0, abandoned=True)
"""How a call ends that was let in and then not made."""


class Cause(Struct, frozen=True):
    """The failure that closed a gate: class and words, without the traceback, which would keep the request alive."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: BaseException | None) -> "Cause | None":
        """What is kept of an exception."""
        return None if error is None else cls(type(error).__name__, str(error)[:LONGEST_CAUSE])


class Rejected(NoTarget):
    """The gate is closed: nothing was sent and nobody is to blame. ``retry_after`` is None where it never opens."""

    fallback: ClassVar[bool] = True

    def __init__(self, gate: str, reason: str, *, retry_after: float, cause: Cause | None = None) -> None:
        when = f"ask again in {retry_after:.3g} s" if retry_after < NEVER else "it does not open by itself"
        last = f"; last failure: {cause.kind}: {cause.message}" if cause else ""
        super().__init__(
            f"{gate or 'the target'} {reason}; {when}{last}",
            retry_after=retry_after if retry_after < NEVER else None,
        )
        self.cause = cause


class Gate(Protocol):
    """Synchronous and free of I/O, so that a router can ask hundreds of them. Times in seconds of any steady clock."""

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """When a call may enter, as far as is known: ``now`` for at once, infinity for never.

        ``panic``: no other target is ready either, so a gate that keeps failing targets shut may open a crack.
        """
        ...

    def enter(self, now: float, *, panic: bool = False) -> int:
        """Let one call in and return its ticket. Raises Rejected."""
        ...

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """The call of this ticket ended; to be said once for each that entered."""
        ...


class Gates:
    """Several gates as one: all let a call in, or none keeps it."""

    __slots__ = ("_entered", "_gates", "_next")

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = tuple(gates)
        self._entered: dict[int, list[int]] = {}
        self._next = 0

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """When the last of them is ready."""
        return max((gate.ready_at(now, panic=panic) for gate in self._gates), default=now)

    def enter(self, now: float, *, panic: bool = False) -> int:
        """Into each in turn. Raises the first Rejected, with those entered before it left again."""
        tickets: list[int] = []
        try:
            for gate in self._gates:
                tickets.append(gate.enter(now, panic=panic))  # noqa: PERF401 - what was entered must be known on raise
        except Rejected:
            self._leave(tickets, NOT_SENT, now)
            raise
        self._next += 1
        self._entered[self._next] = tickets
        return self._next

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """Out of each, innermost first. A ticket counts once."""
        self._leave(self._entered.pop(ticket, []), outcome, now)

    def _leave(self, tickets: list[int], outcome: Outcome, now: float) -> None:
        for gate in reversed(self._gates[: len(tickets)]):
            gate.leave(tickets.pop(), outcome, now)
