"""Whose budget a call counts against, and when a budget is told to be near its end."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.scenes import LARGE, NOW, SMALL
from trunkline.accounting.budgets import BudgetRule, crossed, demands
from trunkline.core.call import Caller

ALICE = Caller("alice", team="research", tags=("night", "batch"))
BOB = Caller("bob")
DOLLAR = 1_000_000_000


def rule(**other: Any) -> BudgetRule:
    return BudgetRule(**{"name": "monthly", "limit": Decimal(1), **other})


@pytest.mark.parametrize(
    ("per", "whose"),
    [
        ("total", [""]),
        ("key", ["alice"]),
        ("team", ["research"]),
        ("tag", ["night", "batch"]),
        ("model", ["openai/small"]),
        ("provider", ["openai"]),
    ],
)
def test_each_kind_of_budget_has_its_own_accounts(per: str, whose: list[str]) -> None:
    found = demands([rule(per=per)], ALICE, SMALL, NOW)

    assert [demand.subject for demand in found] == whose
    assert len({demand.charge.account for demand in found}) == len(whose)


def test_a_budget_counts_its_own_traffic_only() -> None:
    rules = [
        rule(per="key", only=("ali*",)),
        rule(per="provider", only=("anthropic",)),
        rule(per="team"),
        rule(per="tag"),
    ]

    assert [demand.subject for demand in demands(rules, BOB, SMALL, NOW)] == []
    assert [demand.subject for demand in demands(rules, BOB, LARGE, NOW)] == ["anthropic"]
    assert [demand.subject for demand in demands(rules, ALICE, SMALL, NOW)] == ["alice", "research", "night", "batch"]


def test_names_that_look_alike_have_accounts_of_their_own() -> None:
    key = demands([rule(per="key")], Caller("research"), SMALL, NOW)
    team = demands([rule(per="team")], Caller("x", team="research"), SMALL, NOW)

    assert key[0].charge.account != team[0].charge.account


def test_a_soft_budget_counts_and_has_no_limit() -> None:
    assert demands([rule(hard=False)], BOB, SMALL, NOW)[0].charge.limit is None
    assert demands([rule(hard=True)], BOB, SMALL, NOW)[0].charge.limit == DOLLAR


def test_the_next_window_is_another_account() -> None:
    (now,) = demands([rule(window="day")], BOB, SMALL, NOW)
    (before,) = demands([rule(window="day")], BOB, SMALL, now.ends - 1)
    (after,) = demands([rule(window="day")], BOB, SMALL, now.ends)

    assert before.charge.account == now.charge.account
    assert after.charge.account != now.charge.account


def test_a_keys_own_budget_is_one_of_its_own_each_month() -> None:
    (own,) = demands([], Caller("alice", budget=5 * DOLLAR + 1), SMALL, NOW)

    assert (own.subject, own.charge.limit) == ("alice", 5 * DOLLAR + 1)
    assert str(own) == "the budget own budget of key alice"


@pytest.mark.parametrize("limit", ["-1", "NaN", "Infinity", "1000000001"])
def test_a_limit_that_is_none_says_how_one_is_written(limit: str) -> None:
    with pytest.raises(ValueError, match="write dollars, from 0 to a billion"):
        rule(limit=Decimal(limit))


def test_a_zone_that_is_none_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        rule(zone="Berlin")


def test_marks_are_told_once_each_as_spending_passes_them() -> None:
    assert crossed(rule(), 0, DOLLAR // 2 - 1) == ()
    assert crossed(rule(), DOLLAR // 2 - 1, DOLLAR // 2) == (50,)
    assert crossed(rule(), DOLLAR // 2, DOLLAR * 7 // 10) == ()
    assert crossed(rule(), DOLLAR // 2, 2 * DOLLAR) == (80, 95)


@given(steps=st.lists(st.integers(min_value=0, max_value=DOLLAR), max_size=30))
def test_however_spending_rises_every_mark_is_told_exactly_once(steps: list[int]) -> None:
    told: list[int] = []
    spent = 0
    for step in steps:
        told += crossed(rule(), spent, spent + step)
        spent += step

    assert told == [mark for mark in (50, 80, 95) if spent * 100 >= mark * DOLLAR]
