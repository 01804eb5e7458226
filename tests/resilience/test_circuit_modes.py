"""Modes, listeners and what a circuit shows."""

import logging

import msgspec
import pytest

from tests.resilience.scenes import FAILED, FINE, circuit_of, opened
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.gate import NEVER, Rejected


def test_forced_open_never_lets_anybody_in():
    circuit = circuit_of(mode="forced_open")

    for now in (0.0, 1e9):
        for panic in (False, True):
            assert circuit.ready_at(now, panic=panic) == NEVER
            with pytest.raises(Rejected, match="openai/gpt is switched off; it does not open by itself") as raised:
                circuit.enter(now, panic=panic)
            assert raised.value.retry_after is None
    assert circuit.state == "forced_open"


def test_disabled_lets_everybody_in_and_counts_nothing():
    circuit = circuit_of(mode="disabled", consecutive=1, minimum=1, window=1)

    for now in range(10):
        assert circuit.ready_at(now) == now
        circuit.leave(circuit.enter(now), FAILED, now)

    status = circuit.status(10)
    assert (status.state, status.calls, status.acquired, status.failed) == ("disabled", 0, 0, 0)


def test_metrics_only_tells_once_and_lets_everybody_in():
    circuit = circuit_of(mode="metrics_only", failure_rate=0.5, minimum=5)
    told = []
    circuit.listen(told.append)

    for outcome in (FAILED, FAILED, FAILED, FINE, FINE, FAILED, FAILED):
        assert circuit.ready_at(0.0) == 0.0
        circuit.leave(circuit.enter(0.0), outcome, 0.0)

    assert [(change.was, change.state, change.reason, change.failure_rate) for change in told] == [
        ("closed", "open", "failure_rate", 0.6)
    ]


def test_metrics_only_probes_with_some_and_lets_the_others_pass():
    circuit = opened(mode="metrics_only", permits=1)

    tickets = [circuit.enter(2.0) for _ in range(3)]
    for ticket in reversed(tickets):
        circuit.leave(ticket, FINE, 2.0)

    assert circuit.state == "closed"
    assert circuit.succeeded == 1


def test_switching_starts_anew_and_tells_only_what_changed():
    circuit = opened()
    told = []
    circuit.listen(told.append)

    circuit.switch("forced_open", 1.0)
    circuit.switch("forced_open", 1.0)
    circuit.switch("auto", 2.0)
    circuit.switch("metrics_only", 3.0)

    assert [(change.was, change.state, change.reason) for change in told] == [
        ("open", "forced_open", "mode"),
        ("forced_open", "closed", "mode"),
    ]
    assert circuit.status(3.0).cause is None


def test_a_call_begun_before_a_switch_changes_nothing():
    circuit = circuit_of(consecutive=1)
    early = circuit.enter(0.0)
    circuit.switch("metrics_only", 1.0)

    circuit.leave(early, FAILED, 2.0)

    assert (circuit.state, circuit.status(2.0).calls) == ("closed", 0)


def test_every_transition_is_told_once_in_order_though_listeners_fail(caplog):
    circuit = circuit_of(consecutive=2, permits=1, open_seconds=1, open_factor=1)
    told = []

    def fails(change):
        raise RuntimeError(change.state)

    circuit.listen(fails)
    circuit.listen(told.append)
    with caplog.at_level(logging.ERROR, "trunkline"):
        for now, outcome in ((0, FAILED), (0, FAILED), (1, FAILED), (2, FINE)):
            circuit.leave(circuit.enter(now), outcome, now)

    assert [(change.generation, change.state, change.reason, change.at) for change in told] == [
        (1, "open", "consecutive", 0),
        (2, "half_open", "open_time_over", 1),
        (3, "open", "probes_failed", 1),
        (4, "half_open", "open_time_over", 2),
        (5, "closed", "probes_passed", 2),
    ]
    assert len(caplog.records) == 5
    assert told[0].open_until == 1
    assert told[0].cause is not None
    assert told[0].cause.kind == "ServerError"


def test_a_listener_may_use_the_circuit_and_the_order_holds():
    circuit = circuit_of(consecutive=1)
    told = []

    def meddles(change):
        if change.state == "open":
            circuit.switch("forced_open", change.at)

    circuit.listen(meddles)
    circuit.listen(told.append)
    circuit.leave(circuit.enter(0.0), FAILED, 0.0)

    assert [change.state for change in told] == ["open", "forced_open"]


def test_its_panel_and_status_say_how_it_is():
    circuit = opened()
    circuit.rejected = 0

    assert repr(circuit) == "<Circuit openai/gpt [open | 1 of 1 failed | 0 in flight]>"
    status = circuit.status(0.5)
    assert (status.circuit, status.state, status.mode, status.generation) == ("openai/gpt", "open", "auto", 1)
    assert (status.open_until, status.failure_rate, status.slow_rate, status.calls) == (1.0, 1.0, 0.0, 1)
    assert circuit.generation == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"consecutive": 0}, ">= 1"),
        ({"permits": 0}, ">= 1"),
        ({"failure_rate": 0}, "> 0"),
        ({"failure_rate": 1.5}, "<= 1"),
        ({"slow_rate": -1}, "> 0"),
        ({"open_seconds": -1}, "> 0"),
        ({"open_seconds": float("nan")}, "> 0"),
        ({"window_seconds": 0}, "> 0"),
        ({"half_open_seconds": 0}, "> 0"),
        ({"open_factor": 0.5}, ">= 1"),
        ({"open_jitter": 2}, "<= 1"),
        ({"mode": "on"}, "mode"),
        ({"threshold": 5}, "threshold"),
        ({"minimum": 50, "window": 10}, "at most window"),
        ({"open_seconds": 60, "open_cap": 30}, "at least open_seconds"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_load(settings, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, CircuitSettings)


def test_the_defaults_pass_their_own_ranges():
    assert msgspec.convert(msgspec.to_builtins(CircuitSettings()), CircuitSettings) == CircuitSettings()
