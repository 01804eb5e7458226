"""The online regression is the exact one, forgets at its half-life, and survives whatever a store hands it."""

import random

import numpy as np
import pytest

from trunkline.routing.linear_belief import NOISE, LinearBelief, LinearPrior
from trunkline.stores.memory import MemoryStore
from trunkline.stores.records import HOUR
from trunkline.stores.scores import Evidence

NOW = 1_795_000_000_000
HALF_LIFE = 24 * HOUR
PRIOR = LinearPrior((0.6, 0.1), 0.25, 0.15)


def scored(count: int, seed: int = 1) -> list[tuple[list[float], float]]:
    rng = random.Random(seed)
    rows = [[rng.random() for _ in range(3)] for _ in range(count)]
    return [(row, min(max(0.2 + 0.5 * row[0] + rng.gauss(0, 0.1), 0.0), 1.0)) for row in rows]


def taught(rows: list[tuple[list[float], float]], step: int = 0) -> LinearBelief:
    belief = LinearBelief(3, PRIOR, HALF_LIFE)
    for place, (features, score) in enumerate(rows):
        belief.learn(features, score, 1.0, NOW + place * step)
    return belief


def ridge(rows: list[tuple[list[float], float]], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    precision = np.diag([NOISE / 0.25**2, *([NOISE / 0.15**2] * 3)])
    x = np.array([[1.0, *features] for features, _ in rows])
    y = np.array([score for _, score in rows])
    inverse = np.linalg.inv(precision + x.T @ (weights[:, None] * x))
    return inverse @ (precision @ [0.6, 0.1, 0, 0] + x.T @ (weights * y)), NOISE * inverse


def test_before_any_score_the_prior_speaks() -> None:
    mean, sd = LinearBelief(3, PRIOR).predict([1.0, 0.0, 0.0])

    assert mean == pytest.approx(0.7)
    assert sd == pytest.approx((0.25**2 + 0.15**2) ** 0.5)


def test_rank_one_steps_come_to_the_exact_regression() -> None:
    rows = scored(200)
    weights, covariance = ridge(rows, np.ones(200))
    belief, x = taught(rows), np.array([1.0, 0.3, 0.9, 0.1])

    mean, sd = belief.predict(x[1:].tolist())

    assert mean == pytest.approx(float(weights @ x), abs=1e-9)
    assert sd == pytest.approx(float(np.sqrt(x @ covariance @ x)), abs=1e-9)


def test_older_scores_weigh_less_by_the_half_life() -> None:
    rows = scored(200)
    faded = 0.5 ** ((199 - np.arange(200)) / 24)  # one score an hour
    weights, _ = ridge(rows, faded)

    mean, _ = taught(rows, HOUR).predict([0.3, 0.9, 0.1])

    assert mean == pytest.approx(float(weights @ [1.0, 0.3, 0.9, 0.1]), abs=0.01)  # steps between solves are unfaded


def test_what_is_forgotten_is_doubted_again() -> None:
    belief = taught(scored(200))
    _, sure = belief.predict([0.5, 0.5, 0.5])

    belief.learn([0.5, 0.5, 0.5], 0.5, 1.0, NOW + 10 * HALF_LIFE)

    assert belief.predict([0.5, 0.5, 0.5])[1] > 4 * sure


def test_a_weakened_belief_keeps_its_mind_and_doubts_it() -> None:
    belief = taught(scored(500))
    mean, sd = belief.predict([0.5, 0.5, 0.5])

    belief.weaken(0.1, NOW)

    assert belief.predict([0.5, 0.5, 0.5])[0] == pytest.approx(mean, abs=0.05)
    assert belief.predict([0.5, 0.5, 0.5])[1] > 2 * sd


async def test_two_processes_come_to_what_one_would_have_learned() -> None:
    rows, store = scored(100), MemoryStore()
    one, other, alone = taught(rows[:60]), taught(rows[60:]), taught(rows)
    for belief in (one, other):
        piece = belief.fresh("linear|a")
        assert piece is not None
        await store.quality.learn([], [piece], HALF_LIFE)

    one.replace((await store.quality.evidence())[0])

    assert one.predict([0.3, 0.9, 0.1]) == pytest.approx(alone.predict([0.3, 0.9, 0.1]), abs=1e-6)
    assert one.fresh("linear|a") is None


def test_what_is_not_stored_yet_survives_a_reload() -> None:
    belief = taught(scored(50))

    belief.replace(Evidence("linear|a", NOW, (0.0,) * 14))

    assert belief.predict([0.3, 0.9, 0.1]) == pytest.approx(taught(scored(50)).predict([0.3, 0.9, 0.1]), abs=1e-6)


@pytest.mark.parametrize("sums", [(1.0,) * 5, (float("nan"),) * 14])
def test_evidence_of_other_features_or_broken_is_not_taken(sums: tuple[float, ...]) -> None:
    belief = taught(scored(50))
    before = belief.predict([0.3, 0.9, 0.1])

    belief.replace(Evidence("linear|a", NOW, sums))

    assert belief.predict([0.3, 0.9, 0.1]) == before


def test_evidence_that_no_scores_can_give_is_as_none() -> None:
    belief = LinearBelief(3, PRIOR)

    belief.replace(Evidence("linear|a", NOW, (-50.0,) * 14))

    assert belief.predict([0.3, 0.9, 0.1]) == LinearBelief(3, PRIOR).predict([0.3, 0.9, 0.1])


def test_wrong_numbers_are_refused() -> None:
    belief = LinearBelief(3, PRIOR)

    with pytest.raises(ValueError, match="a score is between 0 and 1"):
        belief.learn([0, 0, 0], 1.5, 1.0, NOW)
    with pytest.raises(ValueError, match="3 features, not 2"):
        belief.predict([0, 0])


def test_one_monstrous_feature_does_not_outweigh_everything() -> None:
    belief = taught(scored(200))
    before, _ = belief.predict([0.3, 0.9, 0.1])

    belief.learn([1e300, 0.0, 0.0], 0.0, 1.0, NOW)

    assert np.isfinite(belief.predict([0.3, 0.9, 0.1])).all()
    assert abs(belief.predict([0.3, 0.9, 0.1])[0] - before) < 0.2
