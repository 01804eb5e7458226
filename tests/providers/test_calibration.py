"""Estimates come nearer to what a model counts the more it tells; no picture and no broken count leads them astray."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers.calibration import FARTHEST, Calibration


def test_until_something_was_reported_the_rule_of_thumb_holds() -> None:
    guess = Calibration()

    assert (guess.prompt(400), guess.prompt(1), guess.prompt(0)) == (100, 1, 1)
    assert (guess.answer(400), guess.answer(0)) == (100, 0)


def test_it_comes_to_what_the_model_counts() -> None:
    guess = Calibration()
    for _ in range(60):
        guess.saw_prompt(400, 160)  # a language with more tokens to a character
        guess.saw_answer(400, 50)

    assert guess.prompt(4_000) == pytest.approx(1_600, rel=0.01)
    assert guess.answer(4_000) == pytest.approx(500, rel=0.01)


@pytest.mark.parametrize(("characters", "tokens"), [(4_000_000, 1_600), (4, 1_000_000), (0, 5), (400, 0)])
def test_what_can_be_no_text_teaches_nothing(characters: int, tokens: int) -> None:
    guess = Calibration()
    guess.saw_prompt(characters, tokens)
    guess.saw_answer(characters, tokens)

    assert (guess.prompt(400), guess.answer(400)) == (100, 100)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**12)), max_size=50))
def test_whatever_providers_say_an_estimate_stays_within_its_bounds(told: list[tuple[int, int]]) -> None:
    guess = Calibration()
    for characters, tokens in told:
        guess.saw_prompt(characters, tokens)

    assert 1_000 / FARTHEST - 1 <= guess.prompt(4_000) <= 1_000 * FARTHEST + 1
