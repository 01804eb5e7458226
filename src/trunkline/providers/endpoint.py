"""One model at one provider with one credential: makes a single attempt and says how it ended.

Refuses to know of other targets, of retries and of the caller's route.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.catalog.price import Price
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import Call
from trunkline.core.dialect import (
    Continuable,
    Counting,
    Dialect,
    Fitting,
    Framing,
    Guess,
    ProviderDialect,
    Rendered,
)
from trunkline.core.errors import BadReply, CallError, DeadlineExceeded, ReadTimeout, StaleConnection, Unsupported
from trunkline.core.events import Began
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.money import Nanos
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Reply, held
from trunkline.core.tokens import tokens_in
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.echo import spoken_after
from trunkline.dialects.sse import Frames
from trunkline.providers.answer import Pace, StreamedReply, WholeReply
from trunkline.providers.calibration import Calibration
from trunkline.providers.headroom import headroom
from trunkline.providers.health import TargetHealth
from trunkline.providers.media import MEDIA, media_type
from trunkline.providers.timeouts import Timeouts
from trunkline.resilience.gate import Rejected
from trunkline.transport.auth import Credential
from trunkline.transport.transport import Headers, Origin, Request, Response, Transport

WHOLE_BODY_LIMIT = 64 * 1024 * 1024  # bytes; base64 images and audio come in whole answers
ERROR_BODY_LIMIT = 1024 * 1024  # bytes; the largest real error page seen is below 100 KiB
ERROR_BODY_SECONDS = 5.0
COUNT_SECONDS = 5.0  # a count is asked for on the way to a chat: an estimate now is better than a count later
SHORTEST_SECRET = 8  # bytes; a shorter key is a placeholder, and may be a part of any word
OK = 200  # the only status an answer has

TYPICAL_OUTPUT = 256.0  # tokens, until the model's own answers have shown better
LEARNING = 0.1  # weight of the newest answer
NO_USAGE = Usage()


class Door(Struct, frozen=True):
    """Where and how a provider is spoken to in one dialect; ``headers`` carries the credential, ``key`` is it.

    Its streams come as ``stream_type``, and ``frames`` cuts them. ``credential`` stands for what cannot be a constant
    header.
    """

    dialect: ProviderDialect
    origin: Origin
    target: str
    headers: Headers
    key: bytes = b""
    frames: Callable[[], Framing] = Frames
    stream_type: bytes = b"text/event-stream"
    credential: Credential | None = None

    def to(self, model: str) -> "Door":
        """The same for one model, where the model stands in the address."""
        if "{model}" not in self.target:
            return self
        return replace(self, target=self.target.replace("{model}", quote(model, safe="-._~")))

    def blotted(self, body: bytes) -> bytes:
        """An error's body without the key: providers repeat what they refuse, and callers are shown their words."""
        return body.replace(self.key, b"****") if len(self.key) >= SHORTEST_SECRET else body

    def __repr__(self) -> str:
        return f"<Door {self.origin} {self.target} [{self.dialect.name}]>"


class Asked(Protocol):
    """What stands around an endpoint's attempts."""

    async def __call__(self, exchange: Exchange, *, panic: bool = False) -> Reply:
        """As the endpoint."""
        ...


class Endpoint:
    """Provider + model + credential: one attempt per call, any number of calls at once.

    ``tariff`` is None where nobody knows what the model costs; ``window`` is its context window in tokens; ``health``
    is shared with every other route to the same target. ``ask`` is what stands around an attempt, None: nothing.
    """

    __slots__ = (
        "_clock", "_doors", "_first_door", "_guess", "_refuse", "_timeouts", "_transport", "_typical", "_wall", "ask",
        "health", "in_flight", "target", "tariff", "window",
    )  # fmt: skip

    def __init__(
        self,
        target: Target,
        doors: Mapping[str, Door],
        transport: Transport,
        clock: Callable[[], float],
        timeouts: Timeouts,
        health: TargetHealth,
        *,
        tariff: Tariff | None = None,
        window: int | None = None,
        refuse_unsupported: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self.health = health
        self.ask: Asked | None = None
        self.tariff = tariff
        self.window = window
        self.in_flight = 0
        self._wall = wall
        self._typical = TYPICAL_OUTPUT
        self._guess = Calibration()
        self._doors = {name: door.to(target.model) for name, door in doors.items()}
        self._first_door = next(iter(self._doors.values()))
        self._transport = transport
        self._clock = clock
        self._timeouts = timeouts
        self._refuse = refuse_unsupported

    async def __call__(self, exchange: Exchange, *, panic: bool = False) -> Reply:
        """Make one attempt, through whatever stands around it; see ``attempt``.

        Where an idle connection had been closed, the second one is an attempt of its own: the provider may have had the
        first, so it has its own hold and its own record.
        """
        try:
            return await self._attempted(exchange, panic=panic)
        except StaleConnection:  # nobody's fault and no retry: the next connection is a fresh one
            return await self._attempted(exchange, panic=panic)

    async def _attempted(self, exchange: Exchange, *, panic: bool) -> Reply:
        if self.ask is None:
            return await self.attempt(exchange, panic=panic)
        now = self._clock()
        if (ready := self.ready_at(now, panic=panic)) > now:  # before money is held for what cannot be sent
            raise Rejected(str(self.target), self.health.why(now) or "is not ready", retry_after=ready - now)
        return await self.ask(exchange, panic=panic)

    async def attempt(self, exchange: Exchange, *, panic: bool = False, call: Call | None = None) -> Reply:
        """Make one attempt; returns at its first content. ``panic``: an open circuit may be tried before its time.

        ``call`` is sent instead of the exchange's own, which stays what the caller said.
        Raises CallError: Rejected where a gate is shut (nothing was sent, no attempt was made), else how the attempt
        failed. How it ended and what it cost stands in ``exchange.attempts``.
        """
        asked = exchange.call if call is None else call
        now = self._clock()
        gates, line = self.health.gates, self.health.line
        ticket = gates.enter(now, panic=panic)
        attempt = Attempt(self.target, now, exchange.purpose)
        attempt.sent = False  # until it is
        exchange.attempts.append(attempt)
        self.in_flight += 1

        def left(end: Outcome | BaseException) -> None:
            self.in_flight -= 1
            if isinstance(end, CallError):
                end.provider = end.provider or self.target.provider
            ended = self._clock()
            outcome = attempt.settle(self._metered(end, asked, ended - now), ended)
            gates.leave(ticket, outcome, ended)
            if line.places:
                line.call()
            attempt.cost = _charge(outcome, price)
            if outcome.usage.source == "reported" and outcome.usage.prompt:
                self._guess.saw_prompt(len(asked.body), outcome.usage.prompt)
            if outcome.usage.output:
                self._typical += (outcome.usage.completion - self._typical) * LEARNING

        price = self._price(asked)  # as of now: an hour of the day may end while the answer comes
        if asked.envelope.stream:
            attempt.expected = self.expect(asked)
        return await held(left, self._ask(asked, attempt, exchange.started, exchange.trace.headers(attempt.span)))

    def _metered(self, end: Outcome | BaseException, call: Call, duration: float) -> Outcome | BaseException:
        """An attempt left before its answer began: the provider has read the prompt, and bills at least that."""
        if isinstance(end, Outcome | CallError):
            return end
        prompt = Usage(input=self._guess.prompt(len(call.body)), source="estimated")
        return replace(Outcome.failed(end, duration), usage=prompt)

    def ready_at(self, now: float, *, panic: bool = False) -> float:
        """When a call may enter, as far as its gates know."""
        return self.health.gates.ready_at(now, panic=panic)

    def continues(self, call: Call, dropped: tuple[str, ...]) -> bool:
        """True when this model is known to go on with the prefill of ``call``, and can express all the rest of it.

        ``dropped`` names what the caller has been told of already.
        """
        try:
            dialect = self._door(call).dialect
        except Unsupported:
            return False
        if not isinstance(dialect, Continuable) or not dialect.prefills(self.target.model):
            return False
        return set(call.render(dialect, self.target.model).dropped) <= set(dropped)

    def expect(self, call: Call) -> Nanos | None:
        """What a call will cost if its answer is as long as this model's answers have been; None without a price."""
        output = min(call.envelope.max_tokens or self._typical, self._typical)
        price = self._price(call)
        return (
            None if price is None else price.charge(Usage(input=self._guess.prompt(len(call.body)), output=int(output)))
        )

    def cost_of(self, call: Call, usage: Usage) -> Nanos | None:
        """What a call that begins now costs for these tokens; None without a price."""
        price = self._price(call)
        return None if price is None else price.charge(usage)

    def _price(self, call: Call) -> Price | None:
        """What a call that begins now costs, in the service it asks for."""
        tariff = self.tariff
        if tariff is None:
            return None
        return tariff.price(self._wall(), asked_service(call.body) if tariff.services else None)

    async def _ask(self, call: Call, attempt: Attempt, began: float, trace: Headers) -> Reply:
        door = self._door(call)
        rendered = call.render(door.dialect, self.target.model)
        if rendered.dropped and self._refuse:
            names = ", ".join(rendered.dropped)
            raise Unsupported(
                f"{self.target} cannot express {names}; remove it, or set on_unsupported: drop",
                param=rendered.dropped[0],
            )
        pace = self._pace(call, attempt, began)
        if pace.until(pace.started, pace.first_content) <= pace.started:
            raise DeadlineExceeded("the call's total time ended before this target could be asked")
        attempt.sent = True
        response = await self._send(call, door, rendered, pace, trace)
        try:
            return await self._answer(response, call, door, rendered, pace)
        except BaseException as error:
            response.abort()
            if isinstance(error, ReadTimeout):
                raise pace.late(committed=False) from error
            raise

    def _door(self, call: Call) -> Door:
        """The door of the caller's own dialect, else one of the same operation. Raises Unsupported without any."""
        asked = call.dialect.operation
        own = self._doors.get(call.dialect.name)
        if own is not None and own.dialect.operation == asked:
            return own
        if self._first_door.dialect.operation == asked:
            return self._first_door
        for door in self._doors.values():
            if door.dialect.operation == asked:
                return door
        raise Unsupported(f"{self.target} offers no {asked}; name a model whose provider does", param="model")

    def _pace(self, call: Call, attempt: Attempt, began: float) -> Pace:
        limits = self._timeouts
        deadline = min(call.deadline, began + limits.total)
        first = limits.first_content if call.envelope.stream else limits.whole(call.envelope.max_tokens)
        unsaid = Began(attempt.span, self.target.model, int(self._wall()))
        return Pace(self._clock, attempt.started, deadline, first, limits.idle, call.envelope.stream, unsaid)

    async def _send(self, call: Call, door: Door, rendered: Rendered, pace: Pace, trace: Headers) -> Response:
        expires = pace.until(pace.started, pace.first_content)
        headers = door.headers + (
            forwarded(call.headers, door.dialect) if call.speaks(door.dialect) else door.dialect.headers()
        )
        target = door.target + rendered.path if rendered.path else door.target
        request = Request("POST", door.origin, target, headers + trace, rendered.body, expires, self._timeouts.connect)
        if door.credential is not None:
            request = await door.credential.signed(request, self._wall())
        try:
            return await self._transport.send(request)
        except ReadTimeout as error:
            raise pace.late(committed=False) from error

    async def _answer(self, response: Response, call: Call, door: Door, rendered: Rendered, pace: Pace) -> Reply:
        dialect = door.dialect
        self._learn(response)
        if response.status != OK:
            response.expires = min(response.expires, self._clock() + ERROR_BODY_SECONDS)
            body = door.blotted(await response.read(ERROR_BODY_LIMIT))
            now = self._wall()
            raise dialect.parse_error(response.status, response.headers, body, self.target.provider, now)
        kind = (response.header(b"content-type") or b"").lower()
        if call.envelope.stream and kind.startswith(door.stream_type):
            reply = StreamedReply(response, door.frames(), dialect, pace, rendered, self._guess, len(call.body))
            await reply.begin()
            return reply
        whole_is_good = dialect.operation in MEDIA or (
            dialect.operation == "chat" and kind.startswith(b"application/json")
        )
        if call.envelope.stream and not whole_is_good:
            shown = kind[:80].decode("latin-1") or "no content type"
            raise BadReply(f"asked for a stream and got {shown} instead of {door.stream_type.decode()}")
        return await self._whole(response, call, dialect, rendered, pace)

    def _learn(self, response: Response) -> None:
        """What the provider says is left, so that the next call waits or goes elsewhere before it is refused."""
        if told := headroom(response.header, self._wall):
            self.health.rates.learn(self._clock(), requests=told.get("requests"), tokens=told.get("tokens"))

    async def _whole(
        self, response: Response, call: Call, dialect: ProviderDialect, rendered: Rendered, pace: Pace
    ) -> Reply:
        body = await response.read(WHOLE_BODY_LIMIT)
        sighting = dialect.sight(body)
        if dialect.operation == "embeddings" and isinstance(dialect, Fitting):  # a protocol's check costs microseconds
            body = dialect.fitted(body, call.envelope)
        kept = not call.envelope.stream or dialect.operation in MEDIA
        verbatim = call.speaks(dialect) and kept  # anything else is opened before it is an answer
        completion = None if verbatim else dialect.read_completion(body)
        if completion is not None and not completion.model:  # Cohere tells none, and clients expect one
            completion = replace(completion, model=self.target.model)
        if completion is not None and rendered.echo:
            completion = spoken_after(completion, rendered.echo)
        took = self._clock() - pace.started
        usage = sighting.usage
        if usage.source != "reported":
            usage = self._guessed(sighting.guess, call, body)
        outcome = Outcome(usage, took, took, sighting.finish)
        media = media_type(dialect.operation, response.header(b"content-type"))
        return WholeReply(body, dialect, completion, rendered.dropped, outcome, pace.unsaid, media)

    def _guessed(self, guess: Guess, call: Call, body: bytes) -> Usage:
        """What was used, where the provider does not say: unknown where no length tells it."""
        if guess == "nothing":
            return UNKNOWN_USAGE
        output = tokens_in(len(body)) if guess == "answer" else 0
        return Usage(input=self._guess.prompt(len(call.body)), output=output, source="estimated")

    async def count_tokens(self, call: Call) -> bytes | None:
        """The provider's own answer, where it speaks the caller's dialect; None where none comes."""
        door = self._doors.get(call.dialect.name)
        if door is None or not call.speaks(door.dialect) or not isinstance(door.dialect, Counting):
            return None
        rendered = door.dialect.readdress_count(call.body, self.target.model)
        headers = door.headers + forwarded(call.headers, door.dialect)
        expires = self._clock() + COUNT_SECONDS
        target = door.target + rendered.path
        try:
            request = Request("POST", door.origin, target, headers, rendered.body, expires, self._timeouts.connect)
            if door.credential is not None:
                request = await door.credential.signed(request, self._wall())
            response = await self._transport.send(request)
            answer = await response.read(ERROR_BODY_LIMIT)
        except CallError:
            return None
        return answer if response.status == OK else None

    def __repr__(self) -> str:
        return f"<Endpoint {self.target} [{self.in_flight} in flight]>"


def _charge(outcome: Outcome, price: Price | None) -> Nanos | None:
    """What an attempt cost: nothing, whatever the price, where nothing was used: most failed before anything was."""
    if outcome.usage == NO_USAGE:
        return 0
    return None if price is None or outcome.usage.source == "unknown" else price.charge(outcome.usage)


def asked_service(body: bytes) -> str | None:
    """The service a call asks for (flex, priority, ...), which both vendors name alike; None: the standard one."""
    if b'"service_tier"' not in body:
        return None
    try:
        return _SERVICE.decode(body).service_tier
    except msgspec.DecodeError:
        return None


class _Service(Struct):
    service_tier: str | None = None


_SERVICE = msgspec.json.Decoder(_Service)


def forwarded(headers: Headers, dialect: Dialect) -> Headers:
    """The caller's headers that may travel on in the same dialect, and the dialect's own where it sent none."""
    forward, own = dialect.forward, dialect.headers()
    kept = [header for header in headers if header[0] in forward]
    if not own:
        return kept
    names = {name for name, _ in kept}
    return kept + [header for header in own if header[0] not in names]
