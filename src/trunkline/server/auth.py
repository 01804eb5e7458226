"""Who is calling: virtual keys from the config, compared in constant time, and those of the ledger.

Refuses to know what a caller may do: the admit layer does.
"""

import secrets
from collections.abc import Iterable
from hashlib import blake2b
from typing import Protocol

from trunkline.accounting.keys import PREFIX, UNKNOWN
from trunkline.core.call import ANYONE, Caller
from trunkline.core.errors import Unauthorized

KEY_HEADERS = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"})
OURS = PREFIX.encode()
KEY_LIMIT = 1024  # bytes; longer ones are not hashed, so that nobody makes us work for nothing


class Ring(Protocol):
    """Keys that are made and ended while the house runs."""

    async def caller(self, key: bytes) -> Caller:
        """Who shows it. Raises Unauthorized or StoreUnavailable."""
        ...

    async def in_use(self) -> bool:
        """True once there was any. Raises StoreUnavailable."""
        ...


class Keys:
    """Finds the caller behind a key: of the config, then of the ``ring``.

    Without any key everybody is ``anyone``, unless ``closed``: the house can be reached from other machines.

    Keys are held as keyed BLAKE2 (RFC 7693) under a pepper of this process: a lookup takes the same path and time for
    every wrong key, and no key stands in memory as a dictionary key. Nothing of it is stored, so its form is free: this
    one costs a sixth of an HMAC through OpenSSL.
    """

    __slots__ = ("_callers", "_closed", "_pepper", "_ring")

    def __init__(
        self, keys: Iterable[tuple[str, Caller]] = (), ring: Ring | None = None, *, closed: bool = False
    ) -> None:
        self._pepper = secrets.token_bytes(32)
        self._callers = {self._digest(key.encode()): caller for key, caller in keys}
        self._ring = ring
        self._closed = closed

    def _digest(self, key: bytes) -> bytes:
        return blake2b(key, key=self._pepper, digest_size=32).digest()

    async def open(self) -> bool:
        """True when no key is asked for. Raises StoreUnavailable where that cannot be known."""
        return not (self._callers or self._closed or (self._ring is not None and await self._ring.in_use()))

    async def caller(self, headers: list[tuple[bytes, bytes]]) -> Caller:
        """The caller of a request. Raises Unauthorized, whose text never repeats the key, or StoreUnavailable."""
        key = presented(headers)
        if self._callers and len(key) <= KEY_LIMIT:
            caller = self._callers.get(self._digest(key))
            if caller is not None:
                return caller
        if self._ring is not None and key.startswith(OURS):
            return await self._ring.caller(key)
        if await self.open():
            return ANYONE  # clients send keys made up for houses that ask for none
        if not key:
            raise Unauthorized("no key: send yours as 'Authorization: Bearer KEY' or 'x-api-key: KEY'")
        raise Unauthorized(UNKNOWN)

    def __repr__(self) -> str:
        return f"<Keys [{len(self._callers)} in the config]>"


def presented(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The key a request carries in any of the usual headers; a Bearer scheme is taken off."""
    for name, value in headers:
        if name in KEY_HEADERS and value:
            scheme, _, rest = value.partition(b" ")
            return rest.strip() if scheme.lower() == b"bearer" else value
    return b""
