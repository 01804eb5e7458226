"""A folder in which processes that serve one address keep their figures, so that any of them can tell the sum.

Whichever is asked writes its own figures down before it answers, so no sum ever goes back, whoever is asked next. A
process that has ended, killed or not, is known by its lock, which the system has let go; what it had counted is added
once to the sum of the ended. Refuses to know what is counted, and to hold up a call: it is asked by scrapers.
"""

import asyncio
import fcntl
import logging
import os
import re
import stat
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from trunkline.core.errors import ConfigError
from trunkline.telemetry.exposition import written
from trunkline.telemetry.series import Series
from trunkline.telemetry.together import Kept, kept, lasting, series_of, sound, together

log = logging.getLogger("trunkline")

EVERY = 1.0  # seconds between two writings: what a killed process had counted since is lost, and was never shown
MOST_PROCESSES = 1_000  # files that are read
LARGEST = 16 * 1024 * 1024  # bytes of one
ENDED = "ended"
_NAME = re.compile(r"[0-9]{1,10}-[0-9a-f]{12}")  # of a process: its number and a draw


class Ended(Struct, array_like=True):
    """The sum of processes that have ended, and whose it is: no process is added twice if adding is cut short."""

    names: list[str] = []
    series: list[Kept] = []


T = TypeVar("T")
_process = msgspec.json.Decoder(list[Kept])
_ended = msgspec.json.Decoder(Ended)


class SharedFigures:
    """``series`` are those of this process, asked for at each look. Raises ConfigError where there can be no folder."""

    def __init__(self, folder: Path, series: Callable[[], Sequence[Series]]) -> None:
        self._folder = folder
        self._series = series
        self._name = f"{os.getpid()}-{os.urandom(6).hex()}"
        self._one_at_a_time = asyncio.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"metrics.share: {folder} cannot be written: {error.strerror}; name another") from error
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    async def text(self, content_type: str) -> bytes:
        """The sum over all processes, written down for a scraper."""
        async with self._one_at_a_time:
            own = self._series()
            mine = kept(own)
            try:
                others = await asyncio.to_thread(self._exchanged, mine)
            except OSError as error:
                log.warning("the figures of other processes cannot be read: %s", error)
                others = []
        return written(series_of(together([mine, *others]), own), content_type)

    async def keep(self) -> None:
        """Write this process' figures down every second, for ever."""
        while True:
            async with self._one_at_a_time:
                mine = kept(self._series())
                with suppress(OSError):  # whoever scrapes is told
                    await asyncio.to_thread(self._write, self._path("json"), mine)
            await asyncio.sleep(EVERY)

    def close(self) -> None:
        """The last word of this process."""
        with suppress(OSError):
            self._write(self._path("json"), kept(self._series()))
        os.close(self._lock)

    def _exchanged(self, mine: list[Kept]) -> list[list[Kept]]:
        self._write(self._path("json"), mine)
        try:
            self._bury()
        except OSError as error:  # the ended are told one by one until it works
            log.warning("the figures of ended processes cannot be added up: %s", error)
        with self._locked(fcntl.LOCK_SH):  # nobody moves figures from one file to another meanwhile
            ended = self._read_ended()
            names = [name for name in self._names() if name != self._name and name not in ended.names]
            return [ended.series, *(self._read(name) for name in names)]

    def _bury(self) -> None:
        """Add what the ended had counted to the sum of the ended, and forget them."""
        if not any(self._is_dead(name) for name in self._names()):
            return
        with self._locked(fcntl.LOCK_EX):
            ended = self._read_ended()
            dead = [name for name in self._names() if self._is_dead(name)]
            new = [lasting(self._read(name)) for name in dead if name not in ended.names]
            self._write(self._folder / f"{ENDED}.json", Ended(dead, together([ended.series, *new])))
            for name in dead:
                for kind in ("json", "lock"):
                    (self._folder / f"{name}.{kind}").unlink(missing_ok=True)

    def _is_dead(self, name: str) -> bool:
        """True when nobody holds its lock."""
        if name == self._name:
            return False
        try:
            lock = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        except OSError:  # not ours to judge
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(lock)
        return True

    def _names(self) -> list[str]:
        found = (path.stem for path in self._folder.glob("*-*.json") if path.is_file() and not path.is_symlink())
        return sorted(filter(_NAME.fullmatch, found))[:MOST_PROCESSES]

    @contextmanager
    def _locked(self, how: int) -> Generator[None, None, None]:
        lock = os.open(self._folder / f"{ENDED}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)

    def _read(self, name: str) -> list[Kept]:
        path = self._folder / f"{name}.json"
        return _sound(_decoded(_process, path) or [], path)

    def _read_ended(self) -> Ended:
        path = self._folder / f"{ENDED}.json"
        found = _decoded(_ended, path) or Ended()
        return Ended(found.names, _sound(found.series, path))

    def _path(self, kind: str) -> Path:
        return self._folder / f"{self._name}.{kind}"

    def _write(self, path: Path, value: object) -> None:
        """In one step: nobody ever reads half a file."""
        new = path.with_name(f".{self._name}.new")
        new.write_bytes(msgspec.json.encode(value))
        new.replace(path)


def _decoded(decoder: msgspec.json.Decoder[T], path: Path) -> T | None:
    """None where there is no file any more, or something that none of us wrote."""
    try:
        return decoder.decode(_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s holds no figures and is passed over: %s", path, error)
        return None


def _bytes(path: Path) -> bytes:
    """A file's; raises OSError for what is none, too large, or would be waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode) or known.st_size > LARGEST:
            raise OSError(f"it is no file of at most {LARGEST} bytes")
        return file.read()


def _sound(series: list[Kept], path: Path) -> list[Kept]:
    """Those that can be added up and shown."""
    good = [one for one in series if sound(one)]
    if len(good) < len(series):
        log.warning("%s holds series that none of us wrote; they are passed over", path)
    return good
