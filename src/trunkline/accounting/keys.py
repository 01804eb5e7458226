"""Virtual keys: how one is made, what is kept of it, and who it is that shows one.

Refuses to keep a key: only its HMAC-SHA256 under a pepper stands anywhere, and only its maker ever sees the key itself.
"""

import hashlib
import hmac
import os
from base64 import b32encode
from collections.abc import Callable
from pathlib import Path

from trunkline.core.call import Caller, CallerLimits
from trunkline.core.errors import ConfigError, Unauthorized
from trunkline.core.money import nanos
from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.opening import StoreSettings
from trunkline.stores.ports import KeyStore
from trunkline.stores.records import Millis

PREFIX = "sk-trunkline-"
RANDOM_BYTES = 20  # 160 bits, 32 letters and digits
CHECKED = 6  # letters and digits of a SHA-256: 30 bits against slips of the hand
LENGTH = len(PREFIX) + 32 + CHECKED
CACHED: Millis = 2_000  # a key that was revoked elsewhere is refused after that
MOST_CACHED = 10_000
PEPPER_BYTES = 32
UNKNOWN = "this key is not known here; check the base URL and the key"

_NOBODY = bytes(32)


def make_key(random: Callable[[int], bytes] = os.urandom) -> str:
    """A new key: ``sk-trunkline-``, 160 random bits, a checksum."""
    secret = b32encode(random(RANDOM_BYTES)).decode().lower()
    return f"{PREFIX}{secret}{_check(secret)}"


def well_formed(key: bytes) -> bool:
    """True for what could be a key of ours; slips of the hand and other vendors' keys are no question to a store."""
    if len(key) != LENGTH or not key.startswith(PREFIX.encode()) or not key.isascii():
        return False
    body = key.decode()[len(PREFIX) :]
    return hmac.compare_digest(_check(body[:-CHECKED]), body[-CHECKED:])


def _check(secret: str) -> str:
    return b32encode(hashlib.sha256(f"{PREFIX}{secret}".encode()).digest()).decode().lower()[:CHECKED]


def digest(pepper: bytes, key: bytes) -> bytes:
    """What is kept of a key."""
    return hmac.digest(pepper, key, hashlib.sha256)


def pepper(settings: StoreSettings, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The secret of the config, or of the file beside the ledger, which is made when there is none.

    Raises ConfigError for a file that cannot be read or made. Without a ledger it ends with the process.
    """
    if settings.pepper is not None:
        return settings.pepper.reveal().encode()
    if settings.path is None:
        return random(PEPPER_BYTES)
    path = Path(f"{Path(settings.path).expanduser()}.pepper")
    try:
        return _read_or_made(path, random)
    except OSError as error:
        raise ConfigError(f"the pepper {path} of the virtual keys cannot be read or made: {error.strerror}") from error


def _read_or_made(path: Path, random: Callable[[int], bytes]) -> bytes:
    if not path.exists():
        made = path.with_name(f"{path.name}.{random(8).hex()}")
        with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(random(PEPPER_BYTES).hex().encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)  # of two that make one at once, the first counts
        except FileExistsError:
            pass
        finally:
            made.unlink()
    content = path.read_bytes().strip()
    if len(content) < PEPPER_BYTES:
        raise ConfigError(f"the pepper {path} is shorter than {PEPPER_BYTES} characters; restore it from a backup")
    return content


def caller_of(row: KeyRow) -> Caller:
    """Who calls with this key."""
    scope = row.scope
    limits = CallerLimits(scope.requests_per_minute, scope.tokens_per_minute, scope.concurrent)
    budget = None if scope.budget_usd is None else nanos(scope.budget_usd)
    return Caller(
        row.name,
        scope.models,
        scope.team,
        scope.tags,
        budget,
        limits,
        targets=scope.targets,
        requires=scope.requires,
        priority=scope.priority,
    )


class KeyRing:
    """The virtual keys of a store. ``wall`` is Unix milliseconds."""

    def __init__(
        self,
        store: KeyStore,
        pepper: bytes,
        wall: Callable[[], Millis],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._wall = wall
        self._random = random
        self._seen: dict[bytes, tuple[KeyRow | None, Millis]] = {}

    async def caller(self, key: bytes) -> Caller:
        """Who shows this key. Raises Unauthorized, in the same words for unknown, revoked and expired ones."""
        if not well_formed(key):
            raise Unauthorized(UNKNOWN)
        found = digest(self._pepper, key)
        now = self._wall()
        row = await self._find(found, now)
        same = hmac.compare_digest(found, _NOBODY if row is None else row.digest)
        if row is None or not (same and row.usable(now)):
            raise Unauthorized(UNKNOWN)
        return caller_of(row)

    async def _find(self, found: bytes, now: Millis) -> KeyRow | None:
        row, until = self._seen.get(found, (None, 0))
        if now >= until:
            row = await self._store.find(found)
            self._seen.pop(found, None)
            while len(self._seen) >= MOST_CACHED:
                self._seen.pop(next(iter(self._seen)))
            self._seen[found] = (row, now + CACHED)
        return row

    async def create(self, name: str, scope: KeyScope) -> str:
        """A new key, told this once. Raises ConfigError when one of this name stands."""
        key = make_key(self._random)
        kept = digest(self._pepper, key.encode())
        row = KeyRow(f"key_{self._random(8).hex()}", name, kept, key[-4:], self._wall(), scope)
        if not await self._store.add(row):
            raise ConfigError(f"a key named {name} stands already; rotate or revoke it, or choose another name")
        return key

    async def revoke(self, name: str) -> None:
        """End a key. Raises ConfigError when none of this name stands."""
        if not await self._store.revoke(name, self._wall()):
            raise ConfigError(f"no key named {name} stands; `trunkline keys list` shows those that do")
        self._seen.clear()

    async def rotate(self, name: str) -> str:
        """End a key and make another with the same scope, told this once. Raises ConfigError as ``revoke``."""
        scope = next((row.scope for row in await self._store.list() if row.name == name and row.revoked is None), None)
        await self.revoke(name)
        return await self.create(name, scope or KeyScope())

    async def list(self) -> list[KeyRow]:
        """All keys, revoked and expired ones too."""
        return await self._store.list()

    def __repr__(self) -> str:
        return f"<KeyRing [{len(self._seen)} cached]>"
