"""Whether the money lasts: nothing presses while it does, everything when it is spent, and priority feels it last."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.scenes import NOW, exchange
from trunkline.accounting.budgets import BudgetRule
from trunkline.accounting.forecast import eased, pressure
from trunkline.accounting.purse import Purse
from trunkline.accounting.windows import Period
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Caller
from trunkline.core.exchange import Target
from trunkline.stores.memory import MemoryStore

WINDOW = Period(0, 1_000, "any")


@pytest.mark.parametrize(
    ("spent", "now", "expected"),
    [
        (0, 500, 0.0),
        (50, 500, 0.0),  # half spent at half time: it lasts
        (40, 500, 0.0),
        (2, 10, 0.0),  # a dear start is no trend
        (100, 500, 1.0),
        (130, 500, 1.0),  # over a soft limit
        (90, 1_000, 0.0),  # the window ends before the money does
    ],
)
def test_money_that_lasts_does_not_press_and_money_that_is_spent_presses_in_full(
    spent: int, now: int, expected: float
) -> None:
    assert pressure(spent, 100, WINDOW, now) == expected


def test_it_is_the_share_of_the_remaining_time_that_would_be_without_money() -> None:
    # 80 % in 55 % of a window: the rest lasts 0.2 * 0.55 / 0.8 of one, and half of one is left
    assert pressure(80, 100, WINDOW, 500) == pytest.approx(1 - 0.1375 / 0.5)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(-10, 1_100))
def test_who_has_spent_more_is_pressed_no_less(one: int, other: int, now: int) -> None:
    less, more = sorted((one, other))
    assert 0 <= pressure(less, 100, WINDOW, now) <= pressure(more, 100, WINDOW, now) <= 1


@given(st.floats(0, 1))
def test_high_priority_feels_it_last_and_low_priority_first(pressed: float) -> None:
    assert 0 <= eased(pressed, "high") <= eased(pressed, "normal") <= eased(pressed, "low") <= 1
    assert [eased(1.0, priority) for priority in ("high", "normal", "low")] == [1.0, 1.0, 1.0]  # type: ignore[arg-type]


async def purse_after(spent: int, *rules: BudgetRule) -> Purse:
    """A purse that has seen so much of a caller's money go, in nano-dollars."""
    purse = Purse(MemoryStore(), rules, wall=lambda: NOW)
    asked = exchange(caller=Caller("alice", team="research"))
    held = await purse.reserve(asked, Offer(Target("local", "free")))
    purse._enter(held, spent, None)
    await purse.aclose()
    return purse


async def test_a_purse_knows_without_asking_the_store_how_hard_it_is_pressed() -> None:
    rule: dict[str, Any] = {"limit": Decimal(1), "per": "team", "hard": False}
    purse = await purse_after(990_000_000, BudgetRule(name="team", **rule))

    assert purse.pressure(Caller("alice", team="research")) > 0.5
    assert purse.pressure(Caller("bob", team="sales")) == 0.0
    assert purse.pressure(Caller("alice", team="research", priority="high")) < purse.pressure(
        Caller("alice", team="research")
    )


async def test_a_providers_own_budget_presses_on_nobodys_calls_to_others() -> None:
    purse = await purse_after(990_000_000, BudgetRule(name="one", limit=Decimal(1), per="provider", hard=False))

    assert purse.pressure(Caller("alice")) == 0.0
