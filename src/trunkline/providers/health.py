"""The gates of every target, shared by all routes that lead to it: what is known of its health, and who may enter.

Refuses to choose between targets, to wait and to send.

A call passes three circuits, from the outside in: the provider's endpoint (connections, DNS, TLS), the credential
(keys and quotas), the model. So a revoked key closes all models behind it, and a broken model closes nothing else.
"""

import random
from collections.abc import Callable, Collection, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from trunkline.core.errors import Blame
from trunkline.core.exchange import Target
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.concurrency_limit import ConcurrencyLimit, ConcurrencySettings
from trunkline.resilience.ejection import EjectionGroup
from trunkline.resilience.gate import NEVER, Gates
from trunkline.resilience.latency import Latency
from trunkline.resilience.rate_limit import RateLimitGate, RateLimitSettings
from trunkline.resilience.retry_budget import RetryBudget, RetryBudgetSettings
from trunkline.resilience.throttle import Throttle, ThrottleSettings
from trunkline.resilience.transitions import CircuitStatus, Listener
from trunkline.resilience.waiting_line import WaitingLine

MOST_TARGETS = 4096  # callers may name models directly; the health of the oldest is forgotten first


class HealthSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How targets are protected, and calls from targets that fail."""

    circuit_breaker: Annotated[
        CircuitSettings, Meta(description="When a target that fails is left alone, and for how long.")
    ] = CircuitSettings()
    concurrency: Annotated[
        ConcurrencySettings, Meta(description="Calls in flight at one target; falls on 429 and timeouts.")
    ] = ConcurrencySettings()
    rate_limit: Annotated[
        RateLimitSettings, Meta(description="Pauses after a 429, and headroom learned from rate-limit headers.")
    ] = RateLimitSettings()
    retry_budget: Annotated[RetryBudgetSettings, Meta(description="How many requests to a target may be retries.")] = (
        RetryBudgetSettings()
    )
    max_ejected: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Largest share of a route's targets that failure rates and slow rates may shut at once, one at "
            "least. Failures in a row shut any number. 1: no such limit.",
        ),
    ] = 0.5
    throttle: Annotated[
        ThrottleSettings | None,
        Meta(
            description="Turns calls away by chance, the more the fewer a target accepts. Set it ({} for the defaults) "
            "for a shared server of your own that overload brings down; left out: no call is."
        ),
    ] = None


class TargetStatus(Struct, frozen=True):
    """One target as an operator sees it; seconds. ``ready_in`` None: it does not open by itself."""

    target: str
    ready_in: float | None
    why: str | None
    in_flight: int
    limit: int
    first_content_p50: float | None
    first_content_p95: float | None
    circuits: list[CircuitStatus]


class TargetHealth:
    """All that is known of one target."""

    __slots__ = ("circuits", "gates", "latency", "limit", "line", "rates", "retries")

    def __init__(self, circuits: tuple[Circuit, ...], settings: HealthSettings, rng: Callable[[], float]) -> None:
        self.circuits = circuits  # endpoint, credential, model
        self.limit = ConcurrencyLimit(settings.concurrency)
        self.line = WaitingLine(settings.concurrency.waiting)
        self.rates = RateLimitGate(settings.rate_limit)
        self.latency = Latency()
        self.retries = RetryBudget(settings.retry_budget)
        # chance has the last word: whom another gate turns away was no request to the target
        chance = () if settings.throttle is None else (Throttle(settings.throttle, rng=rng),)
        self.gates: Gates = Gates((*circuits, self.rates, self.limit, *chance, self.latency))

    def turn_at(self, now: float, number: int, *, panic: bool = False) -> float:
        """When the call of this number may enter, after those ahead of it in line; never when the line is full."""
        at = self.gates.ready_at(now, panic=panic)
        ahead = self.line.ahead(number)
        return at + ahead * self.limit.turn if ahead < self.line.most else NEVER

    def status(self, target: Target, now: float) -> TargetStatus:
        """All there is to see, at ``now``."""
        ready_in = self.gates.ready_at(now) - now
        return TargetStatus(
            target=str(target),
            ready_in=ready_in if ready_in < NEVER else None,
            why=self.why(now),
            in_flight=self.limit.in_flight,
            limit=self.limit.limit,
            first_content_p50=self.latency.p50,
            first_content_p95=self.latency.p95,
            circuits=[circuit.status(now) for circuit in self.circuits],
        )

    def limited(self, now: float) -> bool:
        """True where a call may not enter now, and only because the provider's rate limit says so."""
        return self.rates.ready_at(now) > now and all(circuit.ready_at(now) <= now for circuit in self.circuits)

    def why(self, now: float) -> str | None:
        """Why a call may not enter now; None when it may."""
        for circuit in self.circuits:
            wait = circuit.ready_at(now) - now
            if wait > 0:
                status = circuit.status(now)
                cause = f" after {status.cause.kind}: {status.cause.message}" if status.cause else ""
                return f"circuit {status.state} for {wait:.3g} s more{cause}"
        for name, gate in (("rate limit", self.rates), ("concurrency limit", self.limit)):
            wait = gate.ready_at(now) - now
            if wait > 0:
                return f"{name} used up for {wait:.3g} s more{self._in_line()}"
        return f"others were here before{self._in_line()}" if self.line.places else None

    def _in_line(self) -> str:
        return f", {len(self.line)} in line" if self.line.places else ""


class Health:
    """Makes the gates of a target when it is first named; names of one provider share its outer circuits."""

    def __init__(
        self,
        settings: HealthSettings,
        *,
        rng: Callable[[], float] = random.random,
        listeners: tuple[Listener, ...] = (),
    ) -> None:
        self.targets: dict[Target, TargetHealth] = {}
        self._settings = settings
        self._rng = rng
        self._listeners = listeners
        self.outer: dict[str, tuple[Circuit, Circuit]] = {}

    def of(self, target: Target, *, thinks: bool = False) -> TargetHealth:
        """The health of a target, the same for whoever asks. ``thinks``: its first content may take an answer's time.

        Only the first who asks is heard.
        """
        known = self.targets.get(target)
        if known is None:
            if len(self.targets) >= MOST_TARGETS:
                self.targets.pop(next(iter(self.targets)))
            known = self.targets[target] = TargetHealth(
                self._circuits(target, thinks=thinks), self._settings, self._rng
            )
        return known

    def follow(self, before: "Health", providers: Collection[str]) -> None:
        """Take over what is known of these providers; call it before anybody asks here."""
        self.targets |= {target: known for target, known in before.targets.items() if target.provider in providers}
        self.outer |= {name: circuits for name, circuits in before.outer.items() if name in providers}

    def group(self, targets: Sequence[Target]) -> EjectionGroup:
        """Targets that stand in for each other: rates may shut a share of them only."""
        return EjectionGroup([self.of(target).circuits for target in targets], self._settings.max_ejected)

    def report(self, now: float) -> list[TargetStatus]:
        """Every target asked so far: its state, why, until when."""
        return [known.status(target, now) for target, known in self.targets.items()]

    def _circuits(self, target: Target, *, thinks: bool) -> tuple[Circuit, ...]:
        settings = self._settings.circuit_breaker
        outer = self.outer.get(target.provider)
        if outer is None:
            outer = self.outer[target.provider] = (
                self._circuit(f"{target.provider} endpoint", "endpoint", settings),
                self._circuit(f"{target.provider} credential", "credential", settings),
            )
        if thinks:
            settings = replace(settings, slow_first_content=max(settings.slow_first_content, settings.slow_answer))
        return (*outer, self._circuit(str(target), "model", settings))

    def _circuit(self, name: str, scope: Blame, settings: CircuitSettings) -> Circuit:
        return Circuit(settings, name=name, scope=scope, rng=self._rng, listeners=self._listeners)
