"""What the scenes here are made of: outcomes, and a circuit without chance."""

from typing import Any

from trunkline.core.errors import CallError, InvalidRequest, ServerError
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings


def ended(error: CallError | None = None, *, seconds: float = 1.0, first: float | None = None) -> Outcome:
    return Outcome(Usage(), seconds, first, error=error)


FINE = ended()
FAILED = ended(ServerError("the provider answered 500"))
MISTAKEN = ended(InvalidRequest("temperature must be a number"))
ABANDONED = Outcome(Usage(), 1.0, abandoned=True)


def never_by_chance() -> float:
    return 0.0


def circuit_of(**settings: Any) -> Circuit:
    return Circuit(CircuitSettings(**settings), name="openai/gpt", rng=never_by_chance)


def opened(*, at: float = 0.0, **settings: Any) -> Circuit:
    circuit = circuit_of(**{"consecutive": 1} | settings)
    for _ in range(circuit.settings.consecutive):
        circuit.leave(circuit.enter(at), FAILED, at)
    assert circuit.state == "open"
    return circuit


def half_opened(*, at: float = 0.0, **settings: Any) -> Circuit:
    """Half-open at ``at``, with all permits free."""
    circuit = opened(at=at - 1000, **settings)
    circuit.leave(circuit.enter(at), ABANDONED, at)
    assert circuit.state == "half_open"
    return circuit
