"""A policy from a ledger: what it believes is the truth of all prompts, not of those that a target was asked."""

import pytest

pytest.importorskip("numpy")

from tests.backtest.made_log import CHEAP, DEAR, EASY, HARD, HARD_SHARE, QUALITY, made_log
from trunkline.backtest.decisions import rows
from trunkline.backtest.elsewhere import Course
from trunkline.backtest.fit_logged import fit
from trunkline.backtest.judged import judge
from trunkline.backtest.strategies import Aim
from trunkline.core.errors import TrunklineError
from trunkline.routing import complexity
from trunkline.routing.learned.policy import load, write
from trunkline.routing.strategies import Balanced

AIM = Aim(0.95, 0.95)


@pytest.fixture(scope="module")
def learnt():
    return fit(rows(*made_log(3_000)), AIM)


def believed(policy, form):
    text = form.format(n=7, m=12)
    return policy.predict(complexity.analyse(text).vector(), text)


def test_quality_is_believed_as_it_is_though_hard_prompts_went_elsewhere(learnt):
    for form, hard in ((EASY, False), (HARD, True)):
        for model, expected in believed(learnt.policy, form).items():
            assert expected.mean == pytest.approx(QUALITY[hard][model], abs=max(0.08, 2 * expected.sd))
    assert believed(learnt.policy, HARD)[CHEAP].mean < 0.55 < believed(learnt.policy, EASY)[CHEAP].mean


def test_cost_and_length_are_learned_with_their_right_means(learnt):
    easy = believed(learnt.policy, EASY)

    assert easy[DEAR].dollars == pytest.approx(0.01, rel=0.1)
    assert easy[CHEAP].dollars == pytest.approx(0.001, rel=0.1)
    assert easy[CHEAP].output_tokens == pytest.approx(50, rel=0.05)


def test_the_floor_is_shown_by_what_the_dear_one_need_not_answer(learnt):
    floor = learnt.policy.floor

    assert floor.shown
    assert 0.4 < floor.saved < 0.9 * (1 - HARD_SHARE) + 0.05
    assert floor.quality_low >= 0.95
    assert learnt.policy.best_model == DEAR


def test_few_scores_are_worth_less_than_they_count_and_too_few_leave_a_target_out(learnt):
    count, effective = learnt.scored[CHEAP]

    assert effective < 0.7 * count
    with pytest.raises(TrunklineError, match=r"too few scored answers to fit on \(ant/small"):
        fit(rows(*made_log(400, scored=0.05)), AIM)


def test_a_floor_that_cannot_be_shown_leaves_the_best_in_charge():
    policy = fit(rows(*made_log(300, seed=3)), Aim(1.0, 0.999)).policy

    assert (policy.floor.shown, policy.price, policy.best_model) == (False, 0.0, DEAR)


def test_nobody_is_compared_with_who_could_not_be_asked():
    found = fit(rows(*made_log(2_000, chances=(0.8, 1.0))), AIM)  # hard prompts could never go to the dear one

    assert found.policy.best_model == CHEAP


def test_the_file_keeps_it_all_and_says_that_no_answers_were_compared(learnt, tmp_path):
    write(learnt.policy, tmp_path / "log.policy")
    again = load(tmp_path / "log.policy")

    assert again.untrained
    assert again.cascade is None
    assert again.floor == learnt.policy.floor
    assert believed(again, HARD)[CHEAP].mean == pytest.approx(believed(learnt.policy, HARD)[CHEAP].mean, abs=1e-4)


def test_only_later_decisions_judge_it():
    whole = rows(*made_log(3_000, seed=5))
    policy = fit(whole[:2_000], AIM).policy
    course = Course(Balanced(), (DEAR, CHEAP), policy=policy, model_of={CHEAP: CHEAP, DEAR: DEAR})

    found = judge(whole, "chat", course)

    assert found.decisions == 1_000
    mine = next(one for one in found.lines if one.name == "this config")
    assert mine.saved.low > 0.4
    assert mine.kept.high > 0.95
    with pytest.raises(TrunklineError, match="only later ones can judge it"):
        judge(whole[:2_000], "chat", course)
