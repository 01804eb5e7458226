"""The ASGI application: one table of doors, one place where errors become responses.

Refuses to know what stands behind a door. A path that is not in the table does not exist.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from trunkline.core.dialect import Dialect
from trunkline.core.errors import CallerGone, CallError, InvalidRequest
from trunkline.core.ids import new_id
from trunkline.server.http import Headers, Receive, Scope, Send, respond
from trunkline.server.problem import PROBLEM, operators, problem

log = logging.getLogger("trunkline")

JSON = (b"content-type", b"application/json")
SANE_ID = re.compile(rb"[A-Za-z0-9_.:\-]{1,128}")


class NotFound(InvalidRequest):
    """No such path."""

    kind, status = "not_found", 404


class MethodNotAllowed(InvalidRequest):
    """The path exists, the method does not."""

    kind, status = "method_not_allowed", 405

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed


class Visit:
    """One HTTP request on its way through the edge."""

    __slots__ = ("dialect", "id", "path", "receive", "refusal", "scope", "send", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send, dialect: Dialect) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.dialect = dialect
        self.path: str = scope["path"]
        self.id = request_id(scope["headers"])
        self.started = False  # True once the status line has gone out
        self.refusal: CallError | None = None  # the error it was answered with, where no exchange has it

    @property
    def headers(self) -> Headers:
        """Headers that every answer carries."""
        key = self.id.encode()
        return (
            [(b"x-request-id", key), (b"request-id", key)]
            if self.dialect.name == "anthropic"
            else [(b"x-request-id", key)]
        )

    async def json(self, status: int, value: object, extra: Headers | None = None) -> None:
        """Answer with a JSON value."""
        await self.bytes(status, msgspec.json.encode(value), extra)

    async def bytes(self, status: int, body: bytes, extra: Headers | None = None) -> None:
        """Answer with a JSON body."""
        self.started = True
        await respond(self.send, status, [JSON, *self.headers, *(extra or ())], body)

    async def fail(self, error: CallError, extra: Headers | None = None) -> None:
        """Answer with an error in the caller's dialect, or, at operators' paths, with a problem."""
        self.refusal = error
        headers = [*(extra or ()), *error_headers(error)]
        if operators(self.path):
            self.started = True
            await respond(self.send, error.status, [PROBLEM, *self.headers, *headers], problem(error, self.id))
        else:
            await self.bytes(error.status, self.dialect.write_error(error, self.id), headers)


Door = Callable[[Visit], Awaitable[None]]


class Doors(Protocol):
    """Everything the application serves. ``visits`` are those that have not ended."""

    visits: int

    def find(self, path: str) -> Mapping[str, Door] | None:
        """The doors of a path by method."""
        ...

    def dialect(self, path: str, headers: Headers) -> Dialect:
        """The dialect in which errors of this path are told."""
        ...

    def refused(self, visit: Visit, error: CallError) -> None:
        """Hear of a request that ended in an error before a call began."""
        ...


D = TypeVar("D", bound=Doors)


class App(Generic[D]):
    """A raw ASGI application: a router and a framework's request objects would cost more than the whole call."""

    def __init__(self, doors: D) -> None:
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; websockets and unknown scopes are refused."""
        if scope["type"] == "http":
            await self._serve(Visit(scope, receive, send, self.doors.dialect(scope["path"], scope["headers"])))
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, visit: Visit) -> None:
        doors = self.doors  # another house may stand here before this visit ends
        doors.visits += 1
        try:
            await self._door(visit, doors)(visit)
        except CallerGone:
            log.debug("%s: the caller left", visit.id)
        except CallError as error:
            await visit.fail(error)
        except Exception:
            log.exception("%s: an unexpected error at %s", visit.id, visit.path)
            if not visit.started:
                await visit.fail(CallError(f"trunkline failed inside; tell its operator the request id {visit.id}"))
        finally:
            doors.visits -= 1
            if visit.refusal is not None:
                doors.refused(visit, visit.refusal)

    def _door(self, visit: Visit, doors: D) -> Door:
        methods = doors.find(visit.path)
        if methods is None:
            raise NotFound(
                f"there is nothing at {visit.path[:200]!r}; there are POST /v1/chat/completions, /v1/responses, "
                "/v1/messages, /v1beta/models/NAME:generateContent and GET /v1/models"
            )
        door = methods.get(visit.scope["method"])
        if door is None:
            asked = visit.scope["method"][:20]
            raise MethodNotAllowed(f"{visit.path} takes {', '.join(methods)}, not {asked}", tuple(methods))
        return door


def request_id(headers: Headers) -> str:
    """The caller's own ``x-request-id`` where it is a sane one, else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and SANE_ID.fullmatch(value):
            return value.decode()
    return "req_" + new_id(12)


def error_headers(error: CallError) -> Headers:
    """``allow`` with a 405; ``retry-after`` in whole seconds and in milliseconds, where the error knows when."""
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if error.retry_after is None:
        return []
    return [
        (b"retry-after", b"%d" % max(1, -int(-error.retry_after // 1))),
        (b"retry-after-ms", b"%d" % (error.retry_after * 1000)),
    ]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
