"""The simulator's files and batches, as OpenAI's own client uses them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from trunkline.simulator import Simulator, read_config

PRICES = {"input": "0.15", "output": "0.60"}


def settings(**batches: Any) -> dict[str, Any]:
    return {"seed": 7, "providers": {"acme": {"models": {"sim": {"prices": PRICES}}, "batches": batches}}}


def line(number: int, text: str = "What is 17 + 25?", **more: Any) -> dict[str, Any]:
    body = {"model": "sim", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": f"line-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def jsonl(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(read_config(settings())) as running:
        yield running


def client(simulator: Simulator) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="any", base_url=f"{simulator.url}/v1", max_retries=0)


async def begun(gpt: openai.AsyncOpenAI, content: bytes) -> Any:
    file = await gpt.files.create(file=("in.jsonl", content), purpose="batch")
    return await gpt.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"a": "b"}
    )


async def test_a_batch_answers_every_line_as_the_same_request_alone_is_answered(simulator: Simulator) -> None:
    async with client(simulator) as gpt:
        alone = await gpt.chat.completions.create(**line(1)["body"])
        batch = await begun(gpt, jsonl(line(1), line(2), line(3, body={**line(3)["body"], "model": "none"})))
        done = await gpt.batches.retrieve(batch.id)
        good = (await gpt.files.content(done.output_file_id or "")).text.splitlines()
        bad = (await gpt.files.content(done.error_file_id or "")).text.splitlines()

    rows = [json.loads(row) for row in good]
    assert (batch.status, done.status, done.metadata) == ("validating", "completed", {"a": "b"})
    assert [row["custom_id"] for row in rows] == ["line-1", "line-2"]
    assert rows[0]["response"]["body"]["choices"][0]["message"]["content"] == alone.choices[0].message.content
    assert json.loads(bad[0])["response"]["status_code"] == 404
    assert done.usage
    assert done.usage.total_tokens == sum(row["response"]["body"]["usage"]["total_tokens"] for row in rows)


@pytest.mark.parametrize("wrong", [line(1), line(2, url="/v1/embeddings"), {"custom_id": "x"}])
async def test_a_file_that_is_wrong_makes_a_batch_that_fails_and_costs_nothing(
    simulator: Simulator, wrong: dict[str, Any]
) -> None:
    async with client(simulator) as gpt:
        batch = await begun(gpt, jsonl(line(1), wrong))
        done = await gpt.batches.retrieve(batch.id)

    assert (done.status, done.output_file_id) == ("failed", None)
    assert done.errors
    assert (done.errors.data or [])[0].line == 2
    assert simulator.site.batches["acme"].kept[batch.id].cost == 0


@pytest.mark.parametrize(("expires", "ended"), [(False, "cancelled"), (True, "expired")])
async def test_what_is_cancelled_or_expires_has_answered_some_lines(expires: bool, ended: str) -> None:
    config = read_config(settings(seconds=0 if expires else 3600, expires=expires, answered_before_end=1))
    async with Simulator(config) as simulator, client(simulator) as gpt:
        batch = await begun(gpt, jsonl(line(1), line(2)))
        if not expires:
            assert (await gpt.batches.retrieve(batch.id)).status == "in_progress"
            assert (await gpt.batches.cancel(batch.id)).status == "cancelling"
        done = await gpt.batches.retrieve(batch.id)
        left = (await gpt.files.content(done.error_file_id or "")).text

    assert done.status == ended
    assert done.request_counts
    assert (done.request_counts.completed, done.request_counts.failed) == (1, 1)
    assert json.loads(left)["error"]["code"] == f"batch_{ended}"


async def test_files_are_listed_read_and_deleted(simulator: Simulator) -> None:
    async with client(simulator) as gpt:
        made = [await gpt.files.create(file=("a.txt", b"abc"), purpose="user_data") for _ in range(3)]
        first = await gpt.files.list(limit=2)
        every = [file.id async for file in gpt.files.list(limit=2)]
        gone = await gpt.files.delete(made[0].id)
        with pytest.raises(openai.NotFoundError):
            await gpt.files.retrieve(made[0].id)

    assert len(first.data) == 2
    assert every == [file.id for file in reversed(made)]
    assert gone.deleted
