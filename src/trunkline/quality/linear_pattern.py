"""Regular expressions that cannot be made to hang: searched for in time that grows with the text, and no faster.

Refuses what needs backtracking (references to groups, looking ahead or behind), which is what texts by strangers make
exponential in Python's own ``re``. All ways through a pattern are walked at once (Thompson, 1968), and what a set of
places becomes with a character is remembered.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from trunkline.quality.pattern_parser import Characters, Node, PatternError, parsed

MOST_STEPS = 2_000  # of a pattern's program: [a-z]{1000} has a thousand
MOST_WORK = 400_000  # of one answer's patterns together, 0.1 to 0.2 s of Python
AT_ONCE = 10_000  # some 3 to 5 ms: no more is done between callers' turns
MOST_KEPT = 200_000  # places in the steps that are remembered: some MB of a pattern

STRIDE = 1_024  # characters between two looks at what is left

Before = Literal["start", "word", "newline", "other"]
After = Literal["end", "last newline", "word", "newline", "other"]


class TooMuchWorkError(Exception):
    """The text cannot be searched within the bounds; nothing is known of it."""


class Effort:
    """What may still be spent on one answer: a unit is a character passed, a place visited or a set looked at."""

    __slots__ = ("left",)

    def __init__(self, most: int = MOST_WORK) -> None:
        self.left = most

    @property
    def spent(self) -> bool:
        """Something was not looked at for want of it."""
        return self.left < 0

    def spend(self, amount: int) -> None:
        """Raises TooMuchWorkError when it is more than there is left; nothing is left then."""
        self.left = self.left - amount if 0 <= amount <= self.left else -1
        if self.left < 0:
            raise TooMuchWorkError


class LinearPattern:
    """One pattern. Raises PatternError for one that is none, or that this engine does not take."""

    __slots__ = ("_equal", "_kept", "_program", "_states", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._program: list[tuple[str, object, int]] = []
        node, flags = parsed(text)
        _Writer(self._program, multiline="m" in flags).write(node)
        self._program.append(("found", None, 0))
        self._states: dict[tuple[frozenset[int], Before], dict[str, frozenset[int] | None]] = {}
        self._equal: dict[frozenset[int], frozenset[int]] = {}
        self._kept = 0

    def found_in(self, text: str, effort: Effort | None = None) -> bool:
        """True when it matches anywhere in the text. Raises TooMuchWorkError. Threads may search with the same one."""
        effort = effort or Effort()
        places, before = frozenset((0,)), "start"
        last = len(text) - 1
        for position, character in enumerate(text):
            if not position % STRIDE:
                effort.spend(min(STRIDE, len(text) - position))
            key = "\n$" if character == "\n" and position == last else character
            known = self._states.get((places, before))  # type: ignore[arg-type]
            if known is None:
                known = self._new_state(places, before)  # type: ignore[arg-type]
            if key in known:
                following = known[key]
            else:
                following = self._step(places, before, character, key, effort)  # type: ignore[arg-type]
                size = 1 + len(following or ())
                effort.spend(size)
                self._make_room(size)
                # one object for equal places: to find it again costs no comparison of all of them
                following = known[key] = following and self._equal.setdefault(following, following)
            if following is None:
                return True
            places, before = following, _class(character)
        return self._closure(places, before, "end", effort) is None  # type: ignore[arg-type]

    def _make_room(self, places: int) -> None:
        self._kept += places
        if self._kept > MOST_KEPT:
            self._states.clear()
            self._equal.clear()
            self._kept = places

    def _new_state(self, places: frozenset[int], before: Before) -> dict[str, frozenset[int] | None]:
        return self._states.setdefault((places, before), {})

    def _step(
        self, places: frozenset[int], before: Before, character: str, key: str, effort: Effort
    ) -> frozenset[int] | None:
        """The places after a character; None when the pattern was found before it."""
        reached = self._closure(places, before, "last newline" if key == "\n$" else _class(character), effort)
        if reached is None:
            return None
        has = self._those_that_have(character, reached, effort)
        return frozenset((*(place + 1 for place in reached if id(self._program[place][1]) in has), 0))

    def _those_that_have(self, character: str, reached: list[int], effort: Effort) -> set[int]:
        """Of the sets that these places wait for, each looked at once: a repeat holds one set many times."""
        sets = {id(each): each for place in reached if isinstance(each := self._program[place][1], Characters)}
        effort.spend(len(reached) + sum(each.cost for each in sets.values()))
        return {name for name, each in sets.items() if each.has(character)}

    def _closure(self, places: Iterable[int], before: Before, after: After, effort: Effort) -> list[int] | None:
        """The places that wait for a character, by all ways that need none; None when one of them is the end."""
        seen: set[int] = set()
        waiting, open_ = [], list(places)
        while open_:
            place = open_.pop()
            if place in seen:
                continue
            seen.add(place)
            kind, given, other = self._program[place]
            match kind:
                case "found":
                    return None
                case "take":
                    waiting.append(place)
                case "split":
                    open_ += [place + 1, other]
                case "jump":
                    open_.append(other)
                case _:
                    if _holds(str(given), before, after):
                        open_.append(place + 1)
        effort.spend(len(seen))
        return waiting

    def __repr__(self) -> str:
        return f"<LinearPattern {self.text!r} [{len(self._program)} steps | {len(self._states)} states]>"


@lru_cache(maxsize=256)
def linear_pattern(text: str) -> LinearPattern:
    """The pattern, made once. Raises PatternError."""
    return LinearPattern(text)


class _Writer:
    """Writes a parsed pattern as a program: take a character, split, jump, or check where one is."""

    def __init__(self, program: list[tuple[str, object, int]], *, multiline: bool) -> None:
        self._program = program
        self._multiline = multiline

    def write(self, node: Node) -> None:
        match node:
            case ("set", characters):
                self._put("take", characters)
            case ("at", kind):
                lines = self._multiline and kind in {"^", "$"}
                self._put("at", f"{kind} of lines" if lines else kind)
            case ("all", parts):
                for part in parts:
                    self.write(part)
            case ("any", parts):
                self._either(parts)
            case ("repeat", inner, least, most):
                self._repeat(inner, least, most)
            case _:
                raise AssertionError(node)

    def _either(self, parts: list[Node]) -> None:
        ends = []
        for part in parts[:-1]:
            split = self._put("split")
            self.write(part)
            ends.append(self._put("jump"))
            self._lead(split)
        self.write(parts[-1])
        for end in ends:
            self._lead(end)

    def _repeat(self, inner: Node, least: int, most: int | None) -> None:
        for _ in range(least):
            before = len(self._program)
            self.write(inner)
            if len(self._program) == before:
                return  # nothing, however often
        if most is None:
            split = self._put("split")
            self.write(inner)
            self._put("jump", other=split)
            self._lead(split)
            return
        splits = []
        for _ in range(most - least):
            splits.append(self._put("split"))
            self.write(inner)
        for split in splits:
            self._lead(split)

    def _put(self, kind: str, given: object = None, other: int = 0) -> int:
        if len(self._program) >= MOST_STEPS:
            raise PatternError(f"it comes to over {MOST_STEPS} steps; repeat less")
        self._program.append((kind, given, other))
        return len(self._program) - 1

    def _lead(self, place: int) -> None:
        """From there to what is written next."""
        kind, given, _ = self._program[place]
        self._program[place] = (kind, given, len(self._program))


def _class(character: str) -> Literal["word", "newline", "other"]:
    if character == "\n":
        return "newline"
    return "word" if character.isalnum() or character == "_" else "other"


def _holds(kind: str, before: Before, after: After) -> bool:
    match kind:
        case "^" | "start":
            return before == "start"
        case "^ of lines":
            return before in {"start", "newline"}
        case "$":
            return after in {"end", "last newline"}
        case "$ of lines":
            return after in {"end", "last newline", "newline"}
        case "end":
            return after == "end"
        case _:
            edge = (before == "word") != (after == "word")
            return edge == (kind == "b")
