"""Judging goes where it teaches most, and costs no more than its share."""

import pytest

from trunkline.quality.sampling import GRACE, Allowance, Strata


def test_over_all_answers_the_rate_is_kept_and_uncertain_cells_get_more() -> None:
    strata = Strata(0.05)
    chances = [(strata.chance(0.04), strata.chance(0.12)) for _ in range(2_000)][500:]

    known, unknown = (sum(pair[which] for pair in chances) / len(chances) for which in (0, 1))
    assert (known + unknown) / 2 == pytest.approx(0.05, rel=0.1)
    assert unknown > 2 * known


def test_a_call_that_explored_is_judged_the_more_the_rarer_it_is() -> None:
    strata = Strata(0.01)
    strata.chance(0.1)

    usual, rare = strata.chance(0.1, 1.0), strata.chance(0.1, 0.25)

    assert rare == pytest.approx(4 * usual, rel=0.1)
    assert strata.chance(0.1, 0.0) == pytest.approx(10 * usual, rel=0.1)  # and no rarer than one in ten


def test_a_start_or_a_change_is_judged_more_and_that_is_saved_afterwards() -> None:
    strata = Strata(0.05)
    doubts = [0.2] * 300 + [0.05] * 4_700 + [0.2] * 300 + [0.05] * 4_700
    chances = [strata.chance(doubt) for doubt in doubts]

    assert sum(chances[:300]) > 2 * 0.05 * 300
    assert sum(chances[5_000:5_300]) > 2 * 0.05 * 300
    assert sum(chances[:5_000]) == pytest.approx(0.05 * 5_000, rel=0.1)
    assert sum(chances[5_000:]) == pytest.approx(0.05 * 5_000, rel=0.1)


def test_even_what_is_known_well_is_looked_at_and_a_chance_is_no_more_than_certainty() -> None:
    strata = Strata(0.5)
    strata.chance(0.1)

    assert strata.chance(0.0) == 0.125
    assert strata.chance(10.0) == 1.0


def test_nothing_is_judged_beyond_the_share_but_for_the_first_cent() -> None:
    allowance, judged = Allowance(0.1), 0
    for _ in range(2_000):
        allowance.served(1_000_000)
        if allowance.enter():
            judged += 1
            allowance.leave(1_000_000)

    spent, served = allowance.spent
    assert spent <= 0.1 * served + GRACE
    assert judged > 180


def test_those_under_way_count_before_they_have_cost_anything() -> None:
    allowance = Allowance(0.0)
    assert allowance.enter()
    allowance.leave(GRACE // 2 * 10)

    assert not allowance.enter()


def test_a_cost_nobody_knows_is_taken_for_the_usual() -> None:
    allowance = Allowance(1.0)
    allowance.enter()
    allowance.leave(1_000_000)
    allowance.enter()
    allowance.leave(None)

    assert allowance.spent[0] > 1_000_000
