"""A price book's file is read with every row checked, and written whole or not at all."""

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceBookError, PriceList
from trunkline.catalog.book_file import as_list, read_json, read_list, write_list
from trunkline.catalog.published import PublishedTier

TIERS = (PublishedTier(over=200_000, input=Decimal("0.30000000000000004")),)
ROWS = (
    BookRow(input=Decimal("0.15"), output=Decimal(1), tiers=TIERS),
    BookRow(input=Decimal("0.1"), output=Decimal(1), service="batch", since="2026-10-12", daily="22:00-01:00"),
)
BOOK = PriceList(
    "test 1",
    "2026-11-22",
    {
        "own": BookProvider({"m": BookModel(ROWS, ("a b",), ("audio",)), 'q"uote': BookModel(ROWS[:1])}),
        "like": BookProvider({}, like=("own",)),
    },
)


def test_a_book_is_read_as_it_was_written(tmp_path):
    write_list(tmp_path / "book.json", BOOK)

    assert read_list(tmp_path / "book.json") == BOOK


def test_each_model_has_a_line_of_its_own(tmp_path):
    write_list(tmp_path / "book.json", BOOK)

    lines = (tmp_path / "book.json").read_text("utf-8").splitlines()
    assert [line.strip()[:5] for line in lines if "rows" in line] == ['"m": ', '"q\\"u']


def test_a_book_that_cannot_be_put_in_place_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "book.json"
    path.write_text("the old one")

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PriceBookError, match="No space left on device; name another place with --to"):
        write_list(path, BOOK)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("book.json", "the old one")]


def test_a_disk_that_is_full_leaves_the_old_book_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "book.json"
    path.write_text("the old one")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(PriceBookError, match="No space left on device"):
        write_list(path, BOOK)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("book.json", "the old one")]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PriceBookError, match="cannot be written: No such file"):
        write_list(tmp_path / "gone" / "book.json", BOOK)


def test_a_written_book_can_be_read_by_whoever_runs_the_gateway(tmp_path):
    write_list(tmp_path / "book.json", BOOK)

    assert stat.S_IMODE((tmp_path / "book.json").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field"),
        (b'{"providers": ' + b"[" * 100_000, "Expected `object`"),
        (b'{"form": 2, "source": "x", "as_of": "2026-11-22", "providers": {}}', "Invalid enum value 2"),
        (
            b'{"form": 1, "source": "x", "as_of": "2026-11-22", "providers": {"own": {"models": {"m": %b}}}}'
            % b'{"rows": [{"input": "-1", "output": "1"}]}',
            "own/m: -1 is no price",
        ),
        (
            b'{"form": 1, "source": "x", "as_of": "2026-11-22", "providers": {"own": {"models": {"m": {"rows": []}}}}}',
            "own/m: Expected `array` of length >= 1",
        ),
    ],
)
def test_what_is_no_book_is_refused_with_its_place(written, said):
    with pytest.raises(PriceBookError, match=rf"(?s)book.json: .*{said}"):
        as_list(written, Path("book.json"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PriceBookError, match="cannot be read: No such file"):
        read_list(tmp_path / "book.json")


def test_a_file_larger_than_any_book_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("trunkline.catalog.book_file.LARGEST", 3)
    (tmp_path / "book.json").write_bytes(b"{  }")

    with pytest.raises(PriceBookError, match="larger than"):
        read_list(tmp_path / "book.json")


@pytest.mark.parametrize("written", [b"", b"{", b"[" * 100_000])
def test_a_foreign_file_that_is_not_json_is_refused(tmp_path, written):
    (tmp_path / "foreign.json").write_bytes(written)

    with pytest.raises(PriceBookError, match=r"foreign.json is not JSON"):
        read_json(tmp_path / "foreign.json")


def test_numbers_of_a_foreign_file_keep_their_decimals(tmp_path):
    (tmp_path / "foreign.json").write_text('{"a": 1.5e-07, "b": 0.18000000000000002}')

    assert read_json(tmp_path / "foreign.json")[1] == {"a": Decimal("1.5e-07"), "b": Decimal("0.18000000000000002")}
