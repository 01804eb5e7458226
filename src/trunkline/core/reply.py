"""An answer that has begun: what every handler returns at the commit point, and settles exactly once.

Refuses to know how its bytes arrive.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from trunkline.core.chat import Completion
from trunkline.core.dialect import Dialect, Envelope
from trunkline.core.events import Event
from trunkline.core.outcome import Outcome

Hear = Callable[[Outcome], None]


class Settling:
    """Remembers who wants to hear the end, and tells each of them once, inside out."""

    __slots__ = ("_hearers", "outcome")

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self._hearers: list[Hear] = []

    @property
    def content_type(self) -> bytes | None:
        """See ``Reply``."""
        return None

    def on_settled(self, hear: Hear) -> None:
        """Hear the outcome when the answer ends; at once if it has."""
        if self.outcome is None:
            self._hearers.append(hear)
        else:
            hear(self.outcome)

    def settle(self, outcome: Outcome) -> None:
        """Tell everyone. The first outcome counts; later ones change nothing."""
        if self.outcome is not None:
            return
        self.outcome = outcome
        for hear in self._hearers:
            hear(outcome)
        self._hearers.clear()


class Reply(Protocol):
    """An answer that has begun. Handed back untouched from the endpoint to the edge.

    Exactly one of ``blocks``, ``events``, ``completion`` is used, once; then ``aclose``.
    """

    @property
    def dropped(self) -> tuple[str, ...]:
        """Request fields the target could not express."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it is open."""
        ...

    @property
    def content_type(self) -> bytes | None:
        """What a whole answer is where that is no JSON: sound, subtitles."""
        ...

    def on_settled(self, hear: Hear) -> None:
        """Hear the outcome once: when the answer ends, or at once if it has."""
        ...

    def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """The bytes in the caller's dialect, as they come; an error after content becomes a stream's last event."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """The answer as events; raises the CallError of an answer that breaks."""
        ...

    async def completion(self) -> Completion:
        """The answer, whole and opened."""
        ...

    async def aclose(self) -> None:
        """Done with it: a settled answer's connection is given back, an open one is abandoned. Idempotent."""
        ...


class OneBlock:
    """A single block as an iterator. An async generator would be entered in the event loop's books and out again, which
    costs a whole answer more than making it.
    """

    __slots__ = ("_block",)

    def __init__(self, block: bytes) -> None:
        self._block: bytes | None = block

    def __aiter__(self) -> "OneBlock":
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The block, once."""
        block, self._block = self._block, None
        if block is None:
            raise StopAsyncIteration
        return block


async def held(hear: Callable[[Outcome | BaseException], None], work: Awaitable[Reply]) -> Reply:
    """Take, then be told: on error ``hear`` is told at once, else when the answer ends. Told exactly once."""
    try:
        reply = await work
    except BaseException as error:
        hear(error)
        raise
    reply.on_settled(hear)
    return reply
