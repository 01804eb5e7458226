"""What a whole reply comes to, by what was asked for: a tool call, JSON, a choice, a number, or words; and who agrees.

Refuses to know who is right. An answer that cannot be read as its kind agrees with nothing.
"""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Literal

import msgspec
from msgspec import Struct

from trunkline.core.chat import Completion
from trunkline.routing import forms
from trunkline.routing.complexity import Complexity

Kind = Literal["tool", "json", "choice", "number", "text"]

LONGEST = 20_000  # characters of an answer that are looked at: its end, where conclusions stand
EXPLAINED = 600  # characters; the last number of a longer text that names no answer may be any number
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


def compare(kind: Kind, one: Completion, other: Completion, similarity: float = forms.ALIKE) -> Agreement:
    """Whether two whole answers agree; free text from this ``similarity`` on."""
    kind, (first, second) = finals(kind, (one, other))
    if kind != "text":
        same = first is not None and first == second
        return Agreement(kind, agrees=same, similarity=float(same))
    alike = 0.0 if first is None or second is None else forms.likeness(first, second)
    return Agreement("text", agrees=alike >= similarity, similarity=alike)


def finals(kind: Kind, answers: Sequence[Completion]) -> tuple[Kind, list[str | None]]:
    """What each answer comes to, equal for those that say the same (words: alike), None where it cannot be read.

    Tool calls are compared wherever an answer makes one. Where a number or a choice was asked for and no answer has
    one, their words are.
    """
    if any(answer.tool_calls for answer in answers):
        return "tool", [_calls(answer) for answer in answers]
    texts = [None if _cut(answer) else answer.text[-LONGEST:] for answer in answers]
    if kind != "text":
        found = [None if text is None else _read(kind, text) for text in texts]
        if kind == "json" or any(form is not None for form in found):
            return kind, found
    return "text", texts


def _cut(answer: Completion) -> bool:
    """True for an answer that is none: empty, refused, or cut at its length."""
    return answer.finish not in {"stop", "tool_calls"} or not answer.text.strip()


def _calls(answer: Completion) -> str | None:
    """The calls without their ids, arguments as values; None where some are no JSON or there are none."""
    try:
        made = sorted(
            [call.name, forms.value_form(msgspec.json.decode(call.arguments or "{}"))] for call in answer.tool_calls
        )
    except (ValueError, RecursionError):
        return None
    return msgspec.json.encode(made).decode() if made else None


def _read(kind: Kind, text: str) -> str | None:
    if kind == "json":
        return forms.canonical("json", text)
    return _choice(text) if kind == "choice" else _number(text)


def _choice(text: str) -> str | None:
    """The option an answer ends with: what stands after the word answer, or begins a line."""
    found = _CHOICE.findall(text)
    return (found[-1][0] or found[-1][1]) if found else None


def _number(text: str) -> str | None:
    """The number an answer comes to: in a box, after its last "answer:", or the last one of a text that is not long."""
    boxed = _BOXED.findall(text)
    if boxed:
        return _value(boxed[-1])
    said = _ANSWERED.findall(text)
    numbers = said or (_NUMBER.findall(text) if len(text) <= EXPLAINED else [])
    return _value(numbers[-1]) if numbers else None


def _value(written: str) -> str:
    plain = written.strip().replace(",", "").replace("$", "").replace("\\", "").rstrip("%.")
    over, slash, under = plain.partition("/")
    try:
        value = round(float(over) / float(under) if slash else float(plain), 9)
    except (ValueError, ZeroDivisionError):
        return plain.casefold()
    return repr(value + 0.0) if isfinite(value) else plain
