"""Quality over HTTP: answers of every dialect are looked at, and callers speak of their own."""

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.e2e.conftest import Build, House
from tests.spoken import SPOKEN
from trunkline.gateway.gateway import Gateway

MEASURED = "quality: {}"


async def measured(build: Build, more: str = MEASURED) -> House:
    house = await build(more)
    house.gateway.open()
    return house


async def looked(house: House, answers: int) -> Any:
    quality = house.gateway.measured()
    async with asyncio.timeout(5):
        while quality.watch.counts["answers"] < answers or quality.watch._line:
            await asyncio.sleep(0.005)
    return quality


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("row", SPOKEN, ids=lambda row: row.name)
async def test_answers_of_every_dialect_are_looked_at(build: Build, row: Any, stream: bool) -> None:
    house = await measured(build)

    status, _, _ = await house.ask(row.name, "both", stream=stream)
    quality = await looked(house, 1)

    assert status == 200
    assert quality.watch.counts["unread"] == quality.watch.counts["failed"] == 0
    assert len(quality.watch.recent) == 1


async def test_a_caller_says_what_an_answer_was_worth_and_the_operator_sees_it(build: Build) -> None:
    house = await measured(build)
    _, headers, _ = await house.chat("both")
    await looked(house, 1)

    word = {"request_id": headers["x-request-id"], "label": "thumbs_up", "comment": "as it should be"}
    status, _, body = await house.post("/v1/feedback", word)
    async with house.http.get(house.url + "/admin/quality") as response:
        report = await response.json()
    async with house.http.get(house.url + "/metrics") as response:
        metrics = await response.text()

    assert (status, json.loads(body)["score"]) == (200, 1.0)
    (cell,) = [cell for cell in report["quality"] if cell["cluster"] == "all"]
    assert (cell["target"], cell["scored"]) == ("oa/sim", 1.0)
    assert 'llm_quality_score{provider="oa",model="sim"}' in metrics


@pytest.mark.parametrize(
    ("word", "because", "told"),
    [
        ({"request_id": "req_nobody", "score": 1}, 404, "no answer to the request"),
        ({"request_id": "x", "score": "good"}, 400, "score"),
        ({"request_id": "x", "stars": 5}, 400, "stars"),
        ({"score": 1}, 400, "request_id"),
        (b"[" * 10_000, 400, "send JSON like"),
    ],
)
async def test_a_word_that_cannot_be_taken_is_told_why(build: Build, word: Any, told: str, because: int) -> None:
    house = await measured(build)

    status, _, body = await house.post("/v1/feedback", word)

    assert status == because
    assert told in json.loads(body)["error"]["message"]


async def test_control_a_house_that_measures_nothing_says_so_and_keeps_no_copy(build: Build) -> None:
    house = await build()

    _, headers, _ = await house.chat("both")
    status, _, body = await house.post("/v1/feedback", {"request_id": headers["x-request-id"], "score": 1})
    async with house.http.get(house.url + "/admin/quality") as response:
        shown = response.status

    assert (status, shown) == (400, 404)
    assert "measures no quality" in json.loads(body)["error"]["message"]
    assert house.gateway.quality is None


KNOWN = """quality:
  rate: 1
  drift: {reference: 30, horizon: 50}
  checks: [{name: sum, routes: [both], answer: {answer: "42", by: number}, verdict: decides}]
"""


async def test_another_model_behind_the_same_name_is_seen_told_everywhere_and_believed_less(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    house = await measured(build, KNOWN)
    for _ in range(60):
        await house.chat("both", "What is 17 + 25?")
    quality = await looked(house, 60)
    before = quality.book.learner.belief("oa/sim", "", quality.book.wall())
    models = house.simulator.site.providers["oa"].config.models
    models["sim"] = replace(models["sim"], quality={"default": 0.0})  # swapped, and nobody was told

    for count in range(61, 121):
        await house.chat("both", "What is 17 + 25?")
        await looked(house, count)
        if any(fall.signal == "spoiled" for fall in quality.watch.falls):
            break
    told = {}
    for path in ("/admin/quality", "/metrics"):
        async with house.http.get(house.url + path) as response:
            told[path] = await response.text()

    quick, fall = json.loads(told["/admin/quality"])["falls"]
    assert (quick["target"], quick["signal"]) == ("oa/sim", "mathematics scores")
    assert (fall["target"], fall["signal"]) == ("oa/sim", "spoiled")
    assert fall["alarm"].startswith("the mean score fell from 1.00 to 0.00")
    assert 'llm_quality_falls_total{provider="oa",model="sim",signal="spoiled"} 1' in told["/metrics"]
    assert "oa/sim has changed (spoiled): the mean score fell from 1.00" in caplog.text
    after = quality.book.learner.belief("oa/sim", "", quality.book.wall())
    assert before.mean > 0.9
    assert after.mean < before.mean
    assert after.scored < 0.25 * before.scored


async def test_what_is_usual_of_a_model_is_known_to_the_house_that_follows(build: Build) -> None:
    house = await measured(build, KNOWN)
    for _ in range(35):
        await house.chat("both", "What is 17 + 25?")
    quality = await looked(house, 35)

    following = Gateway(house.gateway.config, before=house.gateway)

    assert following.measured().watch._drifts["oa/sim", "spoiled"].watching
    assert quality.watch._drifts is following.measured().watch._drifts


async def test_what_is_no_chat_is_served_and_left_alone(build: Build) -> None:
    house = await measured(build)

    status, _, _ = await house.post("/v1/embeddings", {"model": "oa/sim", "input": "Hello there"})
    quality = house.gateway.measured()
    await asyncio.sleep(0.05)

    assert status == 200
    assert quality.watch.counts["failed"] == 0
    assert len(quality.watch.recent) == 0
