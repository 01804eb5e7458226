"""Grades are read out of whatever a judge says, and are never made up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.quality.prompts import form
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
    "a byte order mark and a zero": f"\ufeff\0{FLAT}",
    "half a character": f"\ud800{FLAT}",
    "other digits": '{"faithfulness": "\uff15", "completeness": "\u0664", "coherence": 3}',
    "powers of ten": '{"faithfulness": 50e-1, "completeness": 0.4e1, "coherence": 3}',
    "said twice at two depths": json.dumps({**GRADES, "scores": GRADES}),
    "another object beside it": f'{{"language": "en"}} {FLAT} {{"confidence": 0.9}}',
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
    "two verdicts below": json.dumps({"the answer claims": dict.fromkeys(GRADES, 5), "mine": GRADES}),
    "one below another": json.dumps({**GRADES, "claimed": dict.fromkeys(GRADES, 5)}),
    "the same key in two spellings": '{"faithfulness": 5, "Faithfulness": 1, "completeness": 4, "coherence": 3}',
    "the same key with a blank": '{"faithfulness": 5, "faithfulness ": 1, "completeness": 4, "coherence": 3}',
    "nearly whole": '{"faithfulness": 4.9999999999999999999, "completeness": 4, "coherence": 3}',
    "hardly above": '{"faithfulness": 5.0000000000000000001, "completeness": 4, "coherence": 3}',
    "a number without end": '{"faithfulness": 1e999999999, "completeness": 4, "coherence": 3}',
    "a number beyond numbers": '{"faithfulness": 1e99999999999999999999, "completeness": 4, "coherence": 3}',
    "five thousand digits": '{"faithfulness": ' + "9" * 5_000 + ', "completeness": 4, "coherence": 3}',
    "a raised digit": '{"faithfulness": "\u2075", "completeness": 4, "coherence": 3}',
    "stars": '{"faithfulness": "5 stars", "completeness": 4, "coherence": 3}',
    "a sign": '{"faithfulness": "+5", "completeness": 4, "coherence": 3}',
    "a letter that looks alike": '{"f\u0430ithfulness": 5, "completeness": 4, "coherence": 3}',
    "a letter of no width": '{"faith\u200bfulness": 5, "completeness": 4, "coherence": 3}',
    "python": str(GRADES),
    "yaml": "faithfulness: 5\ncompleteness: 4\ncoherence: 3",
    "a table": "| faithfulness | 5 |\n| completeness | 4 |\n| coherence | 3 |",
    "markup": FLAT.replace('"', "&quot;"),
    "json in a string": json.dumps(FLAT),
    "json in a field": json.dumps({"verdict": FLAT}),
    "a quotation in a reason": json.dumps({"reason": f"the answer says {FLAT}"}),
    "a list of criteria": json.dumps([{"name": name, "grade": grade} for name, grade in GRADES.items()]),
    "too deep": json.dumps({"result": {"scores": GRADES}}),
    "a comment": '{"faithfulness": 5, // good\n "completeness": 4, "coherence": 3}',
    "a comma too many": '{"faithfulness": 5, "completeness": 4, "coherence": 3,}',
    "a grade in a grade": '{"faithfulness": {"grade": {"grade": 5}}, "completeness": 4, "coherence": 3}',
    "a second thought cut off": f'{FLAT} wait, on reflection {{"faithfulness": 1, "complet',
    "a second thought out of range": f'{FLAT} no: {{"faithfulness": 7, "completeness": 4, "coherence": 3}}',
    "a second thought in other quotes": f"{FLAT} no: {{'faithfulness': 1, 'completeness': 4, 'coherence': 3}}",
    "a second thought far behind": FLAT + "{} " * 100 + json.dumps(dict.fromkeys(GRADES, 1)),
    "a verdict in a broken one": '{"faithfulness": 1, "because": ' + FLAT,
    "thoughts with another verdict": f"<think>{json.dumps(dict.fromkeys(GRADES, 5))}</think>{FLAT}",
    "the form with grades": json.dumps({name: {"reason": "...", "grade": 5} for name in GRADES}),
    "the form": form(RUBRIC),
    "the form and words": f"You asked for {form(RUBRIC)}. I would rather not.",
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


@given(st.sampled_from(list(built_in().values())), st.text(max_size=40), st.text(max_size=40))
def test_the_form_repeated_is_no_verdict_of_any_rubric(rubric: Rubric, before: str, behind: str) -> None:
    assert parse(before + form(rubric) + behind, rubric).grades is None


GRADED = st.fixed_dictionaries({name: st.integers(-1, 7) for name in GRADES})
NOISE = st.text(st.sampled_from('{}[]":,\\\n abc015'), max_size=30)


@given(st.lists(st.tuples(NOISE, GRADED | st.none()), max_size=4), st.integers(0, 60))
def test_what_is_read_was_said_and_nothing_else_was_said_in_json(
    parts: list[tuple[str, dict[str, int] | None]], cut: int
) -> None:
    said = "".join(noise + ("" if grades is None else json.dumps(grades)) for noise, grades in parts)

    read = parse(said[: len(said) - cut], RUBRIC).grades

    whole = [grades for _, grades in parts if grades is not None]
    assert read is None or read in whole


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=5))
def test_whatever_stands_where_a_grade_should_is_no_grade_or_a_whole_one(value: object) -> None:
    grades = parse(json.dumps({**GRADES, "coherence": value}), RUBRIC).grades

    assert grades is None or float(str(value).strip().split("/")[0]) == grades["coherence"]


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
