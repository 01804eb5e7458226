"""One provider's files and batches: where they are, and one request to them.

Refuses to know whose they are, and to ask again: an upload that may have arrived is not sent twice.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from trunkline.core.dialect import DialectName
from trunkline.core.errors import (
    BadReply,
    CallError,
    InvalidRequest,
    ModelNotFound,
    ReadTimeout,
    RequestConflict,
    ServerError,
    StaleConnection,
    UnknownObject,
)
from trunkline.dialects.errors import provider_error
from trunkline.providers.endpoint import ERROR_BODY_LIMIT, Door
from trunkline.transport.transport import Body, Headers, Request, Response, Transport

FILES, BATCHES = "/files", "/batches"
SECONDS = 60.0  # for an answer to anything but an upload
SHOWN_LIMIT = 256 * 1024  # bytes of a file's or a batch's object; metadata has 16 values of 512 characters
LIST_LIMIT = 32 * 1024 * 1024  # bytes of a hundred of them
CONTENT_LIMIT = 1 << 34  # bytes of a file; they pass through, and are nowhere in memory as a whole
GOOD = range(200, 300)
GONE = (404, 410)


class Conflict(InvalidRequest):
    """It cannot be done to what has ended, or is being done: a batch that has ended is not cancelled."""

    kind, status = "conflict", 409


class Depot:
    """``door`` is the provider's in OpenAI's dialect, with its path at the root; ``wall`` is seconds since 1970."""

    def __init__(
        self,
        name: str,
        door: Door,
        transport: Transport,
        clock: Callable[[], float],
        wall: Callable[[], float],
        batches: tuple[DialectName, ...] = (),
    ) -> None:
        self.name = name
        self.batches = batches
        self._door = door
        self._transport = transport
        self._clock = clock
        self._wall = wall

    async def send(
        self,
        method: str,
        path: str,
        body: Body = b"",
        kind: bytes = b"application/json",
        seconds: float = SECONDS,
        query: str = "",
        most: int | None = None,
    ) -> Response:
        """A good answer, whose body is still to come. Raises CallError, UnknownObject where there is no such.

        Where an idle connection had been closed it is sent again, but for what may cost money: see ``surely_nothing``.
        """
        door = self._door
        base, _, fixed = door.target.partition("?")
        asked = "&".join(part for part in (fixed, query) if part)
        target = base + path + (f"?{asked}" if asked else "")
        headers: Headers = [*door.headers, *([(b"content-type", kind)] if method == "POST" else [])]
        request = Request(method, door.origin, target, headers, body, self._clock() + seconds, most=most)
        if door.credential is not None:
            request = await door.credential.signed(request, self._wall())
        response = await self._sent(request, twice=path != BATCHES or method != "POST")
        if response.status not in GOOD:
            raise self._failed(response.status, response.headers, await response.read(ERROR_BODY_LIMIT))
        return response

    async def told(self, method: str, path: str, body: Body = b"", **how: Any) -> bytes:
        """The JSON object of a good answer, as it came. Raises CallError."""
        response = await self.send(method, path, body, **how)
        shown = await response.read(SHOWN_LIMIT)
        read(shown)
        return shown

    async def content(self, name: str, seconds: float = SECONDS) -> Response:
        """The bytes of a file, still to come; ``seconds`` for those that nobody gives more time."""
        return await self.send("GET", at(FILES, name, "content"), seconds=seconds, most=CONTENT_LIMIT)

    async def listed(self, path: str, query: str) -> list[bytes]:
        """The objects of a list. Raises CallError."""
        response = await self.send("GET", path, query=query)
        return read_page(await response.read(LIST_LIMIT))

    async def _sent(self, request: Request, *, twice: bool) -> Response:
        try:
            return await self._transport.send(request)
        except StaleConnection as error:
            error.provider = self.name
            if not twice:
                raise
            return await self._sent(request, twice=False)
        except CallError as error:
            error.provider = error.provider or self.name
            raise

    def _failed(self, status: int, headers: Headers, body: bytes) -> CallError:
        error = provider_error(
            "openai", status, headers, self._door.blotted(body), provider=self.name, now=self._wall()
        )
        if isinstance(error, RequestConflict):
            return Conflict(
                error.message, provider=self.name, provider_status=status, body=error.body, dialect="openai"
            )
        if status in GONE and isinstance(error, ModelNotFound | InvalidRequest):
            return UnknownObject(f"{self.name} has no such object", provider=self.name, provider_status=status)
        return error

    def __repr__(self) -> str:
        return f"<Depot of {self.name}>"


class Counts(Struct, frozen=True):
    """How many lines of a batch became what."""

    completed: int | None = None


class Shown(Struct):
    """What must be read of a file's or a batch's object."""

    id: str
    purpose: str | None = None
    status: str | None = None
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: float | str | None = None  # Novita writes it as a date
    usage: msgspec.Raw = msgspec.Raw(b"")
    request_counts: Counts | None = None

    @property
    def answered(self) -> bool:
        """Some of its lines were."""
        return self.request_counts is not None and bool(self.request_counts.completed)

    def may_be_since(self, moment: float) -> bool:
        """Unless it says that it is from before a moment, in seconds since 1970."""
        return not isinstance(self.created_at, int | float) or self.created_at >= moment


class Page(Struct):
    """What must be read of a list."""

    data: list[msgspec.Raw] = []


_SHOWN = msgspec.json.Decoder(Shown)
_PAGE = msgspec.json.Decoder(Page)


def read(shown: bytes | str) -> Shown:
    """An object opened. Raises BadReply."""
    try:
        return _SHOWN.decode(shown)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer is no file and no batch: {error}") from None


def read_page(body: bytes) -> list[bytes]:
    """The objects of a list. Raises BadReply."""
    try:
        return [bytes(one) for one in _PAGE.decode(body).data]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer is no list: {error}") from None


def at(path: str, name: str, *more: str) -> str:
    """The path of one object below a path."""
    return "/".join((path, quote(name, safe="-._~"), *more))


def surely_nothing(error: CallError) -> bool:
    """True where a request that failed so has left nothing at its provider."""
    return not error.may_have_cost and not isinstance(error, ReadTimeout | BadReply | StaleConnection | ServerError)
