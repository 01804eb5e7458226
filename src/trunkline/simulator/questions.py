"""Questions whose right answer is known: recognising them, answering them rightly or wrongly, and grading any answer.
It refuses to know models and chance: a wrong answer is chosen by an integer that is passed in.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from trunkline.simulator.capitals import CAPITALS

Kind = Literal["arithmetic", "trivia", "spelling", "echo", "default"]
KINDS: tuple[Kind, ...] = ("arithmetic", "trivia", "spelling", "echo", "default")

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ARITHMETIC = re.compile(
    r"\b(?:what is|what's|calculate|compute|how much is)\s+(-?\d{1,9})\s*([-+*x×/÷])\s*(-?\d{1,9})(?!\d)",  # noqa: RUF001
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"\bcapital (?:city )?of\s+(?:the\s+)?([^\W\d_]+(?: [^\W\d_]+){0,3})", re.IGNORECASE)
_REVERSE = re.compile(
    r"\breverse (?:the )?(?:word|string|letters of)\s*(?:the word)?\s*:?\s*[\"'`]?(\w{2,64})",
    re.IGNORECASE,
)
_ECHO = re.compile(r"\brepeat exactly\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)


class Question(Struct, frozen=True):
    """A question that was understood. `core` is what was asked for, `template` holds one ``{}`` for the answer."""

    kind: Kind
    core: str
    right: str
    template: str

    def wrong(self, number: int) -> str:
        """A plausible wrong answer; different numbers may give different ones."""
        return _WRONG[self.kind](self.right, self.core, number)


def recognise(prompt: str) -> Question | None:
    """The question in a prompt; None when no known kind of question stands in it."""
    for read in (_echo, _arithmetic, _capital, _reverse):
        question = read(prompt)
        if question is not None:
            return question
    return None


def grade(prompt: str, answer: str) -> float | None:
    """1.0 for a right answer, 0.0 for a wrong one, None when the prompt is no question of a known kind.

    Wording around the answer does not matter, except for "Repeat exactly", where it is the point.
    """
    question = recognise(prompt)
    if question is None:
        return None
    return float(_GRADE[question.kind](question.right, answer))


def _echo(prompt: str) -> Question | None:
    match = _ECHO.search(prompt)
    text = match.group(1).strip() if match else ""
    return Question("echo", text, text, "{}") if text else None


def _arithmetic(prompt: str) -> Question | None:
    match = _ARITHMETIC.search(prompt)
    if not match:
        return None
    left, sign, right = int(match.group(1)), match.group(2), int(match.group(3))
    if sign in "/÷" and right == 0:
        return None
    core = f"{left} {sign} {right}"
    return Question("arithmetic", core, _calculate(left, sign, right), f"{core} = {{}}.")


def _calculate(left: int, sign: str, right: int) -> str:
    match sign:
        case "+":
            return str(left + right)
        case "-":
            return str(left - right)
        case "/" | "÷":
            exact = Fraction(left, right)
            return str(exact.numerator) if exact.denominator == 1 else f"{float(exact):.2f}"
        case _:
            return str(left * right)


def _capital(prompt: str) -> Question | None:
    match = _CAPITAL.search(prompt)
    words = match.group(1).split() if match else []
    for length in range(len(words), 0, -1):
        country = " ".join(words[:length])
        if country.lower() in CAPITALS:
            right = CAPITALS[country.lower()][0]
            return Question("trivia", country, right, f"The capital of {country} is {{}}.")
    return None


def _reverse(prompt: str) -> Question | None:
    match = _REVERSE.search(prompt)
    if not match:
        return None
    word = match.group(1)
    return Question("spelling", word, word[::-1], "{}")


def _wrong_number(right: str, _core: str, number: int) -> str:
    off = (1, -1, 10, 2, -10, 100)[number % 6]
    return f"{float(right) + off:.2f}" if "." in right else str(int(right) + off)


def _wrong_city(_right: str, core: str, _number: int) -> str:
    return CAPITALS[core.lower()][1]


def _wrong_spelling(right: str, _core: str, number: int) -> str:
    for shift in range(len(right) - 1):
        at = (number + shift) % (len(right) - 1)
        swapped = right[:at] + right[at + 1] + right[at] + right[at + 2 :]
        if swapped.lower() != right.lower():
            return swapped
    return right[:-1]  # one letter over and over: nothing to swap


def _wrong_echo(right: str, _core: str, _number: int) -> str:
    return right[:-1].rstrip() if len(right) > 1 and right[:-1].strip() else right + right


_WRONG: dict[Kind, Callable[[str, str, int], str]] = {
    "arithmetic": _wrong_number,
    "trivia": _wrong_city,
    "spelling": _wrong_spelling,
    "echo": _wrong_echo,
}


def _same_number(right: str, answer: str) -> bool:
    numbers = _NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", answer))
    return bool(numbers) and abs(float(numbers[-1]) - float(right)) < 1e-9


def _names(right: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(right)}(?!\w)", answer, re.IGNORECASE) is not None


def _same_text(right: str, answer: str) -> bool:
    return answer.strip().strip("\"'`").strip() == right.strip("\"'`").strip()


_GRADE: dict[Kind, Callable[[str, str], bool]] = {
    "arithmetic": _same_number,
    "trivia": _names,
    "spelling": _names,
    "echo": _same_text,
}
