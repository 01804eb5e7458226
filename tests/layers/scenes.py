"""What the scenes of layers are made of: an endpoint that is played by hand, and a clock that is set."""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.core.call import Call
from trunkline.core.errors import CallError
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, Settling, held
from trunkline.core.usage import Usage


class Answer(Settling):
    """A reply that ends when the scene says so."""

    dropped: tuple[str, ...] = ()

    def end(self, **other: Any) -> None:
        self.settle(Outcome(**{"usage": Usage(input=10, output=5), "duration": 1.0, "first_content": 0.1, **other}))

    async def aclose(self) -> None:
        self.end()


class Endpoint:
    """Makes an attempt as the real one does; ``asked`` are the bodies it was sent, ``cost`` what an attempt costs."""

    def __init__(self, target: Target, cost: int | None = 60_000) -> None:
        self.target = target
        self.cost = cost
        self.asked: list[bytes] = []
        self.answers: list[Answer] = []
        self.error: CallError | None = None
        self.shut: CallError | None = None
        self.work: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, exchange: Exchange, *, panic: bool = False, call: Call | None = None) -> Reply:
        if self.shut:
            raise self.shut
        attempt = Attempt(self.target, 0.0)
        exchange.attempts.append(attempt)
        self.asked.append((call or exchange.call).body)

        def left(end: Outcome | BaseException) -> None:
            usage = attempt.settle(end, 1.0).usage
            attempt.cost = None if usage.source == "unknown" else self.cost if usage.total else 0

        return await held(left, self._answer())  # type: ignore[return-value]

    async def _answer(self) -> Answer:
        if self.work:
            await self.work()
        if self.error:
            raise self.error
        self.answers.append(Answer())
        return self.answers[-1]


class Clock:
    """Wall time in Unix milliseconds."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now
