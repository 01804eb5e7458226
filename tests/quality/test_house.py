"""The loop in a whole gateway: answers are checked, sampled, judged and learned from, and no caller waits for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.quality.played_house import Scripted, house
from trunkline.client import Client
from trunkline.core.errors import ConfigError, InvalidRequest, UnknownAnswer
from trunkline.quality.house import Quality
from trunkline.quality.judge import Behind, QualityEvaluator
from trunkline.stores.records import UsageQuery
from trunkline.stores.scores import ScoreQuery
from trunkline.testing import Part, Plan
from trunkline.transport.transport import Request

GRADES = '{{"faithfulness": {0}, "completeness": {0}, "coherence": {0}}}'
JUDGED = "{judges: [one/claude-judge], rate: 1, spend_share: 10, concurrent: 64}"


def answers(model: str, messages: list[dict[str, Any]]) -> str:
    """The judge gives large models the best grade and small ones a middling one."""
    if model != "claude-judge":
        return f"I am {model}, and this is a whole answer."
    return GRADES.format(5 if "I am large" in messages[-1]["content"] else 3)


@asynccontextmanager
async def opened(*args: Any, **options: Any) -> AsyncIterator[tuple[Client, Scripted, Quality]]:
    client, played = house(*args, **options)
    assert client.gateway.quality is not None
    try:
        yield client, played, client.gateway.quality
    finally:
        await client.aclose()


async def looked(quality: Quality) -> None:
    """All answers so far have been looked at and judged."""
    await quality.watch.settled()
    await asyncio.sleep(0)
    await quality.watch.settled()


def cells(quality: Quality) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["target"], cell["cluster"]): cell for cell in quality.report()["quality"]}


async def test_a_judged_answer_becomes_a_score_a_belief_and_a_judges_cost(tmp_path: Path) -> None:
    async with opened(tmp_path, answers, JUDGED) as (client, _, quality):
        answer = await client.chat("fast", "What is the capital of France, and why?")
        await looked(quality)
        await quality.book.flush()

        store = client.gateway.money.store
        (score,) = await store.quality.scores(ScoreQuery())
        records = await store.usage.read(UsageQuery())

    assert (score.request, score.target, score.source) == (answer.request_id, "one/small", "judge")
    assert (score.by, score.score) == ("one/claude-judge", 0.5)
    assert cells(quality)["one/small", "all"]["scored"] == 1
    purposes = {record.purpose: record for record in records}
    assert purposes["judge"].model == "claude-judge"
    assert purposes["judge"].key == "trunkline-quality"
    assert purposes["judge"].cost > 0
    assert quality.report()["cost"]["judging_nanos"] == purposes["judge"].cost


@pytest.mark.parametrize("stream", [False, True])
async def test_streamed_answers_are_judged_like_whole_ones(tmp_path: Path, stream: bool) -> None:
    async with opened(tmp_path, answers, JUDGED) as (client, _, quality):
        if stream:
            async with client.stream("two/large", "Hello there") as reading:
                assert "".join([piece async for piece in reading]) == "I am large, and this is a whole answer."
        else:
            await client.chat("two/large", "Hello there")
        await looked(quality)

    assert quality.watch.counts["judged"] == 1
    assert cells(quality)["two/large", "all"]["quality"] > 0.5


async def test_an_answer_its_caller_left_is_not_looked_at(tmp_path: Path) -> None:
    async with opened(tmp_path, answers, JUDGED) as (client, _, quality):
        async with client.stream("two/large", "Hello there") as reading:
            async for _ in reading:
                break
        await looked(quality)

    assert quality.watch.counts["answers"] == 0


async def test_what_nobody_can_use_is_scored_without_a_judge(tmp_path: Path) -> None:
    async with opened(tmp_path, lambda _model, _messages: "no JSON at all", JUDGED) as (client, played, quality):
        await client.chat("one/small", "A city, as JSON", response_format={"type": "json_object"})
        await looked(quality)

    assert played.asked == ["small"]
    assert quality.watch.counts["found json"] == 1
    assert cells(quality)["one/small", "all"]["quality"] < 0.5


async def test_no_judge_means_no_calls_and_checks_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path, answers) as (client, played, quality):
        await client.chat("fast", "Hello there")
        await looked(quality)

    assert played.asked == ["small"]
    assert quality.watch.counts["answers"] == 1


async def test_a_judge_that_babbles_leaves_the_answer_unjudged_and_counted(tmp_path: Path) -> None:
    def babbling(model: str, _: list[dict[str, Any]]) -> str:
        return "Five stars!" if model == "claude-judge" else "A whole answer."

    async with opened(tmp_path, babbling, JUDGED) as (client, played, quality):
        await client.chat("fast", "Hello there")
        await looked(quality)
        await quality.book.flush()
        (score,) = await client.gateway.money.store.quality.scores(ScoreQuery())

    assert played.asked == ["small", "claude-judge", "claude-judge"]
    assert (score.score, score.label) == (None, "unjudged")
    assert quality.watch.counts["unjudged unread"] == 1
    assert cells(quality) == {}


async def test_a_share_of_the_traffic_is_judged(tmp_path: Path) -> None:
    settings = "{judges: [one/claude-judge], rate: 0.2, spend_share: 10, queue: 5000, concurrent: 256}"
    async with opened(tmp_path, answers, settings) as (client, _, quality):
        for _ in range(400):
            await client.chat("two/large", "Hello there")
        await looked(quality)

    assert 25 <= quality.watch.counts["judged"] <= 200  # 80 at the rate, twice that at the start, less later


async def test_judging_keeps_to_its_share_of_what_the_traffic_costs(tmp_path: Path) -> None:
    settings = "{judges: [one/claude-judge], rate: 1, spend_share: 0.1, queue: 5000, concurrent: 256}"
    async with opened(tmp_path, answers, settings) as (client, _, quality):
        for _ in range(300):
            await client.chat("one/claude-judge", "Hello there")  # each costs as much as judging it
            await looked(quality)
        judged, served = quality.watch.allowance.spent

    assert quality.watch.counts["unjudged own_family"] == 300  # nobody judges itself
    assert judged == 0
    async with opened(tmp_path, answers, settings) as (client, _, quality):
        for _ in range(300):
            await client.chat("two/large", "Hello there")
            await looked(quality)
        judged, served = quality.watch.allowance.spent

    assert quality.watch.counts["unjudged budget"] > 10
    assert judged <= 0.1 * served + 10_000_000 + 2 * judged / max(quality.watch.counts["judged"], 1)


async def test_under_load_answers_go_unseen_and_no_caller_waits(tmp_path: Path) -> None:
    async with opened(tmp_path, answers, "{judges: [one/claude-judge], rate: 1, queue: 4}") as (client, _, quality):
        quality._tasks[0].cancel()  # nobody works the line off
        await asyncio.gather(*(client.chat("fast", "Hello there") for _ in range(50)))

    assert quality.watch.counts["answers"] == 50
    assert quality.watch.counts["unseen"] == 46


async def test_a_failure_while_looking_reaches_no_caller_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    async with opened(tmp_path, answers) as (client, _, quality):
        monkeypatch.setattr("trunkline.quality.watch.validators.findings", broken)
        await client.chat("fast", "Hello there")
        await looked(quality)
        monkeypatch.undo()
        await client.chat("fast", "Hello there")
        await looked(quality)

    assert (quality.watch.counts["failed"], len(quality.watch.recent)) == (1, 1)
    assert "could not be looked at" in caplog.text


# feedback


async def test_a_users_word_teaches(tmp_path: Path) -> None:
    async with opened(tmp_path, answers) as (client, _, quality):
        answer = await client.chat("fast", "Hello there")
        await looked(quality)
        await client.feedback(answer.request_id, label="thumbs_down", comment="wrong")
        await quality.book.flush()
        (score,) = await client.gateway.money.store.quality.scores(ScoreQuery(source="user"))

    assert (score.score, score.label, score.comment, score.target) == (0.0, "thumbs_down", "wrong", "one/small")
    assert cells(quality)["one/small", "all"]["quality"] < 0.5


@pytest.mark.parametrize("flushed", [False, True])
async def test_a_word_said_again_and_again_teaches_once(tmp_path: Path, flushed: bool) -> None:
    async with opened(tmp_path, answers) as (client, _, quality):
        answer = await client.chat("fast", "Hello there")
        await looked(quality)
        for _again in range(3):
            await asyncio.gather(*(client.feedback(answer.request_id, label="thumbs_down") for _ in range(5)))
            if flushed:
                await quality.book.flush()
        await quality.book.flush()
        scores = await client.gateway.money.store.quality.scores(ScoreQuery(source="user"))

    assert cells(quality)["one/small", "all"]["scored"] == 1
    assert sorted(score.weight for score in scores) == [0.0] * 14 + [1.0]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ({}, "say a score"), ({"score": 2}, "between 0 and 1"), ({"score": float("nan")}, "between 0 and 1"),
        ({"label": "meh"}, "none of thumbs_up"), ({"score": 1, "comment": "x" * 3000}, "shorten it"),
    ],
)  # fmt: skip
async def test_a_word_that_says_nothing_is_refused(tmp_path: Path, word: dict[str, Any], told: str) -> None:
    async with opened(tmp_path, answers) as (client, _, quality):
        answer = await client.chat("fast", "Hello there")
        await looked(quality)
        with pytest.raises(InvalidRequest, match=told):
            await client.feedback(answer.request_id, **word)


async def test_nobody_speaks_of_an_answer_that_another_key_got(tmp_path: Path) -> None:
    async with opened(tmp_path, answers) as (client, _, quality):
        answer = await client.chat("fast", "Hello there")
        await looked(quality)
        with pytest.raises(UnknownAnswer, match="no answer to the request"):
            await quality.feedback(answer.request_id, score=0.0, key="somebody else")


@pytest.mark.parametrize(("strategy", "kind"), [("ordered", ""), ("balanced", "mathematics")])
async def test_a_word_after_a_restart_finds_its_answer_in_the_ledger(tmp_path: Path, strategy: str, kind: str) -> None:
    ledger = f"{{path: {tmp_path / 'ledger.db'}}}"
    async with opened(tmp_path, answers, strategy=strategy, ledger=ledger) as (client, _, _):
        answer = await client.chat("fast", "What is 17 * 4?")
    async with opened(tmp_path, answers, strategy=strategy, ledger=ledger) as (client, _, quality):
        await client.feedback(answer.request_id, label="thumbs_down")
        with pytest.raises(UnknownAnswer) as refused:
            await client.feedback("req_never", label="thumbs_down")
        with pytest.raises(UnknownAnswer):
            await quality.feedback(answer.request_id, score=0.0, key="somebody else")
        await quality.flush()
        (score,) = await client.gateway.money.store.quality.scores(ScoreQuery(source="user"))

    assert (score.target, score.cluster, score.score) == (f"{answer.provider}/{answer.model}", kind, 0.0)
    assert refused.value.status == 404
    assert cells(quality)[score.target, "all"]["scored"] == 1.0


# what is learned outlives the process, and routing uses it


async def test_what_was_learned_is_there_again_after_a_restart(tmp_path: Path) -> None:
    ledger = f"{{path: {tmp_path / 'house.db'}}}"
    async with opened(tmp_path, answers, JUDGED, ledger=ledger) as (client, _, quality):
        await client.chat("fast", "Hello there")
        await looked(quality)
    async with opened(tmp_path, answers, ledger=ledger) as (client, _, again):
        await until(lambda: bool(cells(again)))

    assert cells(again)["one/small", "all"]["scored"] == pytest.approx(1, abs=0.01)


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not met():
            await asyncio.sleep(0.01)


async def test_adaptive_routing_learns_from_the_judge_which_model_is_better(tmp_path: Path) -> None:
    async with opened(tmp_path, answers, JUDGED, "{kind: adaptive, weight: 0.05}") as (client, played, quality):
        for _ in range(150):
            await client.chat("fast", "Explain why the sky is blue in the morning")
            await looked(quality)
        late = [model for model in played.asked if model != "claude-judge"][-50:]

    assert late.count("large") > 40
    assert cells(quality)["two/large", "all"]["quality"] > 0.8


# the config


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{judges: [nobody/at-all]}", "is no model of this house"),
        ("{rubric: genral}", "is no rubric"),
        ("{shadows: [{route: slow, candidate: two/large}]}", "is no route in models"),
        ("{rate: 2}", "rate"),
        ("{rubrics: [{name: mine, criteria: [{name: a, asks: b}, {name: a, asks: c}]}]}", "same name"),
    ],
)
def test_a_mistake_in_the_settings_is_told(tmp_path: Path, settings: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        house(tmp_path, answers, settings)


async def test_a_house_that_measures_nothing_says_so(tmp_path: Path) -> None:
    from trunkline.client import Client as Plain
    from trunkline.gateway.config import Config
    from trunkline.gateway.gateway import Gateway

    client = Plain(Gateway(Config(providers={})))

    with pytest.raises(InvalidRequest, match="measures no quality"):
        await client.feedback("req_1", score=1)


def watching(forms: list[str]) -> type[Scripted]:
    """A provider that notes how it was asked for a verdict's form, and refuses what it is told to."""

    class Watching(Scripted):
        refused: tuple[str, ...] = ()

        def plan(self, request: Request, now: float) -> Plan:
            body = json.loads(request.body)
            form = body.get("response_format", {}).get("type", "plain")
            if body["model"] == "claude-judge":
                forms.append(form)
                if form in self.refused:
                    told = b'{"error": {"message": "%s is not supported", "type": "invalid_request_error"}}'
                    return Plan(400, [(b"content-type", b"application/json")], (Part(0, told % form.encode()),))
            return super().plan(request, now)

    return Watching


async def test_a_judge_is_held_to_the_rubrics_schema_and_a_form_that_was_refused_is_not_asked_for_again(
    tmp_path: Path,
) -> None:
    forms: list[str] = []
    async with opened(tmp_path, answers, JUDGED, played=watching(forms)) as (client, played, quality):
        for refused in ((), ("json_schema",), ("json_schema",), ("json_schema", "json_object"), ("json_schema",)):
            played.refused = refused
            await client.chat("fast", "Hello there")
            await looked(quality)

    assert forms == ["json_schema", "json_schema", "json_object", "json_object", "json_object", "plain", "plain"]
    assert quality.watch.counts["judged"] == 5


async def test_what_was_refused_is_remembered_by_whoever_asks_the_same_judge_next(tmp_path: Path) -> None:
    forms: list[str] = []
    async with opened(tmp_path, answers, JUDGED, played=watching(forms)) as (client, played, _):
        played.refused = ("json_schema", "json_object")
        for _again in range(2):
            await QualityEvaluator(client.judge("two/claude-judge")).evaluate("Why?", "Because.")

    assert forms == ["json_schema", "json_object", "plain", "plain"]


async def test_a_refusal_that_has_other_reasons_teaches_nothing_of_forms(tmp_path: Path) -> None:
    forms: list[str] = []
    async with opened(tmp_path, answers, JUDGED, played=watching(forms)) as (client, played, _):
        judge = client.judge("two/claude-judge")
        played.refused = ("json_schema", "json_object", "plain")
        failed = await QualityEvaluator(judge).evaluate("Why?", "Because.")

    assert failed.score is None
    assert judge.form == "schema"


@pytest.mark.parametrize(("known", "form"), [(False, "json_object"), (True, "json_schema"), (None, "json_schema")])
async def test_a_judge_of_which_it_is_known_takes_no_schema_is_asked_for_json_from_the_first_call(
    tmp_path: Path, known: bool | None, form: str
) -> None:
    forms: list[str] = []
    facts = {"claude-judge": {"structured_output": known}}
    async with opened(tmp_path, answers, JUDGED, played=watching(forms), facts=facts) as (client, _, quality):
        await client.chat("fast", "Hello there")
        await looked(quality)

    assert forms == [form]


async def test_a_judge_whose_provider_drops_response_formats_is_asked_plainly(tmp_path: Path) -> None:
    from trunkline.gateway.config_source import load
    from trunkline.gateway.gateway import Gateway

    (file := tmp_path / "house.yaml").write_text(
        "providers: {one: {url: 'http://one/v1', auth: none, dialects: {openai: {quirks: {drop: [response_format]}}}}}"
    )

    assert Gateway(load(file, {})).judged_by("one/anything") == Behind(("one/anything",), "plain")


async def test_answers_that_become_half_as_long_are_seen_and_lower_the_belief_by_half(tmp_path: Path) -> None:
    said = ["A whole answer of a usual length. " * 8]
    async with opened(tmp_path, lambda _model, _messages: said[0], "{drift: {reference: 30, horizon: 50}}") as (
        client, _, quality,
    ):  # fmt: skip
        for _ in range(32):
            await client.chat("fast", "Hello there")
            await looked(quality)
        said[0] = said[0][:70]
        for _ in range(60):
            await client.chat("fast", "Hello there")
            await looked(quality)

    (fall, *_) = quality.watch.falls
    assert (fall.target, fall.signal) == ("one/small", "shorter")
    assert quality.report()["falls"][0]["alarm"].startswith("the usual length went from 272 to 80 characters")


async def test_what_is_usual_of_a_model_outlives_a_restart(tmp_path: Path) -> None:
    settings = JUDGED.replace("}", ", drift: {reference: 30, horizon: 50}}")
    kept = f"{{path: {tmp_path / 'ledger.db'}}}"
    async with opened(tmp_path, answers, settings, ledger=kept) as (client, _, quality):
        while quality.watch.counts["judged"] < 32:
            await client.chat("fast", "Hello there")
            await looked(quality)

    def worse(model: str, messages: list[dict[str, Any]]) -> str:
        return GRADES.format(1) if model == "claude-judge" else answers(model, messages)

    async with opened(tmp_path, worse, settings, ledger=kept) as (client, _, quality):
        await quality._recall()
        while quality.watch.counts["judged"] < 20:
            await client.chat("fast", "Hello there")
            await looked(quality)

    told = [(fall.target, fall.signal) for fall in quality.watch.falls]
    assert told == [("one/small", "brief scores"), ("one/small", "score")]  # the quick watch and the patient one


async def test_a_route_that_may_ask_the_answers_own_family_does_not_judge_it(tmp_path: Path) -> None:
    """``fast`` asks small first and large else: what either of them answered is none of its business."""
    settings = "{judges: [fast], rate: 1, spend_share: 10}"
    async with opened(tmp_path, answers, settings) as (client, played, quality):
        await client.chat("two/large", "Hello there")
        await looked(quality)

    assert quality.watch.counts["unjudged own_family"] == 1
    assert played.asked == ["large"]
