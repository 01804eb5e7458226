"""The ground-truth log: every request that was served and every byte that was sent, one JSON line each.
It refuses to judge; whoever checks a gateway reads it.
"""

from collections import deque
from hashlib import sha256
from typing import BinaryIO

import msgspec
from msgspec import Struct

from trunkline.simulator.prices import Usage

_SECRET = frozenset(
    {
        *("authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization", "cookie"),
        "x-amz-security-token",
    }
)


class Entry(Struct, frozen=True, kw_only=True):
    """One finished request. Times are seconds since 1970; `sent` is base64 in JSON and covers heads and framing too.

    `usage` and `cost_nanodollars` are what is billed: for an answer that was cut or abandoned, the part that was sent.
    `end` is complete, client_gone (it left first), fault (the answer broke as scripted) or stopped (the simulator was).
    """

    time: str
    provider: str | None
    dialect: str | None
    model: str | None
    method: str
    path: str
    headers: dict[str, str]
    request: str
    request_sha256: str
    connection: int
    status: int
    fault: str | None
    sent: bytes
    sent_bytes: int
    sent_sha256: str
    usage: Usage
    cost_nanodollars: int
    answer: str | None
    kind: str | None
    quality: float | None
    score: float | None
    started: float
    first_byte: float | None
    ended: float
    end: str


class Sent:
    """What went out for one request: the first bytes as they are, the hash and the number of all."""

    __slots__ = ("_hash", "_kept", "_most", "count", "first_byte", "logged", "over", "tokens")

    def __init__(self, most: int) -> None:
        """Keeps at most `most` bytes."""
        self._most = most
        self._kept = bytearray()
        self._hash = sha256()
        self.count = 0
        self.tokens = 0
        self.logged = False
        self.over = False  # whether all pieces of the script are out
        self.first_byte: float | None = None

    def add(self, data: bytes, now: float) -> None:
        """Note bytes as they are handed to the network."""
        if self.first_byte is None:
            self.first_byte = now
        self._kept += data[: max(0, self._most - len(self._kept))]
        self._hash.update(data)
        self.count += len(data)

    @property
    def kept(self) -> bytes:
        """The first bytes."""
        return bytes(self._kept)

    @property
    def digest(self) -> str:
        """SHA-256 over all bytes."""
        return self._hash.hexdigest()


class GroundTruth:
    """The log: a file that is flushed line by line, and the last entries in memory."""

    def __init__(self, file: BinaryIO | None = None, *, keep: int = 10_000) -> None:
        """`file` is written to and never closed here; `keep` entries stay in memory."""
        self._file = file
        self._encoder = msgspec.json.Encoder()
        self.entries: deque[Entry] = deque(maxlen=keep)

    def append(self, entry: Entry) -> None:
        """Write one entry, so that a reader of the file sees it at once."""
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(self._encoder.encode(entry) + b"\n")
            self._file.flush()


def masked(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The headers as they may be logged: keys and cookies by their last four characters."""
    shown: dict[str, str] = {}
    for name, value in headers:
        safe = f"...{value[-4:]}" if name in _SECRET and len(value) > 8 else "..." if name in _SECRET else value
        shown[name] = f"{shown[name]}, {safe}" if name in shown else safe
    return shown
