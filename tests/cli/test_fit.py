"""``trunkline fit`` and ``trunkline backtest`` on a ledger, as a person meets them."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

pytest.importorskip("numpy")

from tests.backtest import made_tables
from tests.backtest.made_log import CHEAP, DEAR, HARD, made_log
from trunkline.cli.main import cli
from trunkline.core.errors import TrunklineError
from trunkline.routing.learned.policy import load
from trunkline.stores.opening import StoreSettings, open_store

HOUSE = """
providers:
  ant: {url: "http://127.0.0.1:9/v1", dialects: [openai], key: k, models: {small: {prices: {input: 1, output: 2}}}}
  dog: {url: "http://127.0.0.1:9/v1", dialects: [openai], key: k, models: {dear: {prices: {input: 10, output: 20}}}}
models:
  chat: {strategy: STRATEGY, targets: [dog/dear, ant/small]}
"""

THIRD = """
  cat:
    url: http://127.0.0.1:9/v1
    dialects: [openai]
    key: k
    models: {tiny: {prices: {input: 1, output: 2}, quality: 0.01}}
"""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "trunkline.db"
    asyncio.run(_write(path))
    return path


async def _write(path):
    store = open_store(StoreSettings(path=str(path)))
    records, scores = made_log(2_000)
    await store.usage.append(records)
    for begin in range(0, len(scores), 500):
        await store.quality.learn(tuple(scores[begin : begin + 500]), (), 1_000)
    await store.aclose()


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=True)


def house(directory, strategy):
    path = directory / "house.yaml"
    path.write_text(HOUSE.replace("STRATEGY", strategy))
    return path


def test_a_policy_is_fitted_on_a_ledger_and_says_what_it_could_not_fit(ledger, tmp_path):
    output = tmp_path / "log.policy"

    result = run("fit", "--ledger", ledger, "-o", output, "--floor", "0.9")

    assert result.exit_code == 0, result.output
    assert '2,000 logged decisions of the route "chat"' in result.output
    assert "not fitted: words" in result.output
    assert "A cascade goes on untrained" in result.output
    assert "floor 90.0% shown at 95%" in result.output
    assert load(output).models == (CHEAP, DEAR)


def test_a_config_is_judged_by_the_ledger_beside_naive_ways(ledger, tmp_path):
    result = run("backtest", "--policy", house(tmp_path, "adaptive"), "--ledger", ledger)

    assert result.exit_code == 0, result.output
    for name in ("as it was", "this config", f"always {DEAR}", "best static mix", "random mix", "quality / cost^0.3"):
        assert name in result.output
    assert "no oracle" in result.output
    assert "doubly robust" in result.output


def test_json_holds_every_estimate(ledger, tmp_path):
    (found,) = json.loads(run("backtest", "--policy", house(tmp_path, "ordered"), "--ledger", ledger, "--json").stdout)

    assert (found["route"], found["reference"], found["decisions"]) == ("chat", DEAR, 2_000)
    assert found["lines"][1]["saved"]["value"] == pytest.approx(0, abs=1e-6)
    assert {one["figure"] for one in found["figures"]} == {"dollars", "quality", "seconds"}


def test_a_policy_of_a_ledger_serves_a_route_and_cannot_be_judged_by_what_it_saw(ledger, tmp_path):
    run("fit", "--ledger", ledger, "-o", tmp_path / "log.policy", "--floor", "0.9")
    path = house(tmp_path, "balanced, policy: log.policy")
    (tmp_path / "request.json").write_text('{"model": "chat", "messages": [{"role": "user", "content": "Hi."}]}')

    explained = run("explain", "-c", path, tmp_path / "request.json", "--json")
    judged = run("backtest", "--policy", path, "--ledger", ledger)

    assert {one["quality_from"] for one in json.loads(explained.stdout)["candidates"]} == {"policy"}
    assert "only later ones can judge it" in str(judged.exception)


def test_a_cascade_with_such_a_policy_asks_its_probes_untrained(ledger, tmp_path):
    run("fit", "--ledger", ledger, "-o", tmp_path / "log.policy", "--floor", "0.9")
    text = HOUSE.replace("STRATEGY", "cascade, policy: log.policy").replace("ant/small]", "ant/small, cat/tiny]")
    (tmp_path / "house.yaml").write_text(text.replace("models:\n  chat", f"{THIRD}\nmodels:\n  chat"))
    hard = {"role": "user", "content": HARD.format(n=3, m=4)}
    (tmp_path / "request.json").write_text(json.dumps({"model": "chat", "messages": [hard]}))

    explained = run("explain", "-c", tmp_path / "house.yaml", tmp_path / "request.json", "--json")

    assert set(json.loads(explained.stdout)["probes"]) == {CHEAP, "cat/tiny"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--ledger", "LEDGER", "--route", "caht"), 'no decision of the route "caht"; did you mean "chat"'),
        (("--ledger", "LEDGER", "--until", "2020-01-01"), "holds no decision"),
        (("--ledger", "nowhere.db"), "no ledger at nowhere.db"),
    ],
)
def test_a_mistake_says_what_to_change(ledger, tmp_path, words, why):
    found = run("fit", *(ledger if word == "LEDGER" else word for word in words), "-o", tmp_path / "x.policy")

    assert isinstance(found.exception, TrunklineError)
    assert why in str(found.exception)


def test_tables_and_a_ledger_are_not_read_at_once(ledger, tmp_path):
    both = run("fit", tmp_path, "--ledger", ledger, "-o", "x")
    neither = run("fit", "-o", "x")

    assert both.exit_code == neither.exit_code == 2
    assert "a DIRECTORY of tables, or a --ledger" in both.output


def test_what_is_no_number_and_where_nothing_can_be_written_is_told_at_once(tmp_path):
    made_tables.write(tmp_path, *made_tables.rows(60))

    nan = run("backtest", tmp_path, "--floor", "nan")
    nowhere = run("backtest", tmp_path, "--report", tmp_path / "no" / "page.html")
    policy = run("fit", tmp_path, "-o", tmp_path / "no" / "x.policy")

    assert "nan is no number between 0.5 and 1.0" in nan.output
    assert "its directory does not exist" in str(nowhere.exception)
    assert "cannot be written" in str(policy.exception)


def test_names_from_tables_are_shown_as_they_are_and_run_nothing(tmp_path):
    queries, outcomes, answers = made_tables.rows(60)
    for row in (*outcomes, *answers):
        row["model"] += "\x1b[31m[red]"
    made_tables.write(tmp_path, queries, outcomes, answers)

    shown = run("backtest", tmp_path, "--splits", "1", "--jobs", "1", "--strategy", "best").output
    fitted = run("fit", tmp_path, "-o", tmp_path / "x.policy").output

    assert "\x1b[31m" not in shown + fitted
    assert "[red]" in shown
    assert "[red]" in fitted


def test_check_reads_the_policies_too(tmp_path):
    (tmp_path / "bad.policy").write_bytes(b"\x07\x08")

    broken = run("check", "-c", house(tmp_path, "cascade, policy: bad.policy"))
    missing = run("check", "-c", house(tmp_path, "cascade, policy: none.policy"))

    assert "bad.policy is no policy file" in str(broken.exception)
    assert "cannot read the policy file" in str(missing.exception)


def _emptied(path):
    path.write_bytes(b"")


def _foreign(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def _of_nobody(path):
    with closing(sqlite3.connect(path)) as connection:  # a header and nothing else: no table, no mark
        connection.execute("PRAGMA user_version = 3")


def _older(path):
    asyncio.run(_write_nothing(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")


async def _write_nothing(path):
    await open_store(StoreSettings(path=str(path))).aclose()


LOOKING = {
    "fit": ("fit", "-o", "policy.tlr"),
    "backtest": ("backtest", "--policy", "house.yaml"),
    "spend": ("spend",),
    "keys": ("keys", "list"),
    "judge": ("judge", "report"),
}
NO_LEDGERS = [
    (_emptied, "is empty: no gateway has written to it"),
    (_of_nobody, "is empty: no gateway has written to it"),
    (_foreign, "is the database of another program"),
    (_older, "was written by an older trunkline (schema 1 of"),
]


@pytest.mark.parametrize(("make", "why"), NO_LEDGERS)
@pytest.mark.parametrize("command", LOOKING)
def test_a_command_that_looks_writes_nothing_into_a_file_that_is_no_ledger_yet(
    tmp_path, monkeypatch, command, make, why
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house.yaml").write_text(HOUSE.replace("STRATEGY", "balanced"))
    ledger = tmp_path / "some.db"
    make(ledger)
    before = ledger.read_bytes()

    told = CliRunner().invoke(cli, [*LOOKING[command], "--ledger", str(ledger)])

    assert told.exit_code != 0
    assert why in str(told.exception)
    assert ledger.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"some.db", "house.yaml"}
