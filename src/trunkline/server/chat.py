"""The doors for chats: a request's bytes become a call, its reply becomes a response.

Refuses to know which dialect it serves: it is handed one.
"""

import asyncio
from collections.abc import Callable

from trunkline.accounting.rates import NO_LIMITS
from trunkline.core.call import Call, Caller
from trunkline.core.dialect import Dialect
from trunkline.core.errors import CallError, InvalidRequest, ShuttingDown
from trunkline.core.exchange import Exchange
from trunkline.core.money import usd
from trunkline.core.reply import Reply
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import JSON, Visit
from trunkline.server.auth import Keys
from trunkline.server.http import Headers, Watch, Watches, read_body, respond
from trunkline.server.wishes import strategy_in_metadata, wishes

STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


Address = Callable[[Visit, bytes], bytes]
"""Puts into a body what its dialect says in the path."""


class UnsupportedMedia(InvalidRequest):
    """The body is of a type that no door takes."""

    kind, status = "unsupported_media_type", 415


class Chat:
    """One dialect's chat operation."""

    __slots__ = ("_address", "_dialect", "_gateway", "_keys", "_watches")

    def __init__(self, gateway: Gateway, keys: Keys, dialect: Dialect, address: Address | None = None) -> None:
        self._address = address
        self._gateway = gateway
        self._keys = keys
        self._dialect = dialect
        self._watches = Watches()

    async def __call__(self, visit: Visit) -> None:
        """Serve one chat; errors leave here as responses that say which provider was asked, and how often."""
        gateway = self._gateway
        exchange: Exchange | None = None
        watch: Watch | None = None
        try:
            caller = await self._keys.caller(visit.scope["headers"])
            if gateway.draining:
                raise ShuttingDown("the gateway is shutting down; send the call again", retry_after=1)
            limits = gateway.limits
            body = await read_body(visit.scope, visit.receive, limits.body)
            if self._address is not None:
                body = self._address(visit, body)
            now = gateway.clock()
            call = self._call(body, caller, visit.scope["headers"])
            exchange = Exchange(visit.id, call, now)
            watch = self._watches.begin(visit.receive)
            await self._answer(visit, exchange, await gateway.handle(exchange))
        except CallError as error:
            await visit.fail(error, [*facts(exchange, None), *self._left(exchange)])
        except asyncio.CancelledError:
            if gateway.draining and not visit.started:
                await visit.fail(_shut_down(), facts(exchange, None))
            elif watch is None or not watch.gone:
                raise
        finally:
            if watch is not None:
                self._watches.end(watch)
            if exchange is not None:
                visit.refusal = None  # it is the exchange's, and told with it
                exchange.let_go()

    def _call(self, body: bytes, caller: Caller, headers: Headers) -> Call:
        try:
            return _wished(Call(body, self._dialect, caller=caller, headers=headers))
        except InvalidRequest as error:
            # only a body that is no JSON is blamed on its headers: plain curl -d sends good JSON as a form
            said = {name: value[:80].decode("latin-1") for name, value in headers}
            encoding, kind = said.get(b"content-encoding", "identity"), said.get(b"content-type", "")
            if encoding.lower() != "identity":
                raise UnsupportedMedia(f"the body is {encoding}-encoded. Send it uncompressed.") from error
            if "json" in kind.lower() or not kind or error.param:
                raise
            raise UnsupportedMedia(f"the body is {kind}, not JSON. Send content-type application/json.") from error

    async def _answer(self, visit: Visit, exchange: Exchange, reply: Reply) -> None:
        try:
            if exchange.call.envelope.stream:
                await self._stream(visit, exchange, reply)
            else:
                visit.started = True
                body = b"".join(
                    [block async for block in reply.blocks(self._dialect, exchange.call.envelope, visit.id)]
                )
                kind = JSON if reply.content_type is None else (b"content-type", reply.content_type)
                await respond(
                    visit.send, 200, [kind, *visit.headers, *facts(exchange, reply), *self._left(exchange)], body
                )
        finally:
            await reply.aclose()

    def _left(self, exchange: Exchange | None) -> Headers:
        """What is left of the caller's own limits, where its key has some."""
        if exchange is None or exchange.call.caller.limits == NO_LIMITS:
            return []
        allowances = self._gateway.rates.allowances(exchange.call.caller, self._gateway.clock())
        return [
            (b"x-ratelimit-%s-%s" % (said, kind.encode()), value)
            for kind, left in allowances.items()
            for said, value in (
                (b"limit", b"%d" % left.limit),
                (b"remaining", b"%d" % left.remaining),
                (b"reset", b"%.3fs" % left.reset),
            )
        ]

    async def _stream(self, visit: Visit, exchange: Exchange, reply: Reply) -> None:
        send = visit.send
        headers = [*STREAM, *visit.headers, *facts(exchange, reply), *self._left(exchange)]
        visit.started = True
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for block in reply.blocks(self._dialect, exchange.call.envelope, visit.id):
                await send({"type": "http.response.body", "body": block, "more_body": True})
        except asyncio.CancelledError:
            if not self._gateway.draining:
                raise
            # the drain time is over: say so instead of just tearing the stream
            block = self._dialect.write_stream_error(_shut_down(), visit.id)
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _wished(call: Call) -> Call:
    """The call with what its headers and its metadata ask of the gateway itself. Raises InvalidRequest."""
    asked = wishes(call.headers)
    call.max_attempts, call.requires = asked.attempts, asked.requires
    call.strategy = asked.strategy or strategy_in_metadata(call)
    return call


def facts(exchange: Exchange | None, reply: Reply | None) -> Headers:
    """Who answered, after how many attempts, at what cost: on every answer, errors too.

    ``x-trunkline-cost-source`` says what the cost is worth: ``reported`` usage of a whole answer, ``estimated``
    usage, ``expected`` for a stream (its headers leave before its usage is known), ``unknown`` without a price,
    ``none`` where nobody was asked.
    """
    target = exchange.target if exchange else None
    cost, source = _cost(exchange) if exchange and exchange.attempts else (0, "none")
    headers = [
        (b"x-trunkline-provider", _safe(target.provider) if target else b"none"),
        (b"x-trunkline-model", _safe(target.model) if target else b"none"),
        (b"x-trunkline-attempts", b"%d" % (exchange.requests if exchange else 0)),
        (b"x-trunkline-cost-usd", b"unknown" if cost is None else usd(cost).encode()),
        (b"x-trunkline-cost-source", source.encode()),
    ]
    if exchange is not None and exchange.cache:
        headers.append((b"x-trunkline-cache", exchange.cache.encode()))
    if exchange is not None and exchange.nearing:
        headers.append((b"x-trunkline-budget", _safe(exchange.nearing)))
    if exchange is not None and (len(exchange.attempts) > 1 or exchange.passed):
        headers.append((b"x-trunkline-trail", _safe(exchange.trail)))
    if exchange is not None and exchange.decision is not None:
        headers.append((b"x-trunkline-decision", _safe(exchange.decision.line)))
    if exchange is not None and exchange.attempts and reply is None:
        headers.append((b"x-should-retry", b"false"))  # both vendors' SDKs obey it: all that could be done was done
    if reply is not None and reply.dropped:
        headers.append((b"x-trunkline-dropped", _safe(", ".join(reply.dropped))))
    return headers


def _cost(exchange: Exchange) -> tuple[int | None, str]:
    """The cost so far, and what the figure rests on."""
    cost = exchange.cost
    outcome = exchange.outcome
    if outcome is None:
        return exchange.expected_cost, "expected" if exchange.expected_cost is not None else "unknown"
    if cost is None:
        return None, "unknown"
    return cost, outcome.usage.source if outcome.ok else "reported"


def _shut_down() -> ShuttingDown:
    return ShuttingDown("the gateway shut down before the answer ended; send the call again", retry_after=1)


def _safe(text: str) -> bytes:
    """A header value: whatever a hostile name holds, nothing that could end the line."""
    return text.encode("ascii", "replace").translate(_CLEAN)[:512]


_CLEAN = bytes(byte if 32 <= byte < 127 else 63 for byte in range(256))
