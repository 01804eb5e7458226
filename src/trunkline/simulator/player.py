"""Playing a script on a transport: waiting as long as it says, writing what it says, ending as it says.
It refuses to change a byte, and notes every one.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable

from trunkline.simulator import http_writer
from trunkline.simulator.ground_truth import Sent
from trunkline.simulator.http_reader import Request
from trunkline.simulator.script import Piece, Script

_RST_GRACE = 0.02  # seconds between the last bytes and a reset, so that the client has read what it was sent
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Player:
    """Plays one script for one request."""

    def __init__(
        self,
        transport: asyncio.Transport,
        writable: asyncio.Event,
        clock: Callable[[], float],
        sent: Sent,
    ) -> None:
        """`writable` is set while the socket takes bytes; `sent` is told of each."""
        self._transport = transport
        self._writable = writable
        self._clock = clock
        self._sent = sent
        self._due = 0.0

    async def play(self, script: Script, request: Request) -> None:
        """Send all of the script; of one that hangs or repeats, for ever (until cancelled)."""
        self._due = self._clock()
        await self._wait(script.lead)
        if script.status:
            await self._send(script, request)
        self._sent.over = True
        while script.repeat is not None:
            await self._piece(script.repeat, script, chunked=request.chunks_allowed)
        if script.ending == "hang":
            await asyncio.Event().wait()

    async def end(self, script: Script, request: Request) -> bool:
        """End the response; true when the connection may serve another request."""
        if script.ending == "reset":
            await asyncio.sleep(_RST_GRACE)
            _reset(self._transport)
            return False
        kept = request.keep_alive and (request.chunks_allowed or not script.streamed)
        if script.ending != "complete" or not kept:
            self._transport.close()
            return False
        return True

    async def _send(self, script: Script, request: Request) -> None:
        chunked = request.chunks_allowed
        keep_alive = request.keep_alive and (chunked or not script.streamed)
        head = http_writer.head(script, keep_alive=keep_alive, chunked=chunked)
        for start in range(0, len(head), script.slice or len(head)):
            await self._write(head[start : start + (script.slice or len(head))], yielding=bool(script.slice))
        if request.method == "HEAD":
            return
        for piece in script.pieces:
            await self._piece(piece, script, chunked=chunked)
        if script.streamed and chunked and script.ending in {"complete", "stale"}:
            await self._write(http_writer.LAST_CHUNK, yielding=False)

    async def _piece(self, piece: Piece, script: Script, *, chunked: bool) -> None:
        await self._wait(piece.after)
        self._sent.tokens += piece.tokens
        for frame in http_writer.frames(piece, script, chunked=chunked):
            await self._write(frame, yielding=bool(script.slice))
        if script.streamed and not piece.after:
            await asyncio.sleep(0)  # a burst must not keep others from being served

    async def _write(self, data: bytes, *, yielding: bool) -> None:
        self._sent.add(data, self._clock())
        self._transport.write(data)
        await self._writable.wait()
        if yielding:
            await asyncio.sleep(0)

    async def _wait(self, seconds: float) -> None:
        """Wait on a fixed timetable: a late wake-up does not delay the pieces after it."""
        if seconds > 0:
            self._due = max(self._due + seconds, self._clock() - 1.0)
            await asyncio.sleep(max(self._due - self._clock(), 0))


def _reset(transport: asyncio.Transport) -> None:
    """Close with RST: SO_LINGER of zero seconds, on a duplicate since not every loop hands out its socket."""
    raw = transport.get_extra_info("socket")
    with socket.socket(fileno=os.dup(raw.fileno())) as duplicate:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
