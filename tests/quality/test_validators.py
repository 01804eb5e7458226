"""What a program can see of an answer is seen, on hostile answers too, and a good one is left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.chat import ChatRequest, Completion, Finish, Message, OutputFormat, Text, Tool, ToolChoice, ToolUse
from trunkline.core.usage import Usage
from trunkline.quality.expected import Expected
from trunkline.quality.json_schema import problems
from trunkline.quality.validators import findings, spoiled

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 2}, "days": {"type": "integer", "maximum": 7}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = Tool("weather", parameters=SCHEMA)
AS_JSON = {"output": OutputFormat("schema", SCHEMA)}


def found(answer: str = "", finish: Finish = "stop", calls: tuple[ToolUse, ...] = (), **asked: Any) -> dict[str, bool]:
    question = asked.pop("question", "What is the weather in Bern today?")
    request = ChatRequest("m", (Message("user", (Text(question),)),), **asked)
    parts = ((Text(answer),) if answer else ()) + calls
    return {one.check: one.spoiled for one in findings(request, Completion("1", "m", parts, finish, Usage()))}


def call(arguments: str, name: str = "weather") -> tuple[ToolUse, ...]:
    return (ToolUse("1", name, arguments),)


CASES: dict[str, tuple[dict[str, bool], dict[str, bool]]] = {
    "a good answer": (found("It is sunny in Bern today."), {}),
    "nothing": (found(""), {"empty": True}),
    "blanks": (found(" \n"), {"empty": True}),
    "a tool call needs no words": (found("", calls=call('{"city": "Bern"}'), tools=(WEATHER,)), {}),
    "good JSON": (found('{"city": "Bern", "days": 3}', **AS_JSON), {}),
    "no JSON": (found('Sure! {"city": "Bern"}', **AS_JSON), {"json": True}),
    "JSON of another schema": (found('{"town": "Bern"}', **AS_JSON), {"schema": True}),
    "any JSON": (found("[1, 2]", output=OutputFormat("json")), {}),
    "a deep bomb": (found("[" * 100_000, output=OutputFormat("json")), {"json": True, "repetition": True}),
    "wrong arguments": (found("", calls=call('{"days": "x"}'), tools=(WEATHER,)), {"tool_arguments": True}),
    "broken arguments": (found("", calls=call('{"city": '), tools=(WEATHER,)), {"tool_arguments": True}),
    "a tool nobody offered": (found("", calls=call("{}", "rm"), tools=(WEATHER,)), {"unknown_tool": True}),
    "no call where one was demanded": (
        found("Sunny.", tools=(WEATHER,), tool_choice=ToolChoice("any")),
        {"no_tool_call": True},
    ),
    "cut by the model": (found("It is", "length"), {"truncated": True}),
    "cut by the caller": (found("It is", "length", max_tokens=2), {"truncated": False}),
    "a refusal": (found("I'm sorry, but I can't help with that."), {"refusal": False}),
    "a curly refusal": (found("I can\N{RIGHT SINGLE QUOTATION MARK}t assist with this request."), {"refusal": False}),
    "filtered": (found("It", "content_filter"), {"refusal": False}),
    "regret is no refusal": (found("I'm sorry to hear that. It will rain in Bern."), {}),
    "a loop": (found("and so on " * 400), {"repetition": True}),
    "long and lively": (found(" ".join(str(n * n) for n in range(900))), {}),
    "another script": (found("Сегодня в Берне солнечно и тепло."), {"other_script": False}),
    "the same other script": (found("Сегодня в Берне солнечно.", question="Какая погода сегодня в Берне?"), {}),
    "code that parses": (found("```python\nprint(1)\n```"), {}),
    "code that does not": (found("```python\nprint(1\n```"), {"code": False}),
    "code of another language": (found("```rust\nfn main( {\n```"), {}),
}


@pytest.mark.parametrize("name", list(CASES))
def test_each_answer_has_the_findings_it_deserves(name: str) -> None:
    seen, deserved = CASES[name]

    assert seen == deserved


@given(st.text(), st.sampled_from(["stop", "length", "tool_calls", "content_filter"]), st.text())
def test_no_answer_makes_a_check_fail(answer: str, finish: Finish, arguments: str) -> None:
    found(answer, finish, call(arguments), tools=(WEATHER,), **AS_JSON)


def test_only_what_nobody_can_use_spoils() -> None:
    request = ChatRequest("m", (Message("user", (Text("Weather in Bern, please?"),)),))
    refusal = findings(request, Completion("1", "m", (Text("I cannot do that."),), "stop", Usage()))
    cut = findings(request, Completion("1", "m", (Text("It is"),), "length", Usage()))

    assert not spoiled(refusal)
    assert spoiled(cut)


FITS: list[tuple[Any, Any]] = [
    ({"a": 1}, {"type": "object"}), (1.0, {"type": "integer"}), (None, {"type": ["string", "null"]}),
    ("x", {"enum": ["x", 1]}), ([1, "a"], {"prefixItems": [{"type": "integer"}, {"type": "string"}]}),
    (5, {"anyOf": [{"type": "string"}, {"minimum": 5}]}), ("abc", {"pattern": "^a"}), ({"a": 1}, {"unknown": True}),
    ({"next": {"next": {}}}, {"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}}),
    ("x", "no schema"), ("x", True),
    ({"a": 1}, {"additionalProperties": {"type": "integer"}}), ("x", {"pattern": "(?P<"}),
]  # fmt: skip
UNFIT: list[tuple[Any, Any, str]] = [
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", {"pattern": "(a+)+$"}, "does not match"),
    (True, {"type": "integer"}, r"\$ is not of type integer"), (1, {"const": True}, "not the value"),
    ("y", {"enum": ["x"]}, "none of the allowed"), ({}, {"required": ["a"]}, r"\$\.a is missing"),
    ([1, "x"], {"items": {"type": "integer"}}, r"\$\[1\] is not of type"), ([], {"minItems": 1}, "0 items"),
    ({"b": 1}, {"properties": {"a": {}}, "additionalProperties": False}, "b is not allowed"),
    (5, {"oneOf": [{"type": "integer"}, {"minimum": 1}]}, "fits 2"), (5, {"anyOf": [{"type": "string"}]}, "none of 1"),
    (5, {"allOf": [{"minimum": 6}]}, "too small"), (5, {"exclusiveMaximum": 5}, "too large"),
    ("b", {"pattern": "^a"}, "match"), (1, False, "not allowed"),
    ({"a": {"b": "x"}}, {"properties": {"a": {"properties": {"b": {"type": "null"}}}}}, r"\$\.a\.b"),
    (5, {"$ref": "#/$defs/s", "$defs": {"s": {"type": "string"}}}, "type string"),
    ("abc", {"maxLength": 2}, "3 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "schema"), FITS)
def test_a_value_fits_its_schema(value: Any, schema: Any) -> None:
    assert problems(value, schema) == []


@pytest.mark.parametrize(("value", "schema", "told"), UNFIT)
def test_a_value_that_does_not_fit_is_told_where(value: Any, schema: Any, told: str) -> None:
    import re

    assert re.search(told, problems(value, schema)[0])


def test_a_schema_that_refers_to_itself_ends() -> None:
    assert problems(1, {"$ref": "#"}) == []
    assert problems(1, {"anyOf": [{"$ref": "#"}, {"$ref": "#"}], "allOf": [{"$ref": "#"}] * 8}) is not None


@pytest.mark.parametrize(
    ("expected", "right", "wrong"),
    [
        (Expected("Bern"), "The capital is Bern.", "Bernd knows it"),
        (Expected("Bern", "exact"), " **bern**. ", "It is Bern"),
        (Expected("1,234.5", "number"), "So the sum is 1234.50", "1234.5 is wrong, it is 12"),
        (Expected("-3", "number"), "x = -3", "no number at all"),
        (Expected(r"\b[A-D]\b", "pattern"), "I choose (C)", "none of them"),
    ],
)
def test_an_expected_answer_is_recognised(expected: Expected, right: str, wrong: str) -> None:
    assert expected.met_by(right)
    assert not expected.met_by(wrong)
