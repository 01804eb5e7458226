"""Playing a script on a transport: waiting as long as it says, writing what it says, ending as it says.
It refuses to change a byte, and notes every one.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable

from trunkline.simulator.ground_truth import Sent
from trunkline.simulator.http_reader import Request
from trunkline.simulator.http_writer import Write, keeps_alive, piece_writes, writes
from trunkline.simulator.script import Script

_RST_GRACE = 0.02  # seconds between the last bytes and a reset, so that the client has read what it was sent
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Player:
    """Plays one script for one request. `writable` is set while the socket takes bytes; `sent` is told of each."""

    def __init__(
        self,
        transport: asyncio.Transport,
        writable: asyncio.Event,
        clock: Callable[[], float],
        sent: Sent,
    ) -> None:
        """Nothing is sent before `play`."""
        self._transport = transport
        self._writable = writable
        self._clock = clock
        self._sent = sent
        self._due = clock()

    async def play(self, script: Script, request: Request, finish: Callable[[], None]) -> None:
        """Send all of the script; of one that hangs or repeats, for ever (until cancelled).

        `finish` is called right before the last bytes leave: a client that has read them finds them in the log.
        """
        await self._wait(script.lead)
        plan = writes(script, request)
        lasts = script.repeat is not None or script.ending == "hang"
        write = next(plan, None)
        while write is not None:
            following = next(plan, None)
            await self._write(write, script, finish if following is None and not lasts else None)
            write = following
        self._sent.over = True
        while script.repeat is not None:
            for write in piece_writes(script.repeat, script, request):
                await self._write(write, script, None)
        if script.ending == "hang":
            await asyncio.Event().wait()
        finish()

    async def end(self, script: Script, request: Request) -> bool:
        """End the response; true when the connection may serve another request."""
        if script.ending == "reset":
            await asyncio.sleep(_RST_GRACE)
            _reset(self._transport)
            return False
        if script.ending != "complete" or not keeps_alive(script, request):
            self._transport.close()
            return False
        return True

    async def _write(self, write: Write, script: Script, finish: Callable[[], None] | None) -> None:
        await self._wait(write.after)
        self._sent.tokens += write.tokens
        self._sent.add(write.data, self._clock())
        if finish is not None:
            self._sent.over = True
            finish()
        self._transport.write(write.data)
        await self._writable.wait()
        if (script.streamed or script.slice) and not write.after:
            await asyncio.sleep(0)  # a burst must not keep others from being served

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
