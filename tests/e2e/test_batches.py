"""Batches through the gateway: the whole round of OpenAI's own client, and the money around it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.filed import ALICE, BOB, PRICES, begun, filed_house, line, uploaded
from trunkline.core.usage import Usage
from trunkline.stores.belongings import Listing


def cost_of(rows: list[dict[str, Any]]) -> int:
    """What the answers of an output cost by their own usage, in nano-dollars."""
    used = [row["response"]["body"]["usage"] for row in rows]
    return sum(
        one["prompt_tokens"] * int(PRICES["input"]) * 1000 + one["completion_tokens"] * int(PRICES["output"]) * 1000
        for one in used
    )


async def test_the_openai_sdk_does_its_whole_round_and_the_ledger_has_the_bill(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1), line(2, text="What is 3 + 4?"))
        batch = await gpt.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"job": "night"}
        )
        done = await gpt.batches.retrieve(batch.id)
        rows = [json.loads(row) for row in (await gpt.files.content(done.output_file_id or "")).text.splitlines()]
        listed = [one.id async for one in gpt.batches.list()]
        files = [one.id async for one in gpt.files.list()]
        for name in (file.id, done.output_file_id or ""):
            assert (await gpt.files.delete(name)).deleted
        left = [one async for one in gpt.files.list()]
        records = await house.records()

    assert (done.status, done.metadata) == ("completed", {"job": "night"})
    assert [row["custom_id"] for row in rows] == ["line-1", "line-2"]
    assert "42" in rows[0]["response"]["body"]["choices"][0]["message"]["content"]
    assert listed == [batch.id]
    assert files == [done.output_file_id, file.id]
    assert left == []
    (record,) = records
    assert (record.purpose, record.key, record.target, record.route) == ("batch", "alice", "one/sim", "fast")
    assert (record.outcome, record.cost) == ("ok", cost_of(rows))
    assert record.usage.total == sum(row["response"]["body"]["usage"]["total_tokens"] for row in rows)
    assert record.booked == record.cost == house.simulator.site.batches["one"].kept[batch.id].cost


async def test_lines_go_on_with_another_models_name_and_nothing_else_changed(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1, body={"x_unknown": [1, {"a": None}]}, note="kept"))
        sent = house.simulator.site.files["one"].kept[file.id].content

    assert json.loads(sent) == {
        **line(1, note="kept"),
        "body": {**line(1)["body"], "model": "sim", "x_unknown": [1, {"a": None}]},
    }


async def test_embeddings_and_responses_are_batches_too(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        said: list[str] = []
        for url, body in (("/v1/embeddings", {"input": "two words"}), ("/v1/responses", {"input": "What is 17 + 25?"})):
            one = {"custom_id": "a", "method": "POST", "url": url, "body": {"model": "same", **body}}
            file = await uploaded(gpt, one)
            batch = await gpt.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h")  # type: ignore[arg-type]
            done = await gpt.batches.retrieve(batch.id)
            said.append((await gpt.files.content(done.output_file_id or "")).text)
        records = await house.records()

    assert '"embedding"' in said[0]
    assert "42" in said[1]
    assert [record.usage.input > 0 for record in records] == [True, True]
    assert all(record.cost for record in records)


@pytest.mark.parametrize(("expires", "ended"), [(False, "cancelled"), (True, "expired")])
async def test_of_a_batch_that_does_not_end_well_what_was_done_is_charged(
    tmp_path: Path, expires: bool, ended: str
) -> None:
    settings = {"seconds": 0 if expires else 3600, "expires": expires, "answered_before_end": 1}
    async with filed_house(tmp_path, one={"batches": settings}) as house, house.client() as gpt:
        batch = await begun(gpt, line(1), line(2))
        if not expires:
            await gpt.batches.cancel(batch.id)
        done = await gpt.batches.retrieve(batch.id)
        rows = [json.loads(row) for row in (await gpt.files.content(done.output_file_id or "")).text.splitlines()]
        (record,) = await house.records()

    assert done.status == ended
    assert len(rows) == 1
    assert record.cost == cost_of(rows) > 0


async def test_a_batch_that_fails_costs_nothing_and_frees_its_money(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, budget: 1}}]"
    async with filed_house(tmp_path, keys=keys) as house, house.client() as gpt:
        batch = await begun(gpt, line(1), endpoint="/v1/chat/completions")
        house.simulator.site.batches["one"].kept[batch.id].lines.clear()
        house.simulator.site.batches["one"].kept[batch.id].shown["errors"] = {"object": "list", "data": []}
        done = await gpt.batches.retrieve(batch.id)
        (record,) = await house.records()

    assert done.status == "failed"
    assert (record.outcome, record.cost, record.booked) == ("batch_failed", 0, 0)


async def test_money_is_held_before_and_a_budget_is_never_passed(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, budget: 0.001}}]"  # a million nano-dollars
    async with filed_house(tmp_path, keys=keys, one={"batches": {"seconds": 3600}}) as house, house.client() as gpt:
        made = [await uploaded(gpt, line(1), line(2)) for _ in range(4)]

        async def create(name: str) -> Any:
            return await gpt.batches.create(
                input_file_id=name, endpoint="/v1/chat/completions", completion_window="24h"
            )

        tried = await asyncio.gather(*(create(file.id) for file in made), return_exceptions=True)
        refused = [one for one in tried if isinstance(one, openai.APIStatusError)]
        sent = len(house.simulator.site.batches["one"].kept)
        first = next(one for one in tried if not isinstance(one, BaseException))
        await gpt.batches.cancel(first.id)
        await gpt.batches.retrieve(first.id)
        again = await create(made[0].id)

    assert 1 <= sent < 4
    assert len(refused) == 4 - sent
    assert {error.status_code for error in refused} == {402}
    assert again.status == "validating"


async def test_a_line_without_a_limit_gets_one_where_a_budget_needs_it(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, budget: 1}}, {{name: bob, key: {BOB}}}]"
    unlimited = line(1)
    del unlimited["body"]["max_tokens"]
    async with filed_house(tmp_path, keys=keys) as house, house.client() as alice, house.client(BOB) as bob:
        hers, his = await uploaded(alice, unlimited), await uploaded(bob, unlimited)
        kept = house.simulator.site.files["one"].kept
        bodies = [json.loads(kept[file.id].content)["body"] for file in (hers, his)]

    assert [body.get("max_tokens", body.get("max_completion_tokens")) for body in bodies] == [500, None]


async def test_what_has_no_price_is_refused_by_a_budget_and_else_recorded_as_unknown(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, budget: 1}}, {{name: bob, key: {BOB}}}]"
    async with filed_house(tmp_path, keys=keys) as house, house.client() as alice, house.client(BOB) as bob:
        with pytest.raises(openai.APIStatusError) as refused:
            await begun(alice, line(1, "unpriced"))
        batch = await begun(bob, line(1, "unpriced"))
        await bob.batches.retrieve(batch.id)
        (record,) = await house.records()

    assert refused.value.status_code == 402
    assert "no known price" in str(refused.value)
    assert (record.key, record.cost, record.booked) == ("bob", None, 0)
    assert record.usage.total > 0


async def test_several_models_of_one_provider_have_a_record_each(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1), line(2, "large"), line(3, "same"))
        done = await gpt.batches.retrieve(batch.id)
        rows = [json.loads(row) for row in (await gpt.files.content(done.output_file_id or "")).text.splitlines()]
        records = sorted(await house.records(), key=lambda one: one.model)

    assert [record.model for record in records] == ["sim", "sim-large"]
    assert [record.cost for record in records] == [cost_of([rows[0], rows[2]]), cost_of([rows[1]])]


async def test_a_batch_nobody_fetches_is_billed_all_the_same(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        await house.look_again()
        (record,) = await house.records()
        listed = [one async for one in gpt.batches.list()]
        output = await gpt.files.content(listed[0].output_file_id or "")

    assert record.usage != Usage()
    assert (listed[0].id, listed[0].status) == (batch.id, "completed")
    assert output.text


async def test_a_price_for_batches_is_held_and_charged_where_the_price_book_has_one(tmp_path: Path) -> None:
    rows = [{"input": "1", "output": "4"}, {"input": "0.5", "output": "2", "service": "batch"}]
    models = {"sim-unpriced": {"rows": rows}}
    book = {"form": 1, "source": "a test", "as_of": "2026-11-23", "providers": {"one": {"models": models}}}
    (tmp_path / "book.json").write_text(json.dumps(book))
    more = f"prices: {tmp_path}/book.json\nbudgets: [{{name: all, limit: 1}}]"
    async with filed_house(tmp_path, more=more) as house, house.client() as gpt:
        batch = await begun(gpt, line(1, "unpriced"))
        (row,) = await house.filing.desk.register.mine(Listing("batch", "alice"))
        held = json.loads(row.about)["holds"][0]["nanos"]
        await gpt.batches.retrieve(batch.id)
        (record,) = await house.records()

    usage = record.usage
    assert record.cost == usage.prompt * 500 + usage.completion * 2000
    assert held >= 50 * 2000
    assert held < 50 * 2000 + 2 * 500 * len(json.dumps(line(1)["body"]))


async def test_a_batch_that_has_ended_cannot_be_cancelled_in_its_providers_words(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        await gpt.batches.retrieve(batch.id)
        with pytest.raises(openai.ConflictError, match="Cannot cancel a batch with status 'completed'"):
            await gpt.batches.cancel(batch.id)


async def test_batches_are_counted_and_written_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "trunkline")
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        await gpt.batches.retrieve(batch.id)
        counts = dict(house.filing.counts)

    assert counts == {"begun": 1, "completed": 1}
    assert f"the batch {batch.id} of alice has completed: 1 answers of one/sim, $" in caplog.text
