"""The doors for files and batches, in OpenAI's form.

Refuses to decide anything: the desk does. What comes is put on disk, and what goes is handed on as it comes.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Raw, Struct

from trunkline.core.call import Caller
from trunkline.core.errors import InvalidRequest, ShuttingDown
from trunkline.files.form import Form, Spool, read_form
from trunkline.gateway.filing import Filing
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.auth import Keys
from trunkline.server.forms import boundary_of
from trunkline.server.http import Headers, Watch, pieces, read_body
from trunkline.server.money import NoLedger
from trunkline.server.protocol import PATIENCE
from trunkline.stores.belongings import Kind, Listing
from trunkline.transport.transport import Response

FILES, BATCHES = "/v1/files", "/v1/batches"
LONGEST_QUERY = 4096
BYTES = [
    (b"content-type", b"application/octet-stream"),  # whatever it is, no browser shall show it as a page of ours
    (b"x-content-type-options", b"nosniff"),
]
Do = Callable[[Visit, Filing, Caller], Awaitable[None]]


class NoFiles(InvalidRequest):
    """No provider of this house keeps files."""

    kind, status = "no_files", 404


class Asked(Struct, frozen=True):
    """The parameters of a list."""

    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100
    after: Annotated[str, Meta(max_length=256)] | None = None
    order: Literal["asc", "desc"] = "desc"
    purpose: Annotated[str, Meta(max_length=64)] | None = None


class FileDoors:
    """``/v1/files`` and ``/v1/batches``, and what is below them."""

    __slots__ = ("_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys) -> None:
        self._gateway = gateway
        self._keys = keys

    def door(self, do: Do) -> Callable[[Visit], Awaitable[None]]:
        """A door that knows who is calling, and holds it to its requests a minute and its calls at once."""

        async def visited(visit: Visit) -> None:
            gateway = self._gateway
            caller = await self._keys.caller(visit.scope["headers"])
            if gateway.draining:
                raise ShuttingDown("the gateway is shutting down; send the request again", retry_after=1)
            gateway.rates.enter(caller, 0, gateway.clock())
            try:
                await do(visit, self._filing(), caller)
            finally:
                gateway.rates.leave(caller, 0, 0, gateway.clock())

        return visited

    def _filing(self) -> Filing:
        if self._gateway.filing is not None:
            return self._gateway.filing
        if self._gateway.money is None:
            raise NoLedger("this house keeps no ledger, and files need one to know whose they are; name one in ledger")
        raise NoFiles("no provider of this house keeps files; set `files: true` or `batches` of one that does")

    async def upload(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``POST /v1/files``."""
        settings = filing.desk.settings
        visit.scope[PATIENCE] = settings.upload_timeout
        form = await uploaded(visit, settings.largest)
        left = await filing.desk.upload(caller, form, wished(visit))
        extra = [(b"x-trunkline-dropped", ", ".join(left.dropped).encode("ascii", "replace"))] if left.dropped else []
        await _told(visit, left.shown, left.provider, extra)

    async def files(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``GET /v1/files``: one's own, as they were last seen."""
        await _list(visit, filing, caller, "file")

    async def batches(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``GET /v1/batches``: one's own, as they were last seen."""
        await _list(visit, filing, caller, "batch")

    async def file(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``GET /v1/files/{id}``."""
        await _told(visit, *await filing.desk.look(caller, _name(visit), wished(visit)))

    async def delete(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``DELETE /v1/files/{id}``."""
        await _told(visit, *await filing.desk.delete(caller, _name(visit), wished(visit)))

    async def content(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``GET /v1/files/{id}/content``."""
        response, provider = await filing.desk.content(caller, _name(visit, "/content"), wished(visit))
        watch = Watch(visit.receive)
        watch.start()
        try:
            await self._stream(visit, response, provider)
        except BaseException:
            response.abort()
            if not watch.gone:
                raise
        finally:
            watch.stop()

    async def _stream(self, visit: Visit, response: Response, provider: str) -> None:
        gateway = self._gateway
        first = await response.receive()
        headers = [*BYTES, *visit.headers, (b"x-trunkline-provider", provider.encode("ascii", "replace"))]
        visit.started = True
        await visit.send({"type": "http.response.start", "status": 200, "headers": headers})
        data = first
        while data:
            await visit.send({"type": "http.response.body", "body": data, "more_body": True})
            response.expires = gateway.clock() + gateway.config.files.upload_timeout
            data = await response.receive()
        await visit.send({"type": "http.response.body", "body": b""})

    async def create(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``POST /v1/batches``."""
        body = await read_body(visit.scope, visit.receive, self._gateway.limits.body)
        left, nearing = await filing.batches.create(caller, body, visit.id, wished(visit))
        extra = [(b"x-trunkline-budget", nearing.encode("ascii", "replace"))] if nearing else []
        await _told(visit, left.shown, left.provider, extra)

    async def batch(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``GET /v1/batches/{id}``."""
        left = await filing.batches.look(caller, _name(visit), wished(visit))
        await _told(visit, left.shown, left.provider)

    async def cancel(self, visit: Visit, filing: Filing, caller: Caller) -> None:
        """``POST /v1/batches/{id}/cancel``."""
        left = await filing.batches.cancel(caller, _name(visit, "/cancel"), wished(visit))
        await _told(visit, left.shown, left.provider)


async def uploaded(visit: Visit, limit: int) -> Form:
    """The form of a request, put on disk as it comes. Raises RequestTooLarge, InvalidRequest or CallerGone."""
    kind = boundary_of(visit)
    spool = Spool(limit)
    try:
        async for piece in pieces(visit.scope, visit.receive, limit):
            spool.put(piece)
        form = await read_form(spool.whole(), kind[0])
    finally:
        spool.close()
    if form.boundary != kind[1]:
        raise InvalidRequest("the content type names another boundary than the body has", param="body")
    return form


def wished(visit: Visit) -> str | None:
    """``x-trunkline-provider`` of a request."""
    said = next((value for name, value in visit.scope["headers"] if name == b"x-trunkline-provider"), b"")
    return said.strip()[:256].decode("latin-1") or None


def _name(visit: Visit, behind: str = "") -> str:
    """The id in the path."""
    return visit.path.removesuffix(behind).rpartition("/")[2]


async def _told(visit: Visit, shown: bytes, provider: str, extra: Headers | None = None) -> None:
    """What a provider said, as it said it."""
    await visit.bytes(200, shown, [(b"x-trunkline-provider", provider.encode("ascii", "replace")), *(extra or ())])


async def _list(visit: Visit, filing: Filing, caller: Caller, kind: Kind) -> None:
    asked = _asked(visit)
    oldest = asked.order == "asc"
    listing = Listing(kind, caller.name, asked.purpose, asked.after, oldest_first=oldest, limit=asked.limit + 1)
    rows = await filing.desk.register.mine(listing)
    shown = rows[: asked.limit]
    first, last = (shown[0].id, shown[-1].id) if shown else (None, None)
    data = [Raw(row.shown.encode()) for row in shown]
    more = len(rows) > len(shown)
    await visit.json(200, {"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": more})


def _asked(visit: Visit) -> Asked:
    written: bytes = visit.scope.get("query_string", b"")
    if len(written) > LONGEST_QUERY:
        raise InvalidRequest(f"the query is over {LONGEST_QUERY} bytes; ask for less")
    try:
        return msgspec.convert(dict(parse_qsl(written.decode("latin-1"))), Asked, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{error}; there are {', '.join(Asked.__struct_fields__)}") from error
