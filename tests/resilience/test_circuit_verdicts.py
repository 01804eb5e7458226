"""What counts as a failure, for whom; what counts as slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resilience.scenes import ABANDONED, FAILED, FINE, circuit_of, ended, half_opened
from trunkline.core import errors
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    CallerGone,
    ConnectFailed,
    ContextLengthExceeded,
    DeadlineExceeded,
    FirstContentTimeout,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    QuotaExceeded,
    RateLimit,
    ReadTimeout,
    RequestConflict,
    RequestTooLarge,
    ServerError,
    StaleConnection,
    TlsFailed,
    UnknownModel,
)
from trunkline.core.outcome import Outcome
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.failed_row import MOST_REMEMBERED, FailedRow
from trunkline.resilience.gate import Rejected
from trunkline.resilience.verdict import REACHED, verdict_of


def told(kind, status=None):
    return ended(kind("no", provider_status=status))


@pytest.mark.parametrize(
    "kind",
    [
        InvalidRequest,
        UnknownModel,
        RequestTooLarge,
        ContextLengthExceeded,
        RateLimit,
        RequestConflict,
        StaleConnection,
        DeadlineExceeded,
        CallerGone,
    ],
)
def test_mistakes_of_callers_and_limits_never_trip(kind):
    circuit = circuit_of(consecutive=1, minimum=1, window=1, failure_rate=0.01)

    for now in range(1000):
        circuit.leave(circuit.enter(now), told(kind, 400), now)

    assert (circuit.state, circuit.status(1000).calls, circuit.ignored) == ("closed", 0, 1000)


@pytest.mark.parametrize("kind", [FirstContentTimeout, ReadTimeout, errors.ConnectTimeout, errors.StalledStream])
def test_timeouts_of_the_provider_are_failures(kind):
    circuit = circuit_of(consecutive=100, failure_rate=0.5, minimum=2)

    circuit.leave(circuit.enter(0), FINE, 0)
    circuit.leave(circuit.enter(0), told(kind), 0)

    assert circuit.state == "open"


def test_a_cancelled_task_counts_for_nothing():
    outcome = Outcome.failed(KeyboardInterrupt(), 1.0)

    assert verdict_of(outcome) == "abandoned"
    assert verdict_of(ABANDONED) == "abandoned"


@pytest.mark.parametrize(
    ("kind", "status", "model", "credential", "endpoint"),
    [
        (ServerError, 500, "failure", "success", "success"),
        (ModelOverloaded, 529, "failure", "success", "success"),
        (ModelNotFound, 404, "failure", "success", "success"),
        (BadReply, None, "failure", "ignored", "ignored"),
        (FirstContentTimeout, None, "failure", "ignored", "ignored"),
        (AuthenticationFailed, 401, "ignored", "failure", "success"),
        (QuotaExceeded, 429, "ignored", "failure", "success"),
        (ConnectFailed, None, "ignored", "ignored", "failure"),
        (TlsFailed, None, "ignored", "ignored", "failure"),
        (RateLimit, 429, "ignored", "success", "success"),
        (InvalidRequest, 400, "ignored", "success", "success"),
        (InvalidRequest, None, "ignored", "ignored", "ignored"),
    ],
)
def test_each_circuit_counts_what_it_watches(kind, status, model, credential, endpoint):
    outcome = told(kind, status)

    assert verdict_of(outcome, "model") == model
    assert verdict_of(outcome, "credential") == credential
    assert verdict_of(outcome, "endpoint") == endpoint
    assert verdict_of(outcome) == ("ignored" if kind.blames is None else "failure")


def test_every_kind_of_blame_has_its_row():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CallError)]

    assert {kind.blames for kind in kinds} == {None, *REACHED}


def test_a_failing_model_leaves_the_other_models_circuit_closed():
    endpoint = Circuit(CircuitSettings(consecutive=1), scope="endpoint")
    first, second = (Circuit(CircuitSettings(consecutive=1), scope="model") for _ in range(2))

    first.leave(first.enter(0.0), told(ServerError, 500), 0.0)
    endpoint.leave(endpoint.enter(0.0), told(ServerError, 500), 0.0)

    assert (first.state, second.state, endpoint.state) == ("open", "closed", "closed")


def test_bad_requests_close_a_recovered_endpoint():
    endpoint = Circuit(CircuitSettings(consecutive=1, permits=2, open_seconds=1), scope="endpoint")
    endpoint.leave(endpoint.enter(0.0), told(ConnectFailed), 0.0)

    for _ in range(2):
        endpoint.leave(endpoint.enter(2.0), told(InvalidRequest, 400), 2.0)

    assert endpoint.state == "closed"


def test_abandoned_probes_free_their_permits_for_ever():
    circuit = half_opened(permits=2)

    for now in range(500):
        tickets = [circuit.enter(now), circuit.enter(now)]
        with pytest.raises(Rejected):
            circuit.enter(now)
        for ticket in tickets:
            circuit.leave(ticket, ABANDONED, now)

    assert circuit.state == "half_open"
    assert circuit.in_flight == 0


@pytest.mark.parametrize(
    ("outcome", "slow"),
    [
        (ended(seconds=500.0, first=1.0), False),  # a long stream that began at once
        (ended(seconds=500.0, first=31.0), True),
        (ended(seconds=100.0, first=100.0), False),  # a whole answer: its first content is its end
        (ended(seconds=300.0, first=300.0), True),
        (ended(FirstContentTimeout("late"), seconds=300.0), True),
    ],
)
def test_a_stream_is_slow_by_its_first_content_and_an_answer_by_its_end(outcome, slow):
    circuit = circuit_of(slow_first_content=30, slow_answer=240)

    circuit.leave(circuit.enter(0), outcome, 0)

    assert circuit.status(0).slow_rate == float(slow)


def test_slow_successes_trip_by_their_rate_alone():
    circuit = circuit_of(slow_rate=0.5, slow_first_content=5, minimum=4)

    for outcome in (FINE, ended(seconds=9, first=6), FINE, ended(seconds=9, first=6)):
        assert circuit.state == "closed"
        circuit.leave(circuit.enter(0), outcome, 0)

    assert circuit.state == "open"


def test_a_success_can_be_the_call_that_makes_the_rate_count():
    circuit = circuit_of(consecutive=100, failure_rate=0.5, minimum=3)

    for outcome in (FAILED, FAILED, FINE):
        assert circuit.state == "closed"
        circuit.leave(circuit.enter(0), outcome, 0)

    assert circuit.state == "open"


def test_late_successes_of_calls_from_before_do_not_hide_that_a_target_died():
    circuit = circuit_of(consecutive=3, minimum=100)
    early = [circuit.enter(0.0) for _ in range(3)]

    for ticket in early:  # one of them ends well between any two failures
        circuit.leave(circuit.enter(1.0), FAILED, 1.0)
        circuit.leave(ticket, FINE, 1.0)

    assert circuit.state == "open"


def test_failures_that_are_quicker_than_the_successes_between_them_are_no_row():
    circuit = circuit_of(consecutive=3, minimum=100)
    tickets = [circuit.enter(0.0) for _ in range(12)]

    for number, ticket in enumerate(tickets):
        if number % 2 == 0:
            circuit.leave(ticket, FAILED, 1.0)
            circuit.leave(circuit.enter(1.0), FINE, 1.0)

    assert circuit.state == "closed"


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_the_row_is_the_longest_without_a_gap_in_whatever_order_it_is_told(order, failed):
    row, told = FailedRow(), set()

    for number in order:
        if number in failed:
            told.add(number)
            low = high = number
            while low - 1 in told:
                low -= 1
            while high + 1 in told:
                high += 1
            assert row.add(number) == high - low + 1


def test_rows_are_forgotten_before_they_fill_the_memory():
    row = FailedRow()

    for number in range(0, 10 * MOST_REMEMBERED, 2):
        row.add(number)

    assert len(row._lengths) <= MOST_REMEMBERED + 1
    row.clear()
    assert (row.add(5), repr(row)) == (1, "<FailedRow [longest 1]>")
