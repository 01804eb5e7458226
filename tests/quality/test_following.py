"""Models swap what they are good at behind their names: it is seen in few scores, told, and followed."""

import logging
import math
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bench.learning_worlds import WORLDS, course, figure
from tests.quality.test_house import GRADES, opened
from trunkline.routing import changepoint
from trunkline.routing.learner import Asked

SWAP, SAME = WORLDS[0], WORLDS[1]
SURE = replace(SWAP, judge=1.0)
CALLS, LAST = 3_000, 400


def behind(world: Any, seed: int, *, rate: float = 0.25) -> float:
    """Points behind the best reachable in the last calls, half of all calls after the change."""
    one = course(world, seed, CALLS, rate)
    return figure(world, one.calls[-LAST:], world.after)[0]


@pytest.mark.parametrize("seed", [102, 103])
def test_a_swap_of_qualities_is_followed(seed: int) -> None:
    assert behind(SURE, seed) < 3


def test_control_without_the_test_for_changes_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changepoint, "CONVINCING", math.inf)

    assert behind(SURE, 102) > 20


def test_where_nothing_changes_little_is_lost_to_the_looking() -> None:
    one = course(SAME, 100, CALLS, 0.25)

    lost, times = figure(SAME, one.calls[-LAST:], SAME.after)
    assert lost < 2
    assert times < 1.1


async def test_scores_that_contradict_those_before_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(tmp_path, lambda *_: GRADES.format(5)) as (_, _played, quality):
        for score in [1.0] * 20 + [0.0] * 5:
            with caplog.at_level(logging.WARNING, "trunkline"):
                quality.book.score("req", "one/small", Asked("brief"), "user", "anyone", score)

    (fall,) = quality.watch.falls
    assert (fall.target, fall.signal) == ("one/small", "brief scores")
    told = "one/small has changed (brief scores): the mean score fell from 1.00 to 0.25 over the last 4 scored answers"
    assert str(fall) == told
    assert told in caplog.text
    assert quality.report()["falls"][0]["signal"] == "brief scores"


async def test_a_rise_is_told_as_one(tmp_path: Path) -> None:
    async with opened(tmp_path, lambda *_: GRADES.format(5)) as (_, _played, quality):
        for score in [0.0] * 20 + [1.0] * 5:
            quality.book.score("req", "one/small", Asked("brief"), "user", "anyone", score)

    (fall,) = quality.watch.falls
    assert fall.told.startswith("the mean score rose from 0.00 to 0.75")
