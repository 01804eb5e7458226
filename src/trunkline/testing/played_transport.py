"""A Transport without sockets: each host's provider says what it will do with a request, and time on the loop does it.
It refuses to know dialects and faults: a plan is bytes, waits and an end.
"""

import asyncio
from array import array
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from trunkline.core.errors import CallError, ConnectFailed, ConnectionLost, ConnectTimeout, ReadTimeout
from trunkline.transport.response import read_whole
from trunkline.transport.transport import Headers, Request

NEVER = float("inf")


class Part(Struct, frozen=True):
    """Bytes of a body that come together, ``after`` seconds behind what came before; after NEVER, nothing comes."""

    after: float
    data: bytes


class Plan(Struct, frozen=True):
    """What a provider does with one request. Seconds; NEVER where it keeps its client waiting.

    ``connecting``  until the connection stands, then ``lead`` until the head is there, then the parts.
    ``error``       raised behind the last part in place of the body's end; with status 0 in place of the head.
    """

    status: int = 200
    headers: Headers = []
    parts: tuple[Part, ...] = ()
    connecting: float = 0.0
    lead: float = 0.0
    error: type[CallError] | None = None


REFUSED = Plan(status=0, error=ConnectFailed, connecting=0.001)
SILENCE = Plan(lead=NEVER)
RESET = Plan(status=0, error=ConnectionLost, lead=0.01)


class PlayedProvider(Protocol):
    """Whoever plays a host."""

    def plan(self, request: Request, now: float) -> Plan:
        """What happens to a request that was sent at ``now``; asked once for each, in order of time."""
        ...


class PlayedTransport:
    """Implements the Transport port on any event loop; on a VirtualTimeLoop it takes no time at all.

    ``providers``  who plays which host of the config's URLs.
    ``sent``       when requests were sent to each host, in seconds of the loop's clock.
    ``open``       answers that have neither ended nor been aborted.
    """

    def __init__(self, providers: Mapping[str, PlayedProvider]) -> None:
        self._providers = providers
        self.sent = {host: array("d") for host in providers}
        self.open = 0

    async def send(self, request: Request) -> "PlayedResponse":
        """As the port says. A host that nobody plays is ConnectFailed, as an unknown name is."""
        loop = asyncio.get_running_loop()
        host, now = request.origin.host, loop.time()
        provider = self._providers.get(host)
        if provider is None:
            raise ConnectFailed(f"nobody plays {host}; there are {', '.join(self._providers)}")
        self.sent[host].append(now)
        plan = provider.plan(request, now)
        if plan.connecting:
            await self._connect(plan, request, now)
        response = PlayedResponse(self, plan, loop, request.expires)
        await response.begin()
        return response

    async def _connect(self, plan: Plan, request: Request, now: float) -> None:
        allowed = min(request.connect_timeout, request.expires - now)
        await asyncio.sleep(min(plan.connecting, allowed))
        if plan.connecting > allowed:
            raise ConnectTimeout(f"{request.origin.host} did not accept a connection within {allowed:g} s")

    async def aclose(self) -> None:
        """Nothing is kept."""

    def __repr__(self) -> str:
        return f"<PlayedTransport [{', '.join(self._providers)} | {self.open} open]>"


class PlayedResponse:
    """Implements ``transport.Response``. Parts come at their own times, however slowly they are read."""

    __slots__ = (
        "_due", "_error", "_expires", "_loop", "_next", "_open", "_parts", "_transport", "_waiter", "headers", "status",
    )  # fmt: skip

    def __init__(self, transport: PlayedTransport, plan: Plan, loop: asyncio.AbstractEventLoop, expires: float) -> None:
        self.status = plan.status
        self.headers = plan.headers
        self._transport = transport
        self._loop = loop
        self._parts = plan.parts
        self._error = plan.error
        self._next = 0
        self._due = loop.time() + plan.lead
        self._expires = expires
        self._waiter: asyncio.Future[None] | None = None
        self._open = True
        transport.open += 1

    @property
    def expires(self) -> float:
        """Until when ``receive`` waits, on the loop's clock."""
        return self._expires

    @expires.setter
    def expires(self, value: float) -> None:
        self._expires = value
        self._wake()

    def header(self, name: bytes) -> bytes | None:
        """The first value under a lower-case name, or None."""
        return next((value for key, value in self.headers if key == name), None)

    async def begin(self) -> None:
        """Wait for the head."""
        if self._due > self._loop.time():
            await self._wait()
        if self.status == 0:
            self._end()

    async def receive(self) -> bytes:
        """The next part, once it is due; ``b""`` at the end."""
        if not self._open or self._next == len(self._parts):
            return self._end()
        self._due += self._parts[self._next].after
        if self._due > self._loop.time():
            await self._wait()
        data = self._parts[self._next].data
        self._next += 1
        return data

    async def read(self, limit: int) -> bytes:
        """The whole body; ReplyTooLarge when it has more than ``limit`` bytes."""
        return await read_whole(self, limit)

    def abort(self) -> None:
        """Leave now."""
        if self._open:
            self._error = ConnectionLost
            self._close()
            self._wake()

    def _end(self) -> bytes:
        self._close()
        if self._error is not None:
            raise self._error("this answer was planned to end so, or given up by its reader")
        return b""

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._transport.open -= 1

    async def _wait(self) -> None:
        """Until what is due is there. Raises ReadTimeout past ``expires``; a cancelled wait aborts."""
        try:
            while self._open and (now := self._loop.time()) < self._due:
                if now >= self._expires:
                    raise ReadTimeout("nothing came in time")
                await self._alarm(min(self._due, self._expires))
        except BaseException as error:
            self._error = type(error) if isinstance(error, CallError) else ConnectionLost
            self._close()
            raise
        if not self._open:
            self._end()

    async def _alarm(self, at: float) -> None:
        self._waiter = waiter = self._loop.create_future()
        timer = self._loop.call_at(at, _ring, waiter) if at < NEVER else None
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None:
            _ring(self._waiter)

    def __repr__(self) -> str:
        return f"<PlayedResponse {self.status} [{self._next} of {len(self._parts)} parts]>"


def _ring(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
