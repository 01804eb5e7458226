"""A drop of ten points behind a model's name rings within 200 sampled answers, and no drop seldom rings."""

import random
from collections.abc import Callable

import pytest

from trunkline.quality.drift import Alarm, Drift, DriftSettings

Draw = Callable[[random.Random], float]
SETTINGS = DriftSettings()
RUNS = 250


def graded(mean: float, sd: float = 0.2) -> Draw:
    return lambda rng: round(min(max(rng.gauss(mean, sd), 0), 1) * 4) / 4


def coin(share: float) -> Draw:
    return lambda rng: float(rng.random() < share)


def rings(before: Draw, after: Draw, seed: int, change: int, answers: int) -> int | None:
    """After how many watched answers it rang; None: not at all."""
    rng, drift = random.Random(seed), Drift(SETTINGS)
    for _ in range(SETTINGS.reference):
        drift.add(before(rng))
    for answer in range(answers):
        if drift.add((before if answer < change else after)(rng)):
            return answer
    return None


@pytest.mark.parametrize("draw", [graded(0.75), graded(0.6, 0.3), coin(0.8), coin(0.95)])
def test_false_alarms_are_as_rare_as_asked_for(draw: Draw) -> None:
    rang = [rings(draw, draw, seed, 0, SETTINGS.horizon) for seed in range(RUNS)]

    assert sum(answer is not None for answer in rang) <= 0.05 * RUNS + 2 * (RUNS * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("sd", [0.2, 0.25])
def test_a_drop_of_ten_points_is_found_within_200_answers(sd: float) -> None:
    rang = [rings(graded(0.75, sd), graded(0.65, sd), seed, 250, 450) for seed in range(RUNS)]

    late = [answer for answer in rang if answer is None or answer >= 250]
    assert sum(answer is not None for answer in late) >= 0.9 * len(late)


def test_right_or_wrong_scores_say_less_and_most_drops_are_found_all_the_same() -> None:
    rang = [rings(coin(0.8), coin(0.7), seed, 250, 450) for seed in range(RUNS)]

    late = [answer for answer in rang if answer is None or answer >= 250]
    assert sum(answer is not None for answer in late) >= 0.58 * len(late)


def test_a_stretch_long_after_the_beginning_rings_no_oftener_than_the_first() -> None:
    rang = [rings(coin(0.9), coin(0.9), seed, 0, 3 * SETTINGS.horizon) for seed in range(RUNS)]

    quiet = [answer for answer in rang if answer is None or answer >= 2 * SETTINGS.horizon]
    late = sum(answer is not None for answer in quiet)
    assert late <= 0.05 * len(quiet) + 2 * (len(quiet) * 0.05 * 0.95) ** 0.5


def questioned(fall: float) -> Callable[[random.Random], tuple[float, str]]:
    """Canaries: of twenty questions sixteen are answered nearly always, four seldom."""

    def draw(rng: random.Random) -> tuple[float, str]:
        question = rng.randrange(20)
        return float(rng.random() < (0.97 if question < 16 else 0.15) - fall), f"canary {question}"

    return draw


def canaries_ring(fall: float, seed: int, answers: int, *, told_apart: bool) -> bool:
    """Whether it rings within so many answers after 550."""
    rng, drift = random.Random(seed), Drift(SETTINGS)
    for answer in range(550 + answers):
        score, question = questioned(fall if answer >= 550 else 0.0)(rng)
        if drift.add(score, question if told_apart else "") and answer >= 550:
            return True
    return False


def test_questions_that_are_asked_again_are_compared_with_their_own_past() -> None:
    apart = sum(canaries_ring(0.1, seed, 200, told_apart=True) for seed in range(100))
    mixed = sum(canaries_ring(0.1, seed, 200, told_apart=False) for seed in range(100))

    assert apart >= 90
    assert mixed <= 75


def test_questions_that_are_always_answered_alike_do_not_ring() -> None:
    assert sum(canaries_ring(0.0, seed, 500, told_apart=True) for seed in range(200)) <= 16


def many_questions(seed: int, fall: float, answers: int) -> bool:
    """Two hundred questions, four in five of which are answered nearly always and the others hardly ever."""
    rng, drift = random.Random(seed), Drift(SETTINGS)
    right = [0.99 if rng.random() < 0.8 else 0.02 for _ in range(200)]
    scores = (rng.random() < right[n % 200] - (fall if n >= 550 else 0) for n in range(550 + answers))
    return any(drift.add(float(score), str(n % 200)) and n >= 550 for n, score in enumerate(scores))


def test_questions_that_were_asked_only_three_times_ring_when_they_fall_and_seldom_else() -> None:
    assert sum(many_questions(seed, 0.1, 200) for seed in range(40)) >= 34
    assert sum(many_questions(seed, 0.0, 500) for seed in range(60)) <= 6


def test_two_failures_in_a_row_of_a_model_that_hardly_ever_fails_are_no_fall() -> None:
    drift = Drift(SETTINGS)

    assert [drift.add(float(place not in {505, 507})) for place in range(700)] == [None] * 700


def test_a_question_that_was_never_answered_rightly_cannot_fall() -> None:
    drift = Drift(SETTINGS)

    assert [drift.add(0.0, "hopeless") for _ in range(2_000)] == [None] * 2_000


def test_the_deeper_the_fall_the_sooner_it_is_found() -> None:
    waits = {
        fall: [rings(coin(0.9), coin(0.9 - fall), seed, 0, 300) or 300 for seed in range(60)] for fall in (0.2, 0.5)
    }

    assert sorted(waits[0.5])[30] <= 30
    assert sorted(waits[0.5])[30] < sorted(waits[0.2])[30]


def test_a_short_past_and_a_dead_model_ring_as_well() -> None:
    drift = Drift(DriftSettings(reference=30, horizon=50))
    for _ in range(30):
        assert drift.add(1.0) is None

    assert any(drift.add(0.0) for _ in range(30))


def test_what_was_long_ago_is_forgotten_where_a_past_is_longer_than_is_kept() -> None:
    drift, rng = Drift(SETTINGS), random.Random(3)
    rang = [drift.add(graded(0.9, 0.1)(rng), f"kind {place % 3}") for place in range(5_400)]
    rang += [drift.add(graded(0.9, 0.1)(rng), "another kind") for _ in range(3_000)]

    assert rang == [None] * 8_400
    assert drift._count <= 5_000 + 2 * 10


def test_an_alarm_says_what_fell_and_watching_begins_anew() -> None:
    drift, rng = Drift(SETTINGS), random.Random(1)
    alarm: Alarm | None = None
    for answer in range(700):
        alarm = drift.add(graded(0.8 if answer < 500 else 0.5)(rng)) or alarm

    assert alarm is not None
    assert alarm.before == pytest.approx(0.8, abs=0.05)
    assert alarm.after == pytest.approx(0.5, abs=0.1)
    assert not drift.watching or "of" in repr(drift)
    assert str(alarm).startswith("the mean score fell from 0.")


def test_a_new_mix_of_prompts_is_no_drift() -> None:
    """Hard prompts become commoner: the mean falls, no cluster does."""
    rng, drift = random.Random(2), Drift(SETTINGS)

    def asked(hard_share: float) -> Alarm | None:
        hard = rng.random() < hard_share
        return drift.add(graded(0.5 if hard else 0.9, 0.15)(rng), "hard" if hard else "easy")

    for _ in range(600):
        asked(0.3)

    assert [asked(0.7) for _ in range(200)] == [None] * 200


def test_control_without_clusters_the_same_mix_rings() -> None:
    rng, drift = random.Random(2), Drift(SETTINGS)

    def asked(hard_share: float) -> Alarm | None:
        hard = rng.random() < hard_share
        return drift.add(graded(0.5 if hard else 0.9, 0.15)(rng))

    for _ in range(600):
        asked(0.3)

    assert any(asked(0.7) for _ in range(200))


def test_a_model_that_gets_better_does_not_ring() -> None:
    assert rings(graded(0.6), graded(0.8), 1, 100, 2_000) is None
