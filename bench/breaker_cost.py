"""``python -m bench.breaker_cost``: microseconds of a circuit's enter + leave, and of saying no.

Refuses to know networks and event loops; the budget is 2 microseconds for enter + leave.
"""

import time
import timeit
from collections.abc import Callable

from trunkline.core.errors import ServerError
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.gate import Rejected

ROUNDS = 40
CALLS = 5_000
FINE = Outcome(Usage(input=20, output=100), 2.0, 0.4)
FAILED = Outcome(Usage(), 2.0, error=ServerError("the provider answered 500"))


def let_in(outcomes: list[Outcome]) -> Callable[[], None]:
    circuit = Circuit(CircuitSettings(failure_rate=1.0, consecutive=100), name="openai/gpt")
    turn = 0

    def call() -> None:
        nonlocal turn
        turn += 1
        ticket = circuit.enter(turn)
        circuit.leave(ticket, outcomes[turn % len(outcomes)], turn)

    return call


def turn_away() -> Callable[[], None]:
    circuit = Circuit(CircuitSettings(mode="forced_open"), name="openai/gpt")

    def call() -> None:
        try:
            circuit.enter(1.0)
        except Rejected:
            return

    return call


def cost(call: Callable[[], None]) -> float:
    timer = timeit.Timer(call, timer=time.process_time)
    return min(timer.repeat(ROUNDS, CALLS)) / CALLS * 1e6


def main() -> None:
    empty = cost(lambda: None)
    for name, call in (
        ("enter + leave, success", let_in([FINE])),
        ("enter + leave, every fourth fails", let_in([FINE, FINE, FINE, FAILED])),
        ("enter, rejected", turn_away()),
    ):
        print(f"{name:36} {cost(call) - empty:6.2f} us")


if __name__ == "__main__":
    main()
