"""``trunkline keys``: a key is shown once, and what is shown afterwards is enough to know it by."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from trunkline.accounting.keys import well_formed
from trunkline.cli.keys import keys
from trunkline.core.errors import ConfigError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUNKLINE_LEDGER")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(keys, list(arguments), catch_exceptions=False)

    return run


def test_a_key_is_alone_on_standard_output_so_that_it_can_be_piped(run: Any) -> None:
    made = run("create", "ci")

    assert well_formed(made.stdout.strip().encode())
    assert made.stderr == "Keep it now: it is not shown again.\n"


def test_the_list_shows_what_a_key_may_do_and_never_the_key(run: Any) -> None:
    options = ["--model", "fast", "--model", "openai/*", "--team", "research", "--tag", "night", "--budget", "12.50"]
    key = run("create", "ci", *options, "--rpm", "60", "--tpm", "9000", "--concurrent", "4", "--expires", "2999-01-31")
    shown = run("list").stdout

    assert key.stdout.strip() not in shown
    assert f"...{key.stdout.strip()[-4:]}" in shown
    assert (
        "fast, openai/*; team research; tags night; $12.5 a month; 60 requests/min; 9,000 tokens/min; 4 at once; "
        "until 2999-01-31"
    ) in shown


def test_revoked_and_expired_keys_are_shown_when_asked_for(run: Any) -> None:
    run("create", "gone")
    run("create", "old", "--expires", "2020-01-01")
    assert run("revoke", "gone").stdout == "gone is revoked.\n"

    assert run("list").stdout == "No keys.\n"
    states = {row["name"]: row["state"].split()[0] for row in json.loads(run("list", "--all", "--json").stdout)}
    assert states == {"gone": "revoked", "old": "expired"}


def test_rotating_shows_another_key_that_may_do_the_same(run: Any) -> None:
    first = run("create", "ci", "--team", "research").stdout
    second = run("rotate", "ci").stdout

    assert first != second
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["team"], row["hint"]) == ("research", second.strip()[-4:])


def test_a_pepper_of_ones_own_leaves_none_beside_the_ledger(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("a pepper of my own, long enough\n")

    run("create", "ci", "--pepper-file", "mine", "--ledger", "other.db")

    assert {path.name for path in tmp_path.iterdir()} == {"mine", "other.db"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["create", "a b"], "no name for a key"),
        (["create", "ci", "--team", "a b"], "cannot be made"),
        (["create", "ci", "--budget", "much"], "not an amount of dollars"),
        (["create", "ci", "--budget", "-1"], "cannot be made"),
        (["create", "ci", "--expires", "soon"], "write an age"),
        (["revoke", "nobody"], "no ledger at"),
    ],
)
def test_a_mistake_says_what_to_change(run: Any, arguments: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        run(*arguments)
