"""Values for JSON schemas, checked by pydantic models that made the schemas."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from trunkline.simulator.json_schema import Hints, satisfy


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: Annotated[str, Field(min_length=8, max_length=20)]
    zip: Annotated[str, Field(pattern=r"^\d{5}$")]


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []
    parent: "Tree | None" = None


class Everything(BaseModel):
    whole: Annotated[int, Field(gt=10, lt=12)]
    part: Annotated[float, Field(ge=0.25, le=0.5)]
    fifth: Annotated[int, Field(multiple_of=5, ge=12)]
    color: Color
    mode: Literal["fast"]
    day: date
    home: Address
    others: Annotated[list[Address], Field(min_length=2, max_length=3)]
    maybe: str | None
    either: int | Address
    table: dict[str, int]
    pair: tuple[int, str]
    sure: bool
    tree: Tree


def test_a_value_satisfies_a_schema_with_everything_in_it():
    value = satisfy(Everything.model_json_schema())

    assert Everything.model_validate(value).whole == 11


def test_names_in_the_prompt_fill_the_strings():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

    assert satisfy(schema, Hints(names=("Paris", "London"), turn=1)) == {"city": "London"}


@pytest.mark.parametrize(("kind", "value"), [("string", "42"), ("integer", 42), ("number", 42.0)])
def test_the_answer_goes_where_an_answer_is_asked_for(kind: str, value: Any):
    schema = {"type": "object", "properties": {"answer": {"type": kind}}, "required": ["answer"]}

    assert satisfy(schema, Hints(answer="42")) == {"answer": value}


def test_a_schema_that_never_ends_is_refused():
    endless = {"$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}}, "$ref": "#/$defs/a"}

    with pytest.raises(ValueError, match="endlessly deep"):
        satisfy(endless)


def test_a_reference_to_itself_is_refused():
    with pytest.raises(ValueError, match="endlessly deep"):
        satisfy({"$ref": "#"})
