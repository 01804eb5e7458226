"""Prices and budgets on the way of a call: whose price counts, what is held, and what is recorded of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from tests.e2e.test_resilience_hedging import ON, warm
from trunkline.accounting.budgets import account
from trunkline.accounting.windows import period
from trunkline.stores.records import UsageQuery

BOOK: dict[str, Any] = {
    "form": 1,
    "source": "scene 1",
    "as_of": "2026-11-22",
    "providers": {
        "spare": {
            "models": {
                "bare": {
                    "rows": [
                        {"input": "1", "output": "2"},
                        {"input": "10", "output": "20", "service": "priority"},
                    ]
                }
            }
        }
    },
}
KNOWN: dict[str, Any] = {"models": {"bare": {}, "plain": {}}}


@pytest.fixture
async def house(build: Build, tmp_path: Path) -> House:
    (tmp_path / "book.json").write_text(json.dumps(BOOK))
    return await build("prices: book.json", spare=KNOWN)


async def record(house: House) -> Any:
    money = house.gateway.money
    assert money is not None
    await money.purse.aclose()
    (found,) = await money.store.usage.read(UsageQuery())
    return found


@pytest.mark.parametrize(("service", "times"), [(None, 1), ("priority", 10), ("auto", 1), ("nobody-knows", 1)])
async def test_a_call_costs_what_the_book_says_of_the_service_it_asks_for(
    house: House, service: str | None, times: int
) -> None:
    more = {} if service is None else {"service_tier": service}
    status, headers, body = await house.chat("spare/bare", **more)

    usage = json.loads(body)["usage"]
    nanos = (usage["prompt_tokens"] * 1_000 + usage["completion_tokens"] * 2_000) * times
    assert status == 200
    assert round(float(headers["x-trunkline-cost-usd"]) * 10**9) == nanos
    found = await record(house)
    assert found.cost == nanos
    assert found.price_version.startswith("scene-1/")


async def test_the_configs_own_price_stands_over_the_book(house: House) -> None:
    await house.chat("oa/sim")

    assert (await record(house)).price_version == "config"


async def test_a_target_of_unknown_price_is_recorded_as_unknown(house: House) -> None:
    status, headers, _ = await house.chat("spare/plain")

    assert (status, headers["x-trunkline-cost-usd"]) == (200, "unknown")
    found = await record(house)
    assert (found.cost, found.price_version) == (None, "")


async def test_under_a_hard_budget_an_unknown_price_is_refused(build: Build) -> None:
    house = await build("budgets: [{name: all, limit: 5}]")

    status, _, body = await house.chat("spare/sim-nobody-priced")

    assert status == 402
    assert json.loads(body)["error"]["code"] == "unknown_price"
    assert not house.simulator.log


async def test_under_a_hard_budget_only_the_limit_on_the_answer_is_added_and_every_other_byte_is_the_callers(
    build: Build,
) -> None:
    house = await build("budgets: [{name: all, limit: 5}]")
    said = '{"messages": [{"role": "user",   "content": "\\u4e2d 1e5"}], "temperature": 0.10, "model": "openai"}'

    await house.post("/v1/chat/completions", said.encode())
    await house.post("/v1/chat/completions", said.replace('"temp', '"max_tokens": 20, "temp').encode())

    capped, as_it_was = [entry.request for entry in await house.logged(2)]
    assert json.loads(capped) == {**json.loads(said), "model": "sim", "max_tokens": json.loads(capped)["max_tokens"]}
    assert '[{"role": "user",   "content": "\\u4e2d 1e5"}]' in capped
    assert '"temperature":0.10' in capped
    assert as_it_was == said.replace('"temp', '"max_tokens": 20, "temp').replace('"openai"', '"sim"')


async def test_both_requests_of_a_hedged_call_are_recorded_and_the_second_is_named_a_hedge(build: Build) -> None:
    house = await warm(build, f"{ON}\nbudgets: [{{name: all, limit: 5}}]")
    status, headers, _ = await house.chat("r", stream=True)

    money = house.gateway.money
    assert money is not None
    assert (status, headers["x-trunkline-provider"]) == (200, "spare")
    await money.purse.aclose()
    records = await money.store.usage.read(UsageQuery())
    hedged = sorted((one for one in records if one.request == headers["x-request-id"]), key=lambda one: one.attempt)
    assert [(one.provider, one.attempt, one.purpose) for one in hedged] == [("oa", 1, "call"), ("spare", 2, "hedge")]
    assert [one.outcome for one in hedged] == ["caller_gone", "ok"]
    (balance,) = (await money.store.budgets.balances([hedged_account(house)])).values()
    assert (balance.spent, balance.held) == (sum(one.booked for one in records), 0)


def hedged_account(house: House) -> str:
    money = house.gateway.money
    assert money is not None
    (rule,) = money.purse.rules
    return account(rule, period(rule.window, rule.zone, money.wall()), "")
