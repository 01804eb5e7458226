"""Whatever is reserved, settled, cancelled, crashed and expired, in whatever order: the books agree with a model."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.stores.scenes import ENGINES, NOW, hold, record
from trunkline.stores.holds import Hold, Refusal
from trunkline.stores.records import UsageQuery

LIMITS = {"key": 500, "team": 900}
ACCOUNTS = (*LIMITS, "total")  # total counts without a limit
amounts = st.integers(min_value=0, max_value=300)


class Money(RuleBasedStateMachine):
    """Two processes on one store; what each hold should have come to is kept beside it."""

    engine = ""
    holds: Bundle[Any] = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.store = self.runner.run(self.opened())
        self.open: dict[str, Hold] = {}
        self.presumed: dict[str, Hold] = {}
        self.booked: dict[str, tuple[Hold, int]] = {}
        self.recorded: dict[str, str] = {}
        self.numbers = iter(range(10_000))

    async def opened(self) -> Any:
        return ENGINES[self.engine](Path(self.folder.name))

    @rule(
        target=holds,
        nanos=amounts,
        owner=st.sampled_from(["one", "two"]),
        accounts=st.sets(st.sampled_from(ACCOUNTS), min_size=1),
    )
    def reserve(self, nanos: int, owner: str, accounts: set[str]) -> Hold:
        limits = {account: LIMITS.get(account) for account in sorted(accounts)}
        one = hold(f"h{next(self.numbers)}", nanos, owner, **limits)
        before = self.expected()

        answer = self.runner.run(self.store.budgets.reserve(one))

        short = [
            account
            for account, limit in limits.items()
            if limit is not None and nanos and sum(before[account]) + nanos > limit
        ]
        assert isinstance(answer, Refusal) == bool(short)
        if not short:
            self.open[one.id] = one
        return one

    @rule(one=holds, share=st.integers(min_value=0, max_value=4), failed=st.booleans())
    def settle(self, one: Hold, share: int, failed: bool) -> None:
        booked = one.nanos * share // 3  # a bill may be over what was held
        if self.end(one, booked, "server_error" if failed else "ok"):
            self.booked[one.id] = (one, booked)

    @rule(one=holds)
    def cancel(self, one: Hold) -> None:
        self.end(one, 0, None)

    def end(self, one: Hold, booked: int, outcome: str | None) -> bool:
        sent = None if outcome is None else record(one.id, cost=booked, outcome=outcome)
        answer = self.runner.run(self.wait(one, booked, sent))
        stood = self.open.pop(one.id, None) or self.presumed.pop(one.id, None)
        assert bool(answer) == bool(stood)
        if stood:
            self.booked.pop(one.id, None)
            self.recorded.pop(one.id, None)
            if outcome:
                self.recorded[one.id] = outcome
        return bool(stood)

    async def wait(self, one: Hold, booked: int, sent: Any) -> Any:
        return await self.store.budgets.settle(one, booked, sent)

    @rule(dead=st.sampled_from(["one", "two"]))
    def expire(self, dead: str) -> None:
        alive = "two" if dead == "one" else "one"
        self.runner.run(self.store.budgets.renew(alive, NOW + 1))
        self.runner.run(self.store.budgets.renew(dead, NOW))
        lost = {name: one for name, one in self.open.items() if one.owner == dead}

        assert self.runner.run(self.store.budgets.expire(NOW)) == len(lost)

        for name, one in lost.items():
            self.presumed[name] = self.open.pop(name)
            self.booked[name] = (one, one.nanos)
            self.recorded[name] = "lost"

    @rule()
    def crash(self) -> None:
        """What the store has answered for stands after it is opened again."""
        if self.engine == "memory":
            return
        self.runner.run(self.store.aclose())
        self.store = self.runner.run(self.opened())

    def expected(self) -> dict[str, tuple[int, int]]:
        def of(account: str, holding: Hold) -> bool:
            return any(charge.account == account for charge in holding.charges)

        return {
            account: (
                sum(booked for one, booked in self.booked.values() if of(account, one)),
                sum(one.nanos for one in self.open.values() if of(account, one)),
            )
            for account in ACCOUNTS
        }

    @invariant()
    def balances_are_what_they_should_be(self) -> None:
        balances = self.runner.run(self.store.budgets.balances(ACCOUNTS))
        assert {name: (one.spent, one.held) for name, one in balances.items()} == self.expected()

    @invariant()
    def every_attempt_has_one_record(self) -> None:
        records = self.runner.run(self.store.usage.read(UsageQuery()))
        assert {one.id: one.outcome for one in records} == self.recorded
        assert len(records) == len(self.recorded)
        totals = self.runner.run(self.store.usage.sum(UsageQuery(), "total"))
        assert sum(total.attempts for total in totals) == len(records)
        assert sum(total.at_most for total in totals) == sum(one.nanos for one in self.presumed.values())

    def teardown(self) -> None:
        self.runner.run(self.store.aclose())
        self.runner.close()
        self.folder.cleanup()


@pytest.mark.parametrize("engine", list(ENGINES))
def test_the_books_agree_with_a_model_in_every_history(engine: str) -> None:
    machine = type("MoneyIn" + engine, (Money,), {"engine": engine})
    chosen = settings(max_examples=60 if engine == "memory" else 12, stateful_step_count=30, deadline=None)

    machine.TestCase.settings = chosen  # type: ignore[attr-defined]
    machine.TestCase("runTest").runTest()  # type: ignore[attr-defined]
