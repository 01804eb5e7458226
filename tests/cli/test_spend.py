"""``trunkline spend`` shows where the money went: a table with bars, exact JSON, and CSV that no spreadsheet runs."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.stores.scenes import record
from trunkline.cli.spend import spend
from trunkline.core.errors import ConfigError
from trunkline.core.usage import Usage
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import UsageRecord
from trunkline.stores.sqlite import SqliteStore

CONFIG = """
providers:
  openai: {key: sk-of-openai-for-tests}
  anthropic: {key: sk-of-anthropic-for-tests}
models:
  fast: [openai/gpt-5-mini, anthropic/claude-sonnet-4-5]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUNKLINE_LEDGER")

    def run(*arguments: str) -> str:
        return CliRunner().invoke(spend, list(arguments), catch_exceptions=False).output

    return run


def write(*records: UsageRecord) -> None:
    async def written() -> None:
        store = SqliteStore(Path("trunkline.db"), wall_millis)
        await store.usage.append(records)
        await store.aclose()

    asyncio.run(written())


def some() -> list[UsageRecord]:
    hour_ago = wall_millis() - 3_600_000
    mini, sonnet = ("openai", "gpt-5-mini"), ("anthropic", "claude-sonnet-4-5")
    usage = Usage(input=1_000, output=100)
    return [
        record(
            f"{number}", at=hour_ago - number, provider=provider, model=model, usage=usage, cost=cost, outcome=outcome
        )
        for number, ((provider, model), cost, outcome) in enumerate(
            [(mini, 450_000, "ok"), (mini, 450_000, "ok"), (sonnet, 4_500_000, "ok"), (sonnet, 300, "server_error")]
        )
    ]


def test_a_line_a_model_with_a_bar_and_the_total(run: Any) -> None:
    write(*some())

    lines = run().splitlines()

    assert [line.split()[0] for line in lines[:4]] == ["model", "claude-sonnet-4-5", "gpt-5-mini", "total"]
    assert lines[1].split()[1:] == ["2", "2", "1", "2,000", "200", "0.0045003", "0.00225015", "█" * 24]
    assert lines[2].split()[-1] == "████▊"
    assert lines[3].split()[1:7] == ["4", "4", "1", "4,000", "400", "0.0054003"]
    assert "$0.0000003 of it went to attempts that gave no answer." in lines


def test_a_config_says_what_the_same_tokens_would_have_cost_elsewhere(run: Any, tmp_path: Path) -> None:
    (tmp_path / "trunkline.yaml").write_text(CONFIG)
    write(*some())

    out = run()

    assert "Always the dearest, anthropic/claude-sonnet-4-5: $0.018; saved $0.0125997." in out
    assert "Always the default, openai/gpt-5-mini: $0.0018; paid on top $0.0036003." in out


def test_json_is_exact(run: Any) -> None:
    write(*some(), record("x", at=wall_millis() - 1_000, model="odd", cost=None, booked=12))

    said = json.loads(run("--json", "--since", "2h"))

    odd = said["lines"][2]
    assert (odd["group"], odd["cost_usd"], odd["unknown"], odd["unknown_at_most_usd"]) == ("odd", "0", 1, "0.000000012")
    assert (said["total"]["cost_usd"], said["total"]["calls"], said["by"]) == ("0.0054003", 5, "model")
    assert said["always_the_dearest"] is None


def test_what_is_not_known_is_shown_so(run: Any) -> None:
    write(record("x", at=wall_millis() - 1_000, cost=None, booked=12_000))

    out = run()

    assert "0 + ?" in out
    assert "1 attempts cost an amount nobody knows, $0.000012 at most." in out


def test_csv_has_a_header_and_runs_no_formula(run: Any) -> None:
    write(record("x", at=wall_millis() - 1_000, model="=1+1", cost=5_000))

    rows = list(csv.DictReader(io.StringIO(run("--csv"))))

    assert [(row["model"], row["cost_usd"], row["input_tokens"]) for row in rows] == [("'=1+1", "0.000005", "10")]


def test_by_day_in_a_zone_and_only_of_one_key(run: Any) -> None:
    write(*some(), record("x", at=wall_millis() - 1_000, key="bob", cost=7_000))

    said = json.loads(run("--by", "day", "--since", "2d", "--zone", "Asia/Kathmandu", "--key", "bob", "--json"))

    assert len(said["lines"]) == 3
    assert (said["total"]["attempts"], said["lines"][-1]["cost_usd"]) == (1, "0.000007")


def test_markup_in_a_name_is_only_a_name(run: Any) -> None:
    write(record("x", at=wall_millis() - 1_000, model="[bold]odd[/]"))

    assert "[bold]odd[/]" in run()


def test_nothing_spent_says_so(run: Any) -> None:
    write()

    assert run() == "Nothing was spent in this time.\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["--since", "yesterday"], "write an age like 7d"), (["--zone", "Berlin"], "no time zone known here")],
)
def test_a_mistake_says_what_to_write(run: Any, arguments: list[str], why: str) -> None:
    write()

    with pytest.raises(ConfigError, match=why):
        run(*arguments)


def test_looking_makes_no_ledger(run: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no ledger at trunkline\.db"):
        run()
    assert list(tmp_path.iterdir()) == []
