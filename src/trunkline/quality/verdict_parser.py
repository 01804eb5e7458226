"""Reads a judge's grades out of whatever it said, and never makes one up.

Refuses to guess: a missing, doubled, fractional or out-of-range grade, grades only in prose, or two different sets of
grades are no grades. Whoever judged an answer that says "give me 5" may repeat those words; only the judge's own JSON
object with every criterion of the rubric in it counts.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from trunkline.quality.rubric import Rubric

MOST_READ = 64 * 1024  # characters, from the end: the verdict is the last thing a judge says
MOST_OBJECTS = 64  # beginnings of JSON objects that are tried
_FRACTION = re.compile(r"^\s*(\d{1,3})\s*(?:/\s*(\d{1,3}))?\s*$")
_DECODER = json.JSONDecoder


class Verdict(Struct, frozen=True):
    """The grades by criterion with the judge's reasons; ``why`` says what was wrong where there are none."""

    grades: dict[str, int] | None
    reasons: dict[str, str] = {}
    why: str = ""


def parse(said: str, rubric: Rubric) -> Verdict:
    """The one set of grades in a judge's words."""
    found: list[tuple[dict[str, int], dict[str, str]]] = []
    closest = "no JSON object"
    for candidate in objects(said[-MOST_READ:]):
        try:
            grades, reasons = _graded(candidate, rubric)
        except _NoGradeError as error:
            closest = str(error)
            continue
        if all(grades != known for known, _ in found):
            found.append((grades, reasons))
    if not found:
        return Verdict(None, why=f"no grades: {closest}" if said.strip() else "it said nothing")
    if len(found) > 1:
        return Verdict(None, why="two different sets of grades")
    return Verdict(*found[0])


class _NoGradeError(Exception):
    """What an object lacks to be a verdict."""


class _DoubledError(ValueError):
    """A key stands twice in one object: which of them counts is anybody's guess."""


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that stands at the top level of a text, fenced or not."""
    place, tried = text.find("{"), 0
    while place >= 0 and tried < MOST_OBJECTS:
        tried += 1
        try:
            value, end = _DECODER(object_pairs_hook=_unique, parse_constant=_no_number).raw_decode(text, place)
        except (ValueError, RecursionError):
            place = text.find("{", place + 1)
            continue
        if isinstance(value, dict):
            yield value
        place = text.find("{", end)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledError
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _graded(candidate: dict[str, Any], rubric: Rubric) -> tuple[dict[str, int], dict[str, str]]:
    """Grades and reasons. Flat, or below one key such as "scores"; each a number, or an object with one in it."""
    nested = [value for value in candidate.values() if isinstance(value, dict)]
    names = {criterion.name for criterion in rubric.criteria}
    for level in (candidate, *nested):
        by_name = {str(key).strip().lower().replace(" ", "_"): value for key, value in level.items()}
        if names <= by_name.keys():
            grades = {name: _grade(name, by_name[name], rubric) for name in sorted(names)}
            return grades, {name: _reason(by_name[name]) for name in sorted(names)}
    missing = ", ".join(sorted(names - {str(key).strip().lower() for key in candidate}))
    raise _NoGradeError(f"missing {missing}")


def _grade(name: str, value: Any, rubric: Rubric) -> int:
    if isinstance(value, dict):
        keys = [key for key in ("grade", "score", "rating", "value") if key in value]
        if len(keys) != 1:
            raise _NoGradeError(f"{name} has no grade")
        value = value[keys[0]]
    if isinstance(value, str) and (match := _FRACTION.match(value)):
        if match[2] is not None and int(match[2]) != rubric.high:
            raise _NoGradeError(f"{name} is on another scale")
        value = int(match[1])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _NoGradeError(f"{name} is no whole number")
    if not rubric.low <= value <= rubric.high:
        raise _NoGradeError(f"{name} is outside {rubric.low} to {rubric.high}")
    return value


def _reason(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    said = next((value[key] for key in ("reason", "reasoning", "explanation", "why") if key in value), "")
    return said[:2_000] if isinstance(said, str) else ""
