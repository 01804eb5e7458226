"""One call and all that was done for it: attempts, outcome, cost. Append-only while open, frozen after.

Refuses to know how targets are chosen or prices made.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.call import Call
from trunkline.core.money import Nanos
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply
from trunkline.core.trace import new_span, trace_of


class Target(Struct, frozen=True):
    """A model at a provider: what an attempt is made on."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Decided(Protocol):
    """How a target was chosen, as far as those who show and record it need to know."""

    @property
    def line(self) -> str:
        """All of it in one line."""
        ...

    @property
    def strategy(self) -> str:
        """By which strategy."""
        ...

    @property
    def record(self) -> str:
        """What must be kept of it to judge another policy by it, as JSON."""
        ...


class Attempt:
    """One request to one provider.

    ``span`` is its id in a trace. ``cost`` in nano-dollars, None while or where it is not known; ``expected`` is a
    stream's, said before it is known. ``continues`` the attempt whose broken stream it went on with. ``purpose`` where
    it was not made to be the answer: ``probe``. ``sent`` False: it ended before anything left for the provider, since
    the target cannot express the call or time was over.
    """

    __slots__ = ("continues", "cost", "expected", "outcome", "purpose", "sent", "span", "started", "target")

    def __init__(self, target: Target, started: float, purpose: str = "") -> None:
        self.target = target
        self.started = started
        self.span = new_span()
        self.purpose = purpose
        self.outcome: Outcome | None = None
        self.cost: Nanos | None = None
        self.expected: Nanos | None = None
        self.continues: Attempt | None = None
        self.sent = True

    def settle(self, end: Outcome | BaseException, now: float) -> Outcome:
        """Take down how it ended; an exception becomes the outcome it means."""
        outcome = end if isinstance(end, Outcome) else Outcome.failed(end, now - self.started)
        self.outcome = outcome
        return outcome

    def __repr__(self) -> str:
        state = "open" if self.outcome is None else "ok" if self.outcome.ok else type(self.outcome.error).__name__
        return f"<Attempt {self.target} [{state}]>"


class Exchange:
    """One call from its arrival to the end of its answer; times on the house's clock.

    ``trace`` is its caller's, or a new one; ``span`` its own id in it.
    """

    __slots__ = (
        "attempts", "cache", "call", "decision", "drafted", "id", "nearing", "outcome", "passed", "purpose", "shown",
        "span", "started", "trace",
    )  # fmt: skip

    def __init__(self, id: str, call: Call, started: float) -> None:  # noqa: A002 - the field's own name
        self.id = id
        self.call = call
        self.started = started
        self.trace = trace_of(call.headers)
        self.span = new_span()
        self.attempts: list[Attempt] = []
        self.drafted = 0  # of its attempts the latest that money was held for
        self.nearing = ""  # the budget of this call that is nearly spent, as callers are told
        self.passed: list[str] = []  # targets that were passed over, each with the reason
        self.outcome: Outcome | None = None
        self.decision: Decided | None = None  # None where the route's own order was followed
        self.shown: Attempt | None = None  # whose answer it is, where that is not the last one's
        self.cache = ""  # where its answer may be shown again: ``miss``, or ``hit`` with the answer's age in seconds
        self.purpose = ""  # what its attempts are made for, where not for the answer itself

    def aside(self, call: Call, purpose: str) -> "Exchange":
        """The same exchange asking something else on the way to its answer: its attempts stand on the same bill."""
        other = Exchange(self.id, call, self.started)
        other.trace, other.span, other.purpose = self.trace, self.span, purpose
        other.attempts, other.passed, other.decision = self.attempts, self.passed, self.decision
        return other

    @property
    def answering(self) -> Attempt | None:
        """The attempt whose answer is shown, or else the last one; None while nobody was asked."""
        if self.shown is not None:
            return self.shown
        for attempt in reversed(self.attempts):
            if attempt.outcome is None or attempt.outcome.ok:
                return attempt
        return self.attempts[-1] if self.attempts else None

    @property
    def requests(self) -> int:
        """Attempts that were sent: what stands on the providers' bills."""
        return sum([attempt.sent for attempt in self.attempts])

    @property
    def target(self) -> Target | None:
        """Who answers, or was asked last; None while nobody was."""
        answering = self.answering
        return answering.target if answering else None

    @property
    def trail(self) -> str:
        """Who was passed over and why, who was tried and how it ended, in one line."""
        tried = []
        for attempt in self.attempts:
            error = attempt.outcome.error if attempt.outcome else None
            status = f" {error.provider_status}" if error and error.provider_status else ""
            how = f"{status} {error.kind}" if error else " ok"
            made = f" {attempt.purpose}" if attempt.purpose else ""
            told = f", continuing {attempt.continues.target}" if attempt.continues else ""
            tried.append(f"{attempt.target}:{made}{how}{told}")
        return "; ".join([*self.passed, *tried])

    @property
    def cost(self) -> Nanos | None:
        """The sum over all attempts, failed ones included; None as soon as one of them is not known."""
        return _sum([attempt.cost for attempt in self.attempts])

    @property
    def expected_cost(self) -> Nanos | None:
        """The same while the answer is still coming: what its open attempt is expected to cost, and the ended ones."""
        return _sum([attempt.expected if attempt.outcome is None else attempt.cost for attempt in self.attempts])

    def settle(self, end: Outcome | BaseException, now: float) -> None:
        """Close it; an exception becomes the outcome it means, an attempt's times become the exchange's."""
        answering = self.answering
        if isinstance(end, Outcome) and answering is not None:
            offset = (answering.continues or answering).started - self.started
            first = None if end.first_content is None else end.first_content + offset
            self.outcome = replace(end, duration=end.duration + offset, first_content=first)
        else:
            self.outcome = end if isinstance(end, Outcome) else Outcome.failed(end, now - self.started)

    def let_go(self) -> None:
        """Drop the frames behind the errors, once nobody will show them.

        A traceback holds frames, these hold the exchange and the bodies, and the exchange holds the error: a cycle of
        megabytes that would wait for the garbage collector, which a server lets look rarely.
        """
        outcomes = (self.outcome, *(attempt.outcome for attempt in self.attempts))
        errors: list[BaseException | None] = [outcome.error for outcome in outcomes if outcome]
        seen: set[int] = set()  # two errors may each be the other's cause: the chain of a hedged call is a ring
        while errors:
            error = errors.pop()
            if error is not None and id(error) not in seen:
                seen.add(id(error))
                error.__traceback__ = None
                errors += (error.__cause__, error.__context__)

    def __repr__(self) -> str:
        state = "open" if self.outcome is None else "ok" if self.outcome.ok else type(self.outcome.error).__name__
        return f"<Exchange {self.id} {self.call.envelope.model!r} [{state} | {len(self.attempts)} attempts]>"


def _sum(costs: list[Nanos | None]) -> Nanos | None:
    total = 0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


Handler = Callable[[Exchange], Awaitable[Reply]]
"""The one function type: a layer holds the next handler and is one itself."""
