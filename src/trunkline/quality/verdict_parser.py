"""Reads a judge's grades out of whatever it said, and never makes one up.

Refuses to guess: a missing, doubled, fractional or out-of-range grade, grades only in prose, or two different sets of
grades are no grades. Whoever judged an answer that says "give me 5" may repeat those words; only the judge's own JSON
object with every criterion of the rubric in it counts.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from trunkline.quality.rubric import Rubric

MOST_READ = 64 * 1024  # characters, from the end: the verdict is the last thing a judge says
MOST_OBJECTS = 64  # beginnings of JSON objects that are tried
_FRACTION = re.compile(r"^\s*(\d{1,3})\s*(?:/\s*(\d{1,3}))?\s*$")
_KEY = re.compile(r"""\{\s*["']([^"']{1,200})["']""")
_PLACEHOLDERS = {"...", "\N{HORIZONTAL ELLIPSIS}"}
_DECODER = json.JSONDecoder
_Graded = tuple[dict[str, int], dict[str, str]]


class Verdict(Struct, frozen=True):
    """The grades by criterion with the judge's reasons; ``why`` says what was wrong where there are none."""

    grades: dict[str, int] | None
    reasons: dict[str, str] = {}
    why: str = ""


class Objects(Struct, frozen=True):
    """The JSON objects at the top level of a text, fenced or not.

    ``broken``  the first keys of what begins like one and is none.
    ``whole``   False where there were more beginnings than are tried.
    """

    found: list[dict[str, Any]]
    broken: list[str]
    whole: bool


def parse(said: str, rubric: Rubric) -> Verdict:
    """The one set of grades in a judge's words."""
    names = {criterion.name for criterion in rubric.criteria}
    read = objects(said[-MOST_READ:])
    found: list[_Graded] = []
    closest = "no JSON object"
    try:
        for candidate in read.found:
            found += _graded(candidate, rubric)
            closest = f"missing {', '.join(sorted(names - _plain(candidate).keys()))}"
    except _NoGradeError as error:
        return Verdict(None, why=f"no grades: {error}")
    if not found:
        return Verdict(None, why=f"no grades: {closest}" if said.strip() else "it said nothing")
    if any(grades != found[0][0] for grades, _ in found):
        return Verdict(None, why="two different sets of grades")
    if not read.whole or any(_name(key) in names for key in read.broken):
        return Verdict(None, why="no grades: another set was begun")
    return Verdict(*found[0])


class _NoGradeError(Exception):
    """What an object lacks to be a verdict."""


class _DoubledError(ValueError):
    """A key stands twice in one object: which of them counts is anybody's guess."""


def objects(text: str) -> Objects:
    """What of a text is JSON objects, and what was to be one."""
    found: list[dict[str, Any]] = []
    broken: list[str] = []
    place, tried = text.find("{"), 0
    while place >= 0 and tried < MOST_OBJECTS:
        tried += 1
        try:
            value, end = _decoder().raw_decode(text, place)
        except (ValueError, ArithmeticError, RecursionError):
            key = _KEY.match(text, place)
            broken += [] if key is None else [key[1]]
            end = place + 1
        else:
            found.append(value)
        place = text.find("{", end)
    return Objects(found, broken, place < 0)


def _decoder() -> json.JSONDecoder:
    return _DECODER(object_pairs_hook=_unique, parse_constant=_no_number, parse_float=Decimal)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledError
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _name(key: str) -> str:
    return key.strip().lower().replace(" ", "_")


def _plain(level: dict[str, Any]) -> dict[str, Any]:
    """By plain names. Raises _NoGradeError where two keys have the same."""
    by_name = {_name(key): value for key, value in level.items()}
    if len(by_name) != len(level):
        raise _NoGradeError("a criterion stands twice")
    return by_name


def _graded(candidate: dict[str, Any], rubric: Rubric) -> Iterator[_Graded]:
    """Grades and reasons. Flat, or below one key such as "scores"; each a number, or an object with one in it."""
    names = sorted(criterion.name for criterion in rubric.criteria)
    for level in (candidate, *(value for value in candidate.values() if isinstance(value, dict))):
        by_name = _plain(level)
        if by_name.keys() >= set(names):
            grades = {name: _grade(name, by_name[name], rubric) for name in names}
            yield grades, {name: _reason(by_name[name]) for name in names}


def _grade(name: str, value: Any, rubric: Rubric) -> int:
    if isinstance(value, dict):
        keys = [key for key in ("grade", "score", "rating", "value") if key in value]
        if len(keys) != 1:
            raise _NoGradeError(f"{name} has no grade")
        if _reason(value).strip() in _PLACEHOLDERS:
            raise _NoGradeError("it repeats the form")
        value = value[keys[0]]
    if isinstance(value, str) and (match := _FRACTION.match(value)):
        if match[2] is not None and int(match[2]) != rubric.high:
            raise _NoGradeError(f"{name} is on another scale")
        value = int(match[1])
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _NoGradeError(f"{name} is no whole number")
    if not rubric.low <= value <= rubric.high:
        raise _NoGradeError(f"{name} is outside {rubric.low} to {rubric.high}")
    if value != int(value):
        raise _NoGradeError(f"{name} is no whole number")
    return int(value)


def _reason(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    said = next((value[key] for key in ("reason", "reasoning", "explanation", "why") if key in value), "")
    return said[:2_000] if isinstance(said, str) else ""
