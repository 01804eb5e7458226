"""How long a circuit stays open, and what it says meanwhile."""

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resilience.scenes import ABANDONED, FAILED, FINE, circuit_of, ended, half_opened, opened
from trunkline.core.errors import ServerError
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.gate import Rejected


def told_to_wait(seconds):
    return ended(ServerError("500", retry_after=seconds))


def fail_a_probe(circuit: Circuit) -> float:
    """Enter as soon as it opens, fail, and return the new open time."""
    now = circuit.ready_at(0.0)
    circuit.leave(circuit.enter(now), FAILED, now)
    assert circuit.state == "open"
    return circuit.ready_at(now) - now


def test_openings_are_counted_from_the_last_closing():
    circuit = opened(permits=1, open_seconds=1, open_factor=2, open_cap=100)

    times = [circuit.ready_at(0.0), *(fail_a_probe(circuit) for _ in range(4))]
    now = circuit.ready_at(0.0)
    circuit.leave(circuit.enter(now), FINE, now)
    circuit.leave(circuit.enter(now), FAILED, now)
    times += [circuit.ready_at(now) - now, *(fail_a_probe(circuit) for _ in range(2))]

    assert times == [1, 2, 4, 8, 16, 1, 2, 4]


def test_open_times_grow_up_to_the_cap():
    circuit = opened(permits=1, open_seconds=5, open_factor=2, open_cap=20)

    assert [circuit.ready_at(0.0), *(fail_a_probe(circuit) for _ in range(5))] == [5, 10, 20, 20, 20, 20]


def test_a_thousand_openings_overflow_nothing():
    circuit = opened(permits=1, open_seconds=1, open_factor=10, open_cap=30)

    assert [fail_a_probe(circuit) for _ in range(1000)] == pytest.approx([10] + [30] * 999)


@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0.01, 100), st.floats(1, 10), st.integers(0, 12))
def test_an_open_time_is_jittered_down_from_its_nominal_length(seed, jitter, base, factor, probes):
    settings = CircuitSettings(
        consecutive=1, permits=1, open_seconds=base, open_factor=factor, open_cap=200, open_jitter=jitter
    )
    circuit = Circuit(settings, rng=random.Random(seed).random)
    circuit.leave(circuit.enter(0.0), FAILED, 0.0)
    for _ in range(probes):
        fail_a_probe(circuit)
    now = circuit._open_until
    circuit.leave(circuit.enter(now), FAILED, now)

    nominal = min(200, base * factor ** (probes + 1))
    assert nominal * (1 - jitter) * (1 - 1e-6) <= circuit.ready_at(now) - now <= nominal * (1 + 1e-6)


def test_it_opens_exactly_at_its_time_and_becomes_half_open_then():
    circuit = opened(at=10.0, open_seconds=4)

    with pytest.raises(Rejected):
        circuit.enter(13.999999)
    assert circuit.state == "open"
    circuit.enter(14.0)
    assert circuit.state == "half_open"


def test_a_rejection_says_how_long_to_wait_and_why():
    circuit = opened(open_seconds=5)

    with pytest.raises(Rejected) as raised:
        circuit.enter(0.001)

    assert raised.value.retry_after == pytest.approx(4.999)
    assert raised.value.cause is not None
    assert (raised.value.cause.kind, raised.value.cause.message) == ("ServerError", "the provider answered 500")
    assert "openai/gpt is open; ask again in 5 s; last failure: ServerError" in raised.value.message
    assert (raised.value.blames, raised.value.fallback, raised.value.status) == (None, True, 503)


def test_the_cause_keeps_no_endless_message():
    circuit = circuit_of(consecutive=1)
    circuit.leave(circuit.enter(0.0), ended(ServerError("<html>" * 10_000)), 0.0)

    with pytest.raises(Rejected) as raised:
        circuit.enter(0.0)

    assert len(raised.value.message) < 500


def test_a_retry_after_extends_the_open_time():
    circuit = circuit_of(consecutive=1, open_seconds=1)
    circuit.leave(circuit.enter(0.0), told_to_wait(20.0), 0.0)

    assert circuit.ready_at(0.0) == 20.0


def test_a_shorter_retry_after_does_not_cut_the_open_time():
    circuit = circuit_of(consecutive=1, open_seconds=10)
    circuit.leave(circuit.enter(0.0), told_to_wait(2.0), 0.0)

    assert circuit.ready_at(0.0) == 10.0


def test_a_longer_retry_after_on_an_open_circuit_extends_it_and_a_shorter_one_does_not():
    circuit = circuit_of(consecutive=1, open_seconds=1)
    late = [circuit.enter(0.0) for _ in range(3)]
    circuit.leave(late[0], told_to_wait(5.0), 0.0)

    circuit.leave(late[1], told_to_wait(9.0), 1.0)
    circuit.leave(late[2], told_to_wait(2.0), 1.0)

    assert circuit.ready_at(1.0) == 10.0


@pytest.mark.parametrize("hint", [1e300, float("inf")])
def test_no_retry_after_shuts_it_for_longer_than_allowed(hint):
    circuit = circuit_of(consecutive=1, max_retry_after=300)
    circuit.leave(circuit.enter(0.0), told_to_wait(hint), 0.0)

    assert circuit.ready_at(0.0) == 300.0


@pytest.mark.parametrize("hint", [0.0, -5.0, float("nan"), float("-inf")])
def test_garbage_as_retry_after_changes_nothing(hint):
    circuit = circuit_of(consecutive=1, open_seconds=1)
    circuit.leave(circuit.enter(0.0), told_to_wait(hint), 0.0)

    assert circuit.ready_at(0.0) == 1.0


def test_the_end_of_the_clock_overflows_nothing():
    end = sys.float_info.max
    circuit = opened(at=end)

    assert circuit.ready_at(end) == end


def test_a_clock_that_goes_backwards_neither_raises_nor_reopens():
    circuit = half_opened(at=5000.0, permits=1, window_seconds=10)
    circuit.leave(circuit.enter(5000.0), FINE, 5000.0)

    for now in (4000.0, 10.0, -1.0, 6000.0):
        circuit.leave(circuit.enter(now), FINE, now)
        circuit.ready_at(now)

    assert circuit.state == "closed"


def test_a_half_open_circuit_whose_permits_are_out_says_to_ask_again_soon():
    circuit = half_opened(permits=1)
    circuit.enter(0.0)

    assert circuit.ready_at(0.0) == 0.25
    with pytest.raises(Rejected) as raised:
        circuit.enter(0.0)
    assert raised.value.retry_after == 0.25


def test_hung_probes_cannot_hold_it_half_open():
    circuit = half_opened(permits=1, half_open_seconds=60, open_seconds=1, open_factor=1)
    hung = circuit.enter(0.0)

    assert circuit.ready_at(60.0) == 61.0
    circuit.leave(hung, FINE, 60.5)
    assert circuit.state == "open"
    circuit.enter(61.0)
    assert circuit.state == "half_open"


def test_a_failure_of_a_panic_probe_leaves_the_open_time_as_it_is():
    circuit = opened(open_seconds=30)

    circuit.leave(circuit.enter(1.0, panic=True), FAILED, 1.0)

    assert (circuit.state, circuit.ready_at(1.0)) == ("open", 30.0)


def test_a_success_of_a_panic_probe_makes_room_for_probes_at_once():
    circuit = opened(open_seconds=30, permits=1)

    circuit.leave(circuit.enter(1.0, panic=True), FINE, 2.0)

    assert circuit.ready_at(2.0) == 2.0
    circuit.leave(circuit.enter(2.0), FINE, 2.0)
    assert circuit.state == "closed"


def test_an_ignored_end_of_a_panic_probe_says_nothing():
    circuit = opened(open_seconds=30)

    circuit.leave(circuit.enter(1.0, panic=True), ABANDONED, 1.0)

    assert (circuit.state, circuit.ready_at(1.0)) == ("open", 30.0)


def test_panic_lets_one_call_in_each_second():
    circuit = opened(open_seconds=30, panic_seconds=1)

    assert circuit.ready_at(0.0, panic=True) == 1.0
    circuit.enter(1.5, panic=True)
    assert circuit.ready_at(1.5, panic=True) == 2.5
    with pytest.raises(Rejected) as raised:
        circuit.enter(2.0, panic=True)
    assert raised.value.retry_after == 0.5
