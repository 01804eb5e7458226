"""Reads a regular expression in Python's notation, as far as it needs no backtracking.

Refuses to guess: what it does not take is an error that says what, and where.
"""

from collections.abc import Callable
from typing import Any

LONGEST = 1_000  # characters of a pattern
MOST_REPEATS = 1_000
DEEPEST = 40  # groups in each other

Node = tuple[Any, ...]
"""``("set", Characters)``, ``("at", kind)``, ``("all", parts)``, ``("any", parts)`` or ``("repeat", node, 0, 9)``."""
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
_KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "s": str.isspace,
    "w": lambda character: character.isalnum() or character == "_",
}


class PatternError(ValueError):
    """A pattern that cannot be used, and why."""


class Characters:
    """A set of characters; ``folded``: small and capital letters are alike. ``cost`` of a look, in places visited."""

    __slots__ = ("_folded", "_kinds", "_negated", "_ranges", "cost")

    def __init__(
        self,
        ranges: list[tuple[str, str]],
        kinds: list[tuple[str, bool]] | None = None,
        *,
        negated: bool = False,
        folded: bool = False,
    ) -> None:
        self._ranges = ranges
        self._kinds = kinds or []
        self._negated = negated
        self._folded = folded
        self.cost = 1 + (len(ranges) + len(self._kinds)) * (3 if folded else 1) // 4

    def has(self, character: str) -> bool:
        """True when the character is in it."""
        forms = {character, character.lower(), character.upper()} if self._folded else {character}
        return any(map(self._holds, forms)) != self._negated

    def _holds(self, character: str) -> bool:
        if any(low <= character <= high for low, high in self._ranges if len(character) == 1):
            return True
        return any(_KINDS[kind](character) == wanted for kind, wanted in self._kinds)


def parsed(text: str) -> tuple[Node, frozenset[str]]:
    """The pattern as a tree, and its flags. Raises PatternError."""
    if len(text) > LONGEST:
        raise PatternError(f"it has over {LONGEST} characters")
    reader = _Reader(text)
    node = reader.alternatives(0)
    if reader.more:
        raise PatternError(f"an unopened ) at {reader.at}")
    return node, reader.flags


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0
        self.flags: frozenset[str] = frozenset()
        if text.startswith("(?") and (end := text.find(")")) > 0 and set(text[2:end]) <= set("imsu") and end > 2:
            self.flags, self.at = frozenset(text[2:end]), end + 1

    @property
    def more(self) -> bool:
        return self.at < len(self._text)

    def _next(self) -> str:
        if not self.more:
            raise PatternError("it ends too early")
        self.at += 1
        return self._text[self.at - 1]

    def _peek(self, wanted: str) -> bool:
        return self._text.startswith(wanted, self.at)

    def alternatives(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise PatternError(f"over {DEEPEST} groups in each other")
        parts = [self._sequence(depth)]
        while self._peek("|"):
            self.at += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else ("any", parts)

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.more and not self._peek("|") and not self._peek(")"):
            parts.append(self._repeated(self._atom(depth)))
        return ("all", parts)

    def _repeated(self, atom: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return atom
        if atom[0] == "at":
            raise PatternError(f"nothing to repeat at {self.at}")
        if self._peek("?"):
            self.at += 1  # lazy or not, it is found in the same texts
        if self._peek("+") or self._peek("*") or self._peek("?"):
            raise PatternError(f"a repeat of a repeat at {self.at}; put a group around the first")
        return ("repeat", atom, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._peek(sign):
                self.at += 1
                return bounds
        end = self._text.find("}", self.at)
        inner = self._text[self.at + 1 : end] if self._peek("{") and end > 0 else ""
        low, comma, high = inner.partition(",")
        if not (inner and all(part.isascii() and (part.isdigit() or not part) for part in (low, high)) and low + high):
            return None
        self.at = end + 1
        least = int(low or 0)
        most = (int(high) if high else None) if comma else least
        if least > MOST_REPEATS or (most or 0) > MOST_REPEATS:
            raise PatternError(f"over {MOST_REPEATS} repeats before {self.at}")
        if most is not None and most < least:
            raise PatternError(f"the repeat before {self.at} ends before it begins")
        return least, most

    def _atom(self, depth: int) -> Node:
        character = self._next()
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case ".":
                return ("set", Characters([] if "s" in self.flags else [("\n", "\n")], negated=True))
            case "^" | "$":
                return ("at", character)
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                raise PatternError(f"nothing to repeat at {self.at - 1}")
            case _:
                return self._one(character)

    def _group(self, depth: int) -> Node:
        if self._peek("?"):
            if self._peek("?:"):
                self.at += 2
            elif self._peek("?P<") and (end := self._text.find(">", self.at)) > 0:
                self.at = end + 1
            else:
                raise PatternError(f"the group at {self.at - 1} looks around, refers back or sets flags; it must not")
        inner = self.alternatives(depth + 1)
        if not self._peek(")"):
            raise PatternError("an unclosed group")
        self.at += 1
        return inner if inner[0] != "at" else ("all", [inner])

    def _escaped(self) -> Node:
        character = self._next()
        places = {"A": "^", "Z": "end", "b": "b", "B": "B"}
        if character in places:
            return ("at", places[character]) if character != "A" else ("at", "start")
        if character.lower() in _KINDS:
            return ("set", Characters([], [(character.lower(), character.islower())]))
        return self._one(self._plain(character))

    def _plain(self, character: str) -> str:
        """The character that an escape stands for."""
        if character in "xu":
            digits = self._text[self.at : self.at + (2 if character == "x" else 4)]
            self.at += len(digits)
            try:
                return chr(int(digits, 16))
            except ValueError:
                raise PatternError(f"\\{character} wants hexadecimal digits before {self.at}") from None
        if character in _NAMED:
            return _NAMED[character]
        if character.isalnum():
            raise PatternError(f"\\{character} before {self.at} is not taken here")
        return character

    def _class(self) -> Node:
        negated = self._peek("^")
        self.at += negated
        ranges: list[tuple[str, str]] = []
        kinds: list[tuple[str, bool]] = []
        first = True
        while first or not self._peek("]"):
            first = False
            low = self._member(kinds)
            high = low
            if low and self._peek("-") and not self._peek("-]"):
                self.at += 1
                high = self._member(kinds)
                if not high or high < low:
                    raise PatternError(f"a bad range before {self.at}")
            if low and high:
                ranges.append((low, high))
        self.at += 1
        return ("set", Characters(ranges, kinds, negated=negated, folded="i" in self.flags))

    def _member(self, kinds: list[tuple[str, bool]]) -> str:
        """One character of a class; none where it was a kind of characters, which is noted."""
        character = self._next()
        if character != "\\":
            return character
        escaped = self._next()
        if escaped.lower() in _KINDS:
            kinds.append((escaped.lower(), escaped.islower()))
            return ""
        return "\b" if escaped == "b" else self._plain(escaped)

    def _one(self, character: str) -> Node:
        return ("set", Characters([(character, character)], folded="i" in self.flags))
