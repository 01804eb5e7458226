"""Keeps calls away from what keeps failing: closed, open, half-open.

Refuses to wait, to make the call and to know more of it than its outcome. Any number of threads and tasks may use one.

    closed     --- failures in a row, failure rate or slow rate --->  open
    open       --- open time over, and somebody enters ------------>  half-open
    half-open  --- enough probes passed --------------------------->  closed
    half-open  --- closing became impossible, or probes hang ------>  open, for longer

Each change begins a generation; a call's ticket is its number, so that a late result of an earlier generation changes
nothing.
"""

import random
from collections.abc import Callable, Sequence
from threading import Lock
from typing import assert_never

from trunkline.core.errors import Blame
from trunkline.core.outcome import Outcome
from trunkline.resilience.backoff import Rng, growing
from trunkline.resilience.circuit_settings import CircuitSettings, Mode
from trunkline.resilience.failed_row import FailedRow
from trunkline.resilience.gate import NEVER, Cause, Rejected
from trunkline.resilience.sliding_window import SlidingWindow
from trunkline.resilience.transitions import CircuitStatus, Listener, Reason, State, Telling, Transition
from trunkline.resilience.verdict import Verdict, verdict_of

UNCOUNTED = -1  # the ticket of a call that was let through and whose end means nothing
PROBE_POLL = 0.25  # seconds; probes are out, and nobody knows when they end: ask again soon


class Circuit:
    """A circuit breaker as a gate; ``scope`` is what it watches, None for all that blames the provider.

    ``rng`` is uniform in [0, 1). Times are seconds of any clock; one that goes backwards stands still here.
    """

    __slots__ = (
        "_allowances", "_born", "_by_rate", "_cause", "_consecutive", "_failed_row", "_generation",
        "_half_open_since", "_lock", "_mode", "_open_until", "_openings", "_panic_at", "_probes", "_probes_failed",
        "_probes_out", "_probes_slow", "_rng", "_slow_answer", "_slow_first_content", "_state", "_telling", "_window",
        "abandoned", "acquired", "failed", "ignored", "name", "rejected", "scope", "settings", "succeeded",
    )  # fmt: skip

    def __init__(
        self,
        settings: CircuitSettings | None = None,
        *,
        name: str = "",
        scope: Blame | None = None,
        rng: Rng = random.random,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.settings = settings or CircuitSettings()
        self.name = name
        self.scope: Blame | None = scope
        self.acquired = self.succeeded = self.failed = self.ignored = self.abandoned = self.rejected = 0
        self._slow_answer = self.settings.slow_answer
        self._slow_first_content = self.settings.slow_first_content
        self._rng = rng
        self._lock = Lock()
        self._telling = Telling(tuple(listeners))
        self._window = SlidingWindow(self.settings.window, self.settings.window_seconds)
        self._generation = 0
        self._born = 0  # calls that had entered when this generation began
        self._mode: Mode = self.settings.mode
        self._state: State = _state_of(self._mode)
        self._cause: Cause | None = None
        self._openings = 0  # since it was last closed
        self._open_until = self._panic_at = self._half_open_since = 0.0
        self._forget_probes()
        self._consecutive = 0  # failures, in the order in which calls ended
        self._failed_row = FailedRow()
        self._by_rate = False  # what opened it
        self._allowances: list[Callable[[Circuit], bool]] = []

    # --- the gate ----------------------------------------------------------------------------------------------------

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """When a call may enter: ``now``, the end of the open time, or never (forced open)."""
        if self._state == "closed":
            return now
        with self._lock:
            self._notice_hung_probes(now)
            at = self._ready_at(now, panic=panic)
        self._telling.tell()
        return at

    def enter(self, now: float, *, panic: bool = False) -> int:
        """Let one call in; the ticket is for ``leave``. Raises Rejected, with the time left and the last failure."""
        with self._lock:
            if self._state == "closed":
                self.acquired += 1
                return self.acquired
            ticket = self._admit(now, panic=panic)
            answer = self._reject(now, panic=panic) if ticket is None else ticket
        self._telling.tell()
        if isinstance(answer, Rejected):
            raise answer
        return answer

    def leave(self, ticket: int, outcome: Outcome, now: float) -> None:
        """The call ended: its error's class says whether that counts, its times whether it was slow."""
        error = outcome.error
        first = outcome.first_content
        if first is None or first >= outcome.duration:  # no stream: a whole answer's first content is its end
            slow = outcome.duration > self._slow_answer
        else:
            slow = first > self._slow_first_content
        if error is None and not outcome.abandoned:
            self._record(ticket, "success", now, slow, None, None)
        else:
            hint = None if error is None else error.retry_after
            self._record(ticket, verdict_of(outcome, self.scope), now, slow, error, hint)

    def record(
        self,
        ticket: int,
        verdict: Verdict,
        now: float,
        *,
        slow: bool = False,
        cause: BaseException | None = None,
        retry_after: float | None = None,
    ) -> None:
        """``leave`` for calls of any other kind, already judged."""
        self._record(ticket, verdict, now, slow, cause, retry_after)

    def _record(
        self,
        ticket: int,
        verdict: Verdict,
        now: float,
        slow: bool,
        cause: BaseException | None,
        retry_after: float | None,
    ) -> None:
        if ticket == UNCOUNTED:
            return
        with self._lock:
            if verdict == "success" and self._state == "closed" and ticket > self._born:
                self.succeeded += 1  # the path of nearly every call: one call to the window, no other
                self._consecutive = 0
                window = self._window
                window.add(now, False, slow)
                if not (window.failures or window.slow):
                    return
                self._trip(now, None)
            else:
                self._hear(ticket, verdict, now, slow, cause, retry_after)
        if self._telling.pending:
            self._telling.tell()

    # --- for people --------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """As it was left; an open circuit becomes half-open when a call enters, not before."""
        return self._state

    @property
    def generation(self) -> int:
        """The number of transitions so far."""
        return self._generation

    @property
    def in_flight(self) -> int:
        """Calls that entered and did not leave yet, of all generations."""
        return self.acquired - self.succeeded - self.failed - self.ignored - self.abandoned

    def listen(self, listener: Listener) -> None:
        """Tell it every transition from now on, with the circuit unlocked; what it raises is logged."""
        self._telling.add(listener)

    @property
    def ejected(self) -> bool:
        """Calls are kept away because of a rate, not of failures in a row."""
        return self._by_rate and self._mode == "auto" and self._state != "closed"

    def ask_before_ejecting(self, allows: "Callable[[Circuit], bool]") -> None:
        """Let a rate open it only where ``allows`` says yes; failures in a row open it always."""
        self._allowances.append(allows)

    def switch(self, mode: Mode, now: float) -> None:
        """Change the mode at run time; the circuit starts anew, closed, forced open or disabled."""
        with self._lock:
            if mode == self._mode:
                return
            self._mode = mode
            self._start_anew()
            self._cause = None
            self._move(_state_of(mode), "mode", now)
        self._telling.tell()

    def status(self, now: float) -> CircuitStatus:
        """All there is to see, at ``now``."""
        with self._lock:
            self._notice_hung_probes(now)
            self._window.expire(now)
            failure_rate, slow_rate = self._window.rates() or (None, None)
            status = CircuitStatus(
                circuit=self.name,
                state=self._state,
                mode=self._mode,
                generation=self._generation,
                open_until=self._open_until if self._state == "open" else None,
                failure_rate=failure_rate,
                slow_rate=slow_rate,
                calls=len(self._window),
                acquired=self.acquired,
                succeeded=self.succeeded,
                failed=self.failed,
                ignored=self.ignored,
                abandoned=self.abandoned,
                rejected=self.rejected,
                in_flight=self.in_flight,
                cause=self._cause,
            )
        self._telling.tell()
        return status

    def __repr__(self) -> str:
        counts = f"{self._window.failures} of {len(self._window)} failed | {self.in_flight} in flight"
        return f"<Circuit {self.name} [{self._state} | {counts}]>"

    # --- who may enter: all below is called with the lock held -------------------------------------------------------

    def _admit(self, now: float, *, panic: bool) -> int | None:
        """A ticket, or None, of a circuit that is not closed; an open one whose time is over becomes half-open here."""
        self._notice_hung_probes(now)
        if self._state == "open" and now >= self._open_until:
            self._forget_probes()
            self._half_open_since = now
            self._move("half_open", "open_time_over", now)
        match self._state:
            case "half_open" if self._probes_out + self._probes < self.settings.permits:
                self._probes_out += 1
            case "open" if panic and now >= self._panic_at:
                self._panic_at = now + self.settings.panic_seconds
            case _:
                return UNCOUNTED if self._mode in ("metrics_only", "disabled") else None
        self.acquired += 1
        return self.acquired

    def _ready_at(self, now: float, *, panic: bool) -> float:
        if self._mode in ("metrics_only", "disabled"):
            return now
        match self._state:
            case "open":
                until = min(self._open_until, self._panic_at) if panic else self._open_until
                return max(now, until)
            case "half_open" if self._probes_out + self._probes >= self.settings.permits:
                return now + PROBE_POLL
            case "forced_open":
                return NEVER
            case _:
                return now

    def _reject(self, now: float, *, panic: bool) -> Rejected:
        self.rejected += 1
        reason = "is switched off" if self._state == "forced_open" else f"is {self._state.replace('_', '-')}"
        retry_after = self._ready_at(now, panic=panic) - now
        return Rejected(self.name, reason, retry_after=retry_after, cause=self._cause)

    def _notice_hung_probes(self, now: float) -> None:
        if self._state == "half_open" and now - self._half_open_since >= self.settings.half_open_seconds:
            self._open("probes_hung", now, None)

    # --- what an end means -------------------------------------------------------------------------------------------

    def _count(self, verdict: Verdict) -> None:
        match verdict:
            case "success":
                self.succeeded += 1
            case "failure":
                self.failed += 1
            case "ignored":
                self.ignored += 1
            case "abandoned":
                self.abandoned += 1
            case _:
                assert_never(verdict)

    def _hear(
        self,
        ticket: int,
        verdict: Verdict,
        now: float,
        slow: bool,
        cause: BaseException | None,
        retry_after: float | None,
    ) -> None:
        self._count(verdict)
        failed = verdict == "failure"
        if failed and self._state == "open":
            self._extend(now, retry_after)
        if ticket <= self._born:
            return  # began before the last transition: what it says is history
        if failed:
            self._cause = Cause.of(cause)
        counts = failed or verdict == "success"
        if self._state == "half_open":
            self._probes_out -= 1
            if counts:
                self._hear_probe(now, failed, slow, retry_after)
        elif failed and self._state == "closed":
            self._consecutive += 1
            self._window.add(now, True, slow)
            self._trip(now, retry_after, max(self._consecutive, self._failed_row.add(ticket)))
        elif verdict == "success" and self._state == "open":
            self._open_until = now  # it was let in in panic and shows that the target is back

    def _trip(self, now: float, retry_after: float | None, in_a_row: int = 0) -> None:
        reason = self._tripped(in_a_row)
        if reason is not None:
            self._open(reason, now, retry_after)

    def _tripped(self, in_a_row: int) -> Reason | None:
        settings, window = self.settings, self._window
        if in_a_row >= settings.consecutive:
            return "consecutive"
        calls = len(window)
        if calls < settings.minimum:
            return None  # a rate over so few calls is not defined, not even 100 %
        reason: Reason = "failure_rate" if window.failures / calls >= settings.failure_rate else "slow_rate"
        if reason == "slow_rate" and window.slow / calls < settings.slow_rate:
            return None
        return reason if all(allows(self) for allows in self._allowances) else None

    def _hear_probe(self, now: float, failed: bool, slow: bool, retry_after: float | None) -> None:
        settings = self.settings
        self._probes += 1
        self._probes_failed += failed
        self._probes_slow += slow
        if (
            self._probes_failed / settings.permits >= settings.failure_rate
            or self._probes_slow / settings.permits >= settings.slow_rate
        ):
            self._open("probes_failed", now, retry_after)  # whatever the other probes say, it cannot close
        elif self._probes == settings.permits:
            self._start_anew()
            self._move("closed", "probes_passed", now)

    # --- moving ------------------------------------------------------------------------------------------------------

    def _open(self, reason: Reason, now: float, retry_after: float | None) -> None:
        settings = self.settings
        seconds = growing(settings.open_seconds, settings.open_factor, settings.open_cap, self._openings)
        self._openings += 1
        if self._state == "closed":
            self._by_rate = reason != "consecutive"
        self._open_until = now + seconds * (1 - settings.open_jitter * self._rng())
        self._panic_at = now + min(seconds, settings.panic_seconds)
        self._extend(now, retry_after)
        self._move("open", reason, now)

    def _extend(self, now: float, retry_after: float | None) -> None:
        if retry_after is not None and retry_after > 0:
            self._open_until = max(self._open_until, now + min(retry_after, self.settings.max_retry_after))

    def _start_anew(self) -> None:
        self._window.clear()
        self._failed_row.clear()
        self._openings = self._consecutive = 0

    def _forget_probes(self) -> None:
        self._probes = self._probes_out = self._probes_failed = self._probes_slow = 0

    def _move(self, state: State, reason: Reason, now: float) -> None:
        was, self._state = self._state, state
        self._generation += 1
        self._born = self.acquired
        if was == state:
            return
        failure_rate, slow_rate = self._window.rates() or (None, None)
        self._telling.pending.append(
            Transition(
                circuit=self.name,
                was=was,
                state=state,
                reason=reason,
                at=now,
                generation=self._generation,
                open_until=self._open_until if state == "open" else None,
                failure_rate=failure_rate,
                slow_rate=slow_rate,
                cause=self._cause,
            )
        )


def _state_of(mode: Mode) -> State:
    return mode if mode in ("forced_open", "disabled") else "closed"
