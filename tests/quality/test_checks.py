"""An operator's own checks label every answer they look at, and say what they saw."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.quality.test_house import cells, looked, opened
from trunkline.core.chat import ChatRequest, Completion, OutputFormat, Text
from trunkline.core.usage import Usage
from trunkline.quality.checks import OwnCheck, decided, of_route
from trunkline.quality.linear_pattern import Effort
from trunkline.quality.validators import Finding, findings
from trunkline.quality.validators import seen as seen_beside_callers
from trunkline.stores.scores import ScoreQuery

REQUEST = ChatRequest(model="fast", messages=())


def answered(text: str) -> Completion:
    return Completion("a", "small", (Text(text),), "stop", Usage())


def seen(text: str, **rule: Any) -> list[Finding]:
    check = msgspec.convert({"name": "own", **rule}, OwnCheck)
    return list(findings(REQUEST, answered(text), (check,)))


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"matches": r"\$\d+\.\d{2}"}, "It costs $12.50.", "It costs twelve."),
        ({"lacks": "(?i)as an ai"}, "Paris.", "As an AI, I think Paris."),
        ({"shortest": 5}, "Paris is it.", "No."),
        ({"longest": 5}, "Paris", "Paris, France"),
        ({"answer": {"answer": "42", "by": "number"}}, "6 * 7 = 42", "6 * 7 = 41"),
        ({"answer": {"answer": "yes", "by": "exact"}}, "Yes.", "Yes, but no."),
        ({"script": "latin"}, "The capital is Paris.", "\N{CYRILLIC SMALL LETTER A}" * 20),
        ({"schema": {"type": "object", "required": ["city"]}}, '{"city": "Paris"}', "Paris"),
        ({"schema": {"type": "object", "required": ["city"]}}, '{"city": "Paris"}', '{"town": "Paris"}'),
        ({"refusal": False}, "Paris.", "I'm sorry, but I can't help with that."),
    ],
)  # fmt: skip
def test_each_rule_passes_what_is_right_and_names_what_is_not(rule: dict[str, Any], good: str, bad: str) -> None:
    failed = [one for one in seen(bad, **rule) if one.check == "check own"]

    assert [one for one in seen(good, **rule) if one.check == "check own"] == []
    assert [(one.spoiled, bool(one.told)) for one in failed] == [(True, True)]


def test_what_only_counts_spoils_nothing() -> None:
    assert seen("Paris", matches="Rome", verdict="counts") == [Finding("check own", spoiled=False, told="without Rome")]


def test_a_check_that_comes_to_no_end_says_so_and_decides_nothing() -> None:
    text = "".join(chr(0x4E00 + place % 19_000) for place in range(60_000))
    rule = msgspec.convert({"name": "own", "lacks": ".{0,900}!", "verdict": "decides"}, OwnCheck)
    found = findings(REQUEST, answered(text), (rule,))

    assert [one.check for one in found] == ["undecided"]
    assert decided((rule,), "fast", found) == ""
    assert decided((rule,), "fast", ()) == "own"


def test_a_check_looks_at_its_own_routes_only() -> None:
    fast, every = OwnCheck(name="a", routes=("fast",), shortest=1), OwnCheck(name="b", shortest=1)

    assert of_route((fast, every), "fast") == (fast, every)
    assert of_route((fast, every), "slow") == (every,)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "checks nothing"), ({"matches": "(a"}, "matches cannot be used as a pattern"),
        ({"lacks": r"(?=a)"}, "lacks cannot be used"), ({"shortest": 9, "longest": 3}, "is below shortest"),
        ({"answer": {"answer": "(", "by": "pattern"}}, "answer cannot be used as a pattern"),
    ],
)  # fmt: skip
def test_a_check_that_cannot_work_is_refused_with_the_reason(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert({"name": "own", **rule}, OwnCheck)


RIGHT = "{checks: [{name: capital, routes: [fast], answer: {answer: Paris}, verdict: decides}]}"


async def test_a_deciding_check_labels_every_answer_without_a_judge(tmp_path: Path) -> None:
    said = ["Paris."]
    async with opened(tmp_path, lambda _model, _messages: said[0], RIGHT) as (client, played, quality):
        for _ in range(6):
            await client.chat("fast", "What is the capital of France?")
        said[0] = "Rome."
        for _ in range(2):
            await client.chat("fast", "What is the capital of France?")
        await client.chat("two/large", "What is the capital of France?")
        await looked(quality)
        await quality.flush()
        scores = await client.gateway.money.store.quality.scores(ScoreQuery(source="validator"))

    assert set(played.asked) == {"small", "large"}
    assert sorted(one.score for one in scores) == [0.0] * 2 + [1.0] * 6
    assert {one.by for one in scores} == {"capital", "check capital"}
    assert [one.comment for one in scores if one.score == 0] == ["not 'Paris' (contains)"] * 2
    assert cells(quality)["one/small", "all"]["scored"] == 8
    assert quality.watch.counts["found check capital"] == 2
    assert quality.report()["found"][0]["told"] == "not 'Paris' (contains)"


HOSTILE = "".join(chr(0x4E00 + place % 19_000) for place in range(20_000))
SLOW = ".{0,900}!"


def test_all_checks_of_one_answer_share_what_may_be_spent_on_it() -> None:
    effort = Effort(50_000)
    slow = tuple(OwnCheck(name=f"slow_{place}", lacks=SLOW) for place in range(40))

    found = findings(REQUEST, answered(HOSTILE), slow, effort)

    assert [one.check for one in found] == ["undecided"] * 40
    assert effort.spent


def test_a_schemas_pattern_that_comes_to_no_end_is_undecided_and_not_passed_over() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": SLOW}}}
    request = replace(REQUEST, output=OutputFormat("schema", schema))

    (found,) = findings(request, answered(json.dumps({"a": HOSTILE[:4_000]}, ensure_ascii=False)), (), Effort(50_000))

    assert (found.check, found.spoiled) == ("undecided", False)


async def test_what_is_not_seen_at_once_is_looked_for_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    through = asyncio.to_thread

    async def counted(*args: Any) -> Any:
        threads.append(args[0])
        return await through(*args)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    check = OwnCheck(name="has_price", matches=r"\$\d+")

    quick = await seen_beside_callers(REQUEST, answered("It costs $4."), (check,))
    assert threads == []
    slow = await seen_beside_callers(REQUEST, answered("word " * 9_000 + "$4"), (check,))

    assert [quick, slow] == [(), (Finding("repetition", spoiled=True),)]
    assert len(threads) == 1
