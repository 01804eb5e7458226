"""The house's money as a whole: what is kept unasked, what a store that is down means, what a config may say."""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.accounting.scenes import NOW, PRICED, exchange
from trunkline.core.errors import ConfigError, StoreUnavailable, Unauthorized
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.money import Money
from trunkline.stores.key_rows import KeyScope
from trunkline.stores.opening import StoreSettings

OWN = "providers: {own: {url: http://127.0.0.1:9/v1, key: sk-own-0123456789}}\n"
KEYED = "keys: [{name: a, key: sk-alice-0123456789abcdef, budget: 5}]\n"


async def soon(look: Any) -> None:
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0.005)


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0.005)


def locked(path: Path) -> sqlite3.Connection:
    """Another program has the file to itself."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.stores.sqlite_file.BUSY_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        (OWN, False),
        (OWN + "ledger: off", False),
        (OWN + "ledger: false", False),
        (OWN + "ledger: {}", True),
        (OWN + "budgets: [{name: all, limit: 5}]", True),
        (OWN + KEYED, True),
    ],
)
def test_an_embedded_house_keeps_nothing_unasked(house: Any, text: str, keeps: bool, tmp_path: Path) -> None:
    gateway = Gateway(house(text))

    assert (gateway.money is not None) == keeps
    assert [path.name for path in tmp_path.iterdir()] == ["trunkline.yaml"]


def test_files_are_named_from_the_configs_own_folder(house: Any, tmp_path: Path) -> None:
    config: Config = house(OWN + "ledger: money/here.db\nprices: book.json")

    assert config.ledger == StoreSettings(path=str(tmp_path / "money/here.db"))
    assert config.prices == str(tmp_path / "book.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ledger: off\nbudgets: [{name: a, limit: 1}]", "ledger: is off, and budgets need one"),
        ("ledger: off\n" + KEYED, "ledger: is off, and budgets need one"),
        ("budgets: [{name: a, limit: 1}, {name: a, limit: 2}]", '"a" is the name of 2 budgets'),
        ("budgets: [{name: a, limit: -1}]", "write dollars, from 0 to a billion"),
        ("budgets: [{name: a, limit: much}]", "dollars from 0 to a billion, like 50"),
        ("budgets: [{name: a, limit: 1, zone: Mars/Olympus}]", "is no time zone known here"),
        ("budgets: [{name: own budget, limit: 1}]", "a name of at most 64 letters"),
        ("keys: [{name: a, key: sk-alice-0123456789abcdef, budget: -5}]", "the budget of a is -5"),
    ],
)
def test_a_mistake_about_money_says_what_to_write(mistakes: Any, text: str, said: str) -> None:
    assert any(said in line for line in mistakes(OWN + text))


async def test_a_store_that_is_down_at_the_start_refuses_calls_and_is_opened_when_it_can_be(
    tmp_path: Path, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.db"
    other = locked(path)
    money = Money(StoreSettings(path=str(path)), sleep=no_sleep)
    money.keep()

    assert not money.works
    for ask in (money.in_use(), money.caller(b"x"), money.purse.reserve(exchange(), PRICED)):
        with pytest.raises(StoreUnavailable, match="another program has locked the ledger"):
            await ask
    assert "no call is taken" in caplog.text

    other.close()
    await soon(lambda: money.works)
    held = await money.purse.reserve(exchange(), PRICED)
    money.purse.settle(held, None)
    assert not await money.in_use()
    with pytest.raises(Unauthorized):  # now it is known that nobody has it
        await money.caller(b"x")
    await money.aclose()


async def test_a_file_that_cannot_ever_be_the_ledger_ends_the_start(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(ConfigError, match="is no SQLite database"):
        Money(StoreSettings(path=str(path)))


async def test_a_file_that_turned_out_wrong_is_told_and_tried_again(
    tmp_path: Path, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.db"
    other = locked(path)
    money = Money(StoreSettings(path=str(path)), sleep=no_sleep)
    other.close()
    path.write_bytes(b"no database" * 1000)
    caplog.set_level(logging.ERROR)

    money.keep()
    await soon(lambda: "is no SQLite database" in caplog.text)
    path.unlink()

    await soon(lambda: money.works)
    await money.aclose()


async def test_a_pepper_that_cannot_be_read_makes_no_key_unknown(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    money = Money(StoreSettings(path=str(path)))
    (tmp_path / "ledger.db.pepper").write_text("short")

    with pytest.raises(StoreUnavailable, match="is shorter than 32 characters"):
        await money.caller(b"x")
    await money.aclose()


async def test_a_store_that_fails_later_makes_the_house_not_ready_until_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = Money(StoreSettings(path=str(tmp_path / "ledger.db")), sleep=no_sleep)
    money.keep()
    await soon(lambda: money.works)
    budgets = money.store.budgets

    async def down(*_: Any) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(budgets, "renew", down)
        await soon(lambda: not money.works)

    await soon(lambda: money.works)
    await money.aclose()


async def test_memory_is_open_at_once_and_forgets_at_the_end() -> None:
    money = Money(StoreSettings(), wall=lambda: NOW)
    money.keep()

    key = await money.create("alice", KeyScope())

    assert money.works
    assert await money.in_use()
    assert (await money.caller(key.encode())).name == "alice"
    await money.aclose()
