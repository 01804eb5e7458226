"""Several gates as one."""

import pytest

from tests.resilience.scenes import FAILED, FINE, circuit_of, opened
from trunkline.resilience.concurrency_limit import ConcurrencyLimit, ConcurrencySettings
from trunkline.resilience.gate import NEVER, Cause, Gates, Rejected


def test_a_call_enters_all_gates_and_leaves_them_once():
    circuit, limit = circuit_of(), ConcurrencyLimit()
    gates = Gates([circuit, limit])

    ticket = gates.enter(0.0)
    assert (circuit.in_flight, limit.in_flight) == (1, 1)
    gates.leave(ticket, FINE, 1.0)
    gates.leave(ticket, FINE, 1.0)

    assert (circuit.in_flight, limit.in_flight, circuit.succeeded) == (0, 0, 1)


def test_one_shut_gate_keeps_a_call_out_of_all():
    limit, circuit = ConcurrencyLimit(ConcurrencySettings(initial=1)), opened(open_seconds=5)
    gates = Gates([limit, circuit])

    with pytest.raises(Rejected, match="openai/gpt is open"):
        gates.enter(1.0)

    assert limit.in_flight == 0
    assert gates.ready_at(1.0) == 5.0
    assert gates.ready_at(1.0, panic=True) == 1.0
    gates.leave(gates.enter(1.0, panic=True), FAILED, 1.0)


def test_no_gates_are_always_ready():
    assert Gates([]).ready_at(3.0) == 3.0


def test_a_gate_that_never_opens_names_no_time():
    rejected = Rejected("", "is shut", retry_after=NEVER, cause=Cause.of(None))

    assert rejected.retry_after is None
    assert rejected.message == "the target is shut; it does not open by itself"
