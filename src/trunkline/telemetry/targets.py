"""Each target's circuits, concurrency and latency as gauges, read from its health when somebody looks.

Refuses to keep numbers of its own.
"""

from collections.abc import Callable, Iterator

from trunkline.core.exchange import Target
from trunkline.providers.health import Health, TargetHealth
from trunkline.telemetry.names import Names
from trunkline.telemetry.series import Gauge, Labels, Readings, Series

STATES = {"closed": 0.0, "half_open": 1.0, "open": 2.0, "forced_open": 2.0, "disabled": 0.0}
SCOPES = ("endpoint", "credential", "model")


class Targets:
    """Gauges over the health of all targets that the labels know."""

    def __init__(self, health: Health, names: Names, clock: Callable[[], float]) -> None:
        self._health = health
        self._names = names
        self._clock = clock

    @property
    def series(self) -> list[Series]:
        """Circuits, calls in flight, limits."""
        target: Labels = ("provider", "model")
        return [
            Gauge("llm_circuit_breaker_state", "0 closed, 1 half-open, 2 open.", (*target, "scope"), self._circuits),
            Gauge("llm_attempts_in_flight", "Requests at a target now.", target, self._in_flight),
            Gauge("llm_waiting_calls", "Calls in line for a target that has no room.", target, self._waiting),
            Gauge("llm_concurrency_limit", "Requests that a target is given at once.", target, self._limits),
        ]

    def _known(self) -> Iterator[tuple[Target, TargetHealth]]:
        for target, health in self._health.targets.items():
            if self._names.knows(target):
                yield target, health

    def _circuits(self) -> Readings:
        now = self._clock()
        for target, health in self._known():
            for scope, circuit in zip(SCOPES, health.circuits, strict=True):
                yield (target.provider, target.model, scope), STATES[circuit.status(now).state]

    def _in_flight(self) -> Readings:
        for target, health in self._known():
            yield (target.provider, target.model), float(health.limit.in_flight)

    def _waiting(self) -> Readings:
        for target, health in self._known():
            yield (target.provider, target.model), float(len(health.line))

    def _limits(self) -> Readings:
        for target, health in self._known():
            yield (target.provider, target.model), float(health.limit.limit)
