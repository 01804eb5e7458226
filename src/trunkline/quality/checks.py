"""The operator's own checks of answers: a pattern, bounds, a known answer, a script, a schema, whether it may refuse.

Refuses to run what a stranger's text could make endless: patterns are searched in linear time, texts and work have
bounds, and a check that does not come to an end says so instead of guessing.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from trunkline.quality.expected import Expected
from trunkline.quality.json_schema import problems
from trunkline.quality.linear_pattern import Effort, TooMuchWorkError, linear_pattern
from trunkline.quality.pattern_parser import LONGEST, PatternError
from trunkline.quality.validators import UNDECIDED, Answered, Check, Finding, refused, script

Pattern = Annotated[str, Meta(max_length=LONGEST)]
Script = Literal["latin", "cyrillic", "greek", "arabic", "hebrew", "devanagari", "thai", "hangul", "cjk"]


class OwnCheck(Struct, frozen=True, forbid_unknown_fields=True):
    """What every answer of some routes must be."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_]{0,39}$",
            extra={"form": "a word of small letters, like has_price"},
            description="What it is called where its findings are counted.",
        ),
    ]
    routes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=320)], ...],
        Meta(max_length=100, description="Models, as callers name them, whose answers it checks; none: all."),
    ] = ()
    matches: Annotated[
        Pattern,
        Meta(description="A regular expression that must be found. No look-around and no references to groups."),
    ] = ""
    lacks: Annotated[Pattern, Meta(description="One that must not be found.")] = ""
    shortest: Annotated[int, Meta(ge=0, le=1_000_000, description="Characters it has at least.")] = 0
    longest: Annotated[int, Meta(ge=0, le=1_000_000, description="Characters it has at most; 0 sets no bound.")] = 0
    answer: Annotated[Expected | None, Meta(description="The right answer, where the route has one.")] = None
    script: Annotated[
        Script | None, Meta(description="The alphabet it is written in; texts of under twelve letters pass.")
    ] = None
    schema: Annotated[
        dict[str, Any] | None, Meta(description="A JSON schema that it fits, whether the caller asked for JSON or not.")
    ] = None
    refusal: Annotated[bool, Meta(description="Whether it may be a refusal.")] = True
    verdict: Annotated[
        Literal["counts", "spoils", "decides"],
        Meta(
            description="counts: what fails is only counted and watched; spoils: it scores 0 and no judge is asked; "
            "decides: so it does, and what passes scores 1: every answer is a label, and the route needs no judge."
        ),
    ] = "spoils"

    def __post_init__(self) -> None:
        for field in ("matches", "lacks"):
            try:
                linear_pattern(getattr(self, field))
            except PatternError as error:
                raise ValueError(f"{field} cannot be used as a pattern: {error}") from error
        if self.longest and self.longest < self.shortest:
            raise ValueError(f"longest ({self.longest}) is below shortest ({self.shortest})")
        wants = (self.matches, self.lacks, self.shortest, self.longest, self.answer, self.script, self.schema)
        if not any(one not in (None, 0, "") for one in wants) and self.refusal:
            raise ValueError("it checks nothing; give it matches, lacks, shortest, longest, answer, script or schema")

    def __call__(self, one: Answered) -> Iterator[Finding]:
        """At most one finding: the first thing that is not as it must be."""
        try:
            told = next(self._faults(one), None)
        except TooMuchWorkError:
            yield Finding(UNDECIDED, spoiled=False, told=f"{self.name} did not come to an end within its bounds")
            return
        if told is not None:
            yield Finding(f"check {self.name}", spoiled=self.verdict != "counts", told=told)

    def _faults(self, one: Answered) -> Iterator[str]:
        size = len(one.answer.text)
        if size < self.shortest:
            yield f"{size} characters, fewer than {self.shortest}"
        if self.longest and size > self.longest:
            yield f"{size} characters, more than {self.longest}"
        if not self.refusal and next(refused(one), None):
            yield "a refusal"
        if self.script and (written := script(one.text)) not in {None, self.script}:
            yield f"written in {written}, not in {self.script}"
        if self.answer is not None and not self.answer.met_by(one.text, one.effort):
            yield f"not {self.answer.answer[:80]!r} ({self.answer.by})"
        if self.schema is not None and (wrong := _unfit(one.answer.text, self.schema, one.effort)):
            yield wrong
        if self.matches and not linear_pattern(self.matches).found_in(one.text, one.effort):
            yield f"without {self.matches[:80]}"
        if self.lacks and linear_pattern(self.lacks).found_in(one.text, one.effort):
            yield f"with {self.lacks[:80]}"


def of_route(checks: Sequence[OwnCheck], route: str) -> tuple[Check, ...]:
    """Those that look at a route's answers."""
    return tuple(check for check in checks if not check.routes or route in check.routes)


def decided(checks: Sequence[OwnCheck], route: str, found: Sequence[Finding]) -> str:
    """The checks that decide on a route's answer, joined; empty where none does, or one came to no end."""
    deciding = [one.name for one in checks if one.verdict == "decides" and (not one.routes or route in one.routes)]
    return "" if any(finding.check == UNDECIDED for finding in found) else "+".join(deciding)


def _unfit(text: str, schema: dict[str, Any], effort: Effort) -> str:
    try:
        value = json.loads(text[: 1024 * 1024])
    except (ValueError, RecursionError) as error:
        return f"no JSON: {str(error)[:120] or type(error).__name__}"
    return "; ".join(problems(value, schema, effort))
