"""In a world whose truth is known, the estimates of a policy that never ran cover it as often as they say."""

from dataclasses import replace

import numpy as np
import pytest

from trunkline.backtest.off_policy import Estimate, Logged, cross_fitted, difference, doubly_robust, ips, snips
from trunkline.routing.thompson import Exploration, propensities

RUNS, ROWS, ARMS = 200, 1_500, 4
SLOPES = np.array([[0.5, 0.3], [0.7, -0.4], [0.35, 0.5], [0.6, 0.0]])


class World:
    """Answers of four models whose quality depends on two features of the prompt; decided as the gateway decides."""

    def __init__(self, seed: int, *, wrong: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.features = rng.random((ROWS, 2))
        self.quality = np.clip(SLOPES[:, 0] + self.features[:, :1] * SLOPES[:, 1], 0.02, 0.98)
        believed = SLOPES[:, 0] + 0.05
        shares = np.array(
            propensities([(mean, 0.1) for mean in believed], Exploration(share=0.4, regret=1.0, even=0.3))
        )
        propensity = np.tile(shares, (ROWS, 1))
        dice = rng.random((ROWS, 1))
        action = np.minimum((propensity.cumsum(axis=1) < dice).sum(axis=1), ARMS - 1)
        reward = (rng.random(ROWS) < self.quality[np.arange(ROWS), action]).astype(float)
        best = self.quality.argmax(axis=1)
        policy = np.eye(ARMS)[best]
        shown = propensity[np.arange(ROWS), action]
        self.logged = Logged(action, np.minimum(shown * 1.5, 1.0) if wrong else shown, reward, policy)
        self.truth = float(self.quality.max(axis=1).mean())
        self.expected = cross_fitted(self.features, self.logged, seed=seed)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [World(seed) for seed in range(RUNS)]


def covered(worlds: list[World], estimates: list[Estimate]) -> float:
    return sum(e.low <= world.truth <= e.high for world, e in zip(worlds, estimates, strict=True)) / len(worlds)


def test_inverse_propensity_covers_the_truth(worlds: list[World]) -> None:
    assert covered(worlds, [ips(world.logged) for world in worlds]) >= 0.9


def test_the_self_normalised_form_covers_the_truth(worlds: list[World]) -> None:
    assert covered(worlds, [snips(world.logged) for world in worlds]) >= 0.9


def test_doubly_robust_covers_the_truth_and_is_the_narrowest(worlds: list[World]) -> None:
    robust = [doubly_robust(world.logged, world.expected) for world in worlds]

    assert covered(worlds, robust) >= 0.9
    assert np.mean([e.high - e.low for e in robust]) < 0.9 * np.mean(
        [ips(world.logged).high - ips(world.logged).low for world in worlds]
    )


def test_doubly_robust_survives_a_useless_model_of_the_reward(worlds: list[World]) -> None:
    nonsense = np.full((ROWS, ARMS), 0.9)

    assert covered(worlds, [doubly_robust(world.logged, nonsense) for world in worlds]) >= 0.9


def test_the_gain_over_what_was_done_is_covered_too(worlds: list[World]) -> None:
    gains = [difference(world.logged, world.expected) for world in worlds]

    logging = [
        float((world.quality * propensities_of(world)).sum(axis=1).mean()) for world in worlds
    ]  # what the log's own policy earns in truth
    truths = [world.truth - earned for world, earned in zip(worlds, logging, strict=True)]
    assert sum(g.low <= truth <= g.high for g, truth in zip(gains, truths, strict=True)) >= 0.9 * RUNS


def propensities_of(world: World) -> np.ndarray:
    shares = np.zeros(ARMS)
    for arm in range(ARMS):
        shares[arm] = world.logged.propensity[world.logged.action == arm][0]
    return shares


def test_control_the_mean_of_what_was_earned_does_not_cover_it(worlds: list[World]) -> None:
    naive = [
        replace(world.logged, propensity=np.ones(ROWS), policy=np.eye(ARMS)[world.logged.action]) for world in worlds
    ]

    assert covered(worlds, [ips(logged) for logged in naive]) < 0.1


def test_control_wrong_propensities_are_not_covered() -> None:
    worlds = [World(seed, wrong=True) for seed in range(40)]

    assert covered(worlds, [ips(world.logged) for world in worlds]) < 0.5


def test_what_the_log_never_saw_is_said_so() -> None:
    world = World(1)
    kept = world.logged.action != 1
    blind = Logged(
        world.logged.action[kept],
        world.logged.propensity[kept],
        world.logged.reward[kept],
        np.tile([0.0, 1.0, 0.0, 0.0], (int(kept.sum()), 1)),
    )

    assert ips(world.logged).support > 0.9
    assert ips(blind).support == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"propensity": np.array([0.0, 0.5])}, "propensities above 0"),
        ({"reward": np.array([np.nan, 0.5])}, "rewards must be finite"),
        ({"policy": np.array([[0.5, 0.4], [1.0, 0.0]])}, "must add up to 1"),
        ({"action": np.array([0, 2])}, "from 0 to 1"),
        ({"reward": np.array([1.0])}, "same number of rows"),
    ],
)
def test_what_cannot_be_a_log_is_refused(change: dict[str, np.ndarray], told: str) -> None:
    sound = Logged(np.array([0, 1]), np.array([0.5, 0.5]), np.array([1.0, 0.0]), np.eye(2))

    with pytest.raises(ValueError, match=told):
        replace(sound, **change)


def test_few_effective_rows_make_wide_intervals() -> None:
    even = Logged(np.zeros(4, int), np.full(4, 0.9), np.array([0.0, 1.0, 0.0, 1.0]), np.tile([1.0, 0.0], (4, 1)))

    assert ips(even).high - ips(even).low > 1.5  # four coin flips say next to nothing
