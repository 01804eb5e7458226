import numpy as np
import pytest

from tests.backtest.made_tables import MODELS, made_suite
from trunkline.backtest import fit_cascade, fit_prompt, fitting
from trunkline.backtest.exam import Exam
from trunkline.backtest.floor import Play, cheapest_shown
from trunkline.backtest.linear import ridge
from trunkline.backtest.logistic import logistic
from trunkline.backtest.measures import _area, _hull, measure
from trunkline.backtest.plans import ByPrompt
from trunkline.backtest.strategies import STRATEGIES, Aim, Lesson
from trunkline.routing.learned import policy as files
from trunkline.routing.learned.policy import PolicyError, Said

EASY, HARD = "what is 5 plus 7 ?", "prove that every ring of order 12 commutes"


AIM = Aim(0.97, 0.5)


@pytest.fixture(scope="module")
def lesson():
    return Lesson.of(made_suite(600))


@pytest.fixture(scope="module")
def blind():
    """No prompt shows that it is hard: only answers do."""
    return Lesson.of(made_suite(600, hidden=True))


@pytest.fixture(scope="module")
def policy(blind):
    return fitting.fit(blind.training, AIM)


def test_the_prompt_layer_tells_easy_from_hard_without_being_told_which_is_which(lesson):
    layer = fit_prompt.fit(lesson.training)

    easy, hard = layer.predict(lesson.training.seen.of([EASY, HARD])).quality

    assert easy[0] == pytest.approx(0.97, abs=0.2)  # shrunk towards the model's mean of 0.66
    assert hard[0] == pytest.approx(0.35, abs=0.2)
    assert easy[0] - hard[0] > 0.35
    assert hard[3] == pytest.approx(0.85, abs=0.1)


def test_the_prompt_layer_knows_cost_and_length_by_prompt(lesson):
    outlook = lesson.layer.predict(lesson.training.seen.of([EASY, HARD]))

    assert outlook.cost[1] / outlook.cost[0] == pytest.approx(2.0, rel=0.3)
    assert outlook.tokens[:, 0] == pytest.approx([50, 400], rel=0.3)
    assert (outlook.sd > 0).all()


def test_left_out_predictions_are_what_a_fit_without_the_row_says():
    rng = np.random.default_rng(3)
    design = np.hstack((np.ones((30, 1)), rng.normal(size=(30, 4))))
    target = rng.normal(size=30)

    whole = ridge(design, target, 2.0)
    without = ridge(design[1:], target[1:], 2.0)

    assert whole.left_out[0] == pytest.approx(float(design[0] @ without.weights), rel=1e-6)


def test_left_out_chances_are_nearly_what_a_fit_without_the_row_says():
    rng = np.random.default_rng(4)
    design = np.hstack((np.ones((60, 1)), rng.normal(size=(60, 3))))
    target = (rng.random(60) < 0.7).astype(float)

    whole = logistic(design, target, 2.0)
    without = logistic(design[1:], target[1:], 2.0)

    assert whole.left_out[0] == pytest.approx(1 / (1 + np.exp(-design[0] @ without.weights)), abs=0.01)


def test_a_fit_of_chances_ends_at_the_same_place_wherever_it_starts():
    rng = np.random.default_rng(5)
    design = np.hstack((np.ones((400, 1)), rng.normal(size=(400, 4))))
    target = (rng.random(400) < 0.95).astype(float)

    from_nothing = logistic(design, target, 1.0)
    from_afar = logistic(design, target, 1.0, np.array([-6.0, 5.0, -5.0, 4.0, 3.0]))

    assert from_afar.weights == pytest.approx(from_nothing.weights, abs=1e-3)
    assert from_afar.left_out.mean() == pytest.approx(0.95, abs=0.02)


def test_the_cascade_takes_agreement_and_asks_on_in_doubt(policy):
    first, second = policy.probes[:2]

    agreed = policy.accepts(None, EASY, [Said(first, "12", 200), Said(second, "12", 200)])
    differ = policy.accepts(None, EASY, [Said(first, "1", 1500), Said(second, "2", 1500)])

    assert policy.floor.shown
    assert agreed.accept in {first, second}
    assert agreed.chance > 0.9
    assert differ.chance < agreed.chance - 0.2
    assert policy.accepts(None, EASY, []).ask == first


def test_the_next_is_asked_more_often_where_the_first_two_differ(blind):
    test = made_suite(300, seed=9, hidden=True)
    exam = Exam(test)
    first, second = blind.draft.order[:2]

    marks = exam.hand_in(STRATEGIES["cascade"][1](blind, AIM).plan.sit(exam))

    differ = test.group[:, first] != test.group[:, second]
    assert marks.calls[differ].mean() > marks.calls[~differ].mean() + 0.3


def test_nothing_readable_is_asked_on_and_after_the_last_somebody_answers(policy):
    silent = policy.accepts(None, EASY, [Said(policy.probes[0], None, 10)])
    everybody = policy.accepts(None, HARD, [Said(model, None, 10) for model in (*policy.probes, policy.best_model)])

    assert silent.accept is None
    assert everybody.accept is not None


def test_what_the_gateway_decides_one_by_one_is_what_the_backtest_decided_side_by_side(blind, policy):
    fitted = STRATEGIES["cascade"][1](blind, AIM)
    test = made_suite(40, seed=5, hidden=True)
    chosen = fitted.plan.sit(Exam(test))

    layer = policy.layer.predict(test.seen)
    for row, expected in enumerate(chosen[:20]):
        asked = []
        for _ in range(5):
            answers = [
                Said(MODELS[place], str(test.group[row, place]), _characters(test, row, place)) for place in asked
            ]
            verdict = _verdict(policy, layer.rows(np.array([row])), answers)
            if verdict.accept is not None:
                break
            asked.append(MODELS.index(verdict.ask))
        assert MODELS.index(verdict.accept) == expected


def _characters(test, row, place):
    return round(float(np.expm1(test.length[row, place])))


def _verdict(policy, outlook, answers):
    class Known(type(policy)):
        def outlook(self, vector, text):
            return outlook

    known = Known(*(getattr(policy, name) for name in policy.__struct_fields__))
    return known.accepts(None, "", answers, "number")


def test_a_policy_survives_its_file(policy, tmp_path):
    size = files.write(policy, tmp_path / "made.policy")
    again = files.load(tmp_path / "made.policy")

    assert size < 2_000_000
    assert again.probes == policy.probes
    assert again.predict(None, HARD)["ant/small"].mean == pytest.approx(
        policy.predict(None, HARD)["ant/small"].mean, abs=1e-4
    )


def test_a_file_that_is_no_policy_says_so(policy, tmp_path):
    path = tmp_path / "bad.policy"
    path.write_bytes(b"\x80pickle")
    with pytest.raises(PolicyError, match="trunkline fit"):
        files.load(path)
    with pytest.raises(PolicyError, match="cannot read"):
        files.load(tmp_path / "missing.policy")
    files.write(type(policy)(MODELS[:2], policy.layer, policy.cascade, 0.0, 0, policy.floor), path)
    with pytest.raises(PolicyError, match="damaged"):
        files.load(path)


def test_a_pool_without_a_model_of_the_policy_is_told_which(policy):
    policy.check_pool(MODELS)
    with pytest.raises(PolicyError, match='"dog/dear", which is not in this pool'):
        policy.check_pool([model for model in MODELS if model != "dog/dear"])


def test_a_floor_that_cannot_be_shown_leaves_the_best_in_charge():
    few = made_suite(60, hard=1.0)

    policy = fitting.fit(few, Aim(1.0, 0.999))

    assert not policy.floor.shown
    assert policy.probes == ()
    assert policy.floor.saved == 0.0


def test_the_cheapest_play_that_is_shown_is_chosen_and_luck_is_not_enough():
    rng = np.random.default_rng(0)
    best = (rng.random(2_000) < 0.8).astype(float)
    singles = np.stack((best, np.zeros(2_000)), axis=1)
    as_good = Play(best, np.full(2_000, 0.5))
    worse = Play(best * (rng.random(2_000) < 0.97), np.full(2_000, 0.1))

    chosen = cheapest_shown([as_good, worse], singles, 0, 1.0, 0.99, 0.95, np.random.default_rng(1))

    assert chosen is not None
    assert chosen.play == 0
    assert cheapest_shown([worse], singles, 0, 1.0, 0.99, 0.95, np.random.default_rng(1)) is None


def test_without_answers_the_prompt_layer_decides_alone():
    silent = made_suite(400)
    silent.group[:] = -1

    lesson = Lesson.of(silent)

    assert lesson.draft is None
    assert isinstance(STRATEGIES["cascade"][1](lesson, Aim(0.97)).plan, ByPrompt)


def test_an_exam_bills_all_that_was_asked_and_ends_with_its_marks():
    test = made_suite(50)
    exam = Exam(test)
    exam.ask(np.arange(25), (0, 1))

    marks = exam.hand_in(np.full(50, 3))

    assert marks.calls.tolist() == [3] * 25 + [1] * 25
    assert marks.cost[:25] == pytest.approx(test.cost[:25, [0, 1, 3]].sum(axis=1))
    with pytest.raises(RuntimeError, match="once"):
        exam.hand_in(np.full(50, 3))


def test_who_cannot_be_asked_cannot_be_chosen():
    test = made_suite(50)
    test.score[3, 2] = float("nan")

    with pytest.raises(ValueError, match="cannot be asked"):
        Exam(test).hand_in(np.full(50, 2))


def test_a_split_saves_where_it_can_and_stands_beside_the_naive_ways():
    split = measure(made_suite(800, hidden=True), 1, Aim(0.97), tuple(STRATEGIES))
    by_name = split.results

    assert by_name["cascade"].cost < 0.75
    assert by_name["cascade"].quality > 0.95
    assert by_name["cascade"].cost < by_name["random"].cost
    assert by_name["oracle"].quality >= max(result.quality for result in by_name.values())
    assert by_name["best"].cost == pytest.approx(1.0)
    assert split.area > 0.4
    assert split.hindsight["cascade"] >= 1 - by_name["cascade"].cost or by_name["cascade"].quality < 0.97
    assert split.read_off >= 0.5 - 1e-9
    assert split.hull >= split.area - 1e-9


def test_a_random_mix_has_half_the_area(lesson):
    training = lesson.training
    best, cheap = training.best, 0
    cost, quality = training.price / training.price[best], training.quality / training.quality[best]
    line = [(float(cost[cheap]), float(quality[cheap])), (1.0, 1.0)]

    assert _area(lesson, training, line) == pytest.approx(0.5, abs=0.01)
    assert _area(lesson, training, _hull(line)) == pytest.approx(0.5, abs=0.01)


def test_missing_outcomes_are_walked_around():
    gappy = made_suite(400)
    rng = np.random.default_rng(2)
    for place in (0, 1, 2):
        gappy.score[rng.random(400) < 0.2, place] = float("nan")
    gappy.cost[np.isnan(gappy.score)] = float("nan")
    gappy.group[np.isnan(gappy.score)] = -1

    split = measure(gappy, 0, Aim(0.97), tuple(STRATEGIES))

    assert all(np.isfinite(result.cost) for result in split.results.values())
    assert split.results["cascade"].quality > 0.9


def test_pools_come_cheap_ones_first_and_the_best_last(lesson):
    assert lesson.draft is not None
    order = [MODELS[place] for place in lesson.draft.order]

    assert order[-1] == "dog/dear"
    assert len(order) <= fit_cascade.MOST_PROBES + 1
    prices = [lesson.training.price[place] for place in lesson.draft.order]
    assert prices[-1] == max(prices)
