import pytest

from trunkline.routing.forms import canonical, groups, kind_of


def same(kind, first, second):
    one, other = groups(kind, [first, second])
    return one == other != -1


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("number", "18.0", "The answer is 18"),
        ("number", "$1,024", "1024.00"),
        ("number", "so we get \\boxed{0.5}", "Answer: 0.50"),
        ("exact", "(B)", "b."),
        ("exact", "'ab c'", "AB C"),
        ("exact", "\\boxed{\\dfrac{1}{2}}", "\\frac{1}{2}"),
        ("json", '{"a": 1, "b": [2]}', '```json\n{"b": [2], "a": 1}\n```'),
        ("tool_call", '{"name": "f", "arguments": {"x": 1, "y": 2}}', '{"arguments": {"y": 2, "x": 1}, "name": "f"}'),
        ("text", "Paris is the capital of France.", "paris is  the capital of france"),
    ],
)
def test_equal_answers_agree_however_they_are_written(kind, first, second):
    assert same(kind, first, second)


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("number", "18", "81"),
        ("exact", "A", "B"),
        ("json", '{"a": [1, 2]}', '{"a": [2, 1]}'),
        ("tool_call", '{"name": "f", "arguments": {"x": 1}}', '{"name": "g", "arguments": {"x": 1}}'),
        ("text", "Paris is the capital of France", "Lyon is a town on the Rhone in France"),
    ],
)
def test_different_answers_do_not_agree(kind, first, second):
    assert not same(kind, first, second)


@pytest.mark.parametrize(
    ("kind", "nothing"), [("number", "no idea"), ("json", "{broken"), ("exact", "  "), ("text", "")]
)
def test_what_holds_no_answer_agrees_with_nothing_not_even_itself(kind, nothing):
    assert groups(kind, [nothing, nothing]) == (-1, -1)


def test_the_kind_is_what_all_answers_agree_to_be():
    assert kind_of(["1", " 2.5"]) == "number"
    assert kind_of(["1", "B"]) == "exact"
    assert kind_of(['{"a": 1}', "[1]"]) == "json"
    assert kind_of(["word " * 60, "other " * 60]) == "text"
    assert kind_of(["", "  "]) == "exact"


def test_groups_number_equal_answers_alike_and_leave_out_what_is_none():
    assert groups("number", ["1", "2", "1.0", None, "none"]) == (0, 1, 0, -1, -1)


def test_hostile_answers_are_compared_in_bounded_form():
    deep = "[" * 100_000
    assert canonical("json", deep) is None
    assert canonical("number", "9" * 400) is None
    assert not same("exact", "\\boxed{" + "{" * 5_000, "x")
