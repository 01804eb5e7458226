"""What answers are graded by, as data: criteria with a question and a weight, on a scale.

Refuses to know how a judge is asked and what it said.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from trunkline.core.errors import ConfigError
from trunkline.core.nearest import hint

CriterionName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$", extra={"form": "a word of small letters, like completeness"})
]


Given = Literal["nothing", "criteria"]
"""What a judge has besides the rubric: criteria of its own, written before it sees the answer."""


class Criterion(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is graded."""

    name: Annotated[CriterionName, Meta(description="The key of its grade in the judge's JSON.")]
    asks: Annotated[
        str, Meta(min_length=1, max_length=2_000, description="What the judge should ask itself, in its words.")
    ]
    weight: Annotated[float, Meta(gt=0, le=100, description="Beside the other criteria.")] = 1.0


class Rubric(Struct, frozen=True, forbid_unknown_fields=True):
    """Criteria on one scale; the score is their weighted mean, put on 0 to 1."""

    name: Annotated[CriterionName, Meta(description="What it is called in scores and reports.")]
    criteria: Annotated[
        tuple[Criterion, ...], Meta(min_length=1, max_length=12, description="Graded one by one; all must be.")
    ]
    asks: Annotated[str, Meta(max_length=2_000, description="The question over all criteria.")] = (
        "How good is the answer for the person who asked?"
    )
    low: Annotated[int, Meta(ge=0, le=100, description="The worst grade.")] = 1
    high: Annotated[int, Meta(ge=1, le=100, description="The best grade.")] = 5

    def __post_init__(self) -> None:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) != len(names):
            raise ValueError("two criteria have the same name; rename one")
        if self.low >= self.high:
            raise ValueError(f"the scale goes from low to high: {self.low} is not below {self.high}")

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a verdict: for each criterion the reason first, then a whole grade on the scale."""
        one = {
            "type": "object",
            "properties": {
                "reason": {"type": "string"},
                "grade": {"type": "integer", "enum": list(range(self.low, self.high + 1))},
            },
            "required": ["reason", "grade"],
            "additionalProperties": False,
        }
        names = [criterion.name for criterion in self.criteria]
        return {
            "type": "object",
            "properties": dict.fromkeys(names, one),
            "required": names,
            "additionalProperties": False,
        }

    def score(self, grades: Mapping[str, float]) -> float:
        """The grades of all criteria as one number from 0 to 1. Raises KeyError when one is missing."""
        total = sum(criterion.weight * grades[criterion.name] for criterion in self.criteria)
        mean = total / sum(criterion.weight for criterion in self.criteria)
        return (mean - self.low) / (self.high - self.low)


@cache
def built_in() -> dict[str, Rubric]:
    """The rubrics that come with the package, by name."""
    rows = (Path(__file__).with_name("rubrics.json")).read_bytes()
    return {rubric.name: rubric for rubric in msgspec.json.decode(rows, type=tuple[Rubric, ...])}


def find_rubric(wanted: str | Rubric) -> Rubric:
    """A built-in rubric by its name; one's own as it is. Raises ConfigError naming those there are."""
    if isinstance(wanted, Rubric):
        return wanted
    found = built_in().get(wanted)
    if found is None:
        raise ConfigError(f"there is no rubric {wanted!r}{hint(wanted, built_in())} There are: {', '.join(built_in())}")
    return found
