"""Is this the answer that was expected? For questions whose right answer is known: canaries, gold sets.

Refuses to understand words: exact text, the last number, a pattern, or nothing.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.quality.linear_pattern import Effort, linear_pattern
from trunkline.quality.pattern_parser import PatternError

MOST_READ = 20_000  # characters, from the end
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+]?\.\d+")
_FRINGE = re.compile(r"^[\s\"'`*_.:!\[\]()]+|[\s\"'`*_.:!\[\]()]+$")


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What a right answer is."""

    answer: Annotated[str, Meta(min_length=1, max_length=2_000, description="The right answer, or the pattern.")]
    by: Annotated[
        Literal["contains", "exact", "number", "pattern"],
        Meta(
            description="contains: stands in the answer as a word; exact: is the whole answer, case and fringe aside; "
            "number: is its last number; pattern: a regular expression finds something."
        ),
    ] = "contains"

    def __post_init__(self) -> None:
        if self.by == "pattern":
            try:
                linear_pattern(self.answer)
            except PatternError as error:
                raise ValueError(f"answer cannot be used as a pattern: {error}") from error

    def met_by(self, text: str, effort: Effort | None = None) -> bool:
        """True when the answer is right. Raises TooMuchWorkError where a pattern comes to no end within its bounds."""
        said = text[-MOST_READ:]
        match self.by:
            case "exact":
                return _plain(said) == _plain(self.answer)
            case "number":
                return _same_number(said, self.answer)
            case "pattern":
                return linear_pattern(self.answer).found_in(said, effort)
            case _:
                return re.search(rf"(?<!\w){re.escape(self.answer)}(?!\w)", said, re.IGNORECASE) is not None


def last_number(text: str) -> Decimal | None:
    """The last number in a text; None where there is none."""
    found = _NUMBER.findall(text)
    try:
        return Decimal(found[-1].replace(",", "")) if found else None
    except InvalidOperation:
        return None


def _same_number(said: str, expected: str) -> bool:
    one, other = last_number(said), last_number(expected)
    return one is not None and other is not None and abs(one - other) <= abs(other) * Decimal("1e-6")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", _FRINGE.sub("", text)).casefold()
