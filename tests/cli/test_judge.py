"""``trunkline judge`` has files judged, measures judges against people, and reports what is known of each model."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.quality.played_house import house
from trunkline.cli.judge import judge
from trunkline.core.errors import ConfigError
from trunkline.stores.opening import wall_millis
from trunkline.stores.scores import Score
from trunkline.stores.sqlite import SqliteStore

CONFIG = "providers: {one: {url: 'http://one/v1', dialect: openai, auth: none}}\n"


def answers(_: str, messages: list[dict[str, Any]]) -> str:
    """A judge that knows the word "right", takes the first of two answers without it, and is lenient."""
    asked = messages[1]["content"]
    if '"better"' in asked:
        first, second = asked.split("ANSWER 2", 1)
        return json.dumps({"better": 2 if "right" in second and "right" not in first else 1})
    if "babble" in asked:
        return "Five stars!"
    return json.dumps(dict.fromkeys(("faithfulness", "completeness", "coherence"), 5 if "right" in asked else 3))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trunkline.yaml").write_text(CONFIG)

    @asynccontextmanager
    async def opened(_: object) -> Any:
        client, _played = house(tmp_path, answers)
        try:
            yield client
        finally:
            await client.aclose()

    monkeypatch.setattr("trunkline.cli.judge.trunkline.open", opened)
    return lambda *said: CliRunner().invoke(judge, list(said), catch_exceptions=False)


def lines(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def figures(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_file_is_judged_row_by_row_and_what_cannot_be_judged_is_told(run: Any, tmp_path: Path) -> None:
    rows = [
        {"request": "2 + 2?", "response": text, "model": "two/large", "id": text}
        for text in ("right", "wrong", "babble")
    ]

    result = run("run", lines(tmp_path / "rows", *rows), "--judge", "one/claude-judge", "-o", "out")

    assert "2 of 3 rows judged, mean score 0.750" in result.stdout
    assert "row babble: no grades" in result.stderr
    written = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [row.get("score") for row in written] == [1.0, 0.5, None]
    assert written[0]["grades"]["faithfulness"] == 5


def test_a_judge_does_not_judge_its_own_family_unless_told_to(run: Any, tmp_path: Path) -> None:
    file = lines(tmp_path / "rows", {"request": "?", "response": "right", "model": "anthropic/claude-x"})

    assert figures(run("run", file, "--judge", "one/claude-judge", "--json"))["judged"] == 0
    assert figures(run("run", file, "--judge", "one/claude-judge", "--own-family", "--json"))["judged"] == 1


def test_a_lenient_judge_is_measured_and_its_bias_is_taken_out_of_the_report(run: Any, tmp_path: Path) -> None:
    gold = [
        {"request": "?", "response": "right" if n % 4 else "wrong", "score": min(n % 4, 1), "model": "a/b"}
        for n in range(40)
    ]
    plain = [{"request": "?", "response": "right" if n % 4 else "wrong", "model": "a/b"} for n in range(200)]
    asked = ("--judge", "one/claude-judge", "--json")

    told = figures(run("calibrate", lines(tmp_path / "gold", *gold), *asked, "-o", "gold.out"))
    run("run", lines(tmp_path / "rows", *plain), *asked, "-o", "rows.out")
    (model,) = figures(run("report", "--run", "rows.out", "--gold", "gold.out", "--json"))

    assert told["scores"]["bias"] == pytest.approx(0.125)
    assert told["scores"]["together"] == pytest.approx(1.0)
    assert model["raw"] == pytest.approx(0.875)
    assert model["low"] < 0.75 < model["high"]
    assert model["basis"] == "40 labels of this model"


def test_pairs_are_compared_in_both_orders_and_a_taste_for_the_first_place_is_told(run: Any, tmp_path: Path) -> None:
    gold = [
        {"request": "?", "a": "right", "b": "wrong", "label": "a"},
        {"request": "?", "a": "x", "b": "y", "label": "b"},
    ]

    result = run("calibrate", lines(tmp_path / "gold", *gold), "--judge", "one/claude-judge")

    assert "the orders are alike                   50.0%" in result.stdout
    assert "verdicts for the first place           75.0%" in result.stdout


def test_the_scores_in_the_ledger_are_reported_with_users_words_as_labels(run: Any, tmp_path: Path) -> None:
    async def kept() -> None:
        store = SqliteStore(tmp_path / "trunkline.db", wall_millis)
        facts: dict[str, Any] = {"at": 1, "target": "a/b", "cluster": "code"}
        scores = [
            Score(id=f"j{n}", request=f"r{n}", source="judge", by="j", score=0.75 if n % 2 else 1.0, **facts)
            for n in range(60)
        ]
        scores += [
            Score(id=f"u{n}", request=f"r{n}", source="user", by="k", score=float(n % 2 == 0), **facts)
            for n in range(20)
        ]
        await store.quality.learn(scores, [], 1)
        await store.aclose()

    asyncio.run(kept())

    (model,) = figures(run("report", "--ledger", "trunkline.db", "--json"))
    shown = run("report", "--ledger", "trunkline.db").stdout

    assert (model["judged"], model["basis"]) == (40, "20 labels of this model")
    assert model["low"] < 0.5 < model["high"]
    assert "20 labels of this model" in shown


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"request": "?"}], "row 1 needs either a response"),
        ([{"request": "?", "response": "!", "score": 7}], "rows:1"),
        ([{"response": "!"}], "rows:1"),
        ([{"request": "?", "response": "!"}], "no row has a score or a label"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(run: Any, tmp_path: Path, rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        run("calibrate", lines(tmp_path / "rows", *rows), "--judge", "one/claude-judge")


def test_nothing_judged_is_said_so(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")

    assert "nothing has been judged yet" in run("report", "--run", "empty").stdout
