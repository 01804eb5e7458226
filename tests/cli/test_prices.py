"""``trunkline prices`` makes a book, keeps the old one when the new one looks wrong, and shows what is in it."""

import json
import re
from importlib import metadata
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from trunkline.catalog.book import PriceBookError
from trunkline.catalog.book_file import read_list
from trunkline.cli.main import cli
from trunkline.cli.prices import prices

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
HEAD = {"form": 1, "source": "test 1", "as_of": "2026-11-22"}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(cli, ["prices", *arguments], catch_exceptions=False)

    return run


def write(path, prices_of, **more):
    """A book of one provider: models by their input price."""
    models = {name: {"rows": [{"input": price, "output": "1", **more}]} for name, price in prices_of.items()}
    path.write_text(json.dumps({**HEAD, "providers": {"own": {"models": models}}}))
    return path


def test_a_first_book_is_made_from_the_installed_package(run, tmp_path):
    result = run("refresh")

    assert result.exit_code == 0
    source = f"genai-prices {metadata.version('genai-prices')}"
    assert re.search(rf"json: 2,\d+ models of \d+ providers, version {source.replace(' ', '-')}/", result.output)
    assert read_list(tmp_path / "trunkline-prices.json").source == source


def test_a_new_book_replaces_the_old_one_and_says_what_changed(run, tmp_path):
    old, new = (
        tmp_path / "old.json",
        write(tmp_path / "new.json", {**dict.fromkeys("abcdefghijklmnopqrstu", "1"), "v": "2"}),
    )
    write(old, {**dict.fromkeys("abcdefghijklmnopqrstu", "1"), "a": "0.5", "z": "1"})

    result = run("refresh", "--from", str(new), "--to", str(old))

    assert result.output.splitlines()[:6] == [
        *("added: 1", "  own/v", "removed: 1", "  own/z", "changed ($/M): 4"),
        "  own/a input 0.5 -> 1",
    ]
    assert read_list(old) == read_list(new)


def test_a_book_that_looks_wrong_is_kept_out_until_forced(run, tmp_path):
    old, new = write(tmp_path / "old.json", {"a": "1"}), write(tmp_path / "new.json", {"a": "0"})
    before = old.read_bytes()

    with pytest.raises(PriceBookError, match=r"old.json is as it was: .*own/a input 1 -> 0.*--force"):
        run("refresh", "--from", str(new), "--to", str(old))
    assert old.read_bytes() == before

    assert run("refresh", "--from", str(new), "--to", str(old), "--force").exit_code == 0
    assert read_list(old) == read_list(new)


def test_a_source_that_is_no_book_leaves_the_old_one(run, tmp_path):
    old, new = write(tmp_path / "old.json", {"a": "1"}), write(tmp_path / "new.json", {"a": "-1"})
    before = old.read_bytes()

    with pytest.raises(PriceBookError, match="own/a: -1 is no price"):
        run("refresh", "--from", str(new), "--to", str(old), "--force")

    assert old.read_bytes() == before


def test_an_old_book_that_cannot_be_read_is_replaced_only_when_forced(run, tmp_path):
    new = write(tmp_path / "new.json", {"a": "1"})
    (tmp_path / "old.json").write_text("{")

    with pytest.raises(PriceBookError, match=r"old.json: .*truncated. Mend it, or replace it with --force"):
        run("refresh", "--from", str(new), "--to", "old.json")

    assert run("refresh", "--from", str(new), "--to", "old.json", "--force").exit_code == 0
    assert read_list(tmp_path / "old.json") == read_list(new)


def test_the_data_file_of_genai_prices_is_taken_too(run, tmp_path):
    (tmp_path / "data.json").write_text(
        '[{"id": "x-ai", "models": [{"id": "m", "match": {}, "prices": {"input_mtok": 0.1}}]}]'
    )

    assert run("refresh", "--from", "data.json").exit_code == 0
    assert list(read_list(tmp_path / "trunkline-prices.json").providers) == ["xai"]


def test_litellm_prices_fill_what_a_book_lacks(run, tmp_path):
    book = write(tmp_path / "trunkline-prices.json", {"a": "1"})
    entry = {"litellm_provider": "own", "input_cost_per_token": 1e-05, "output_cost_per_token": 1e-05}
    (tmp_path / "lite.json").write_text(json.dumps({"own/a": entry, "own/b": entry}))

    assert run("import-litellm", "lite.json", "--add").exit_code == 0
    assert {name: model.rows[0].input for name, model in read_list(book).providers["own"].models.items()} == {
        "a": 1,
        "b": 10,
    }

    with pytest.raises(PriceBookError, match="own/a input 1 -> 10"):
        run("import-litellm", "lite.json")


def test_show_tells_every_row_of_a_model_and_what_is_not_counted(run, tmp_path):
    rows = [
        {"input": "0.15", "output": "1", "tiers": [{"over": 200000, "input": "0.3"}]},
        {"input": "0.075", "output": "0.5", "service": "batch", "from": "2026-10-12", "daily": "22:00-01:00"},
    ]
    models = {"a": {"rows": rows, "uncounted": ["web_searches"]}}
    (tmp_path / "book.json").write_text(json.dumps({**HEAD, "providers": {"own": {"models": models}}}))

    said = run("show", "own/a", "--book", "book.json").output

    for part in (
        "0.15",
        "200,000",
        "0.3",
        "batch",
        "2026-10-12",
        "22:00-01:00",
        "0.075",
        "not counted: web_searches",
        "test-1/",
    ):
        assert part in said
    plain = msgspec.json.decode(run("show", "own/a", "--book", "book.json", "--json").output)
    assert plain["model"]["rows"] == rows


def test_show_lists_providers_and_a_providers_models(run, tmp_path):
    write(tmp_path / "trunkline-prices.json", {"a": "0.15"})

    assert "own            1" in run("show").output
    assert "a       0.15        0.15       1" in run("show", "own").output
    assert json.loads(run("show", "--json").output)["source"] == "test 1"
    assert list(json.loads(run("show", "own", "--json").output)["models"]) == ["a"]


def test_a_provider_like_another_says_whose_price_it_takes(run, tmp_path):
    models = {"a": {"rows": [{"input": "1", "output": "1"}]}}
    document = {**HEAD, "providers": {"own": {"models": models}, "copy": {"models": {}, "like": ["own"]}}}
    (tmp_path / "trunkline-prices.json").write_text(json.dumps(document))

    assert "costs what it costs at own" in run("show", "copy/a").output


@pytest.mark.parametrize(
    ("name", "said"),
    [("own/gpt-6-so", 'unknown; did you mean "gpt-6-sol"'), ("owl", 'no provider "owl" in .*did you mean "own"')],
)
def test_an_unknown_price_is_said_to_be_unknown(run, tmp_path, name, said):
    write(tmp_path / "trunkline-prices.json", {"gpt-6-sol": "1"})

    with pytest.raises(PriceBookError, match=said):
        run("show", name)


def test_without_a_book_show_says_how_to_make_one(run):
    with pytest.raises(PriceBookError, match="trunkline prices refresh"):
        run("show")


def test_the_book_that_the_reference_shows_is_one(run, tmp_path):
    page = (REFERENCE / "prices.md").read_text("utf-8")
    (tmp_path / "trunkline-prices.json").write_text(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])

    assert "0.15" in run("show", "own/a-model-latest").output


def test_every_option_of_every_command_is_in_the_reference():
    section = (REFERENCE / "cli.md").read_text("utf-8").split("## `trunkline prices`")[1].split("\n## ")[0]

    for name, command in prices.commands.items():
        said = section.split(f"`trunkline prices {name}")[1].split("`trunkline prices ")[0]
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        assert [option for option in options if not re.search(rf"`{option}[` ]", said)] == []
