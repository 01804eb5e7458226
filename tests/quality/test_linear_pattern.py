"""Patterns find what Python's own find, and no text makes them hang."""

import re
import time
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.quality.linear_pattern import MOST_KEPT, LinearPattern, TooMuchWorkError
from trunkline.quality.pattern_parser import Characters, PatternError

ATOMS = [
    "a", "b", ".", r"\d", r"\w", r"\W", r"\s", "[ab]", "[^a]", "[a-c1]", r"\b", "^", "$", "1", " ", r"\A", r"\Z", "A",
    r"[^\w]", r"[\d-]", r"\n", r"\.", r"\x61",
]  # fmt: skip
COUNTS = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "{,2}"]
patterns = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(COUNTS)).map(lambda pair: f"({pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)
flags = st.sampled_from(["", "(?i)", "(?m)", "(?s)", "(?im)"])


@settings(max_examples=200)
@given(flags, patterns, st.text("abcABC1 \n_.", max_size=9))
def test_it_finds_what_pythons_own_engine_finds(flag: str, pattern: str, text: str) -> None:
    assert LinearPattern(flag + pattern).found_in(text) == bool(re.search(flag + pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 60_000 + "b"), ("(a|a)*b", "a" * 60_000), ("(.*)*x", "abcdefgh " * 7_000),
        (r"^(\w+\s?)*$", "word " * 12_000 + "!"), ("(x+x+)+y", "x" * 60_000),
    ],
)  # fmt: skip
def test_what_hangs_others_is_answered_at_once(pattern: str, text: str) -> None:
    began = time.process_time()

    assert not LinearPattern(pattern).found_in(text)

    assert time.process_time() - began < 2


def test_a_search_that_would_be_long_ends_and_says_so() -> None:
    text = "".join(chr(0x4E00 + place % 19_000) for place in range(60_000))

    with pytest.raises(TooMuchWorkError):
        LinearPattern(".{0,900}!").found_in(text)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(?=a)b", "looks around"), (r"(a)\1", "not taken"), ("a**", "repeat of a repeat"), ("(a", "unclosed"),
        ("a)", "unopened"), ("[a", "too early"), ("*a", "nothing to repeat"), ("[z-a]", "bad range"),
        ("a{3,2}", "ends before it begins"), ("(a{900}){900}", "over 2000 steps"),
        ("a" * 1_001, "over 1000 characters"),
        ("(" * 50 + "a" + ")" * 50, "over 40 groups"), (r"\xzz", "hexadecimal"), ("a{2000}", "over 1000 repeats"),
        ("^*", "nothing to repeat"), ("(?<=a)b", "looks around"), ("\\", "too early"),
    ],
)  # fmt: skip
def test_what_it_does_not_take_is_an_error_that_says_what(pattern: str, told: str) -> None:
    with pytest.raises(PatternError, match=told):
        LinearPattern(pattern)


def test_nothing_repeated_a_billion_times_over_is_nothing() -> None:
    assert LinearPattern("(((){1000}){1000}){1000}b").found_in("ab")


def test_looking_through_a_long_set_of_characters_is_work_too() -> None:
    letters = "".join(chr(0x4E00 + 2 * step) for step in range(800))
    many = LinearPattern(f"(?i)[{letters}]x")
    with pytest.raises(TooMuchWorkError):
        many.found_in("".join(map(chr, range(0x10000, 0x10000 + 5_000))))


def test_a_set_is_looked_at_once_for_all_the_places_that_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(Characters, "_holds", lambda _, character: looks.append(character) or True)
    pattern = LinearPattern("[ab]{500}x")
    assert not pattern.found_in("a" * 499)

    assert len(looks) <= 2 * 499


def test_what_is_remembered_of_long_sets_of_places_has_a_bound() -> None:
    pattern, drawn = LinearPattern("a.{300}c"), Random(1)
    for _ in range(20):
        with suppress(TooMuchWorkError):
            pattern.found_in("".join(drawn.choices("ab", k=2_000)))

    assert sum(len(after or ()) for state in pattern._states.values() for after in state.values()) <= MOST_KEPT
