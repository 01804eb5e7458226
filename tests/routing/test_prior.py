"""What is expected of a model before anybody has scored it."""

import json
from math import log, log10
from pathlib import Path

import pytest

import trunkline.catalog
from trunkline.catalog.benchmarks import benchmark_of, plain
from trunkline.routing.prior import PRICE_INTERCEPT, PRICE_SD, PRICE_SLOPE, Quality, ability

CATALOG = Path(trunkline.catalog.__file__).parent


@pytest.mark.parametrize(
    ("sold_as", "name"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b"),
        ("llama-3.3-70b-versatile", "llama-3.3-70b"),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", "llama-3.1-8b"),
        ("anthropic/claude-haiku-4.5", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gemini-3.1-pro-preview", "gemini-3.1-pro"),
    ],
)
def test_a_model_is_known_under_whatever_name_it_is_sold(sold_as: str, name: str) -> None:
    assert plain(sold_as) == plain(name)
    assert benchmark_of(sold_as) is not None


@pytest.mark.parametrize("name", ["gpt-5-nanoo", "gpt-50", "claude", "", "llama-3.3-70b-abliterated"])
def test_a_similar_name_is_another_model(name: str) -> None:
    assert benchmark_of(name) is None


def test_every_score_is_a_share_with_the_day_it_was_published() -> None:
    table = json.loads((CATALOG / "benchmarks.json").read_text())

    assert len({plain(name) for name in table["models"]}) == len(table["models"]) > 50
    for row in table["models"].values():
        assert 0.25 < row["score"] < 1
        assert row["as_of"].startswith("20")
        assert row.get("source", "https://").startswith("https://")
    assert sum("source" in row for row in table["models"].values()) >= 39


def test_a_score_that_could_not_be_found_again_is_less_sure() -> None:
    assert ability("gpt-4.1", None, None).sd < ability("gpt-5", None, None).sd


def test_the_line_from_price_to_ability_is_the_least_squares_one() -> None:
    catalogue = json.loads((CATALOG / "models.json").read_text())
    points = [
        (log10(float(row["prices"]["output"])), log(known.score / (1 - known.score)))
        for rows in catalogue["providers"].values()
        for name, row in rows.items()
        if (known := benchmark_of(name)) and row.get("prices")
    ]
    n = len(points)
    x, y = (sum(point[axis] for point in points) / n for axis in (0, 1))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    left = [b - y - slope * (a - x) for a, b in points]

    assert n >= 40
    assert slope == pytest.approx(PRICE_SLOPE, abs=0.1)
    assert y - slope * x == pytest.approx(PRICE_INTERCEPT, abs=0.1)
    assert (sum(value**2 for value in left) / (n - 2)) ** 0.5 == pytest.approx(PRICE_SD, abs=0.1)


def test_nearer_knowledge_stands_over_farther() -> None:
    assert ability("gpt-5", 0.5, 10.0).source == "config"
    assert ability("gpt-5", None, 10.0).source == "benchmark"
    assert ability("somebody-elses", None, 10.0).source == "price"
    assert ability("somebody-elses", None, None).source == "guess"
    assert ability("somebody-elses", None, 0.4).logit < ability("somebody-elses", None, 40.0).logit


def test_hard_requests_are_what_the_benchmark_says_and_easy_ones_are_easier() -> None:
    mini = ability("gpt-4o-mini", None, 0.6)

    assert mini.at(1.0).mean == pytest.approx(0.402)
    assert mini.at(0.0).mean == pytest.approx(0.931, abs=0.001)
    assert ability("nobody-knows", None, 0.6).at(0.5).sd > mini.at(0.5).sd


@pytest.mark.parametrize("stated", [0.0, 1.0])
def test_even_a_perfect_word_leaves_a_doubt(stated: float) -> None:
    quality = ability("m", stated, None).at(0.5)

    assert 0 < quality.mean < 1
    assert quality.sd > 0


def test_an_interval_stays_within_zero_and_one() -> None:
    assert Quality(0.99, 0.1).interval == (pytest.approx(0.794), 1.0)
