"""``make backtest`` without tables of one's own: simulated models, whose truth is known before they are asked."""

from collections import Counter

import pytest

pytest.importorskip("numpy")

from bench.made_suite import MODELS, QUESTIONS, rows
from tests.backtest import made_tables
from trunkline.backtest import suite, tables


def test_simulated_models_are_as_good_as_they_were_made(tmp_path):
    queries, outcomes, answers = rows(seed=7)

    made = suite.build(tables.read(made_tables.write(tmp_path, queries, outcomes, answers), "made"))

    counted = Counter(row["category"] for row in queries)
    assert len(made) == QUESTIONS == len({row["prompt"] for row in queries})
    for place, model in enumerate(made.models):
        expected = sum(MODELS[model][2][kind] * count for kind, count in counted.items()) / QUESTIONS
        assert made.quality[place] == pytest.approx(expected, abs=0.04)
    assert made.models[made.best] == "dog/large"
    assert made.answered


def test_the_same_seed_makes_the_same_suite_and_another_seed_another():
    assert rows(seed=3) == rows(seed=3)
    assert rows(seed=3) != rows(seed=4)
