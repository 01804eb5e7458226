"""A SQLite file: opened, checked, brought to the present schema; and what its errors mean.

Refuses to know what is kept in it.
"""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from trunkline.core.errors import ConfigError, StoreUnavailable
from trunkline.stores.statements import migrations

APPLICATION = 0x74726C6E  # "trln": marks the file as ours
BUSY_SECONDS = 5.0
CHECKED_UP_TO = 64 * 1024 * 1024  # bytes; a check reads the whole file, about 0.3 s for so much

_MEANINGS = (
    ("SQLITE_FULL", "the disk is full; free space where the ledger is"),
    ("SQLITE_READONLY", "the ledger's file cannot be written; check its permissions and its file system"),
    ("SQLITE_CORRUPT", "the ledger's file is corrupted; restore it from a backup, or move it away to begin a new one"),
    ("SQLITE_NOTADB", "the ledger's file is no SQLite database; name another file"),
    ("SQLITE_CANTOPEN", "the ledger's file cannot be opened; its folder must exist and be writable"),
    ("SQLITE_IOERR", "the disk failed under the ledger"),
    ("SQLITE_BUSY", f"another program has locked the ledger for over {BUSY_SECONDS:g} s"),
    ("SQLITE_INTERRUPT", "the question to the ledger took too long; ask about a shorter time"),
)


_PASSES = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_CANTOPEN")
_PASSES_TOO = frozenset({errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE})
"""What somebody frees, mounts or unlocks while the house waits; the rest is the config's to mend."""


def meaning(error: sqlite3.Error) -> str:
    """An error of the driver in words that say what to do."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return next((text for code, text in _MEANINGS if name.startswith(code)), f"the ledger failed: {error}")


def failure(error: Exception) -> Exception:
    """The error above this floor: the driver's become ours, everything else stays what it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    found = StoreUnavailable(meaning(error))
    found.__cause__ = error
    return found


def is_of_the_file(error: Exception) -> bool:
    """True when every statement would fail so: the disk, the file, a lock; and not one wrong value."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def unopened(error: sqlite3.Error, path: Path) -> Exception:
    """What a failed opening is told as: StoreUnavailable where it may pass by itself, else ConfigError."""
    passes = (getattr(error, "sqlite_errorname", "") or "").startswith(_PASSES)
    found = (StoreUnavailable if passes else ConfigError)(f"{path}: {meaning(error)}")
    found.__cause__ = error
    return found


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes.

    Raises ConfigError for a file that cannot be the ledger, StoreUnavailable for one that cannot be opened now.
    """
    _create(path)
    return _ready(connect, _prepare, path)


def open_looker(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, to a file that must be a ledger of this schema already: nothing is made of it.

    Raises as ``open_writer`` does.
    """
    return _ready(open_reader, _look, path)


def _look(connection: sqlite3.Connection, path: Path) -> None:
    _check(connection, path)
    _check_schema(connection, path)


def _ready(
    opened: Callable[[Path], sqlite3.Connection], prepare: Callable[[sqlite3.Connection, Path], None], path: Path
) -> sqlite3.Connection:
    """A connection that is prepared, or none that is left open."""
    try:
        connection = opened(path)
        try:
            prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise unopened(error, path) from error
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """Any connection: transactions are ours to begin, waiting for locks has an end."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")  # KiB
    return connection


def _create(path: Path) -> None:
    """Make the file readable by its owner only before anything is in it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        found = StoreUnavailable if error.errno in _PASSES_TOO else ConfigError
        reason = error.strerror or error
        raise found(
            f"the ledger {path} cannot be opened for writing: {reason}; mend that, or name another file"
        ) from error


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ConfigError for a file that would have to be written to before it could be read."""
    if _pragma(connection, "application_id") == 0:
        raise ConfigError(f"{path} is empty: no gateway has written to it; name the ledger of one")
    version, newest = int(_pragma(connection, "user_version")), len(migrations("sqlite"))
    if version > newest:
        raise _newer(path, version)
    if version < newest:
        raise ConfigError(
            f"{path} was written by an older trunkline (schema {version} of {newest}), and nothing is changed for a "
            "look; start this version's gateway with it once"
        )


def _newer(path: Path, version: int) -> ConfigError:
    return ConfigError(f"{path} was written by a newer trunkline (schema {version}); update this one")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _check(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    _migrate(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    application = _pragma(connection, "application_id")
    if application not in {0, APPLICATION} or (application == 0 and _pragma(connection, "schema_version") != 0):
        raise ConfigError(f"{path} is the database of another program; name another file")
    if path.stat().st_size <= CHECKED_UP_TO and (found := _pragma(connection, "quick_check(1)")) != "ok":
        raise ConfigError(f"{path} is corrupted ({found}); restore it from a backup, or move it away")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once
    version, scripts = int(_pragma(connection, "user_version")), migrations("sqlite")
    if version > len(scripts):
        connection.execute("ROLLBACK")
        raise _newer(path, version)
    for script in scripts[version:]:
        for statement in _statements(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(scripts)}")
    connection.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """The statements of a script; ``executescript`` would commit in between."""
    found, rest = [], ""
    for line in script.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            found.append(rest)
            rest = ""
    return found


def _pragma(connection: sqlite3.Connection, name: str) -> int | str:
    with closing(connection.execute(f"PRAGMA {name}")) as cursor:
        value: int | str = cursor.fetchone()[0]
        return value
