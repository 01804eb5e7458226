"""A mock provider in both dialects on raw protocols: what stands behind the gateway, and is measured beside it.

Refuses to think: answers are made once and sent again. The model's name says how a stream leaves: ``each`` chunk in
a write of its own as fast as the loop turns, ``paced`` chunks PACE seconds apart, or all in one ``burst``.
"""

import asyncio
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import httptools
import msgspec
import uvloop
from msgspec import Struct

from bench import bodies

PACE = 0.002
# What the vendors' edges add to an answer; the gateway reads all of it.
HEADERS = (
    b"date: Sun, 01 Mar 2026 12:00:00 GMT\r\nserver: cloudflare\r\nx-request-id: req_8b1f2c0de94a4d59a3f6\r\n"
    b"openai-organization: org-example\r\nopenai-processing-ms: 412\r\nopenai-version: 2020-10-01\r\n"
    b"x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 200000\r\n"
    b"x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 199788\r\n"
    b"x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 63ms\r\n"
    b"strict-transport-security: max-age=31536000; includeSubDomains; preload\r\nx-content-type-options: nosniff\r\n"
    b"cf-cache-status: DYNAMIC\r\ncf-ray: 8f2a1b3c4d5e6f70-FRA\r\nalt-svc: clear\r\nvia: 1.1 edge\r\n"
)


class StreamOptions(Struct, frozen=True):
    """Whether the stream ends with a usage chunk."""

    include_usage: bool = False


class Ask(Struct, frozen=True):
    """A request as far as the mock looks; the rest must only be JSON."""

    model: str
    stream: bool = False
    max_tokens: int = 20
    stream_options: StreamOptions = StreamOptions()


_asks = msgspec.json.Decoder(Ask)


@lru_cache
def whole(dialect: bodies.DialectName, model: str, chunks: int) -> bytes:
    """A whole response, head included."""
    body = bodies.whole(dialect, model, chunks)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%bcontent-length: %d\r\n\r\n"
    return head % (HEADERS, len(body)) + body


@lru_cache
def writes(dialect: bodies.DialectName, model: str, chunks: int, *, usage: bool) -> tuple[bytes, ...]:
    """A streamed response as the writes it leaves in; the head goes with the first, the end with the last."""
    pieces = [b"%x\r\n%b\r\n" % (len(one), one) for one in bodies.stream(dialect, model, chunks, usage=usage)]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n%btransfer-encoding: chunked\r\n\r\n"
    pieces[0] = head % HEADERS + pieces[0]
    pieces[-1] += b"0\r\n\r\n"
    return (b"".join(pieces),) if model == "burst" else tuple(pieces)


class Provider(asyncio.Protocol):
    """One connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []
        self._dialect: bodies.DialectName = "openai"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """The path says the dialect."""
        self._dialect = "anthropic" if url.endswith(b"/messages") else "openai"

    def on_body(self, body: bytes) -> None:
        """Gather."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer."""
        ask = _asks.decode(b"".join(self._body))
        self._body.clear()
        if not ask.stream:
            self._transport.write(whole(self._dialect, ask.model, ask.max_tokens))
            return
        usage = ask.stream_options.include_usage
        self._send(writes(self._dialect, ask.model, ask.max_tokens, usage=usage), 0, paced=ask.model == "paced")

    def _send(self, pieces: Sequence[bytes], at: int, *, paced: bool) -> None:
        """One piece a turn of the loop, so that streams at the same time take turns as those of real providers do."""
        if self._transport.is_closing():
            return
        self._transport.write(pieces[at])
        if at + 1 < len(pieces):
            if paced:
                self._loop.call_later(PACE, lambda: self._send(pieces, at + 1, paced=True))
            else:
                self._loop.call_soon(lambda: self._send(pieces, at + 1, paced=False))


async def serve() -> None:
    """Listen on a free port of loopback, say which on the first line, and serve until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(loop), "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
