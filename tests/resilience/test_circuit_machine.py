"""A circuit against a model of it, in any interleaving of calls, ends and time: properties P1 to P14."""

import math
import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.resilience.scenes import ABANDONED, MISTAKEN, ended
from trunkline.core.errors import ServerError
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.gate import Rejected

SLOW = 10.0
ENDS = {
    "success": ended(),
    "slow": ended(seconds=SLOW),
    "failure": ended(ServerError("500")),
    "slow failure": ended(ServerError("500"), seconds=SLOW),
    "told to wait": ended(ServerError("500", retry_after=7.0)),
    "ignored": MISTAKEN,
    "abandoned": ABANDONED,
}


class Model:
    """The same rules, written as plainly as can be: lists of everything, recounted each time."""

    def __init__(self, settings: CircuitSettings) -> None:
        self.settings = settings
        self.state = "closed"
        self.generation = 0
        self.calls: list[tuple[float, bool, bool]] = []
        self.failed: set[int] = set()  # calls of this generation, by when they began
        self.probes: list[tuple[bool, bool]] = []
        self.open_until = (0.0, 0.0)  # the bounds that jitter leaves

    def window(self, now: float) -> list[tuple[float, bool, bool]]:
        return [call for call in self.calls[-self.settings.window :] if now - call[0] < self.settings.window_seconds]

    def in_a_row(self) -> int:
        return next((n for n, call in enumerate(reversed(self.calls)) if not call[1]), len(self.calls))

    def in_a_row_as_they_began(self) -> int:
        return max((self.row_from(number) for number in self.failed), default=0)

    def row_from(self, number: int) -> int:
        return 1 + self.row_from(number + 1) if number in self.failed else 0

    def trips(self, now: float) -> bool:
        window, limits = self.window(now), self.settings
        count = len(window)
        return max(self.in_a_row(), self.in_a_row_as_they_began()) >= limits.consecutive or (
            count >= limits.minimum
            and (
                sum(failed for _, failed, _ in window) / count >= limits.failure_rate
                or sum(slow for *_, slow in window) / count >= limits.slow_rate
            )
        )

    def probes_say(self) -> str | None:
        limits = self.settings
        if (
            sum(failed for failed, _ in self.probes) >= limits.failure_rate * limits.permits
            or sum(slow for _, slow in self.probes) >= limits.slow_rate * limits.permits
        ):
            return "open"
        return "closed" if len(self.probes) == limits.permits else None

    def move(self, state: str) -> None:
        self.state = state
        self.generation += 1
        if state == "half_open":
            self.probes = []
        if state == "closed":
            self.calls, self.failed = [], set()


class CircuitMachine(RuleBasedStateMachine):
    @initialize(
        seed=st.integers(0, 1000),
        permits=st.integers(1, 4),
        window=st.integers(2, 6),
        consecutive=st.integers(1, 5),
        failure_rate=st.sampled_from([0.25, 0.5, 1.0]),
        slow_rate=st.sampled_from([0.25, 0.5, 1.0]),
        window_seconds=st.sampled_from([3.0, 1000.0]),
    )
    def begin(self, seed, permits, window, consecutive, failure_rate, slow_rate, window_seconds):
        self.now = 0.0
        self.limits = CircuitSettings(
            consecutive=consecutive,
            failure_rate=failure_rate,
            slow_rate=slow_rate,
            slow_answer=SLOW / 2,
            window=window,
            window_seconds=window_seconds,
            minimum=2,
            permits=permits,
            open_seconds=2,
            open_cap=5,
            open_jitter=0.5,
            half_open_seconds=20,
        )
        self.circuit = Circuit(self.limits, rng=random.Random(seed).random)
        self.told = []
        self.circuit.listen(self.told.append)
        self.model = Model(self.limits)
        self.inside: list[tuple[int, int, int]] = []  # ticket, generation it began in, its number
        self.entered = 0
        self.openings = 0
        self.half_open_since = 0.0

    @rule()
    def enter(self):
        self.notice()
        before, due = self.model.state, self.circuit._open_until
        ready = self.circuit.ready_at(self.now)
        probing = [1 for _, generation, _ in self.inside if generation == self.model.generation]
        try:
            ticket = self.circuit.enter(self.now)
        except Rejected as refusal:
            assert ready > self.now
            self.was_refused(refusal, ready)
            assert before == "open" or len(probing) + len(self.model.probes) == self.limits.permits
            assert self.circuit.state == before
            return
        assert ready == self.now
        if before == "open":
            assert self.now >= due
            self.model.move("half_open")
            self.half_open_since = self.now
        elif before == "half_open":
            assert len(probing) + len(self.model.probes) < self.limits.permits
        self.entered += 1
        self.inside.append((ticket, self.model.generation, self.entered))

    def was_refused(self, refusal: Rejected, ready: float) -> None:
        assert refusal.retry_after == ready - self.now

    @rule(data=st.data(), how=st.sampled_from(sorted(ENDS)))
    def leave(self, data, how):
        if not self.inside:
            return
        self.notice()
        ticket, generation, number = self.inside.pop(data.draw(st.integers(0, len(self.inside) - 1)))
        before, until = self.model.state, self.circuit._open_until
        self.circuit.leave(ticket, ENDS[how], self.now)

        if before == "open":
            extended = max(until, self.now + 7.0) if how == "told to wait" else until
            assert self.circuit._open_until == extended
        if generation != self.model.generation or how in ("ignored", "abandoned"):
            return
        failed, slow = how in ("failure", "slow failure", "told to wait"), how in ("slow", "slow failure")
        if before == "closed":
            self.model.calls.append((self.now, failed, slow))
            if failed:
                self.model.failed.add(number)
            if self.model.trips(self.now):
                self.opens(how)
        elif before == "half_open":
            self.model.probes.append((failed, slow))
            match self.model.probes_say():
                case "open":
                    self.opens(how)
                case "closed":
                    self.openings = 0
                    self.model.move("closed")

    def opens(self, how: str) -> None:
        nominal = min(5.0, 2.0 * 2.0**self.openings)
        self.openings += 1
        self.model.move("open")
        least = max(nominal / 2, 7.0 if how == "told to wait" else 0.0)
        assert self.now + least - 1e-9 <= self.circuit._open_until <= self.now + max(nominal, least) + 1e-9

    def notice(self) -> None:
        """What time alone does: hung probes reopen it as soon as anybody looks."""
        self.circuit.ready_at(self.now)
        if self.model.state == "half_open" and self.now - self.half_open_since >= self.limits.half_open_seconds:
            self.opens("hung")

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0, 25.0]))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def time_passes_to_the_opening(self):
        if self.model.state == "open" and self.circuit._open_until > self.now:
            at = self.circuit._open_until
            self.now = math.nextafter(at, 0)
            self.enter()
            assert self.circuit.state == "open"
            self.now = at

    @invariant()
    def it_is_as_the_model(self):
        assert self.circuit.state == self.model.state
        assert self.circuit.generation == self.model.generation

    @invariant()
    def probes_in_flight_never_exceed_the_permits(self):
        if self.model.state == "half_open":
            assert sum(generation == self.model.generation for _, generation, _ in self.inside) <= self.limits.permits

    @invariant()
    def no_call_is_lost(self):
        assert self.circuit.in_flight == len(self.inside)

    @invariant()
    def each_transition_was_told_once(self):
        assert [change.generation for change in self.told] == list(range(1, self.model.generation + 1))


TestCircuitMachine = CircuitMachine.TestCase
TestCircuitMachine.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
