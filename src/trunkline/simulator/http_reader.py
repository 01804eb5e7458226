"""Reading HTTP/1.1 requests from bytes as they arrive, however they are cut.
It refuses to know sockets; it is fed, and asked for what is complete.
"""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

_MOST_HEAD = 64 * 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class BadRequest(Exception):
    """Bytes that are no request, or too many of them; the connection cannot go on."""

    def __init__(self, status: int, reason: str) -> None:
        """`status` is what to answer with before closing."""
        super().__init__(reason)
        self.status = status


class Request(Struct, frozen=True, kw_only=True):
    """One request. Header names are lower case, in the order received; `path` is without the query."""

    method: str
    target: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    keep_alive: bool = True
    chunks_allowed: bool = True

    def header(self, name: str) -> str | None:
        """The first header of that (lower case) name."""
        return next((value for key, value in self.headers if key == name), None)


class Reader:
    """Feed it bytes; `next` gives a request when one is complete."""

    def __init__(self, max_body: int) -> None:
        """Bodies of more than `max_body` bytes are refused."""
        self._max_body = max_body
        self._buffer = bytearray()
        self._head: Request | None = None
        self._chunks: list[bytes] = []
        self._wanted: int | None = 0  # the Content-Length, None for a chunked body
        self.expects_continue = False

    @property
    def pending(self) -> Request | None:
        """The request whose head has arrived and whose body has not."""
        return self._head

    def feed(self, data: bytes) -> None:
        """Add bytes from the network."""
        self._buffer += data

    def next(self) -> Request | None:
        """The next complete request, None when more bytes are needed. Raises BadRequest."""
        if self._head is None:
            self._read_head()
        if self._head is None:
            return None
        body = self._read_body()
        if body is None:
            return None
        head, self._head = self._head, None
        return replace(head, body=body)

    def _read_head(self) -> None:
        while self._buffer.startswith(b"\r\n"):  # RFC 9112 2.2: be lenient about blank lines before a request
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end > _MOST_HEAD or (end < 0 and len(self._buffer) > _MOST_HEAD):
            raise BadRequest(431, "the head of the request is too large")
        if end < 0:
            return
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        self._head = _head(lines)
        self._wanted = self._length(self._head)
        self._chunks = []
        self.expects_continue = (self._head.header("expect") or "").lower() == "100-continue" and self._wanted != 0

    def _length(self, head: Request) -> int | None:
        coding = head.header("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise BadRequest(501, f"transfer-encoding `{coding}` is not known; use chunked")
            return None
        lengths = {value for key, value in head.headers if key == "content-length"}
        if not lengths:
            return 0
        text = lengths.pop()
        if lengths or not text.isdecimal() or len(text) > 15:
            raise BadRequest(400, "content-length must be one number")
        if int(text) > self._max_body:
            raise BadRequest(413, "the body is too large")
        return int(text)

    def _read_body(self) -> bytes | None:
        if self._wanted is None:
            return b"".join(self._chunks) if self._read_chunks() else None
        if len(self._buffer) < self._wanted:
            return None
        body = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        return body

    def _read_chunks(self) -> bool:
        """Take complete chunks off the buffer; true when the last one is there."""
        while match := _CHUNK_SIZE.match(self._buffer):
            size = int(match[1], 16)
            start, end = match.end(), match.end() + size
            if sum(map(len, self._chunks)) + size > self._max_body:
                raise BadRequest(413, "the body is too large")
            if size == 0:
                return self._end_trailers(start)
            if len(self._buffer) < end + 2:
                return False
            self._chunks.append(bytes(self._buffer[start:end]))
            del self._buffer[: end + 2]
        if len(self._buffer) > 1024 or b"\n" in self._buffer[:1024]:
            raise BadRequest(400, "a chunk's size must be a hexadecimal number")
        return False

    def _end_trailers(self, start: int) -> bool:
        if self._buffer.startswith(b"\r\n", start):
            del self._buffer[: start + 2]
            return True
        end = self._buffer.find(b"\r\n\r\n", start)
        if end < 0 and len(self._buffer) > _MOST_HEAD:
            raise BadRequest(431, "the trailers are too large")
        if end >= 0:
            del self._buffer[: end + 4]
        return end >= 0


def _head(lines: list[str]) -> Request:
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] not in {"HTTP/1.1", "HTTP/1.0"} or not _NAME.fullmatch(parts[0]):
        raise BadRequest(400, "the first line must be METHOD TARGET HTTP/1.1")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise BadRequest(400, "a header must be NAME: VALUE")
        headers.append((name.lower(), value.strip(" \t")))
    modern = parts[2] == "HTTP/1.1"
    connection = {value.lower() for key, value in headers if key == "connection"}
    return Request(
        method=parts[0],
        target=parts[1],
        path=_path(parts[1]),
        headers=tuple(headers),
        keep_alive="close" not in connection if modern else "keep-alive" in connection,
        chunks_allowed=modern,
    )


def _path(target: str) -> str:
    """The path of a target, which may be a whole URL when a client takes this for its proxy."""
    if target.startswith("/"):
        return unquote(target.partition("?")[0])
    try:
        return unquote(urlsplit(target).path)
    except ValueError as error:
        raise BadRequest(400, "the target is no URL") from error
