"""Quality is believed with an interval, is shrunk where there is little evidence, and is forgotten."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing import beta
from trunkline.routing.posteriors import ALL, MOST_CELLS, Posteriors, PosteriorSettings, Prior
from trunkline.stores.memory import MemoryStore
from trunkline.stores.records import HOUR
from trunkline.stores.scores import Evidence

NOW = 1_795_000_000_000
HALF_LIFE = 24 * HOUR
SETTINGS = PosteriorSettings(half_life_hours=24, pooling=10, memory=10_000)


def learned(scores: dict[tuple[str, str], list[float]], **kwargs: object) -> Posteriors:
    posteriors = Posteriors(SETTINGS, **kwargs)  # type: ignore[arg-type]
    for (target, cluster), values in scores.items():
        for value in values:
            posteriors.learn(target, cluster, value, 1.0, NOW)
    return posteriors


def test_a_model_nobody_scored_has_its_prior() -> None:
    posteriors = learned({}, priors={"a/large": Prior(0.8, 0.1)})

    belief = posteriors.belief("a/large", "code", NOW)

    assert belief.mean == pytest.approx(0.8)
    assert posteriors.belief("a/large", ALL, NOW).sd == pytest.approx(0.1)
    assert belief.scored == 0


def test_many_scores_in_a_cell_speak_for_themselves() -> None:
    posteriors = learned({("a/small", "code"): [1.0, 0.0] * 480 + [1.0] * 3})

    belief = posteriors.belief("a/small", "code", NOW)

    low, high = belief.interval()
    assert belief.mean == pytest.approx(0.5, abs=0.005)
    assert low == pytest.approx(0.47, abs=0.01)
    assert high == pytest.approx(0.53, abs=0.01)
    assert str(belief) == "50% (47% to 53%, 963 scored)"


def test_one_lucky_score_in_a_new_kind_of_prompt_changes_little() -> None:
    posteriors = learned({("a/small", "code"): [1.0, 0.0] * 100, ("a/small", "law"): [1.0]})

    assert posteriors.belief("a/small", "law", NOW).mean == pytest.approx((10 * 0.5 + 1) / 11, abs=0.01)


def test_the_luckiest_of_many_equal_models_is_not_believed_to_be_much_better() -> None:
    rng = random.Random(7)
    scores = {
        (f"p/{n}", cluster): [float(rng.random() < 0.6) for _ in range(3)] for n in range(20) for cluster in "abcdef"
    }
    posteriors = learned(scores)

    best = max(posteriors.belief(target, cluster, NOW).mean for target, cluster in scores)
    rawest = max(sum(values) / len(values) for values in scores.values())

    assert rawest == 1.0
    assert best < 0.82


def test_scores_of_other_kinds_say_less_than_scores_of_this_kind() -> None:
    posteriors = learned({("a/small", "code"): [0.0] * 50, ("a/small", "chat"): [1.0] * 50})

    assert posteriors.belief("a/small", "code", NOW).mean < 0.25
    assert posteriors.belief("a/small", "chat", NOW).mean > 0.75


def test_evidence_halves_with_every_half_life_and_ends_at_the_prior() -> None:
    posteriors = learned({("a/small", "code"): [1.0] * 64})

    later = posteriors.belief("a/small", "code", NOW + HALF_LIFE)

    assert later.scored == pytest.approx(32)
    assert posteriors.belief("a/small", "code", NOW + 100 * HALF_LIFE).mean == pytest.approx(0.5)


def test_a_cell_that_the_latest_scores_contradict_is_believed_no_more() -> None:
    posteriors = learned({("a/small", "code"): [1.0, 1.0, 1.0, 0.0] * 100, ("a/small", "chat"): [1.0] * 10})
    chat = posteriors.belief("a/small", "chat", NOW)

    told = [posteriors.learn("a/small", "code", 0.0, 1.0, NOW) for _ in range(8)]

    (change,) = [one for one in told if one is not None]
    assert (change.before, change.after) == (pytest.approx(0.75, abs=0.01), 0.0)
    assert posteriors.belief("a/small", "code", NOW).mean < 0.55
    assert posteriors.belief("a/small", "chat", NOW).scored == chat.scored


def test_a_cell_that_has_become_better_is_believed_so_as_soon() -> None:
    posteriors = learned({("a/small", "code"): [0.0, 0.0, 0.0, 1.0] * 100})

    told = [posteriors.learn("a/small", "code", 1.0, 1.0, NOW) for _ in range(8)]

    assert sum(change is not None and change.after > change.before for change in told) == 1
    assert posteriors.belief("a/small", "code", NOW).mean > 0.45


def test_with_one_cell_the_others_of_its_model_and_of_its_kind_become_unsure_and_keep_most_of_their_means() -> None:
    cells = [("a/small", "code"), ("a/small", "chat"), ("a/large", "code"), ("a/large", "chat")]
    posteriors = Posteriors()
    for score in [1.0, 1.0, 1.0, 0.0] * 25:
        for cell in cells:
            posteriors.learn(*cell, score, 1.0, NOW)
    before = {cell: posteriors.belief(*cell, NOW) for cell in cells}
    doubts = {cell: posteriors.doubt(*cell, NOW) for cell in cells}

    for _ in range(6):
        posteriors.learn("a/small", "code", 0.0, 1.0, NOW)

    _, chat, large, other = (posteriors.belief(*cell, NOW) for cell in cells)
    assert (chat.scored, large.scored) == (pytest.approx(12), pytest.approx(8))
    assert chat.mean == pytest.approx(before[cells[1]].mean, abs=0.12)
    assert large.mean == pytest.approx(before[cells[2]].mean, abs=0.05)
    assert other.scored == before[cells[3]].scored
    assert all(posteriors.doubt(*cell, NOW) > 3 * doubts[cell] for cell in cells[1:])


def test_suspicion_ends_where_nothing_contradicts() -> None:
    posteriors = learned({("a/small", "code"): [1.0] * 50, ("a/large", "code"): [1.0, 0.0] * 50})
    for _ in range(6):
        posteriors.learn("a/small", "code", 0.0, 1.0, NOW)
    suspected = posteriors.doubt("a/large", "code", NOW)

    for score in [1.0, 0.0] * 40:
        posteriors.learn("a/large", "code", score, 1.0, NOW)

    belief = posteriors.belief("a/large", "code", NOW)
    assert posteriors.doubt("a/large", "code", NOW) == belief.sd < suspected / 6


def test_control_scores_in_their_usual_mix_seldom_contradict() -> None:
    rng, posteriors = random.Random(3), Posteriors(PosteriorSettings())

    told = [posteriors.learn("a/small", "code", float(rng.random() < 0.7), 1.0, NOW) for _ in range(5_000)]

    assert sum(change is not None for change in told) <= 10
    assert sum(change is not None for change in told[2_500:]) <= 4  # and ever more seldom


def test_no_more_scores_are_remembered_than_asked_for_and_the_latest_count() -> None:
    posteriors = Posteriors(PosteriorSettings(memory=50))
    rng = random.Random(4)
    for call in range(600):
        posteriors.learn("a/small", "code", float(rng.random() < (0.6 if call < 400 else 0.4)), 1.0, NOW)

    belief = posteriors.belief("a/small", "code", NOW)
    assert belief.scored == pytest.approx(50)
    assert belief.mean == pytest.approx(0.4, abs=0.12)


def test_graded_scores_that_spread_little_say_more_than_tosses() -> None:
    graded, tossed = learned({("a/b", "code"): [0.75, 0.5] * 40}), learned({("a/b", "code"): [1.0, 0.25] * 40})

    assert graded.belief("a/b", "code", NOW).sd < 0.75 * tossed.belief("a/b", "code", NOW).sd


def test_a_model_that_has_changed_is_seen_within_as_many_scores_as_are_remembered() -> None:
    posteriors = Posteriors(SETTINGS)
    for hour in range(200):
        posteriors.learn("a/small", "code", 1.0, 1.0, NOW + hour * HOUR)
    for hour in range(200, 248):
        posteriors.learn("a/small", "code", 0.0, 1.0, NOW + hour * HOUR)

    assert posteriors.belief("a/small", "code", NOW + 248 * HOUR).mean < 0.35


def test_a_weakened_belief_is_less_sure_and_no_worse() -> None:
    posteriors = learned({("a/small", "code"): [1.0, 1.0, 1.0, 0.0] * 25, ("a/large", "code"): [1.0] * 9})
    before, other = posteriors.belief("a/small", "code", NOW), posteriors.belief("a/large", "code", NOW)

    posteriors.weaken("a/small", 0.1, NOW)

    after = posteriors.belief("a/small", "code", NOW)
    assert after.scored == pytest.approx(10)
    assert after.sd > 2 * before.sd
    assert posteriors.belief("a/large", "code", NOW) == other


@pytest.mark.parametrize(("score", "weight"), [(1.1, 1), (-0.1, 1), (float("nan"), 1), (1, -1), (1, 1e9)])
def test_what_is_no_score_is_refused(score: float, weight: float) -> None:
    with pytest.raises(ValueError, match="a score is between 0 and 1"):
        Posteriors().learn("a/small", "code", score, weight, NOW)


async def test_two_processes_learn_together_through_the_store() -> None:
    store, one, other = MemoryStore(), Posteriors(SETTINGS), Posteriors(SETTINGS)
    for posteriors, score in ((one, 1.0), (other, 0.0)):
        for _ in range(30):
            posteriors.learn("a/small", "code", score, 1.0, NOW)
        await store.quality.learn([], posteriors.fresh(), HALF_LIFE)

    one.learn("a/small", "code", 1.0, 1.0, NOW)  # not stored yet, and not to be lost
    one.replace(await store.quality.evidence())

    belief = one.belief("a/small", "code", NOW)
    assert belief.scored == pytest.approx(61)
    assert belief.mean == pytest.approx(0.5, abs=0.02)
    assert [piece.sums for piece in one.fresh()] == [(1.0, 0.0, 1.0), (1.0, 0.0, 1.0)]


def test_evidence_of_another_kind_or_broken_is_not_taken() -> None:
    posteriors = Posteriors()

    posteriors.replace([Evidence("linear|a/small", NOW, (1.0, 2.0)), Evidence("beta|a/b|c", NOW, (float("nan"), 1.0))])

    assert posteriors.cells(NOW) == {}


def test_cells_have_an_end_and_models_go_on_learning() -> None:
    posteriors = Posteriors()
    for n in range(MOST_CELLS + 10):
        posteriors.learn("a/small", str(n), 1.0, 1.0, NOW)

    assert len(posteriors.cells(NOW)) == MOST_CELLS
    assert posteriors.belief("a/small", ALL, NOW).scored == pytest.approx(MOST_CELLS + 10)


@given(good=st.floats(0.5, 300), bad=st.floats(0.5, 300), share=st.floats(0.02, 0.98))
def test_a_quantile_has_its_share_of_the_mass_below_it(good: float, bad: float, share: float) -> None:
    assert beta.below(good, bad, beta.quantile(good, bad, share)) == pytest.approx(share, abs=1e-4)


def test_known_values_of_the_beta_distribution() -> None:
    assert beta.below(2, 3, 0.4) == pytest.approx(0.5248)  # 1 - sum of a binomial's lower half: exact
    assert beta.below(1, 1, 0.3) == pytest.approx(0.3)
    assert beta.quantile(1, 3, 0.875) == pytest.approx(0.5, abs=1e-6)  # 1 - (1 - x)^3
    assert (beta.below(2, 3, -1), beta.below(2, 3, 2)) == (0.0, 1.0)
    assert beta.below(50_000, 50_000, 0.5) == pytest.approx(0.5, abs=1e-6)
