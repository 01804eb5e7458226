"""Rates may shut a share of a route's targets, failures in a row any number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resilience.scenes import FAILED, FINE, circuit_of, ended
from trunkline.core.exchange import Target
from trunkline.providers.health import Health, HealthSettings
from trunkline.resilience.ejection import EjectionGroup

SLOW = ended(seconds=1000.0)


def flaky(circuit, calls=20):
    """Every second call fails: a rate, and never a row."""
    for number in range(calls):
        if circuit.state == "open":
            return
        circuit.leave(circuit.enter(0.0), FAILED if number % 2 else FINE, 0.0)


def dead(circuit):
    for _ in range(circuit.settings.consecutive):
        circuit.leave(circuit.enter(0.0), FAILED, 0.0)


def states(circuits):
    return [circuit.state for circuit in circuits]


def test_a_rate_shuts_half_of_the_targets_and_no_more():
    circuits = [circuit_of() for _ in range(4)]
    group = EjectionGroup([[one] for one in circuits], 0.5)

    for circuit in circuits:
        flaky(circuit)

    assert states(circuits) == ["open", "open", "closed", "closed"]
    assert repr(group) == "<EjectionGroup [2 of 4 shut by rates, at most 2]>"


def test_without_a_group_a_rate_shuts_all():
    circuits = [circuit_of() for _ in range(4)]

    for circuit in circuits:
        flaky(circuit)

    assert states(circuits) == ["open"] * 4


def test_failures_in_a_row_shut_any_number_and_leave_room_for_rates():
    circuits = [circuit_of() for _ in range(4)]
    EjectionGroup([[one] for one in circuits], 0.25)

    for circuit in circuits[:3]:
        dead(circuit)
    flaky(circuits[3])

    assert states(circuits) == ["open"] * 4


@pytest.mark.parametrize(
    ("targets", "share", "most"), [(1, 0.0, 1), (3, 0.5, 1), (3, 0.67, 2), (10, 0.3, 3), (5, 1, 5)]
)
def test_one_may_always_be_shut(targets, share, most):
    assert EjectionGroup([[circuit_of()] for _ in range(targets)], share).most == most


def test_a_closed_circuit_makes_room_for_the_next_one():
    one, two = circuit_of(permits=1), circuit_of()
    EjectionGroup([[one], [two]], 0.5)
    flaky(one)
    flaky(two)
    assert states([one, two]) == ["open", "closed"]

    one.leave(one.enter(100.0), FINE, 100.0)
    flaky(two)

    assert states([one, two]) == ["closed", "open"]


def test_a_circuit_that_several_targets_share_counts_for_each():
    shared, mine, yours, other = (circuit_of() for _ in range(4))
    EjectionGroup([[shared, mine], [shared, yours], [other]], 0.5)

    flaky(shared)
    flaky(other)

    assert states([shared, other]) == ["closed", "open"]


def test_a_switched_circuit_is_no_ejection():
    one, two = circuit_of(), circuit_of()
    group = EjectionGroup([[one], [two]], 0.5)
    flaky(one)

    one.switch("metrics_only", 0.0)

    assert group.ejected == 0


@given(
    share=st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
    targets=st.integers(1, 6),
    calls=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([FINE, FAILED, SLOW]), st.integers(0, 2)), max_size=300
    ),
)
def test_never_more_than_the_share_is_shut_by_rates(share, targets, calls):
    circuits = [circuit_of(minimum=3, window=6, consecutive=4) for _ in range(targets)]
    group = EjectionGroup([[one] for one in circuits], share)
    now = 0.0

    for which, outcome, seconds in calls:
        circuit = circuits[which % targets]
        now += seconds
        if circuit.ready_at(now) <= now:
            circuit.leave(circuit.enter(now), outcome, now)
        assert group.ejected <= max(1, int(share * targets + 1e-9))


def test_the_targets_of_a_route_are_a_group():
    health = Health(HealthSettings(max_ejected=0.5))
    a, b = Target("a", "m"), Target("b", "m")
    health.group([a, b])

    for target in (a, b):
        flaky(health.of(target).circuits[2])

    assert states([health.of(a).circuits[2], health.of(b).circuits[2]]) == ["open", "closed"]
