"""One client's connection: reads its requests in turn, has their scripts played, and logs what came of it.
It refuses to decide anything about an answer.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Protocol, cast

from trunkline.simulator.ground_truth import Entry, GroundTruth, Sent, masked
from trunkline.simulator.http_reader import BadRequest, Reader, Request
from trunkline.simulator.performance import Performance
from trunkline.simulator.player import Player
from trunkline.simulator.site import Site

_IDLE = 75.0  # seconds a connection may wait for a whole request
_LINGER = 1.0  # seconds a refused client may go on sending before the connection closes


class Host(Protocol):
    """What a connection needs of the simulator it belongs to. `clock` counts seconds from the start."""

    site: Site
    truth: GroundTruth
    clock: Callable[[], float]
    closing: bool

    def admit(self, connection: "Connection") -> int:
        """Note a connection; its number."""
        ...

    def dismiss(self, connection: "Connection") -> None:
        """Forget a connection that is closed."""
        ...


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, host: Host) -> None:
        """Made by the server for every client."""
        self._host = host
        self._reader = Reader(host.site.config.max_request_bytes)
        self._transport: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._number = 0
        self._refused = False
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # wait for the socket: what is noted as sent has left
        self._writable.set()
        self._number = self._host.admit(self)
        self._close_in(_IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left, or was thrown out."""
        self._host.dismiss(self)
        self._transport = None
        self._close_in(None)
        self._writable.set()
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is sent."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        if not self._refused:
            self._reader.feed(data)
            self._proceed()

    def abort(self) -> None:
        """Close at once, whatever is being sent."""
        if self._transport is not None:
            self._transport.abort()

    def _close_in(self, seconds: float | None) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None
        if seconds is not None and self._transport is not None:
            self._idle = asyncio.get_running_loop().call_later(seconds, self._transport.close)

    def _proceed(self) -> None:
        """Serve the next request, if it is complete and none is being served."""
        if self.task is not None or self._transport is None or self._transport.is_closing():
            return
        now = self._host.clock()
        try:
            request = self._reader.next()
            self._tell_to_continue(self._transport)
            performance = self._host.site.perform(request, now) if request else None
        except BadRequest as bad:
            self._refused = True
            request = self._reader.pending or Request(method="?", target="?", path="?", headers=())
            performance = self._host.site.refuse(self._reader.pending, bad.status, str(bad), now)
        if request is not None and performance is not None:
            self._close_in(None)
            self.task = asyncio.get_running_loop().create_task(self._serve(self._transport, request, performance, now))

    def _tell_to_continue(self, transport: asyncio.Transport) -> None:
        if self._reader.expects_continue and self._reader.pending:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._reader.expects_continue = False

    async def _serve(
        self, transport: asyncio.Transport, request: Request, performance: Performance, now: float
    ) -> None:
        sent = Sent(self._host.site.config.log_sent_bytes)
        player = Player(transport, self._writable, self._host.clock, sent)
        log = partial(self._log, request, performance, sent, now)
        try:
            await player.play(performance.script, request, partial(log, gone=False))
        except asyncio.CancelledError:
            log(gone=True)
            return
        if self._refused:
            transport.write_eof()
            self._close_in(_LINGER)
        elif await player.end(performance.script, request):
            self.task = None
            self._close_in(_IDLE)
            self._proceed()

    def _log(self, request: Request, performance: Performance, sent: Sent, started: float, *, gone: bool) -> None:
        """Log the request, the first time this is called for it."""
        if sent.logged:
            return
        sent.logged = True
        epoch = self._host.site.epoch
        end = "complete"
        if performance.tears and sent.over:
            end = "fault"
        elif gone:
            end = "stopped" if self._host.closing else "client_gone"
        usage = performance.settle(sent.tokens, whole=end == "complete")
        answer = performance.answer
        self._host.truth.append(
            Entry(
                time=datetime.fromtimestamp(epoch + started, UTC).isoformat(),
                provider=performance.provider,
                dialect=performance.dialect,
                model=performance.model,
                method=request.method,
                path=request.target,
                headers=masked(request.headers),
                request=request.body.decode("utf-8", "replace"),
                request_sha256=sha256(request.body).hexdigest(),
                connection=self._number,
                status=performance.script.status,
                fault=performance.fault.label if performance.fault else None,
                sent=sent.kept,
                sent_bytes=sent.count,
                sent_sha256=sent.digest,
                usage=usage,
                cost_nanodollars=performance.tariff.cost(usage),
                answer=answer.text or None if answer else None,
                kind=answer.kind if answer else None,
                quality=answer.quality if answer else None,
                score=answer.score if answer else None,
                started=epoch + started,
                first_byte=None if sent.first_byte is None else epoch + sent.first_byte,
                ended=epoch + self._host.clock(),
                end=end,
            )
        )
