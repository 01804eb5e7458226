"""Two gateways, one ledger and callers who ask for more than is left: the small form of ``python -m tests.attack``."""

import asyncio

import pytest

from tests.attack import overspend
from tests.attack.overspend import Found, Size


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    size = Size(keys=6, callers=12, team=3)
    return asyncio.run(overspend.attack(tmp_path_factory.mktemp("overspend"), size))


def test_what_is_spent_and_held_never_passes_a_limit_and_an_exhausted_budget_is_used_up(found: Found) -> None:
    assert found.over == []
    assert found.highest <= 1
    assert found.writes > 300  # the control: every one of them was looked at
    assert found.statuses[402] > found.exhausted > 3  # ... limits were met
    assert found.least_used >= 0.95
    assert found.held == 0


def test_every_request_a_provider_received_has_its_one_record_at_the_cost_it_billed(found: Found) -> None:
    audit = found.audit
    assert len(audit.truth) > 200
    assert audit.unrecorded == []
    assert audit.doubled == []
    assert audit.differing() == []
    exact = audit.sums()["reported"]
    assert exact.ledger == exact.billed > 0
    assert {one.fault is None for one in audit.truth} == {True, False}  # the control: some of them failed
    assert {row.purpose for row in audit.rows} == {"call", "hedge"}
