"""Who is calling: virtual keys from the config, compared in constant time.

Refuses to know what a caller may do: the admit layer does.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from trunkline.core.call import ANYONE, Caller
from trunkline.core.errors import Unauthorized

KEY_HEADERS = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"})
KEY_LIMIT = 1024  # bytes; longer ones are not hashed, so that nobody makes us work for nothing


class Keys:
    """Finds the caller behind a key. Without any key configured everybody is ``anyone``.

    Keys are held as HMAC-SHA256 under a pepper of this process: a lookup takes the same path and time for every
    wrong key, and no key stands in memory as a dictionary key.
    """

    __slots__ = ("_callers", "_pepper")

    def __init__(self, keys: Iterable[tuple[str, Caller]] = ()) -> None:
        self._pepper = secrets.token_bytes(32)
        self._callers = {self._digest(key.encode()): caller for key, caller in keys}

    def _digest(self, key: bytes) -> bytes:
        return hmac.digest(self._pepper, key, hashlib.sha256)

    @property
    def open(self) -> bool:
        """True when no key is asked for."""
        return not self._callers

    def caller(self, headers: list[tuple[bytes, bytes]]) -> Caller:
        """The caller of a request. Raises Unauthorized; the text never repeats the key."""
        if not self._callers:
            return ANYONE
        key = presented(headers)
        if not key:
            raise Unauthorized("no key: send yours as 'Authorization: Bearer KEY' or 'x-api-key: KEY'")
        caller = self._callers.get(self._digest(key)) if len(key) <= KEY_LIMIT else None
        if caller is None:
            raise Unauthorized("this key is not known here; check the base URL and the key")
        return caller

    def __repr__(self) -> str:
        return f"<Keys [{'open' if self.open else f'{len(self._callers)} keys'}]>"


def presented(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The key a request carries in any of the usual headers; a Bearer scheme is taken off."""
    for name, value in headers:
        if name in KEY_HEADERS and value:
            scheme, _, rest = value.partition(b" ")
            return rest.strip() if scheme.lower() == b"bearer" else value
    return b""
