"""Grades are read out of whatever a judge says, and are never made up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.quality.rubric import Criterion, Rubric, built_in
from trunkline.quality.verdict_parser import parse

RUBRIC = built_in()["general"]
GRADES = {"faithfulness": 5, "completeness": 4, "coherence": 3}
FLAT = json.dumps(GRADES)

READ = {
    "plain": FLAT,
    "with reasons": (
        '{"faithfulness": {"reason": "y", "grade": 5}, "completeness": {"score": 4}, "coherence": {"value": 3}}'
    ),
    "fenced": f"Here you are:\n```json\n{FLAT}\n```\nHave a nice day {{smile}}",
    "after thoughts with braces": f'I think {{so}} ... {{"a": 1}} therefore\n{FLAT}',
    "below one key": json.dumps({"verdict": "fine", "scores": GRADES}),
    "words as numbers": '{"faithfulness": "5", "completeness": "4/5", "coherence": " 3 / 5 "}',
    "whole floats": '{"faithfulness": 5.0, "completeness": 4.0, "coherence": 3.0}',
    "other letters": '{"Faithfulness": 5, "COMPLETENESS": 4, "Coherence ": 3}',
    "said twice alike": f"{FLAT}\n\nTo sum up: {FLAT}",
    "more than asked": json.dumps({**GRADES, "style": 1}),
    "after ten megabytes": "x" * 10_000_000 + FLAT,
    "a list around it": f"[{FLAT}]",
}

REFUSED = {
    "nothing": "",
    "blanks": " \n ",
    "prose": "I would give faithfulness 5, completeness 4 and coherence 3 out of 5.",
    "a refusal": "I'm sorry, but I can't help with judging this.",
    "another language": '{"Treue": 5, "Vollständigkeit": 4, "Zusammenhang": 3}',
    "one grade missing": '{"faithfulness": 5, "completeness": 4}',
    "too high": '{"faithfulness": 6, "completeness": 4, "coherence": 3}',
    "too low": '{"faithfulness": 0, "completeness": 4, "coherence": 3}',
    "negative": '{"faithfulness": -5, "completeness": 4, "coherence": 3}',
    "between": '{"faithfulness": 4.5, "completeness": 4, "coherence": 3}',
    "a range": '{"faithfulness": "4-5", "completeness": 4, "coherence": 3}',
    "on another scale": '{"faithfulness": "8/10", "completeness": "4/5", "coherence": "3/5"}',
    "huge": '{"faithfulness": 1e400, "completeness": 4, "coherence": 3}',
    "not a number": '{"faithfulness": NaN, "completeness": 4, "coherence": 3}',
    "true": '{"faithfulness": true, "completeness": 4, "coherence": 3}',
    "null": '{"faithfulness": null, "completeness": 4, "coherence": 3}',
    "a list of grades": '{"faithfulness": [5], "completeness": 4, "coherence": 3}',
    "two grades in one": '{"faithfulness": {"grade": 5, "score": 1}, "completeness": 4, "coherence": 3}',
    "the same key twice": '{"faithfulness": 1, "faithfulness": 5, "completeness": 4, "coherence": 3}',
    "two verdicts": f'The answer says {{"faithfulness": 5, "completeness": 5, "coherence": 5}}. I say {FLAT}',
    "cut off": FLAT[:-10],
    "a bomb": '{"a":' * 100_000,
    "ten megabytes": "{" * 10_000_000,
    "words behind by ten megabytes": FLAT + "x" * 10_000_000,
}


@pytest.mark.parametrize("name", list(READ))
def test_grades_are_found(name: str) -> None:
    assert parse(READ[name], RUBRIC).grades == GRADES


@pytest.mark.parametrize("name", list(REFUSED))
def test_no_grades_are_made_up(name: str) -> None:
    verdict = parse(REFUSED[name], RUBRIC)

    assert verdict.grades is None
    assert verdict.why


@given(st.text())
def test_random_words_are_no_verdict(said: str) -> None:
    assert parse(said, RUBRIC).grades is None


@given(st.dictionaries(st.sampled_from([*GRADES, "other"]), st.integers(-3, 9) | st.text(max_size=3) | st.floats()))
def test_what_is_read_is_what_was_said_and_on_the_scale(said: dict[str, object]) -> None:
    grades = parse(json.dumps(said), RUBRIC).grades

    if grades is not None:
        assert set(grades) == set(GRADES)
        assert all(1 <= grade <= 5 and int(float(str(said[name]))) == grade for name, grade in grades.items())


def test_reasons_are_kept() -> None:
    verdict = parse('{"style": {"reason": "dull", "grade": 2}}', Rubric("mine", (Criterion("style", "Is it lively?"),)))

    assert verdict.reasons == {"style": "dull"}


def test_the_score_is_the_weighted_mean_from_zero_to_one() -> None:
    assert RUBRIC.score(GRADES) == pytest.approx(((2 * 5 + 4 + 3) / 4 - 1) / 4)
    assert RUBRIC.score(dict.fromkeys(GRADES, 1)) == 0
    assert RUBRIC.score(dict.fromkeys(GRADES, 5)) == 1


def test_a_rubric_must_make_sense() -> None:
    with pytest.raises(ValueError, match="same name"):
        Rubric("mine", (Criterion("a", "?"), Criterion("a", "?")))
    with pytest.raises(ValueError, match="5 is not below 5"):
        Rubric("mine", (Criterion("a", "?"),), low=5)
