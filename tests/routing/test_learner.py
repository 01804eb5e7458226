"""The two beliefs learn from the same scores, are kept in the store, and lose nothing when it fails."""

import pytest

from trunkline.core.errors import StoreUnavailable
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import analyse
from trunkline.routing.learner import Asked, Learner
from trunkline.routing.posteriors import PosteriorSettings, Prior
from trunkline.stores.memory import MemoryQuality, MemoryStore

NOW = 1_795_000_000_000
HARD, EASY = Asked("code", (1.0, 0.2)), Asked("code", (0.0, 0.2))


def taught(scores: int = 100) -> Learner:
    learner = Learner(2, PosteriorSettings(memory=10_000), priors={"a/small": Prior(0.6, 0.2)})
    for _ in range(scores):
        learner.learn("a/small", HARD, 0.2, 1.0, NOW)
        learner.learn("a/small", EASY, 0.9, 1.0, NOW)
    return learner


def test_before_any_score_the_prior_is_believed() -> None:
    assert taught(0).believe("a/small", HARD, NOW)[0] == pytest.approx(0.6)


def test_prompts_of_one_kind_are_told_apart_by_their_features() -> None:
    learner = taught()

    hard, easy = learner.believe("a/small", HARD, NOW)[0], learner.believe("a/small", EASY, NOW)[0]

    assert learner.belief("a/small", "code", NOW).mean == pytest.approx(0.55, abs=0.01)
    assert hard < 0.45
    assert easy > 0.65


def test_a_prompt_without_features_is_believed_by_its_kind_alone() -> None:
    assert taught().believe("a/small", Asked("code"), NOW)[0] == pytest.approx(0.55, abs=0.01)


async def test_another_process_believes_what_was_stored() -> None:
    store, learner, other = (
        MemoryStore(),
        taught(),
        Learner(2, PosteriorSettings(memory=10_000), priors={"a/small": Prior(0.6, 0.2)}),
    )
    await learner.save(store.quality)

    await other.load(store.quality)

    assert other.believe("a/small", HARD, NOW) == pytest.approx(learner.believe("a/small", HARD, NOW))


async def test_what_could_not_be_stored_is_stored_the_next_time() -> None:
    store, learner = MemoryStore(), taught()

    class Failing(MemoryQuality):
        async def learn(self, *_: object) -> None:
            learner.learn("a/small", HARD, 0.2, 1.0, NOW)  # meanwhile
            raise StoreUnavailable("the disk is full")

    with pytest.raises(StoreUnavailable):
        await learner.save(Failing())
    await learner.load(store.quality)  # an empty store: what is fresh must survive it
    await learner.save(store.quality)

    cell, *_ = [piece for piece in await store.quality.evidence() if piece.name == "beta|a/small|code"]
    assert sum(cell.sums[:2]) == pytest.approx(201)
    assert learner.belief("a/small", "code", NOW).scored == pytest.approx(201)
    line, *_ = [piece for piece in await store.quality.evidence() if piece.name == "linear|a/small"]
    assert line.sums[3] == pytest.approx(201)  # the constant with itself counts the scores


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("Solve 3x + 5 = 20 for x, then compute x^2 + 2x and the integral of x from 0 to 4.", "mathematics"),
        ("```python\ndef f(x):\n    return x + 1\n```\nFix the bug in this function and write a unit test.", "code"),
        ("hi", "brief"),
    ],
)
def test_a_prompt_is_of_the_kind_its_words_ask_for(prompt: str, kind: str) -> None:
    assert cluster_of(analyse(prompt)) == kind
