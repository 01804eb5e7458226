"""What the ledger says of an attempt, before it is sent and after it ended."""

import pytest
from msgspec.structs import replace

from tests.accounting.scenes import LARGE, NOW, PRICED, attempt, ended, exchange
from trunkline.accounting import ledger
from trunkline.core.call import Caller
from trunkline.core.errors import FirstContentTimeout, ServerError
from trunkline.core.outcome import Outcome
from trunkline.core.usage import UNKNOWN_USAGE, Usage

ALICE = Caller("alice", team="research", tags=("night",))
DRAFT = ledger.draft("id1", exchange(caller=ALICE), PRICED, NOW)


def test_a_draft_says_who_asked_whom_and_that_nobody_knows_the_end() -> None:
    assert (DRAFT.id, DRAFT.request, DRAFT.attempt, DRAFT.at) == ("id1", "req_1", 1, NOW)
    assert (DRAFT.target, DRAFT.route, DRAFT.price_version) == ("openai/small", "fast", "v1")
    assert (DRAFT.key, DRAFT.team, DRAFT.tags) == ("alice", "research", ("night",))
    assert (DRAFT.outcome, DRAFT.cost, DRAFT.usage.source) == ("lost", None, "unknown")


def test_attempts_are_counted_and_one_beside_an_open_one_is_a_hedge() -> None:
    second, beside = exchange(), exchange()
    second.attempts.append(attempt(ended(error=ServerError("500"))))
    beside.attempts.append(attempt(None))

    assert (ledger.draft("a", second, PRICED, NOW).attempt, ledger.draft("a", second, PRICED, NOW).purpose) == (
        2,
        "call",
    )
    assert (ledger.draft("a", beside, PRICED, NOW).attempt, ledger.draft("a", beside, PRICED, NOW).purpose) == (
        2,
        "hedge",
    )


def test_an_answer_is_recorded_with_its_tokens_cost_and_times() -> None:
    record = ledger.ended(DRAFT, attempt(ended(), cost=60_000), held=99_000)

    assert (record.outcome, record.cost, record.booked) == ("ok", 60_000, 60_000)
    assert (record.usage, record.duration, record.first_content) == (Usage(input=10, output=5), 1_250, 500)
    assert record.id == DRAFT.id


def test_a_failure_that_cost_nothing_costs_nothing_even_without_a_price() -> None:
    record = ledger.ended(DRAFT, attempt(Outcome.failed(ServerError("500"), 0.2)), held=99_000)

    assert (record.outcome, record.cost, record.booked, record.first_content) == ("server_error", 0, 0, None)


def test_a_failure_that_may_have_cost_is_unknown_and_budgets_are_charged_what_was_held() -> None:
    record = ledger.ended(DRAFT, attempt(Outcome.failed(FirstContentTimeout("late"), 9.0)), held=99_000)

    assert (record.cost, record.booked, record.usage.source) == (None, 99_000, "unknown")


def test_an_unknown_price_is_an_unknown_cost_and_never_nothing() -> None:
    assert ledger.ended(DRAFT, attempt(ended(), cost=None), held=0).cost is None


@pytest.mark.parametrize("usage", [Usage(input=-1), Usage(output=10**13), Usage(cache_read=2**80)])
def test_counts_that_no_call_can_have_are_unknown(usage: Usage) -> None:
    record = ledger.ended(DRAFT, attempt(ended(usage), cost=5), held=99_000)

    assert (record.usage, record.cost, record.booked) == (UNKNOWN_USAGE, None, 99_000)


@pytest.mark.parametrize("cost", [-1, 10**16])
def test_a_cost_that_no_attempt_can_have_is_unknown(cost: int) -> None:
    assert ledger.ended(DRAFT, attempt(ended(), cost=cost), held=99_000).booked == 99_000


def test_an_attempt_without_an_end_stays_a_draft_at_what_was_held() -> None:
    assert ledger.ended(DRAFT, attempt(None, target=LARGE), held=10) == replace(DRAFT, booked=10)
