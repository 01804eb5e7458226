"""The contract of a key store: a digest finds its key, a name stands for one key at a time."""

from msgspec.structs import replace

from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.ports import Store

SCOPE = KeyScope(
    models=("fast", "openai/*"),
    team="research",
    tags=("night",),
    requests_per_minute=60,
    tokens_per_minute=10_000,
    concurrent=4,
    budget_usd="12.50",
    expires=2_000,
)
ROW = KeyRow("k1", "ci", b"\x00digest", "abcd", 1_000, SCOPE)


async def test_a_digest_finds_the_whole_row(store: Store) -> None:
    assert await store.keys.add(ROW)

    assert await store.keys.find(b"\x00digest") == ROW
    assert await store.keys.find(b"\x00") is None


async def test_a_name_that_stands_is_not_given_twice(store: Store) -> None:
    await store.keys.add(ROW)

    assert not await store.keys.add(replace(ROW, id="k2", digest=b"other"))
    assert await store.keys.list() == [ROW]


async def test_a_revoked_key_is_found_as_revoked_and_its_name_is_free(store: Store) -> None:
    await store.keys.add(ROW)
    again = replace(ROW, id="k2", digest=b"other", created=1_500)

    assert await store.keys.revoke("ci", 1_200) == 1
    assert await store.keys.revoke("ci", 1_300) == 0
    assert await store.keys.add(again)

    assert await store.keys.find(ROW.digest) == replace(ROW, revoked=1_200)
    assert await store.keys.list() == [replace(ROW, revoked=1_200), again]


def test_a_key_is_usable_until_it_is_revoked_or_expires() -> None:
    assert ROW.usable(1_999)
    assert not ROW.usable(2_000)
    assert not replace(ROW, revoked=1).usable(1_500)
