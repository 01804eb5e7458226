"""The contract of a quality store: scores stand once, evidence adds up and fades, whoever brings it."""

import asyncio
from pathlib import Path

import pytest

from tests.stores.scenes import NOW
from trunkline.stores.ports import Store
from trunkline.stores.records import DAY
from trunkline.stores.scores import Evidence, Memory, Score, ScoreQuery
from trunkline.stores.sqlite import SqliteStore

ALL = ScoreQuery()


def score(name: str = "a", **other: object) -> Score:
    facts = {
        "at": NOW, "request": f"req_{name}", "target": "openai/small", "cluster": "code", "source": "judge",
        "by": "anthropic/large", "score": 0.75,
    }  # fmt: skip
    return Score(id=name, **{**facts, **other})  # type: ignore[arg-type]


async def test_a_score_is_read_as_it_was_written(store: Store) -> None:
    whole = score(weight=0.25, label="thumbs_down", comment="wröng \N{SNOWMAN}", score=None, source="user")

    await store.quality.learn([whole], [], DAY)

    assert await store.quality.scores(ALL) == [whole]


async def test_a_score_written_again_stands_once_and_as_it_was(store: Store) -> None:
    await store.quality.learn([score()], [], DAY)
    await store.quality.learn([score(score=0.0)], [], DAY)

    assert await store.quality.scores(ALL) == [score()]


async def test_a_query_finds_what_has_every_value_it_names_newest_first(store: Store) -> None:
    user = score("user", source="user", at=NOW + 1)
    other = score("other", target="openai/large", at=NOW + 2)
    await store.quality.learn([score(), user, other], [], DAY)

    assert await store.quality.scores(ScoreQuery(target="openai/small")) == [user, score()]
    assert await store.quality.scores(ScoreQuery(source="user")) == [user]
    assert await store.quality.scores(ScoreQuery(request="req_other")) == [other]
    assert await store.quality.scores(ScoreQuery(since=NOW + 1, until=NOW + 2)) == [user]
    assert await store.quality.scores(ScoreQuery(limit=1)) == [other]


async def test_evidence_adds_up_at_the_later_time_and_the_older_has_faded(store: Store) -> None:
    await store.quality.learn([], [Evidence("cell", NOW, (8.0, 4.0))], DAY)
    await store.quality.learn([], [Evidence("cell", NOW + DAY, (1.0, 0.0)), Evidence("b", NOW, (1.0,))], DAY)

    assert await store.quality.evidence() == [Evidence("b", NOW, (1.0,)), Evidence("cell", NOW + DAY, (5.0, 2.0))]


async def test_evidence_that_comes_late_counts_as_old_as_it_is(store: Store) -> None:
    await store.quality.learn([], [Evidence("cell", NOW, (1.0,))], DAY)
    await store.quality.learn([], [Evidence("cell", NOW - DAY, (1.0,))], DAY)

    assert await store.quality.evidence() == [Evidence("cell", NOW, (1.5,))]


async def test_evidence_of_another_length_gives_way_to_the_newer(store: Store) -> None:
    await store.quality.learn([], [Evidence("cell", NOW, (1.0,))], DAY)
    await store.quality.learn([], [Evidence("cell", NOW + 1, (2.0, 3.0))], DAY)

    assert await store.quality.evidence() == [Evidence("cell", NOW + 1, (2.0, 3.0))]


async def test_nothing_is_lost_when_many_learn_at_once(store: Store) -> None:
    learning = [store.quality.learn([score(str(n))], [Evidence("cell", NOW, (1.0, 2.0))], DAY) for n in range(40)]

    await asyncio.gather(*learning)

    assert await store.quality.evidence() == [Evidence("cell", NOW, (40.0, 80.0))]
    assert len(await store.quality.scores(ALL)) == 40


async def test_evidence_without_end_is_refused_by_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "trunkline.db", lambda: NOW)

    with pytest.raises(ValueError, match="over 4096 sums"):
        await store.quality.learn([], [Evidence("cell", NOW, (0.0,) * 5_000)], DAY)

    await store.aclose()


async def test_trimming_forgets_old_scores_and_keeps_what_was_learned(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "trunkline.db", lambda: NOW, keep=DAY)
    await store.quality.learn([score(at=NOW - 2 * DAY), score("new")], [Evidence("cell", 1, (1.0,))], DAY)

    await store.trim(NOW)

    assert await store.quality.scores(ALL) == [score("new")]
    assert await store.quality.evidence() == [Evidence("cell", 1, (1.0,))]
    await store.aclose()


async def test_a_state_stands_in_place_of_the_one_before_it(store: Store) -> None:
    await store.quality.remember(Memory("b", NOW, "{}"))
    await store.quality.remember(Memory("a", NOW, "1"))
    await store.quality.remember(Memory("a", NOW + 1, '"w\u00f6rng \N{SNOWMAN}"'))

    assert await store.quality.memories() == [Memory("a", NOW + 1, '"w\u00f6rng \N{SNOWMAN}"'), Memory("b", NOW, "{}")]


async def test_an_older_state_that_comes_late_changes_nothing(store: Store) -> None:
    await store.quality.remember(Memory("a", NOW, "new"))
    await store.quality.remember(Memory("a", NOW - 1, "old"))

    assert await store.quality.memories() == [Memory("a", NOW, "new")]
