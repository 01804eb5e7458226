"""The one form that all equal answers share, by what kind of answer they are: number, exact, JSON, tool call, or text.

Refuses to judge which of them is right, and to find the answer in a whole reply further than its last words say.
"""

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Literal

import msgspec

Kind = Literal["number", "exact", "json", "tool_call", "text"]

LONGEST = 65_536  # characters; of a longer answer its beginning is compared
ALIKE = 0.8  # likeness from which two texts count as the same
_EXACT = 80  # characters; a longer answer without form is a text
_BOXED = re.compile(r"\\boxed\s*\{")
_STATED = re.compile(r"(?:final answer|answer|result)\s*(?:is|=|:)\s*\**\s*([^\n]{1,200})", re.IGNORECASE)
_CHOICE = re.compile(r"^[(\[]?([A-Za-z])[)\].:]?$")
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
SHORT = 8  # words; a short text is like a long one that holds it
_EMPTY = frozenset(
    _WORD.findall(
        "a an the is are was were be of in on at to and or it its this that there for with as by so i you we "
        "der die das ist le la les est el los es un une ein eine"
    )
)
_NO = frozenset(_WORD.findall("no not never none cannot false nein nicht non ne pas nunca нет не"))


def canonical(kind: Kind, answer: str) -> str | None:
    """The answer in the one form all its equals share, or None when there is none of that kind."""
    text = answer[:LONGEST].strip()
    if not text:
        return None
    match kind:
        case "number":
            return _number(final(text))
        case "json" | "tool_call":
            return _json(text)
        case "exact":
            return exact(final(text))
        case "text":
            return " ".join(text.casefold().split())


def kind_of(answers: Iterable[str]) -> Kind:
    """The kind of a question's answers, from the answers: what all that have one agree to be."""
    present = [answer.strip() for answer in answers if answer and answer.strip()]
    if not present:
        return "exact"
    if all(text[0] in "{[" and _json(text) is not None for text in present):
        return "json"
    if all(_NUMBER.fullmatch(text) for text in present):
        return "number"
    return "exact" if sum(map(len, present)) / len(present) <= _EXACT else "text"


def groups(kind: Kind, answers: Sequence[str | None]) -> tuple[int, ...]:
    """A number for each answer: the same for the same answers, -1 for none. Texts join the first that is alike."""
    leaders: list[str] = []
    return tuple(_group(kind, answer, leaders) for answer in answers)


def _group(kind: Kind, answer: str | None, leaders: list[str]) -> int:
    form = None if answer is None else canonical(kind, answer)
    if form is None:
        return -1
    for place, leader in enumerate(leaders):
        if leader == form or (kind == "text" and likeness(leader, form) >= ALIKE):
            return place
    leaders.append(form)
    return len(leaders) - 1


def final(text: str) -> str:
    """The answer inside a whole reply: the last boxed one, else what is stated as the answer, else all of it."""
    boxes = list(_BOXED.finditer(text))
    if boxes:
        return _braced(text, boxes[-1].end())
    stated = _STATED.findall(text)
    return stated[-1] if stated else text


def exact(text: str) -> str:
    """Without what does not change an answer: case, space, quotes, dollar signs, a closing full stop, (B) for B."""
    bare = text.strip().strip("*$ ").removesuffix(".").strip()
    bare = bare.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\!", "")  # the same in print
    choice = _CHOICE.match(bare)
    if choice:
        return choice[1].upper()
    number = _number(bare) if _NUMBER.fullmatch(bare.replace(",", "")) else None
    return number if number is not None else "".join(bare.strip("\"'`").casefold().split())


def _number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    if not found:
        return None
    value = float(found[-1].replace(",", ""))
    return repr(round(value, 6) + 0.0) if isfinite(value) else None


def _json(text: str) -> str | None:
    fenced = _FENCE.search(text)
    try:
        return value_form(msgspec.json.decode((fenced[1] if fenced else text).encode("utf-8", "replace")))
    except (msgspec.MsgspecError, RecursionError):
        return None


def value_form(value: object) -> str:
    """JSON text in which equal values are equal: keys in order, words without case and outer blanks, 1.0 as 1.

    Raises RecursionError for what is nested without end.
    """
    return msgspec.json.encode(_settled(value), order="deterministic").decode()


def _settled(value: object) -> object:
    match value:
        case dict():
            return {key: _settled(item) for key, item in value.items()}
        case list():
            return [_settled(item) for item in value]
        case str():
            return " ".join(value.casefold().split())
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _braced(text: str, start: int) -> str:
    depth = 1
    for place in range(start, min(len(text), start + 1_000)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
    return text[start : start + 1_000]


def likeness(one: str, other: str) -> float:
    """How much two texts share, 0 to 1: of the shorter one's words where that is a few words, else of both.

    Different numbers, or a no on one side only, are different answers however alike the rest is.
    """
    first, second = _words(one), _words(other)
    if not first or not second:
        return float(" ".join(one.split()) == " ".join(other.split()))
    if bool(first & _NO) != bool(second & _NO):
        return 0.0
    short, long = sorted((first, second), key=len)
    within = len(short) < len(long) and len(short) <= SHORT  # of two as long as each other, neither is the whole
    if _digits(short) - _digits(long) or (not within and _digits(short) != _digits(long)):
        return 0.0
    shared = len(first & second)
    return shared / len(short) if len(short) <= SHORT else 2 * shared / (len(first) + len(second))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _EMPTY


def _digits(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.isdigit())
