"""Batches when things go wrong: processes that die, share a ledger or settle twice; providers that do not answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.filed import ALICE, BOB, PRICES, begun, filed_house, house_before, line, simulated, uploaded
from trunkline.accounting.budgets import account
from trunkline.accounting.windows import period
from trunkline.core.call import Caller
from trunkline.core.errors import BadReply, ReadTimeout
from trunkline.files.depot import Depot, read
from trunkline.files.settling import LEASE, MADE_WITHIN
from trunkline.simulator import Simulator, read_config
from trunkline.stores.belongings import Listing
from trunkline.stores.records import LOST

ENDPOINT: Any = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
LATE: Any = {**ENDPOINT, "completion_window": "1h"}
BUDGETS = "budgets: [{name: all, limit: 1}]"


async def balance(house: Any) -> Any:
    """The one account of the one budget."""
    assert house.gateway.money is not None
    purse, store = house.gateway.money.purse, house.gateway.money.store
    (rule,) = purse.rules
    name = account(rule, period(rule.window, rule.zone, house.gateway.money.wall()), "")
    return (await store.budgets.balances([name]))[name]


async def test_a_batch_outlives_its_process_and_another_one_bills_it(tmp_path: Path) -> None:
    settings = simulated(one={"batches": {"seconds": 0}})
    async with Simulator(read_config(settings)) as simulator:
        async with house_before(simulator, tmp_path, more=BUDGETS) as first, first.client() as gpt:
            batch = await begun(gpt, line(1), line(2))
            held = (await balance(first)).held
        async with house_before(simulator, tmp_path, more=BUDGETS) as second, second.client() as gpt:
            await second.gateway.money.purse.keep()  # type: ignore[union-attr]  # settles for dead processes
            before = await balance(second)
            done = await gpt.batches.retrieve(batch.id)
            (record,) = await second.records()
            after = await balance(second)
            async with second.client(BOB) as bob:
                with pytest.raises(openai.NotFoundError):
                    await bob.batches.retrieve(batch.id)

    assert before.held == held > 0
    assert done.status == "completed"
    assert (record.outcome, record.cost) == ("ok", simulator.site.batches["one"].kept[batch.id].cost)
    assert (after.held, after.spent) == (0, record.cost)


async def test_two_processes_on_one_ledger_see_the_same_and_bill_once(tmp_path: Path) -> None:
    async with (
        Simulator(read_config(simulated())) as simulator,
        house_before(simulator, tmp_path, more=BUDGETS) as left,
        house_before(simulator, tmp_path, more=BUDGETS, name="other") as right,
        left.client() as one,
        right.client() as two,
    ):
        batch = await begun(one, line(1), line(2))
        seen = await asyncio.gather(
            *(gpt.batches.retrieve(batch.id) for gpt in (one, two) * 4),
            *(house.look_again() for house in (left, right)),
        )
        done = await two.batches.retrieve(batch.id)
        text = (await two.files.content(done.output_file_id or "")).text
        records = await right.records()
        after = await balance(left)

    assert {done.status for done in seen if done is not None} == {"completed"}
    assert len(text.splitlines()) == 2
    assert [record.cost for record in records] == [after.spent]
    assert after.held == 0


async def test_a_batch_seen_again_and_again_costs_once(tmp_path: Path) -> None:
    async with filed_house(tmp_path, more=BUDGETS) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        (row,) = await house.filing.desk.register.mine(Listing("batch", "alice"))
        shown = await house.filing.desk.depot(row).told("GET", f"/batches/{batch.id}")
        for _ in range(3):
            await house.filing.settling.seen(row, shown)  # as one who read the row before it was closed
        records, after = await house.records(), await balance(house)

    assert len(records) == 1
    assert (after.held, after.spent) == (0, records[0].cost)


async def lost_answer(house: Any, monkeypatch: pytest.MonkeyPatch, file: str, *, arrives: bool) -> None:
    """A batch whose request arrives at its provider, or does not, and whose answer never comes."""
    told = Depot.told

    async def unheard(self: Depot, method: str, path: str, *given: Any, **how: Any) -> bytes:
        if (method, path) != ("POST", "/batches"):
            return await told(self, method, path, *given, **how)
        if arrives:
            await told(self, method, path, *given, **how)
        raise ReadTimeout("no answer came")

    with monkeypatch.context() as patched:
        patched.setattr(Depot, "told", unheard)
        async with house.client() as gpt:
            with pytest.raises(openai.APIStatusError):
                await gpt.batches.create(input_file_id=file, **ENDPOINT)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_batch_whose_answer_was_lost_is_found_or_its_money_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    async with filed_house(tmp_path, more=BUDGETS) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1))
        await lost_answer(house, monkeypatch, file.id, arrives=arrives)
        held, hidden = (await balance(house)).held, [one async for one in gpt.batches.list()]
        await house.look_again()
        await house.look_again(600_000)
        found = [one async for one in gpt.batches.list()]
        records, after = await house.records(), await balance(house)

    assert held > 0
    assert hidden == []
    assert after.held == 0
    if arrives:
        assert [one.status for one in found] == ["completed"]
        assert [record.cost for record in records] == [after.spent]
        assert after.spent > 0
    else:
        assert (found, records, after.spent) == ([], [], 0)


async def test_a_refused_batch_gives_its_money_and_its_place_back(tmp_path: Path) -> None:
    more = f"{BUDGETS}\nfiles: {{pending: 1}}"
    async with filed_house(tmp_path, more=more) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1))
        for _ in range(2):
            with pytest.raises(openai.BadRequestError, match="completion_window"):
                await gpt.batches.create(input_file_id=file.id, **LATE)
        after = await balance(house)
        again = await gpt.batches.create(input_file_id=file.id, **ENDPOINT)

    assert (after.held, after.spent) == (0, 0)
    assert again.status == "validating"


async def test_a_batch_nobody_could_look_at_for_a_week_stands_as_lost_and_is_mended_by_the_truth(
    tmp_path: Path,
) -> None:
    async with filed_house(tmp_path, more=BUDGETS) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        assert house.gateway.money is not None
        store = house.gateway.money.store
        held = (await balance(house)).held
        assert await store.budgets.expire(house.gateway.money.wall() + LEASE - 60_000) == 0
        assert await store.budgets.expire(house.gateway.money.wall() + LEASE + 60_000) == 1
        (lost,), worst = await house.records(), await balance(house)
        await gpt.batches.retrieve(batch.id)
        (record,), after = await house.records(), await balance(house)

    assert (lost.outcome, lost.booked) == (LOST, held)
    assert (worst.held, worst.spent) == (0, held)
    assert record.cost == after.spent
    assert 0 < after.spent < held


async def test_deleting_the_output_does_not_save_its_price(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        site = house.simulator.site
        site.batches["one"].answer("GET", f"/v1/batches/{batch.id}", {}, b"", 1e6)  # it ends, and nobody here knows
        kept = site.batches["one"].kept[batch.id]
        del site.files["one"].kept[kept.shown["output_file_id"]]
        await gpt.batches.retrieve(batch.id)
        (summed,) = await house.records()
        del kept.shown["usage"]
        other = await begun(gpt, line(1))
        site.batches["one"].answer("GET", f"/v1/batches/{other.id}", {}, b"", 1e6)
        del site.files["one"].kept[site.batches["one"].kept[other.id].shown["output_file_id"]]
        del site.batches["one"].kept[other.id].shown["usage"]
        await gpt.batches.retrieve(other.id)
        unknown = next(one for one in await house.records() if one.id != summed.id)

    assert summed.cost == kept.cost
    assert unknown.cost is None
    assert unknown.booked > kept.cost


@pytest.mark.parametrize(
    "told",
    [
        b"not json\n",
        b'{"response":{"status_code":200,"body":{"model":"sim"}}}\n',
        b'{"response":{"status_code":200,"body":{"usage":{"prompt_tokens":-5,"completion_tokens":1}}}}\n',
        b'{"response":{"status_code":200,"body":{"usage":{"prompt_tokens":10000000000000,"completion_tokens":1}}}}\n',
        b'{"response":{"status_code":200,"body":"x"}}\n',
        b"[" * 100_000,
        b"\xff\n\n\n",
    ],
)
async def test_an_output_that_nobody_can_read_is_charged_at_its_worst_case(tmp_path: Path, told: bytes) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        site = house.simulator.site
        site.batches["one"].answer("GET", f"/v1/batches/{batch.id}", {}, b"", 1e6)
        site.files["one"].kept[site.batches["one"].kept[batch.id].shown["output_file_id"]].content += told
        await gpt.batches.retrieve(batch.id)
        (record,) = await house.records()

    most = 2 * 1000 * len(json.dumps(line(1)["body"])) + 50 * int(PRICES["output"]) * 1000
    assert record.cost is None
    assert 0 < record.booked <= most


async def test_a_provider_that_fails_at_the_end_is_asked_again_and_its_caller_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        send = Depot.send

        async def failing(self: Depot, method: str, path: str, *given: Any, **how: Any) -> Any:
            if path.endswith("/content"):
                raise ReadTimeout("no content came")
            return await send(self, method, path, *given, **how)

        with monkeypatch.context() as patched:
            patched.setattr(Depot, "send", failing)
            done = await gpt.batches.retrieve(batch.id)
        none = await house.records()
        text = (await gpt.files.content(done.output_file_id or "")).text
        await house.look_again()
        records = await house.records()

    assert done.status == "completed"
    assert none == []
    assert text
    assert [record.outcome for record in records] == ["ok"]


@pytest.mark.parametrize("told", [True, False])
async def test_an_output_that_went_elsewhere_is_charged_by_its_sum_or_its_worst_case(
    tmp_path: Path, told: bool
) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        kept = house.simulator.site.batches["one"].kept[batch.id]
        house.simulator.site.batches["one"].answer("GET", f"/v1/batches/{batch.id}", {}, b"", 1e6)
        kept.shown["output_file_id"] = None
        if not told:
            kept.shown["usage"] = None
        await gpt.batches.retrieve(batch.id)
        (record,) = await house.records()

    assert record.cost == (kept.cost if told else None)
    assert record.booked >= kept.cost > 0


async def test_an_output_without_end_is_charged_by_its_providers_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.files.depot.CONTENT_LIMIT", 100)
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1), line(2))
        await gpt.batches.retrieve(batch.id)
        (record,) = await house.records()

    assert record.cost == house.simulator.site.batches["one"].kept[batch.id].cost


async def test_a_place_that_was_left_half_made_is_free_again(tmp_path: Path) -> None:
    async with filed_house(tmp_path, more="files: {upload_timeout: 1s}") as house:
        register, store = house.filing.desk.register, house.filing.desk.register.store
        row = await register.begin("file", "one", Caller("alice"), 10, b"{}")
        await house.filing.settling.round()
        young = await store.find("file", row.id)
        await house.look_again()

        assert young
        assert await store.find("file", row.id) == []
    assert MADE_WITHIN < 300_000


async def test_a_caller_that_leaves_while_its_batch_is_sent_is_billed_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1))
        gone, told = asyncio.Event(), Depot.told

        async def slow(self: Depot, method: str, path: str, *given: Any, **how: Any) -> bytes:
            if (method, path) == ("POST", "/batches"):
                await gone.wait()
            return await told(self, method, path, *given, **how)

        monkeypatch.setattr(Depot, "told", slow)
        leaving = asyncio.create_task(gpt.batches.create(input_file_id=file.id, **ENDPOINT))
        while not house.filing.batches.sending:
            await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        gone.set()
        while not (found := [one async for one in gpt.batches.list()]):
            await asyncio.sleep(0.01)
        await gpt.batches.retrieve(found[0].id)
        records = await house.records()

    assert [record.outcome for record in records] == ["ok"]


async def test_what_a_key_may_ask_is_asked_again_when_its_batch_begins(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, models: [second]}}]"
    async with Simulator(read_config(simulated())) as simulator:
        async with house_before(simulator, tmp_path) as house, house.client() as gpt:
            file = await uploaded(gpt, line(1))
        async with house_before(simulator, tmp_path, keys=keys) as house, house.client() as gpt:
            with pytest.raises(openai.PermissionDeniedError):  # the key may not ask for these models any more
                await gpt.batches.create(input_file_id=file.id, **ENDPOINT)


async def test_a_file_from_before_a_budget_is_refused_unless_its_answers_are_bounded(tmp_path: Path) -> None:
    unlimited = line(1)
    del unlimited["body"]["max_tokens"]
    async with Simulator(read_config(simulated())) as simulator:
        async with house_before(simulator, tmp_path) as house, house.client() as gpt:
            free, bound = await uploaded(gpt, unlimited), await uploaded(gpt, line(1))
        async with house_before(simulator, tmp_path, more=BUDGETS) as house, house.client() as gpt:
            with pytest.raises(openai.BadRequestError, match="upload it again"):
                await gpt.batches.create(input_file_id=free.id, **ENDPOINT)
            assert await gpt.batches.create(input_file_id=bound.id, **ENDPOINT)


@pytest.mark.parametrize(
    "shown",
    [
        {"id": "file-1", "created_at": "2026-11-23T08:00:00Z", "request_counts": None, "usage": None, "purpose": None},
        {"id": "file-1", "created_at": None, "request_counts": {"completed": None}, "status": None},
        {"id": "file-1"},
    ],
)
def test_an_object_that_says_little_or_says_it_otherwise_is_read(shown: dict[str, Any]) -> None:
    found = read(json.dumps(shown))

    assert not found.answered
    assert found.may_be_since(0.0)


@pytest.mark.parametrize(
    "shown", ['{"id": 1}', "{}", "[]", "null", "", '{"id": "x", "output_file_id": {}}', "[" * 100_000]
)
def test_what_is_no_object_is_a_bad_reply(shown: str) -> None:
    with pytest.raises(BadReply):
        read(shown)
