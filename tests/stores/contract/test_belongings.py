"""The contract of a store of belongings: an id is of its provider, a belonging of its owner, and looked after once."""

from pathlib import Path

from msgspec.structs import replace

from tests.stores.scenes import NOW
from trunkline.stores.belongings import Belonging, Listing
from trunkline.stores.ports import Store
from trunkline.stores.records import DAY
from trunkline.stores.sqlite import SqliteStore

FILE = Belonging(
    kind="file", provider="openai", id="file-1", owner="alice", at=NOW, purpose="batch", about="{}", shown="1"
)
BATCH = Belonging(kind="batch", provider="openai", id="batch_1", owner="alice", at=NOW, shown="1", open=True)


async def test_an_id_finds_the_whole_row(store: Store) -> None:
    assert await store.belongings.add(FILE, 10) == "added"

    assert await store.belongings.find("file", "file-1") == [FILE]
    assert await store.belongings.find("batch", "file-1") == []
    assert await store.belongings.find("file", "file-2") == []


async def test_an_id_is_one_owners_at_one_provider_and_may_be_anothers_at_the_next(store: Store) -> None:
    await store.belongings.add(FILE, 10)
    stolen, elsewhere = replace(FILE, owner="bob"), replace(FILE, provider="groq", owner="bob")

    assert await store.belongings.add(stolen, 10) == "known"
    assert await store.belongings.add(elsewhere, 10) == "added"
    assert await store.belongings.find("file", "file-1") == [elsewhere, FILE]


async def test_nobody_has_more_than_may_be_and_what_has_ended_does_not_count_among_the_open(store: Store) -> None:
    for number in range(2):
        assert await store.belongings.add(replace(FILE, id=f"f{number}"), 2) == "added"
        assert await store.belongings.add(replace(BATCH, id=f"b{number}"), 2) == "added"

    assert await store.belongings.add(FILE, 2) == "full"
    assert await store.belongings.add(replace(FILE, owner="bob"), 2) == "added"
    assert await store.belongings.add(BATCH, 2) == "full"
    await store.belongings.change(replace(BATCH, id="b0", open=False))
    assert await store.belongings.add(BATCH, 2) == "added"


async def test_a_list_is_one_owners_and_goes_on_behind_an_id(store: Store) -> None:
    rows = [replace(FILE, id=f"f{number}", purpose="batch" if number % 2 else "vision") for number in range(5)]
    for row in (*rows, replace(FILE, id="hers", owner="bob")):
        await store.belongings.add(row, 10)

    async def ids(**asked: object) -> list[str]:
        listing = Listing("file", "alice", **asked)  # type: ignore[arg-type]
        return [row.id for row in await store.belongings.listed(listing)]

    assert await ids() == ["f4", "f3", "f2", "f1", "f0"]
    assert await ids(limit=2, after="f3") == ["f2", "f1"]
    assert await ids(oldest_first=True, after="f3") == ["f4"]
    assert await ids(purpose="batch") == ["f3", "f1"]
    assert await ids(after="hers") == []
    await store.belongings.add(replace(FILE, id="being made", shown=""), 10)
    assert await ids(limit=1) == ["f4"]


async def test_what_is_shown_changes_and_what_has_ended_stays_so(store: Store) -> None:
    await store.belongings.add(BATCH, 10)

    await store.belongings.change(replace(BATCH, shown="2", about="x", open=False, owner="bob"))
    await store.belongings.change(replace(BATCH, shown="3", about="x", open=True))

    assert await store.belongings.find("batch", "batch_1") == [replace(BATCH, shown="3", about="x", open=False)]


async def test_a_name_that_is_known_is_not_taken(store: Store) -> None:
    new = replace(BATCH, id="creating-1", shown="")
    await store.belongings.add(BATCH, 10)
    await store.belongings.add(new, 10)

    assert not await store.belongings.name(new, "batch_1", "{}")
    assert await store.belongings.name(new, "batch_2", "{}")
    assert not await store.belongings.name(new, "batch_3", "{}")  # it is no longer called creating-1

    assert await store.belongings.find("batch", "batch_1") == [BATCH]
    assert await store.belongings.find("batch", "batch_2") == [replace(BATCH, id="batch_2", shown="{}")]


async def test_an_open_one_is_looked_after_by_one_at_a_time(store: Store) -> None:
    ended = replace(BATCH, id="ended", open=False)
    for row in (BATCH, ended, replace(FILE, looked=0)):
        await store.belongings.add(row, 10)

    first = await store.belongings.due(NOW - 60, NOW, 10)
    other = await store.belongings.due(NOW - 60, NOW, 10)
    later = await store.belongings.due(NOW, NOW + 60, 10)

    assert first == [replace(BATCH, looked=NOW)]
    assert other == []
    assert [row.id for row in later] == ["batch_1"]


async def test_what_is_dropped_is_gone(store: Store) -> None:
    await store.belongings.add(FILE, 10)
    assert await store.belongings.any_left()
    await store.belongings.drop(FILE)

    assert not await store.belongings.any_left()
    assert await store.belongings.find("file", "file-1") == []
    assert await store.belongings.add(FILE, 1) == "added"


async def test_batches_that_ended_long_ago_are_forgotten_and_files_never(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "trunkline.db", lambda: NOW)
    for row in (FILE, replace(BATCH, open=False), replace(BATCH, id="open")):
        await store.belongings.add(row, 10)

    await store.trim(NOW + 91 * DAY)

    left = [await store.belongings.listed(Listing(kind, "alice")) for kind in ("file", "batch")]
    assert [[row.id for row in rows] for rows in left] == [["file-1"], ["open"]]
    await store.aclose()
