"""Do two answers say the same? By kind of output: a tool call, JSON, a choice, a number, or words.

Refuses to know who is right. An answer that cannot be read as its kind agrees with nothing.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from trunkline.core.chat import Completion
from trunkline.routing.complexity import Complexity

Kind = Literal["tool", "json", "choice", "number", "text"]

LONGEST = 20_000  # characters of an answer that are looked at: its end, where conclusions stand
EXPLAINED = 600  # characters; the last number of a longer text that names no answer may be any number
SHORT = 8  # words; a short answer agrees with a long one that holds it
_NUMERAL = r"(?<![\w.])[-+]?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?"
_NUMBER = re.compile(_NUMERAL)
_BOXED = re.compile(r"\\boxed\{([^{}]{1,80})\}")
_ANSWERED = re.compile(
    rf"(?i:answer|result|total|antwort|r[ée]ponse|respuesta|ответ)\b[^\n\d]{{0,40}}?({_NUMERAL})",
)
_OPTION = r"([A-HJ](?![\w'])|I(?=[).*:]|\s*$))"  # a lone I is mostly no option
_CHOICE = re.compile(
    rf"(?i:answer|choice|option|antwort|r[ée]ponse|respuesta|ответ)[^\n]{{0,30}}?[(*:\s]{_OPTION}"
    r"|^\W{0,4}([A-J])(?:[).:*]|\s*$)",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W_]+")
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)
_EMPTY = frozenset(
    _WORD.findall(
        "a an the is are was were be of in on at to and or it its this that there for with as by so i you we "
        "der die das ist le la les est el los es un une ein eine"
    )
)
_NO = frozenset(_WORD.findall("no not never none cannot false nein nicht non ne pas nunca нет не"))


class Agreement(Struct, frozen=True):
    """Whether two answers say the same; ``similarity`` 0 to 1 is 1 for equal ones of an exact kind."""

    kind: Kind
    agrees: bool
    similarity: float


def kind_of(complexity: Complexity) -> Kind:
    """The kind of output a request asks for, as far as it can be told before any answer."""
    if complexity.structured:
        return "json"
    if complexity.choices >= 2:
        return "choice"
    return "number" if complexity.mathematics >= 0.3 else "text"


def compare(kind: Kind, one: Completion, other: Completion, similarity: float = 0.8) -> Agreement:
    """Whether two whole answers agree; free text from this ``similarity`` on.

    Tool calls are compared wherever either answer makes one. Where a number was asked for and neither answer has one,
    their words are compared.
    """
    if one.tool_calls or other.tool_calls:
        return _exact("tool", _calls(one), _calls(other))
    if _cut(one) or _cut(other):
        return Agreement(kind, agrees=False, similarity=0.0)
    first, second = one.text[-LONGEST:], other.text[-LONGEST:]
    if kind == "json":
        return _exact("json", _json(first), _json(second))
    if kind in {"choice", "number"}:
        read = _choice if kind == "choice" else _number
        read_first, read_second = read(first), read(second)
        if read_first is not None or read_second is not None:
            return _exact(kind, read_first, read_second)
    found = _alike(first, second)
    return Agreement("text", agrees=found >= similarity, similarity=found)


def _exact(kind: Kind, one: object | None, other: object | None) -> Agreement:
    same = one is not None and one == other
    return Agreement(kind, agrees=same, similarity=float(same))


def _cut(answer: Completion) -> bool:
    """True for an answer that is none: empty, refused, or cut at its length."""
    return answer.finish not in {"stop", "tool_calls"} or not answer.text.strip()


def _calls(answer: Completion) -> object | None:
    """The calls without their ids, arguments as values; None where some are no JSON or there are none."""
    try:
        made = [(call.name, _canonical(json.loads(call.arguments or "{}"))) for call in answer.tool_calls]
    except (ValueError, RecursionError):
        return None
    return sorted(made) or None


def _json(text: str) -> object | None:
    fenced = _FENCE.search(text)
    try:
        return _canonical(json.loads(fenced.group(1) if fenced else text))
    except (ValueError, RecursionError):
        return None


def _canonical(value: Any) -> str:
    """JSON text in which equal values are equal: keys in order, words without case and outer blanks, 1.0 as 1."""
    return json.dumps(_settled(value), sort_keys=True)


def _settled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _choice(text: str) -> str | None:
    """The option an answer ends with: what stands after the word answer, or begins a line."""
    found = _CHOICE.findall(text)
    return (found[-1][0] or found[-1][1]) if found else None


def _number(text: str) -> float | str | None:
    """The number an answer comes to: in a box, after its last "answer:", or the last one of a text that is not long."""
    boxed = _BOXED.findall(text)
    if boxed:
        return _value(boxed[-1])
    said = _ANSWERED.findall(text)
    numbers = said or (_NUMBER.findall(text) if len(text) <= EXPLAINED else [])
    return _value(numbers[-1]) if numbers else None


def _value(written: str) -> float | str:
    plain = written.strip().replace(",", "").replace("$", "").replace("\\", "").rstrip("%.")
    over, slash, under = plain.partition("/")
    try:
        return round(float(over) / float(under) if slash else float(plain), 9)
    except (ValueError, ZeroDivisionError):
        return plain.casefold()


def _alike(one: str, other: str) -> float:
    """How much two texts share: of the shorter one's words where that is a few words, else of both.

    Different numbers, or a no on one side only, are different answers however alike the rest is.
    """
    first, second = _words(one), _words(other)
    if not first or not second:
        return float(" ".join(one.split()) == " ".join(other.split()))
    if bool(first & _NO) != bool(second & _NO):
        return 0.0
    short, long = sorted((first, second), key=len)
    if _digits(short) - _digits(long) or (len(short) > SHORT and _digits(short) != _digits(long)):
        return 0.0
    shared = len(first & second)
    return shared / len(short) if len(short) <= SHORT else 2 * shared / (len(first) + len(second))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _EMPTY


def _digits(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.isdigit())
