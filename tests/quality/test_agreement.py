"""What a judge prefers that is no merit is found, and a judge without preferences has none."""

import random

import pytest

from trunkline.quality.agreement import Agreement, Compared, agreement, longer_wins, wilson
from trunkline.quality.pairwise import Choice


def verdicts(skill: float, first_place: float = 0.0, longer: float = 0.0, pairs: int = 600) -> list[Compared]:
    """A judge that sees the better answer with this probability, else takes the first, the longer, or a coin's."""
    rng, rows = random.Random(5), []
    for _ in range(pairs):
        label: Choice = rng.choice(["a", "b"])
        lengths = (rng.randint(50, 500), rng.randint(50, 500))
        said: list[Choice] = []
        for place in ("a", "b"):
            draw = rng.random()
            if draw < skill:
                said.append(label)
            elif draw < skill + first_place:
                said.append(place)  # type: ignore[arg-type]
            elif draw < skill + first_place + longer:
                said.append("a" if lengths[0] > lengths[1] else "b")
            else:
                said.append(rng.choice(["a", "b"]))
        rows.append(Compared(label, said[0], said[1], *lengths))
    return rows


def found(*args: float) -> Agreement:
    return agreement(verdicts(*args))


def test_a_perfect_judge_agrees_and_prefers_nothing() -> None:
    judge = found(1.0)

    assert (judge.one_order.value, judge.two_orders.value, judge.decided.value) == (1.0, 1.0, 1.0)
    assert judge.first_place.value == 0.5
    assert abs(judge.longer.value) < 1e-9


def test_a_judge_that_prefers_the_first_place_is_found_out() -> None:
    judge = found(0.4, 0.6)

    assert judge.first_place.low > 0.6
    assert judge.two_orders.value > 0.95  # what it says in both orders is what it sees
    assert judge.decided.high < 0.85
    assert judge.gain.low > 0.1


def test_a_judge_that_prefers_length_is_found_out_and_two_orders_do_not_help() -> None:
    judge = found(0.3, 0.0, 0.7)

    assert judge.longer.low > 0.2
    assert judge.gain.high < 0.15
    assert 0.45 < judge.first_place.value < 0.55


def test_a_coin_agrees_by_half() -> None:
    judge = found(0.0)

    assert judge.one_order.low < 0.5 < judge.one_order.high
    assert judge.gain.low < 0 < judge.gain.high or abs(judge.gain.value) < 0.05


def test_ties_of_people_and_verdicts_nobody_could_read_are_no_agreement() -> None:
    rows = [Compared("tie", "a", "a", 1, 2), Compared("a", None, "a", 1, 2), Compared("b", "b", "b", 2, 1)]

    judge = agreement(rows)

    assert (judge.one_order.n, judge.decided.value, judge.unread.value) == (3, 0.5, 0.25)
    assert longer_wins(rows).n == 2


def test_one_order_is_counted_once() -> None:
    assert agreement([Compared("a", "a", "a", 1, 2, one_order=True)] * 10).one_order.n == 10


def test_an_interval_of_nothing_is_everything() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high, str(wilson(0, 0))) == (0.0, 1.0, "none")
    assert str(wilson(5, 10)) == "50.0% (23.7% to 76.3%)"
    assert agreement([]).gain == pytest.approx(agreement([]).gain)
