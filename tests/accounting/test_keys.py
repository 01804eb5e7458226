"""Virtual keys: random, checked, shown once; kept as digests; unknown, revoked and expired are refused alike."""

import stat
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.scenes import Clock
from trunkline.accounting.keys import (
    CACHED,
    LENGTH,
    MOST_CACHED,
    PREFIX,
    KeyRing,
    caller_of,
    digest,
    make_key,
    pepper,
    well_formed,
)
from trunkline.core.call import Caller, CallerLimits
from trunkline.core.errors import ConfigError, Unauthorized
from trunkline.core.secret import Secret
from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.memory import MemoryStore
from trunkline.stores.opening import StoreSettings
from trunkline.stores.sqlite import SqliteStore

NOW = 1_795_000_000_000
PEPPER = b"a pepper of thirty-two characters"
SCOPE = KeyScope(("fast",), "research", ("night",), 60, 10_000, 4, "2.5", NOW + 10_000, ("oa/*",))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def ring(clock: Clock) -> KeyRing:
    return KeyRing(MemoryStore().keys, PEPPER, clock)


def test_a_key_has_a_prefix_160_random_bits_and_a_checksum() -> None:
    keys = [make_key() for _ in range(1_000)]

    assert len(set(keys)) == 1_000
    assert all(key.startswith(PREFIX) and len(key) == LENGTH == 51 and well_formed(key.encode()) for key in keys)
    places = [Counter(key[place] for key in keys) for place in range(len(PREFIX), LENGTH)]
    assert all(len(letters) == 32 for letters in places)


@given(place=st.integers(len(PREFIX), LENGTH - 1), letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_wrong_letter_is_noticed_before_anybody_is_asked(place: int, letter: str) -> None:
    key = make_key(lambda count: bytes(range(count)))
    wrong = key[:place] + letter + key[place + 1 :]

    assert well_formed(wrong.encode()) == (wrong == key)


@given(st.binary(max_size=80))
def test_no_bytes_upset_the_check(key: bytes) -> None:
    assert not well_formed(key)
    assert not well_formed((PREFIX.encode() + key)[:LENGTH].ljust(LENGTH, b"\xff"))


async def test_a_key_is_its_caller_with_all_it_may_do(ring: KeyRing) -> None:
    key = await ring.create("alice", SCOPE)

    assert await ring.caller(key.encode()) == Caller(
        "alice", ("fast",), "research", ("night",), 2_500_000_000, CallerLimits(60, 10_000, 4), ("oa/*",)
    )


async def test_unknown_revoked_and_expired_keys_are_refused_in_the_same_words(ring: KeyRing, clock: Clock) -> None:
    revoked = await ring.create("revoked", KeyScope())
    await ring.revoke("revoked")
    expired = await ring.create("expired", KeyScope(expires=NOW))
    told = set()

    for key in (revoked, expired, make_key(), "sk-of-another-vendor", ""):
        with pytest.raises(Unauthorized) as refused:
            await ring.caller(key.encode())
        told.add(str(refused.value))
        assert not key or key not in str(refused.value)

    assert len(told) == 1


async def test_a_key_revoked_elsewhere_is_refused_within_two_seconds(clock: Clock) -> None:
    store = MemoryStore().keys
    here, elsewhere = KeyRing(store, PEPPER, clock), KeyRing(store, PEPPER, clock)
    key = await here.create("alice", KeyScope())
    await here.caller(key.encode())

    await elsewhere.revoke("alice")
    clock.now += CACHED

    with pytest.raises(Unauthorized):
        await here.caller(key.encode())


async def test_a_key_that_expires_while_it_is_remembered_is_refused(ring: KeyRing, clock: Clock) -> None:
    key = await ring.create("alice", KeyScope(expires=NOW + 1))
    await ring.caller(key.encode())

    clock.now += 1

    with pytest.raises(Unauthorized):
        await ring.caller(key.encode())


async def test_under_another_pepper_a_key_is_unknown(clock: Clock) -> None:
    store = MemoryStore().keys
    key = await KeyRing(store, PEPPER, clock).create("alice", KeyScope())

    with pytest.raises(Unauthorized):
        await KeyRing(store, b"another pepper of that same size!", clock).caller(key.encode())


async def test_rotating_keeps_the_scope_and_ends_the_old_key(ring: KeyRing) -> None:
    old = await ring.create("alice", SCOPE)

    new = await ring.rotate("alice")

    assert (await ring.caller(new.encode())).team == "research"
    with pytest.raises(Unauthorized):
        await ring.caller(old.encode())


async def test_names_that_stand_or_do_not_are_said(ring: KeyRing) -> None:
    await ring.create("alice", KeyScope())

    with pytest.raises(ConfigError, match="alice stands already"):
        await ring.create("alice", KeyScope())
    for change in (ring.revoke, ring.rotate):
        with pytest.raises(ConfigError, match="no key named bob stands"):
            await change("bob")


async def test_guessing_fills_no_memory(ring: KeyRing) -> None:
    for number in range(MOST_CACHED + 10):
        with pytest.raises(Unauthorized):
            await ring.caller(make_key(lambda count, number=number: number.to_bytes(count, "big")).encode())

    assert repr(ring) == f"<KeyRing [{MOST_CACHED} cached]>"


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_no_key_stands_in_the_file_or_beside_it(tmp_path: Path, clock: Clock) -> None:
    settings = StoreSettings(path=str(tmp_path / "a.db"))
    store = SqliteStore(tmp_path / "a.db", clock)
    ring = KeyRing(store.keys, pepper(settings), clock)
    key = await ring.create("alice", KeyScope())
    await ring.caller(key.encode())
    shown = repr(ring) + repr(await ring.list()) + repr(store)
    await store.aclose()

    everything = content(tmp_path) + shown.encode()

    assert digest(pepper(settings), key.encode()) in everything
    for part in (key, key[len(PREFIX) :], key[len(PREFIX) : -6]):
        assert part.encode() not in everything


def test_the_pepper_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = StoreSettings(path=str(tmp_path / "a.db"))
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(pepper(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    path = tmp_path / "a.db.pepper"
    assert set(found) == {pepper(settings)} == {path.read_bytes()}
    assert len(bytes.fromhex(found[0].decode())) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.db.pepper"]


def test_of_two_that_make_a_pepper_at_once_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StoreSettings(path=str(tmp_path / "a.db"))

    def meanwhile(count: int) -> bytes:
        (tmp_path / "a.db.pepper").write_bytes(b"f" * 64)
        return bytes(count)

    assert pepper(settings, meanwhile) == b"f" * 64


def test_a_pepper_comes_from_the_config_or_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    assert pepper(StoreSettings(pepper=Secret("of the config"))) == b"of the config"
    assert pepper(StoreSettings()) != pepper(StoreSettings())


@pytest.mark.parametrize("broken", ["short", "folder"])
def test_a_pepper_that_cannot_be_used_is_a_config_error(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "a.db.pepper"
    if broken == "short":
        path.write_bytes(b"short\n")
    else:
        path.mkdir()

    with pytest.raises(ConfigError, match=r"a\.db\.pepper"):
        pepper(StoreSettings(path=str(tmp_path / "a.db")))


def test_a_key_without_scope_may_do_everything() -> None:
    assert caller_of(KeyRow("k", "ci", b"", "abcd", NOW)) == Caller("ci")
