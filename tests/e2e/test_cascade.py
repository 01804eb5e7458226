"""The cascade over real sockets: providers of known quality, questions with known answers, every probe on the bill."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, kept
from tests.spoken import NAMES
from trunkline.core.errors import ConfigError
from trunkline.simulator.questions import grade
from trunkline.stores.records import UsageQuery

CHEAP = {"input": "0.1", "output": "0.4"}
DEAR = {"input": "10", "output": "40"}
FACTS = {
    "small": {"prices": CHEAP, "quality": 0.5},
    "little": {"prices": CHEAP, "quality": 0.4},
    "large": {"prices": DEAR, "quality": 0.95},
}
ROUTES = """
models:
  r: {strategy: {kind: cascade, wait: 1s}, targets: [spare/large, an/small, oa/little]}
  plain: {targets: [spare/large, an/small, oa/little]}
"""
RIGHT = {"arithmetic": 1.0, "default": 1.0}
WRONG = {"arithmetic": 0.0, "default": 0.0}
EASY = "What is 17 + 25?"


def models(**quality: dict[str, float]) -> dict[str, Any]:
    return {
        "models": {
            name: {"context": 128_000, "prices": facts["prices"], "quality": quality.get(name, RIGHT)}
            for name, facts in FACTS.items()
        }
    }


async def housed(build: Build, more: str = "", **besides: dict[str, Any]) -> House:
    wanted = {name: {**models(), **besides.get(name, {})} for name in ("oa", "an", "spare")}
    return await build(routes=ROUTES, priced=json.dumps(FACTS), more=more, **wanted)


def asked(house: House) -> list[str]:
    return sorted(f"{entry.provider}/{entry.model}" for entry in house.simulator.log)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", NAMES)
async def test_cheap_answers_that_agree_are_shown_and_the_best_is_not_asked(
    build: Build, dialect: str, stream: bool
) -> None:
    house = await housed(build)

    status, headers, body = await house.ask(dialect, "r", text=EASY, stream=stream)
    _, control, _ = await house.ask(dialect, "plain", text=EASY, stream=stream)

    assert (status, headers["x-trunkline-attempts"]) == (200, "2")
    assert f"{headers['x-trunkline-provider']}/{headers['x-trunkline-model']}" == "an/small"  # the better of the two
    assert b"42" in body
    assert headers["x-trunkline-trail"].startswith("2 probes agree; ")
    assert headers["x-trunkline-trail"].count(" probe ok") == 2
    assert "after oa/little and an/small" in headers["x-trunkline-decision"]
    assert control["x-trunkline-model"] == "large"
    assert [one for one in asked(house) if one != "spare/large"] == ["an/small", "oa/little"]


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_an_accepted_answer_is_a_whole_stream_in_the_callers_dialect(build: Build, dialect: str) -> None:
    house = await housed(build)

    _, headers, body = await house.ask(dialect, "r", text=EASY, stream=True)

    assert headers["content-type"].startswith("text/event-stream")
    assert body.rstrip().endswith(b"data: [DONE]" if dialect == "openai" else b'data: {"type":"message_stop"}')


@pytest.mark.parametrize("stream", [False, True])
async def test_the_best_is_asked_where_the_cheap_disagree_and_the_bill_has_all_three(
    build: Build, stream: bool
) -> None:
    house = await housed(build, oa=models(little=WRONG))

    status, headers, body = await house.ask("openai", "r", text=EASY, stream=stream)

    assert (status, headers["x-trunkline-model"], headers["x-trunkline-attempts"]) == (200, "large", "3")
    assert b"42" in body
    assert headers["x-trunkline-trail"].startswith("2 probes disagree (number, similarity 0.00); ")
    assert asked(house) == ["an/small", "oa/little", "spare/large"]
    (exchange,) = house.ended
    assert [attempt.purpose for attempt in exchange.attempts] == ["probe", "probe", ""]
    assert exchange.cost == sum(attempt.cost or 0 for attempt in exchange.attempts) > 0
    records = await kept(house, 3)
    assert sorted((record.attempt, record.purpose) for record in records) == [(1, "probe"), (2, "probe"), (3, "call")]
    assert [bool(record.decision) for record in sorted(records, key=lambda one: one.attempt)] == [True, False, False]
    assert house.gateway.money is not None
    (total,) = await house.gateway.money.store.usage.sum(UsageQuery(), "total")
    assert (total.calls, total.attempts) == (1, 3)


async def test_a_probe_that_fails_disagrees(build: Build) -> None:
    house = await housed(build, an={"faults": [{"kind": "status", "status": 503}]})

    status, headers, _ = await house.chat("r", text=EASY)

    assert (status, headers["x-trunkline-model"], headers["x-trunkline-attempts"]) == (200, "large", "3")
    assert "1 of 2 probes did not answer" in headers["x-trunkline-trail"]


async def test_a_probe_that_is_late_is_not_waited_for(build: Build) -> None:
    house = await housed(build, an={"faults": [{"kind": "silence"}]})

    async with asyncio.timeout(4):  # its own patience is 5 s, the cascade's is 1
        status, headers, _ = await house.chat("r", text=EASY)

    assert (status, headers["x-trunkline-model"]) == (200, "large")


async def test_a_probes_answer_is_better_than_none(build: Build) -> None:
    house = await housed(build, oa=models(little=WRONG), spare={"faults": [{"kind": "status", "status": 503}]})

    status, headers, body = await house.chat("r", text=EASY)

    assert (status, headers["x-trunkline-model"]) == (200, "small")
    assert b"42" in body


@pytest.mark.parametrize(("most", "model"), [("1", "large"), ("2", "large"), ("3", "small")])
async def test_probes_need_an_attempt_left_for_the_best(build: Build, most: str, model: str) -> None:
    house = await housed(build)
    body = {"model": "r", "messages": [{"role": "user", "content": EASY}]}

    _, headers, _ = await house.post("/v1/chat/completions", body, {"x-trunkline-max-attempts": most})

    assert headers["x-trunkline-model"] == model
    assert int(headers["x-trunkline-attempts"]) <= int(most)


async def test_a_caller_that_leaves_stops_all_probes(build: Build) -> None:
    house = await housed(build, oa={"faults": [{"kind": "silence"}]}, an={"faults": [{"kind": "silence"}]})
    calling = asyncio.create_task(house.chat("r", text=EASY))
    await asyncio.sleep(0.5)

    calling.cancel()

    entries = await house.logged(2)
    assert {entry.model for entry in entries} == {"small", "little"}
    assert all(attempt.outcome for exchange in house.ended for attempt in exchange.attempts)


async def test_a_cascade_is_nearly_as_good_as_the_best_at_a_fraction_of_its_cost(build: Build) -> None:
    """Providers right in 70 % of the answers: agreeing wrong ones are rare, so quality holds and cost falls."""
    often = {"arithmetic": 0.7}
    house = await housed(build, oa=models(little=often), an=models(small=often))
    questions = [f"What is {number} + {3 * number + 7}?" for number in range(60)]

    right = cost = plain_cost = 0.0
    for question in questions:
        _, headers, body = await house.chat("r", text=question)
        right += grade(question, json.loads(body)["choices"][0]["message"]["content"]) or 0.0
        cost += float(headers["x-trunkline-cost-usd"])
        plain_cost += float((await house.chat("plain", text=question))[1]["x-trunkline-cost-usd"])

    assert right / len(questions) >= 0.93  # the cheap alone reach 0.7
    assert cost < 0.75 * plain_cost


async def policed(build: Build, folder: Path, written: Any, strategy: str = "cascade", **besides: Any) -> House:
    """A house whose route has a fitted policy."""
    from trunkline.routing.learned.policy import write

    write(written, folder / "r.policy")
    routes = f"models: {{r: {{strategy: {strategy}, policy: r.policy, targets: [spare/large, an/small, oa/little]}}}}"
    wanted = {name: {**models(), **besides.get(name, {})} for name in ("oa", "an", "spare")}
    return await build(routes=routes, priced=json.dumps(FACTS), **wanted)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("at_once", [1, 2, 4])
async def test_a_fitted_policy_hears_its_probes_and_accepts(
    build: Build, tmp_path: Path, stream: bool, at_once: int
) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    house = await policed(build, tmp_path, policy(), f"{{kind: cascade, at_once: {at_once}}}")

    _, headers, body = await house.ask("openai", "r", text=EASY, stream=stream)

    assert (headers["x-trunkline-model"], headers["x-trunkline-attempts"]) == ("small", "2")
    assert b"42" in body
    assert asked(house) == ["an/small", "oa/little"]
    assert "2 of 2 probes heard" in headers["x-trunkline-trail"]


async def test_the_first_probes_of_a_policy_are_asked_side_by_side_unless_one_at_a_time_is_wanted(
    build: Build, tmp_path: Path
) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    late = {"faults": [{"kind": "silence"}]}
    usual = await policed(build, tmp_path, policy(), "{kind: cascade, wait: 300ms}", oa=late)
    single = await policed(build, tmp_path, policy(), "{kind: cascade, wait: 300ms, at_once: 1}", oa=late)

    answers = [(await house.chat("r", text=EASY))[1] for house in (usual, single)]

    assert [headers["x-trunkline-model"] for headers in answers] == ["large", "large"]  # the first was not heard
    assert [entry.model for entry in usual.simulator.log if entry.model != "large"].count("small") == 1
    assert "small" not in [entry.model for entry in single.simulator.log]


async def test_a_probe_that_turns_out_not_to_be_needed_is_on_the_bill_and_nothing_more(
    build: Build, tmp_path: Path
) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    written = policy(contented=True)  # the first answer will do
    both = await policed(build, tmp_path, written)
    one = await policed(build, tmp_path, written, "{kind: cascade, at_once: 1}")

    answers = [(await house.chat("r", text=EASY))[1] for house in (both, one)]

    assert [headers["x-trunkline-model"] for headers in answers] == ["little", "little"]
    assert [headers["x-trunkline-attempts"] for headers in answers] == ["2", "1"]
    assert "1 of 2 probes heard" in answers[0]["x-trunkline-trail"]


async def test_a_fitted_policy_escalates_where_its_probes_differ_or_fail(build: Build, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    differs = await policed(build, tmp_path, policy(), oa=models(little=WRONG))
    fails = await policed(build, tmp_path, policy(), oa={"faults": [{"kind": "status", "status": 503}]})

    answers = [(await house.chat("r", text=EASY))[1] for house in (differs, fails)]

    assert [headers["x-trunkline-model"] for headers in answers] == ["large", "large"]
    assert [headers["x-trunkline-attempts"] for headers in answers] == ["3", "3"]
    assert "0 of 2 probes heard" in answers[1]["x-trunkline-trail"]  # who does not answer ends it


async def test_a_policy_whose_floor_was_not_shown_asks_the_best(build: Build, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    house = await policed(build, tmp_path, policy(shown=False))

    _, headers, _ = await house.chat("r", text=EASY)

    assert (headers["x-trunkline-model"], headers["x-trunkline-attempts"]) == ("large", "1")


async def test_balanced_buys_quality_at_the_policys_price(build: Build, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    frugal = await policed(build, tmp_path, policy(price=10_000.0), "balanced")
    lavish = await policed(build, tmp_path, policy(price=1.0), "balanced")

    models_asked = [(await house.chat("r", text=EASY))[1]["x-trunkline-model"] for house in (frugal, lavish)]

    assert models_asked == ["small", "large"]


async def test_a_policy_for_another_pool_is_refused_when_the_house_is_built(build: Build, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    from tests.routing.policies import policy

    with pytest.raises(ConfigError, match=r"models.r.policy: the policy was fitted on \"other\""):
        await policed(build, tmp_path, policy(("other", "small", "large")))
