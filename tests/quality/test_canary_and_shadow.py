"""A change of a model is seen by questions with known answers, and a candidate earns its place beside real traffic."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.quality.test_house import GRADES, looked, opened
from trunkline.core.errors import RateLimit
from trunkline.layers.overhear import Heard
from trunkline.quality.house import Quality
from trunkline.quality.shadow import Shadowing
from trunkline.quality.watch import Looked
from trunkline.stores.scores import Memory

CANARIES = """{
  canaries: {models: [one/small], every: 60, questions: [{ask: "2 + 2?", expect: {answer: "4", by: number}}]},
  drift: {reference: 30, horizon: 50}}"""
SHADOW = """{judges: [one/claude-judge], rate: 0, spend_share: 10, concurrent: 64,
  shadows: [{route: fast, candidate: two/large, rate: 1, promote: %s, comparison: {margin: 0.2, error: 0.1}}]}"""


async def test_a_canary_that_dies_rings_and_lowers_the_belief(tmp_path: Path) -> None:
    said = ["4"]
    async with opened(tmp_path, lambda _model, _messages: f"It is {said[0]}.", CANARIES) as (_, _played, quality):
        assert quality.canaries is not None
        canary = quality.settings.canaries.questions[0]
        for _ in range(30):
            assert await quality.canaries.ask("one/small", 0, canary) is True
        said[0] = "5"
        for _ in range(30):
            assert await quality.canaries.ask("one/small", 0, canary) is False

    (fall, *_) = quality.watch.falls
    assert (fall.target, fall.signal) == ("one/small", "canaries")
    assert quality.report()["falls"][0]["alarm"].startswith("the mean score fell from 1.00")
    assert quality.report()["quality"] == []  # canaries are no traffic: they teach nothing of its quality


async def test_a_canary_nobody_answers_is_counted_and_no_error(tmp_path: Path) -> None:
    def failing(_model: str, _messages: list[dict[str, Any]]) -> str:
        raise RateLimit("busy")

    async with opened(tmp_path, failing, CANARIES) as (_, _played, quality):
        assert quality.canaries is not None
        assert await quality.canaries.ask("one/small", 0, quality.settings.canaries.questions[0]) is None

    assert quality.watch.counts["canaries unanswered"] == 1


async def test_canaries_are_asked_on_schedule(tmp_path: Path) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0 if len(waits) < 5 else 3600)

    async with opened(tmp_path, lambda _model, _messages: "4", CANARIES) as (_, played, quality):
        assert quality.canaries is not None
        quality.canaries._sleep = sleep
        running = asyncio.create_task(quality.canaries.run())
        while len(played.asked) < 4:
            await asyncio.sleep(0)
        running.cancel()

    assert set(waits) == {60.0}


def graded(large: int, small: int = 3) -> Any:
    def answers(model: str, messages: list[dict[str, Any]]) -> str:
        if model != "claude-judge":
            return f"I am {model}, and this is a whole answer."
        return GRADES.format(large if "I am large" in messages[-1]["content"] else small)

    return answers


async def until_settled(client: Any, quality: Quality, shadow: Shadowing, calls: int = 200) -> list[str]:
    served = []
    for _ in range(calls):
        served.append((await client.chat("fast", "Hello there")).model)
        await looked(quality)
        await shadow.settled()
    return served


async def test_a_candidate_that_is_not_worse_is_promoted_and_serves(tmp_path: Path) -> None:
    async with opened(tmp_path, graded(4), SHADOW % "true") as (client, _, quality):
        (shadow,) = quality.shadows
        served = await until_settled(client, quality, shadow, 60)

    assert served[0] == "small"
    assert served[-1] == "large"
    assert shadow.promoted
    assert shadow.report()["incumbent"] == "one/small"
    assert shadow.report()["difference"] == 0.25  # measured anew since it serves


async def test_a_promoted_candidate_that_turns_bad_is_rolled_back(tmp_path: Path) -> None:
    grade = [4]

    def answers(model: str, messages: list[dict[str, Any]]) -> str:
        return str(graded(grade[0])(model, messages))

    async with opened(tmp_path, answers, SHADOW % "true") as (client, _, quality):
        (shadow,) = quality.shadows
        await until_settled(client, quality, shadow, 60)
        assert shadow.promoted
        grade[0] = 1
        served = await until_settled(client, quality, shadow, 120)

    assert served[-1] == "small"
    assert not shadow.promoted
    assert shadow.standing == "worse"


async def test_a_candidate_that_is_worse_never_serves(tmp_path: Path) -> None:
    async with opened(tmp_path, graded(1), SHADOW % "true") as (client, played, quality):
        (shadow,) = quality.shadows
        served = await until_settled(client, quality, shadow, 120)
        asked = len(played.asked)
        await until_settled(client, quality, shadow, 5)

    assert set(served) == {"small"}
    assert shadow.standing == "worse"
    assert len(played.asked) == asked + 5  # it is no longer asked


async def test_without_leave_to_promote_it_is_only_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(tmp_path, graded(4), SHADOW % "false") as (client, _, quality):
        (shadow,) = quality.shadows
        served = await until_settled(client, quality, shadow, 60)

    assert set(served) == {"small"}
    assert shadow.standing == "not_worse"
    assert "two/large is not worse than one/small on route fast" in caplog.text


async def test_no_caller_sees_a_shadow_or_waits_for_it(tmp_path: Path) -> None:
    async with opened(tmp_path, graded(4), SHADOW % "false") as (client, _, quality):
        answer = await client.chat("fast", "Hello there")
        assert quality.watch.counts["judged"] == 0
        assert answer.text == "I am small, and this is a whole answer."
        await looked(quality)
        await quality.shadows[0].settled()

    assert quality.shadows[0].stakes.seen == 1
    assert quality.watch.counts["answers"] == 1  # the copy is nobody's answer


async def test_a_promotion_and_its_guard_outlive_the_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    grade = [4]

    def answers(model: str, messages: list[dict[str, Any]]) -> str:
        return str(graded(grade[0])(model, messages))

    ledger = f"{{path: {tmp_path / 'ledger.db'}}}"
    async with opened(tmp_path, answers, SHADOW % "true", ledger=ledger) as (client, _, quality):
        await until_settled(client, quality, quality.shadows[0], 60)
        before = quality.shadows[0].state
    async with opened(tmp_path, answers, SHADOW % "true", ledger=ledger) as (client, _, quality):
        (shadow,) = quality.shadows
        await until(lambda: shadow.promoted)
        restored = shadow.state
        served = await until_settled(client, quality, shadow, 1)
        grade[0] = 1
        await until_settled(client, quality, shadow, 120)
    async with opened(tmp_path, answers, SHADOW % "true", ledger=ledger) as (client, _, quality):
        (shadow,) = quality.shadows
        await until(lambda: shadow.decided > before.decided)
        at_last = await until_settled(client, quality, shadow, 1)

    assert restored == before
    assert (served, at_last) == (["large"], ["small"])
    assert (shadow.standing, shadow.report()["promoted"]) == ("worse", False)
    assert "two/large serves route fast: so it was decided" in caplog.text


async def test_a_process_takes_the_later_decision_of_another_and_does_not_overwrite_it(tmp_path: Path) -> None:
    ledger = f"{{path: {tmp_path / 'ledger.db'}}}"
    async with (
        opened(tmp_path, graded(4), SHADOW % "true", ledger=ledger) as (client, _, quality),
        opened(tmp_path, graded(4), SHADOW % "true", ledger=ledger) as (other, _, late),
    ):
        await until_settled(other, late, late.shadows[0], 2)
        await until_settled(client, quality, quality.shadows[0], 60)
        await quality.flush()
        await late._remembering.load()
        served = await until_settled(other, late, late.shadows[0], 1)

    assert served == ["large"]
    assert late.shadows[0].decided == quality.shadows[0].decided > 0


async def test_stakes_on_another_margin_are_void_and_what_cannot_be_read_begins_anew(tmp_path: Path) -> None:
    ledger = f"{{path: {tmp_path / 'ledger.db'}}}"
    async with opened(tmp_path, graded(4), SHADOW % "false", ledger=ledger) as (client, _, quality):
        await until_settled(client, quality, quality.shadows[0], 3)
        assert quality.shadows[0].stakes.seen == 3
    stricter = (SHADOW % "false").replace("margin: 0.2", "margin: 0.1")
    async with opened(tmp_path, graded(4), stricter, ledger=ledger) as (client, _, quality):
        await quality._remembering.load()
        seen = quality.shadows[0].stakes.seen
        store = client.gateway.money.store.quality
        await store.remember(Memory("shadow|fast|two/large", 1 << 52, "{"))
        await quality._remembering.load()

    assert seen == quality.shadows[0].stakes.seen == 0


async def until(met: Any) -> None:
    async with asyncio.timeout(20):
        while not met():
            await asyncio.sleep(0.01)


async def test_copies_for_the_shadow_are_dropped_first_under_load_and_near_a_budget(tmp_path: Path) -> None:
    looks: list[Looked] = []
    heard: list[Heard] = []
    async with opened(tmp_path, graded(4), "{queue: 4}") as (client, _, quality):
        quality.watch.more = [looks.append]
        client.gateway.overhear(heard.append)
        await client.chat("fast", "Hello there")
        await looked(quality)
        calm = len(looks)
        for _ in range(4):
            quality.watch.take(heard[0])  # three wait behind the first of them
        await looked(quality)
        loaded = len(looks) - calm
        heard[0].exchange.nearing = "team"
        quality.watch.take(heard[0])
        await looked(quality)

    assert (calm, loaded, len(looks)) == (1, 3, 4)
