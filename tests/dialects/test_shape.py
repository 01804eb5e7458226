"""What does not fit a shape is named: where, what it is, what is allowed."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.shape import fit, left_over, look, shown


class Circle(Struct, tag="circle"):
    radius: Annotated[float, Meta(gt=0)]


class Square(Struct, tag="square"):
    side: float
    colour: Literal["red", "blue"] = "red"


class Figure(Struct):
    name: str
    shapes: list[Circle | Square] | str
    data: dict[str, Any] | None = None


_FIGURE = msgspec.json.Decoder(Figure)


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        (b'{"name":3,"shapes":""}', "name", "`name` is 3; expected `str`, got `int`."),
        (b'{"shapes":""}', "name", "`name` is missing. Add it."),
        (b'{"name":"x","shapes":[{"radius":1}]}', "shapes[0].type", "`shapes[0].type` is missing. Add it."),
        (
            b'{"name":"x","shapes":[{"type":"circle","radius":1},{"type":"hexagon"}]}',
            "shapes[1].type",
            '`shapes[1].type` is "hexagon"; allowed: circle, square.',
        ),
        (
            b'{"name":"x","shapes":[{"type":"square","side":1,"colour":"green"}]}',
            "shapes[0].colour",
            '`shapes[0].colour` is "green"; allowed: blue, red.',
        ),
        (
            b'{"name":"x","shapes":[{"type":"circle","radius":-1}]}',
            "shapes[0].radius",
            "`shapes[0].radius` is -1; expected `float` > 0.0.",
        ),
        (b'{"name":"x","shapes":["round"]}', "shapes[0]", '`shapes[0]` is "round"; expected `object`, got `str`.'),
        (b'{"name":"x"', None, "The request body is not JSON"),
        (b'{"name":"\xff"}', None, "The request body is not UTF-8"),
        (b'{"name":"x","shapes":"","skipped":"\xff"}', None, "The request body is not UTF-8"),
        (b"[1]", None, "The request body is a JSON array."),
        (b'{"name":"x","deep":' + b"[" * 100_000, None, "nested too deeply"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_the_path_the_value_and_what_is_allowed(
    body: bytes, param: str | None, said: str
):
    with pytest.raises(InvalidRequest) as refused:
        look(_FIGURE, body)

    assert refused.value.param == param
    assert said in refused.value.message


def test_the_path_starts_where_the_object_stands():
    with pytest.raises(InvalidRequest) as refused:
        fit({"type": "circle"}, Circle, "shapes[7]")

    assert refused.value.param == "shapes[7].radius"


def test_an_object_that_is_itself_of_the_wrong_kind_is_named_by_its_place():
    with pytest.raises(InvalidRequest, match=r"`shapes\[7\]` is \{\"type\":\"disc\"\}|`shapes\[7\].type` is \"disc\""):
        fit({"type": "disc"}, Circle, "shapes[7]")


def test_a_long_value_is_shown_short():
    assert shown("x" * 1000) == '"' + "x" * 56 + "..."


def test_a_value_too_deep_to_show_is_still_named():
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]

    assert shown(deep) == "a value too deep to show"


def test_what_the_shape_has_no_place_for_is_left_over_by_name():
    raw = {
        "name": "x",
        "shapes": [{"type": "circle", "radius": 1, "fill": True}, {"type": "square", "side": 1}],
        "data": {"anything": 1},
        "new": 5,
    }

    assert dict(left_over(fit(raw, Figure), raw)) == {"shapes.fill": True, "new": 5}
