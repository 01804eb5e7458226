"""A gateway killed under load, three times: the small form of ``python -m tests.attack kills``."""

import asyncio
from pathlib import Path

import pytest

from tests.attack import audit, kills, overspend
from tests.attack.house import House
from tests.attack.kills import Kills
from trunkline.accounting.purse import LEASE
from trunkline.stores.opening import wall_millis
from trunkline.stores.sqlite import SqliteStore

KILLS = 3
NOT_RECEIVED = {"lost", "caller_gone", "stale_connection"}
"""Held and then killed, left by its caller, or on a closed connection before it was sent."""


async def presumed(ledger: Path) -> None:
    """Let the leases of the dead end now, as they do by themselves within 40 seconds."""
    store = SqliteStore(ledger, wall_millis)
    await store.budgets.expire(wall_millis() + LEASE)
    await store.aclose()


async def written(truth: Path) -> None:
    """The simulator has heard that its callers are gone and writes no more; on a busy machine that takes a while."""
    count = -1
    while count != (count := len(audit.received(truth))):
        await asyncio.sleep(0.3)


@pytest.mark.parametrize("budgets", [True, False])
async def test_a_killed_gateway_loses_no_acknowledged_call_and_no_request_and_counts_none_twice(
    tmp_path: Path, budgets: bool
) -> None:
    config = kills.config()
    if not budgets:
        config.pop("budgets")
    async with House(tmp_path, overspend.providers(), config) as house:
        run = Kills(house, KILLS, seed=4)
        for _ in range(KILLS):
            await run.life()
        await written(house.truth)
        await presumed(house.ledger)

        rows = audit.recorded(house.ledger)

    found = audit.Audit(audit.received(house.truth), rows)
    acknowledged = {seen.ask.marker for seen in run.seen if seen.acknowledged}
    assert len(acknowledged) > 30  # the control: it worked until it died
    assert any(row.outcome == "lost" for row in rows)  # ... and died at work, in one of its lives
    assert acknowledged <= {row.marker for row in rows if row.outcome in {"ok", "lost"}}
    assert found.unrecorded == []
    assert found.doubled == []
    assert found.differing() == []
    assert {row.outcome for row in found.unsent} <= NOT_RECEIVED
    assert audit.holds(house.ledger) == 0
    booked = sum(row.booked for row in rows)
    assert all((account.spent, account.held) == (booked, 0) for account in audit.accounts(house.ledger))
