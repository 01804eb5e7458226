"""The operator's doors to what happens now: the last hour, the last calls, and a stream of both.

Refuses callers' keys, and more onlookers than it has room for.
"""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from trunkline.core.errors import CallerGone, InvalidRequest, ModelOverloaded
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import NotFound, Visit
from trunkline.telemetry.ended_call import rfc3339
from trunkline.telemetry.live import Watcher

CALLS = "/admin/calls/"
MOST_SHOWN = 500
LONGEST_SEARCH = 200
MOST_WATCHERS = 32
TICK = 1.0  # seconds between two looks at the house
STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


class TooManyWatchers(ModelOverloaded):
    """All places of onlookers are taken."""

    kind = "too_many_watchers"


class LiveDoors:
    """``/admin/overview``, ``/admin/calls``, ``/admin/calls/{id}`` and ``/admin/events``."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def overview(self, visit: Visit) -> None:
        """The last hour: in sum, minute by minute, and each target."""
        await visit.json(200, self._overview())

    async def calls(self, visit: Visit) -> None:
        """The newest ``?limit=`` calls; ``?search=`` finds them by id, caller, model, provider or outcome."""
        asked = parse_qs(visit.scope.get("query_string", b"").decode("latin-1")[:4096])
        limit = asked.get("limit", ["100"])[0]
        if not limit.isdigit() or not 1 <= int(limit[:9]) <= MOST_SHOWN:
            raise InvalidRequest(f"limit is {limit[:20]!r}; send a number from 1 to {MOST_SHOWN}")
        search = asked.get("search", [""])[0][:LONGEST_SEARCH]
        found = self._gateway.live.calls(int(limit), search=search)
        await visit.json(200, {"calls": [call.line for call in found]})

    async def call(self, visit: Visit) -> None:
        """One call's whole story."""
        found = self._gateway.live.call(unquote(visit.path.removeprefix(CALLS)))
        if found is None:
            raise NotFound("this call is not among the last ones; the ledger has older ones")
        quality = self._gateway.quality
        seen = None if quality is None else await quality.of_answer(found.id, found.caller)
        await visit.json(200, {**found.story, "quality": seen})

    async def events(self, visit: Visit) -> None:
        """Server-sent events as long as somebody reads: each second the calls that ended, and the overview."""
        with self._watching() as watcher:
            visit.started = True
            await visit.send({"type": "http.response.start", "status": 200, "headers": [*STREAM, *visit.headers]})
            await self._told(visit, watcher)

    async def _told(self, visit: Visit, watcher: Watcher) -> None:
        gone = asyncio.ensure_future(_gone(visit))
        try:
            while not gone.done() and not (self._gateway.draining or self._gateway.followed):
                events = [event("call", call.line) for call in _taken(watcher)]
                events.append(event("overview", {**self._overview(), "missed": watcher.missed}))
                await visit.send({"type": "http.response.body", "body": b"".join(events), "more_body": True})
                await asyncio.wait([gone], timeout=TICK)
            await visit.send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    @contextmanager
    def _watching(self) -> Generator[Watcher]:
        watchers = self._gateway.live.watchers
        if len(watchers) >= MOST_WATCHERS:
            raise TooManyWatchers(f"{MOST_WATCHERS} others look on already; close one of their pages", retry_after=5)
        watcher = Watcher()
        watchers.append(watcher)
        try:
            yield watcher
        finally:
            watchers.remove(watcher)

    def _overview(self) -> dict[str, Any]:
        gateway = self._gateway
        live = gateway.live
        return {
            **gateway.figures(),
            "status": "draining" if gateway.draining else "ok" if gateway.ready else "not ready",
            "since": rfc3339(live.since),
            "hour": live.hour(),
            "minutes": [{"at": rfc3339(at * 60), **msgspec.structs.asdict(sums)} for at, sums in live.minutes()],
            "targets": gateway.health.report(gateway.clock()),
        }


async def _gone(visit: Visit) -> None:
    """Returns when the reader has left."""
    with suppress(CallerGone):
        while (await visit.receive())["type"] != "http.disconnect":
            pass


def _taken(watcher: Watcher) -> Iterator[Any]:
    while watcher.waiting:
        yield watcher.waiting.popleft()


def event(name: str, value: object) -> bytes:
    """One server-sent event; JSON has no line feeds."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"
