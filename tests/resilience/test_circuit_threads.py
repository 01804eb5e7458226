"""Many threads at one circuit."""

import sys
import threading
from collections.abc import Callable

import pytest

from tests.resilience.scenes import FAILED, FINE, MISTAKEN, circuit_of, half_opened
from trunkline.resilience.gate import Rejected

THREADS = 10
CALLS = 10_000


@pytest.fixture(autouse=True)
def _threads_take_turns_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_call_is_lost_among_ten_threads():
    circuit = circuit_of()

    def work(number: int) -> None:
        for turn in range(CALLS):
            circuit.leave(circuit.enter(0.0), MISTAKEN if turn % 2 else FINE, 0.0)

    at_once(work)

    assert (circuit.acquired, circuit.succeeded, circuit.ignored) == (100_000, 50_000, 50_000)
    assert circuit.in_flight == 0


def test_probes_in_flight_never_exceed_the_permits_among_ten_threads():
    circuit = half_opened(permits=3)
    counting = threading.Lock()
    inside = 0
    seen: list[int] = []

    def work(number: int) -> None:
        nonlocal inside
        for _ in range(500):
            try:
                ticket = circuit.enter(0.0)
            except Rejected:
                continue
            with counting:
                inside += 1
                seen.append(inside)
            with counting:
                inside -= 1
            circuit.leave(ticket, MISTAKEN, 0.0)

    at_once(work)

    assert 1 <= max(seen) <= 3
    assert (circuit.state, circuit.in_flight) == ("half_open", 0)


def test_every_transition_of_ten_threads_is_told_once_in_order():
    circuit = circuit_of(consecutive=2, permits=1, open_seconds=1e-9, open_factor=1)
    told: list[int] = []
    circuit.listen(lambda change: told.append(change.generation))

    def work(number: int) -> None:
        for turn in range(500):
            try:
                circuit.leave(circuit.enter(turn), FAILED if (turn + number) % 3 else FINE, turn)
            except Rejected:
                continue

    at_once(work)

    assert told == list(range(1, circuit.generation + 1))
    assert len(told) > 10
