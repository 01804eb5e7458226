"""Two answers say the same, or they do not: by what was asked for, and never by what cannot be read."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trunkline.core.chat import Completion, Finish, Text, ToolUse
from trunkline.core.usage import Usage
from trunkline.routing.agreement import Kind, compare, kind_of
from trunkline.routing.complexity import Complexity, analyse


def said(text: str, finish: Finish = "stop") -> Completion:
    return Completion("", "m", (Text(text),), finish, Usage())


def called(*calls: tuple[str, str]) -> Completion:
    parts = tuple(ToolUse(f"id{number}-{name}", name, arguments) for number, (name, arguments) in enumerate(calls))
    return Completion("", "m", parts, "tool_calls", Usage())


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "17 + 25 = 42.", "The answer is **42**"),
        ("number", r"So we get \boxed{1,234.50}", "Total: $1234.5"),
        ("number", "It is 1/2 of it: 0.5", "Answer: 1/2"),
        ("number", "First 3, then 4, so 12", "12"),
        ("choice", "The answer is (B).", "B"),
        ("choice", "I think so. A harbour is no lake.\nAnswer: D", "**D**"),
        ("choice", "Because of X, not A.\n\nAnswer: C", "C) the third"),
        ("json", '{"a": 1, "b": "X "}', '```json\n{"b": "x", "a": 1.0}\n```'),
        ("text", "Paris", "The capital of France is Paris."),
        ("text", "The harbour opens at 9 in the morning.", "In the morning at 9 the harbour opens."),
        ("number", "yes, it is even", "Yes, it is even."),
    ],
)
def test_answers_that_say_the_same_agree(kind: Kind, one: str, other: str) -> None:
    assert compare(kind, said(one), said(other)).agrees
    assert compare(kind, said(other), said(one)).agrees


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "42", "43"),
        ("number", "9" * 400, "8" * 400),
        ("number", "42", "no idea"),
        ("choice", "Answer: A", "Answer: B"),
        ("choice", "Answer: A", "I cannot say."),
        ("json", '{"a": 1}', '{"a": 2}'),
        ("json", "no json", "no json"),
        ("text", "Paris", "London"),
        ("text", "Yes, it is safe to open it.", "No, it is not safe to open it."),
        ("text", "It opens at 9", "It opens at 10"),
        ("text", "", ""),
    ],
)
def test_answers_that_say_other_things_disagree(kind: Kind, one: str, other: str) -> None:
    assert not compare(kind, said(one), said(other)).agrees
    assert not compare(kind, said(other), said(one)).agrees


def test_tool_calls_are_compared_by_name_and_values_whatever_was_asked() -> None:
    one = called(("look", '{"day": 1, "ship": "Ida"}'), ("note", "{}"))
    same = called(("note", ""), ("look", '{"ship":"ida","day":1.0}'))
    other = called(("look", '{"day": 2, "ship": "Ida"}'), ("note", "{}"))

    assert compare("text", one, same).agrees
    assert not compare("text", one, other).agrees
    assert not compare("text", one, said("I looked.")).agrees
    assert not compare("text", called(("look", "{")), called(("look", "{"))).agrees  # what cannot be read


def test_an_answer_that_was_cut_agrees_with_nothing() -> None:
    assert not compare("text", said("Paris", "length"), said("Paris", "length")).agrees
    assert not compare("text", said("Paris"), said("Paris", "content_filter")).agrees


def test_the_last_number_of_an_essay_is_not_its_answer() -> None:
    one, other = "Rivers flow. " * 60 + "Since 1912.", "Harbours lie still. " * 60 + "Since 1912."

    assert not compare("number", said(one), said(other)).agrees
    assert compare("number", said(one + " Answer: 7"), said(other + " The answer is 7.")).agrees


def test_similarity_is_the_configured_one() -> None:
    one = said("alpha beta gamma delta epsilon zeta eta theta iota kappa")
    other = said("alpha beta gamma delta epsilon zeta eta theta other words")

    assert compare("text", one, other, similarity=0.7).agrees
    assert not compare("text", one, other, similarity=0.95).agrees


def test_the_kind_follows_what_is_asked_for() -> None:
    assert kind_of(Complexity(9, structured=1.0)) == "json"
    assert kind_of(analyse("Which?\n(A) one\n(B) two")) == "choice"
    assert kind_of(analyse("Calculate the sum and the product of 12345 and 99.")) == "number"
    assert kind_of(analyse("What is 17 + 25?")) == "number"
    assert kind_of(analyse("What came to pass on 2024-05-12?")) == "text"
    assert kind_of(analyse("Tell me of the harbour.")) == "text"


texts = st.text(max_size=200) | st.text(alphabet='{}[]":,01.ABC)(-/%$\\boxed{}\n ', max_size=200)


@settings(deadline=None)
@given(st.sampled_from(["json", "choice", "number", "text"]), texts, texts)
@example("choice", "0:1", "0:B")
def test_any_two_texts_are_compared_alike_from_both_sides(kind: Kind, one: str, other: str) -> None:
    there, back = compare(kind, said(one), said(other)), compare(kind, said(other), said(one))

    assert there == back
    assert 0 <= there.similarity <= 1


def test_deeply_nested_json_is_no_crash() -> None:
    deep = "[" * 9_000 + "]" * 9_000

    assert not compare("json", said(deep), said(json.dumps({"a": 1}))).agrees
