"""Again, elsewhere or stop."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.core import errors
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    CallError,
    ConnectFailed,
    ConnectTimeout,
    ContentRefused,
    ContextLengthExceeded,
    FirstContentTimeout,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    Network,
    QuotaExceeded,
    RateLimit,
    RequestConflict,
    RequestTooLarge,
    ServerError,
    ServerErrorAfterUpload,
    StaleConnection,
    TlsFailed,
    Unsupported,
)
from trunkline.core.exchange import Target
from trunkline.resilience.backoff import Backoff
from trunkline.resilience.gate import NEVER
from trunkline.resilience.reactions import reaction_to
from trunkline.resilience.recovery import Again, Candidate, Elsewhere, Recovery, Stop, Tried

NOW = 100.0
RECOVERY = Recovery(backoff=Backoff(base=1, cap=8))


def target(provider, model="m", **known):
    return Candidate(Target(provider, model), **{"ready_at": 0.0} | known)


A, B, C = target("a"), target("b"), target("c")


def failed(candidate, kind, *, at=NOW, hint=None):
    return Tried(candidate, kind("no", retry_after=hint), at)


def step(candidates, *tried, recovery=RECOVERY, now=NOW, deadline=200.0, minimum=1.0, draw=0.5):
    return recovery.next(candidates, tried, now=now, deadline=deadline, minimum=minimum, rng=lambda: draw)


# --- the first attempt ------------------------------------------------------------------------------------------------


def test_the_first_ready_target_in_order_is_asked():
    late = replace(A, ready_at=NOW + 1)

    assert step([A, B]) == Elsewhere(A, NOW)
    assert step([late, B, C]) == Elsewhere(B, NOW)


def test_without_targets_it_stops():
    assert step([]) == Stop("targets")


def test_who_is_not_ready_is_waited_for():
    assert step([replace(A, ready_at=NOW + 9), replace(B, ready_at=NOW + 4)]) == Elsewhere(
        replace(B, ready_at=NOW + 4), NOW + 4
    )


def test_no_wait_is_longer_than_allowed():
    late = replace(A, ready_at=NOW + 31)

    assert step([late]) == Stop("deadline")
    assert step([late], recovery=Recovery(max_wait=40)) == Elsewhere(late, NOW + 31)


def test_no_attempt_begins_that_cannot_finish():
    assert step([A], deadline=NOW + 1, minimum=1.0) == Elsewhere(A, NOW)
    assert step([A], deadline=NOW + 1, minimum=1.1) == Stop("deadline")


# --- panic ------------------------------------------------------------------------------------------------------------


def test_when_every_circuit_is_open_the_least_bad_is_tried():
    a = replace(A, ready_at=NOW + 20, panic_at=NOW + 0.5)
    b = replace(B, ready_at=NOW + 10, panic_at=NOW)

    assert step([a, b]) == Elsewhere(b, NOW, panic=True)


def test_there_is_no_panic_while_somebody_is_ready():
    shut = replace(A, ready_at=NOW + 20, panic_at=NOW)

    assert step([shut, B]) == Elsewhere(B, NOW)
    assert step([shut, B], failed(B, ServerErrorAfterUpload), draw=0.5) == Again(B, NOW + 0.5)


def test_what_never_opens_is_not_waited_for():
    assert step([replace(A, ready_at=NEVER)]) == Stop("deadline")


def test_panic_breaks_no_retry_after():
    shut = replace(A, ready_at=NOW + 20, panic_at=NOW)

    found = step([shut], failed(shut, ServerError, hint=6.0))

    assert found == Elsewhere(shut, NOW + 6, panic=True)


def test_panic_waits_out_the_calls_own_backoff():
    shut = replace(A, ready_at=NOW + 20, panic_at=NOW)

    assert step([shut], failed(shut, ModelOverloaded), draw=0.5) == Elsewhere(shut, NOW + 0.5, panic=True)


# --- again, or elsewhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Network, RequestConflict, RateLimit])
def test_a_passing_failure_is_retried_once_and_then_goes_elsewhere(kind):
    assert step([A, B], failed(A, kind), draw=0.5) == Again(A, NOW + 0.5)
    assert step([A, B], failed(A, kind), failed(A, kind)) == Elsewhere(B, NOW)


def test_a_stale_connection_is_replaced_at_once_without_the_budget():
    broke = replace(A, may_retry=False)

    assert step([broke, B], failed(broke, StaleConnection)) == Again(broke, NOW, charged=False)


def test_who_refuses_connections_is_asked_again_at_once_only_if_nobody_else_is_ready():
    broke = replace(A, may_retry=False)

    assert step([broke, B], failed(broke, ConnectFailed)) == Elsewhere(B, NOW)
    assert step([broke], failed(broke, ConnectFailed)) == Again(broke, NOW, charged=False)


@pytest.mark.parametrize("kind", [StaleConnection, ConnectFailed])
def test_only_the_first_retry_of_what_was_never_reached_is_at_once_and_free(kind):
    stubborn, broke = replace(RECOVERY, retries=3), replace(A, may_retry=False)

    assert step([A], failed(A, kind), recovery=stubborn) == Again(A, NOW, charged=False)
    assert step([A], failed(A, kind), failed(A, kind), recovery=stubborn) == Again(A, NOW + 0.5 * 2)
    assert step([broke, B], failed(broke, kind), failed(broke, kind), recovery=stubborn) == Elsewhere(B, NOW)


def test_a_target_that_refuses_connections_in_the_second_round_too_is_not_asked_again_at_once():
    tried = [failed(A, ConnectFailed) for _ in range(3)]

    assert step([A], *tried) == Again(A, NOW + 0.5 * 4)


ELSEWHERE = (
    ServerError,
    ModelOverloaded,
    ConnectTimeout,
    FirstContentTimeout,
    ServerErrorAfterUpload,
    BadReply,
    RequestTooLarge,
    ModelNotFound,
    Unsupported,
    TlsFailed,
    AuthenticationFailed,
    QuotaExceeded,
)


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_a_retry_does_not_help_goes_elsewhere_first(kind):
    assert step([A, B], failed(A, kind)) == Elsewhere(B, NOW)


@pytest.mark.parametrize("kind", [ModelOverloaded, ServerError])
def test_a_failing_only_target_is_asked_once_more(kind):
    assert step([A], failed(A, kind), draw=0.5) == Again(A, NOW + 0.5)


def test_what_may_have_cost_is_asked_again_only_if_nobody_else_is_ready_soon():
    soon, late = replace(B, ready_at=NOW + 1.5), replace(B, ready_at=NOW + 5)

    assert step([A, soon], failed(A, FirstContentTimeout), draw=0.1) == Elsewhere(soon, NOW + 1.5)
    assert step([A, late], failed(A, FirstContentTimeout), draw=0.1) == Again(A, NOW + 0.1)


def test_an_empty_retry_budget_sends_elsewhere():
    broke = replace(A, may_retry=False)

    assert step([broke, B], failed(broke, Network)) == Elsewhere(B, NOW)


def test_retries_can_be_switched_off():
    off = Recovery(retries=0)

    assert step([A, B], failed(A, Network), recovery=off) == Elsewhere(B, NOW)
    assert step([A], failed(A, InvalidRequest), recovery=off) == Stop("final")


def test_a_retry_goes_elsewhere_when_the_circuit_opened_meanwhile():
    opened = replace(A, ready_at=NOW + 30)

    assert step([opened, B], failed(A, Network)) == Elsewhere(B, NOW)


# --- Retry-After ------------------------------------------------------------------------------------------------------


def test_a_short_retry_after_is_waited_for_exactly():
    assert step([A, B], failed(A, RateLimit, hint=2.0)) == Again(A, NOW + 2)


def test_a_long_one_goes_elsewhere_first():
    assert step([A, B], failed(A, RateLimit, hint=2.1)) == Elsewhere(B, NOW)
    assert step([A], failed(A, RateLimit, hint=2.1)) == Again(A, NOW + 2.1)


def test_a_retry_that_does_not_fit_the_deadline_goes_elsewhere():
    assert step([A, B], failed(A, RateLimit, hint=1.5), deadline=NOW + 2) == Elsewhere(B, NOW)
    assert step([A], failed(A, RateLimit, hint=1.5), deadline=NOW + 2) == Stop("deadline")


def test_one_beyond_the_longest_leaves_the_target_for_good():
    patient = Recovery(max_wait=3600)

    assert step([A], failed(A, RateLimit, hint=121.0), recovery=patient, deadline=9999) == Stop("targets")
    assert step([A], failed(A, RateLimit, hint=120.0), recovery=patient, deadline=9999) == Again(A, NOW + 120)


def test_a_retry_after_holds_for_the_whole_account_and_for_no_other():
    sibling, other = target("a", "n"), target("a", "n", credential="second")
    hurt = failed(A, RateLimit, hint=5.0)

    assert step([A, sibling], hurt, failed(A, RateLimit, hint=5.0)) == Elsewhere(sibling, NOW + 5)
    assert step([A, sibling, other], hurt) == Elsewhere(other, NOW)


@pytest.mark.parametrize("hint", [0.0, -1.0, float("nan"), float("inf")])
def test_garbage_as_retry_after_means_backoff(hint):
    assert step([A], failed(A, RateLimit, hint=hint), draw=0.5) == Again(A, NOW + 0.5)


# --- what can still help ----------------------------------------------------------------------------------------------


def test_a_callers_mistake_is_final():
    assert step([A, B], failed(A, InvalidRequest)) == Stop("final")


def test_too_long_a_prompt_goes_only_to_a_larger_window():
    small, same, unknown, large = (
        replace(one, window=size) for one, size in ((A, 8), (B, 8), (C, None), (target("d"), 128))
    )

    assert step([small, same, unknown, large], failed(small, ContextLengthExceeded)) == Elsewhere(large, NOW)
    assert step([small, same, unknown], failed(small, ContextLengthExceeded)) == Stop("targets")


def test_a_refusal_of_content_goes_elsewhere_only_where_allowed():
    allowed = Recovery(content_policy_fallback=True)

    assert step([A, B], failed(A, ContentRefused)) == Stop("final")
    assert step([A, B], failed(A, ContentRefused), recovery=allowed) == Elsewhere(B, NOW)
    assert step([A], failed(A, ContentRefused), recovery=allowed) == Stop("targets")


@pytest.mark.parametrize("kind", [AuthenticationFailed, QuotaExceeded])
def test_a_dead_credential_is_not_asked_for_another_model(kind):
    sibling, spare = target("a", "n"), target("a", credential="second")

    assert step([A, sibling, spare], failed(A, kind)) == Elsewhere(spare, NOW)
    assert step([A, sibling], failed(A, kind)) == Stop("targets")


def test_a_broken_certificate_rules_the_provider_out():
    assert step([A, target("a", "n", credential="second"), B], failed(A, TlsFailed)) == Elsewhere(B, NOW)


def test_a_missing_model_leaves_the_others_of_the_provider():
    sibling = target("a", "n")

    assert step([A, sibling], failed(A, ModelNotFound)) == Elsewhere(sibling, NOW)


def test_the_same_target_twice_in_a_route_is_one():
    assert step([A, A, B], failed(A, BadReply)) == Elsewhere(B, NOW)
    assert step([A, A], failed(A, BadReply)) == Stop("targets")


# --- rounds and bounds ------------------------------------------------------------------------------------------------


def test_a_second_round_asks_the_survivors_after_a_backoff_from_each():
    tried = [failed(A, ModelOverloaded, at=NOW - 9), failed(B, BadReply), failed(C, ModelOverloaded)]

    # The third failure's backoff is 0.5 * 4 s: A's ended long ago, C's would end at +2, B is ruled out.
    assert step([A, B, C], *tried, draw=0.5) == Elsewhere(A, NOW)
    assert step([B, C], *tried[1:], draw=0.5) == Again(C, NOW + 1)


def test_every_target_has_its_turns_and_no_more():
    tried = []
    for _ in range(2):
        tried += [failed(one, ModelOverloaded, at=NOW - 50) for one in (A, B)]
    once = Recovery(retries=0, rounds=2, max_attempts=50)

    assert step([A, B], *tried, recovery=once) == Stop("targets")
    assert step([A, B], *tried[:3], recovery=once).candidate == B
    assert step([A, B], *tried, recovery=replace(once, rounds=3)).candidate == A


def test_the_number_of_attempts_is_literal():
    tried = [failed(A, ServerError, at=NOW - 50)] * 3

    assert step([A, B], *tried, recovery=Recovery(max_attempts=3)) == Stop("attempts")
    assert step([A, B], *tried, recovery=Recovery(max_attempts=4)) == Elsewhere(B, NOW)


def test_a_request_that_never_left_is_on_no_bill_and_counts_as_no_attempt():
    sent = failed(A, ConnectFailed, at=NOW - 50)
    unsent = replace(sent, sent=False)

    assert step([A, B], sent, recovery=Recovery(max_attempts=1)) == Stop("attempts")
    assert step([A, B], unsent, recovery=Recovery(max_attempts=1)) == Elsewhere(B, NOW)


@pytest.mark.parametrize("settings", [{"max_attempts": 0}, {"rounds": 0}, {"max_wait": -1}, {"backoff": {"base": 0}}])
def test_settings_that_cannot_work_are_refused_at_load(settings):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, Recovery)


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CallError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_reaction_and_none_asks_again_what_may_have_cost(kind):
    reaction = reaction_to(kind("no"))

    assert not (reaction.again and kind.may_have_cost)
    assert not reaction.again or kind.retryable or kind is TlsFailed


# --- whole calls ------------------------------------------------------------------------------------------------------


def run(data, recovery, count, deadline, minimum):
    """Play a whole call in which every attempt fails in a drawn way; the attempts with their starts."""
    now, tried, starts = 0.0, [], []
    providers = [target(f"p{number % 3}", f"m{number % 4}", window=number) for number in range(count)]
    while True:
        candidates = [
            replace(
                one,
                ready_at=now + data.draw(st.sampled_from([0.0, 0.0, 3.0, NEVER])),
                panic_at=now + data.draw(st.sampled_from([0.0, 1.0, NEVER])),
                may_retry=data.draw(st.booleans()),
            )
            for one in providers
        ]
        found = recovery.next(
            candidates, tried, now=now, deadline=deadline, minimum=minimum, rng=lambda: data.draw(st.floats(0, 0.999))
        )
        if isinstance(found, Stop):
            return found, tried, starts
        assert found.at >= now
        starts.append(found)
        kind = data.draw(st.sampled_from(KINDS))
        hint = data.draw(st.sampled_from([None, None, 0.5, 4.0, 500.0]))
        now = found.at + data.draw(st.sampled_from([0.0, 0.3, 5.0]))
        tried.append(failed(found.candidate, kind, at=now, hint=hint))


@given(
    st.data(),
    st.builds(
        Recovery,
        max_attempts=st.integers(1, 8),
        retries=st.integers(0, 2),
        rounds=st.integers(1, 3),
        content_policy_fallback=st.booleans(),
    ),
    st.integers(0, 6),
    st.floats(0, 60),
    st.sampled_from([0.0, 2.0]),
)
def test_whatever_fails_the_call_keeps_its_bounds(data, recovery, count, deadline, minimum):
    stop, tried, starts = run(data, recovery, count, deadline, minimum)

    assert len(tried) <= recovery.max_attempts
    assert all(step.at + minimum <= deadline + 1e-9 for step in starts)
    for number, begun in enumerate(starts):
        key = begun.candidate.key
        for earlier in tried[:number]:
            error, other = earlier.error, earlier.candidate.key
            if other == key:
                assert error.retryable
            if error.blames == "credential" and not error.retryable:
                assert key[::2] != other[::2]
            if key[::2] == other[::2] and error.retry_after:
                assert begun.at >= earlier.ended_at + error.retry_after - 1e-9
        if isinstance(begun, Again):
            assert tried[number - 1].candidate.key == key
            assert begun.candidate.may_retry or not begun.charged
        elif begun.panic:
            assert begun.candidate.ready_at > begun.at or begun.candidate.panic_at < begun.candidate.ready_at
        else:
            assert begun.at >= begun.candidate.ready_at
    if any(not (attempt.error.fallback or attempt.error.retryable) for attempt in tried[:-1]):
        assert recovery.content_policy_fallback
    assert stop.reason in ("final", "attempts", "deadline", "targets")


@given(st.data(), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3))
def test_in_one_round_nobody_is_asked_twice_save_for_retries(data, count, retries, rounds):
    recovery = Recovery(max_attempts=100, retries=retries, rounds=rounds)
    targets = [target(f"p{number}") for number in range(count)]
    now, tried = 0.0, []

    while not isinstance(found := recovery.next(targets, tried, now=now, deadline=1e6, rng=lambda: 0.5), Stop):
        now = found.at
        tried.append(failed(found.candidate, data.draw(st.sampled_from([ServerError, ModelOverloaded])), at=now))

    for one in targets:
        assert 1 <= sum(attempt.candidate == one for attempt in tried) <= rounds * (retries + 1)
    assert {attempt.candidate.key for attempt in tried[: count * (retries + 1)]} == {one.key for one in targets}
