import json

import pytest
from click.testing import CliRunner

pytest.importorskip("numpy")

from tests.backtest import made_tables
from trunkline.backtest.replay import Mean, backtest
from trunkline.backtest.report import html
from trunkline.backtest.strategies import Aim
from trunkline.cli.main import cli
from trunkline.core.errors import TrunklineError
from trunkline.routing.learned.policy import load

QUICK = ("--splits", "2", "--jobs", "1", "--floor", "0.95")


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return made_tables.write(tmp_path_factory.mktemp("tables"), *made_tables.rows(200))


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=True)


def test_backtest_shows_every_strategy_beside_the_oracle(directory, tmp_path):
    page, written = tmp_path / "page.html", tmp_path / "page.md"

    result = run("backtest", directory, *QUICK, "--report", page, "--write", written)

    assert result.exit_code == 0, result.output
    assert "learned cascade" in result.output
    assert "seed heuristic" in written.read_text()
    assert "oracle" in written.read_text()
    assert "not in the data" in written.read_text()
    assert "<svg" in page.read_text()


def test_json_has_the_same_figures_whoever_computes_them(directory):
    alone = json.loads(run("backtest", directory, *QUICK, "--json", "--strategy", "best").stdout)
    found = backtest(directory, Aim(0.95), 2, ("best",), jobs=2, told=lambda _: None)

    assert set(alone[0]["lines"]) == {"best", "oracle"}
    assert alone[0]["lines"]["best"]["saved"]["value"] == pytest.approx(found[0].lines["best"].saved.value)
    assert alone[0]["prompts"] == 200


def test_a_report_loads_nothing_and_escapes_every_name(tmp_path):
    queries, outcomes, answers = made_tables.rows(120)
    for row in (*outcomes, *answers):
        row["model"] = f"<script>{row['model']}</script>"
    made_tables.write(tmp_path, queries, outcomes, answers)

    found = backtest(tmp_path, Aim(0.95), 1, ("cascade", "best"), jobs=1, told=lambda _: None)
    page = html(found, Aim(0.95))

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "prefers-color-scheme: dark" in page


def test_fit_writes_a_policy_and_says_what_it_keeps(directory, tmp_path):
    output = tmp_path / "made.policy"

    result = run("fit", directory, "-o", output, "--floor", "0.9", "--confidence", "0.6")

    assert result.exit_code == 0, result.output
    assert "floor" in result.output
    assert load(output).models == made_tables.MODELS


def test_fit_says_when_a_floor_cannot_be_shown(directory, tmp_path):
    result = run("fit", directory, "-o", tmp_path / "made.policy", "--floor", "1", "--confidence", "0.999")

    assert "could not be shown" in result.output
    assert not load(tmp_path / "made.policy").floor.shown


def test_wrong_suites_and_empty_directories_are_told(directory, tmp_path):
    for words in (
        ("backtest", tmp_path),
        ("fit", tmp_path, "-o", "x"),
        ("fit", directory, "-o", "x", "--suite", "other"),
    ):
        result = run(*words)
        assert isinstance(result.exception, TrunklineError)
    assert isinstance(run("backtest", directory, "--suite", "other").exception, TrunklineError)


def test_an_interval_is_students():
    found = Mean.of([1.0, 2.0, 3.0, 4.0])

    assert found.value == 2.5
    assert found.high - found.value == pytest.approx(3.182 * 1.29099 / 2, rel=0.02)
    assert Mean.of([0.5]) == Mean(0.5, 0.5, 0.5)
