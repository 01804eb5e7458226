"""Shows an answer again to the same request, where its route allows it, without asking anybody.

Refuses to decide that two requests mean the same: every byte of them must be equal, and so must whoever asks.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import blake2b
from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.core.call import Call
from trunkline.core.chat import Completion
from trunkline.core.dialect import Dialect, Envelope
from trunkline.core.events import Event
from trunkline.core.exchange import Attempt, Exchange, Handler, Target
from trunkline.core.money import Nanos
from trunkline.core.outcome import Outcome
from trunkline.core.reply import OneBlock, Reply, Settling
from trunkline.core.usage import Usage
from trunkline.layers.overhear import MOST_KEPT, Heard, OverheardReply, opened
from trunkline.providers.answer import unfold

MIB = 1024 * 1024
OVERHEAD = 1024  # bytes that an entry takes beside its answer
REPEATABLE = frozenset({"chat", "embeddings", "rerank", "moderations"})
PURPOSE = "cache"


class CacheSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What answers that may be shown again take, and whom they are shown to."""

    size: Annotated[
        int,
        Meta(
            ge=MIB,
            le=64 * 1024 * MIB,
            extra_json_schema={"x-unit": "bytes"},
            description="Memory for answers, in each process; the ones not asked for longest go first.",
        ),
    ] = 64 * MIB
    share: Annotated[
        Literal["key", "team", "all"],
        Meta(
            description="Whose answers a caller may be shown: its own key's, its team's, or everybody's. Whoever "
            "shares can find out by a quick answer that somebody asked the same before."
        ),
    ] = "key"


class Kept(Struct, frozen=True):
    """An answer in its caller's bytes; ``at`` on the house's clock, ``cost`` what it cost the first time."""

    body: bytes
    at: float
    target: Target
    dropped: tuple[str, ...]
    cost: Nanos | None

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return len(self.body) + sum(map(len, self.dropped)) + OVERHEAD * (1 + len(self.dropped) // 8)


class Answers:
    """Answers by key, at most so many bytes of them; the least recently shown ones go first."""

    __slots__ = ("_kept", "_most", "taken")

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.taken = 0

    def get(self, key: bytes, since: float) -> Kept | None:
        """The answer of a key, if it came after ``since``."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.at < since:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: bytes, kept: Kept) -> None:
        """Keep it; an older one of this key goes, and others where there is no room."""
        self._drop(key)
        self._kept[key] = kept
        self.taken += kept.size
        while self.taken > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.taken -= kept.size

    def __len__(self) -> int:
        return len(self._kept)


class Cache:
    """A handler. ``lasting`` has the seconds for which a model name's answers are shown again; others' never are.

    ``counts`` by ``hit``, ``miss`` and ``bypass``; ``saved``: nano-dollars that the hits cost when they were asked.
    """

    __slots__ = ("_clock", "_lasting", "_share", "answers", "counts", "inner", "saved")

    def __init__(
        self, inner: Handler, settings: CacheSettings, lasting: Mapping[str, float], clock: Callable[[], float]
    ) -> None:
        self.inner = inner
        self.answers = Answers(settings.size)
        self.counts = {"hit": 0, "miss": 0, "bypass": 0}
        self.saved: Nanos = 0
        self._share = settings.share
        self._lasting = lasting
        self._clock = clock

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler, or an answer from before: nobody is asked, nothing is paid."""
        call = exchange.call
        seconds = self._lasting.get(call.envelope.model)
        if seconds is None or exchange.purpose or call.dialect.operation not in REPEATABLE:
            return await self.inner(exchange)  # judges and canaries want to know how it is now
        asked = _directives(call)
        if "no-store" in asked or _goes_on(call):
            self.counts["bypass"] += 1
            return await self.inner(exchange)
        key, now = self._key(call), self._clock()
        kept = None if "no-cache" in asked else self.answers.get(key, now - seconds)
        if kept is not None:
            return self._again(exchange, kept, now)
        self.counts["miss"] += 1
        exchange.cache = "miss"

        def take(heard: Heard) -> None:
            self._keep(key, heard, reply.dropped)

        reply = await self.inner(exchange)
        return OverheardReply(reply, Heard(exchange), take)

    def _again(self, exchange: Exchange, kept: Kept, now: float) -> Reply:
        self.counts["hit"] += 1
        self.saved += kept.cost or 0
        exchange.cache = f"hit; age={max(0.0, now - kept.at):.0f}"
        exchange.shown = Attempt(kept.target, now, PURPOSE)
        exchange.shown.outcome = Outcome(Usage(), 0.0)
        return Recalled(kept, exchange.call)

    def _keep(self, key: bytes, heard: Heard, dropped: tuple[str, ...]) -> None:
        exchange = heard.exchange
        body, target = _bytes(heard, exchange.call), exchange.target
        if body is not None and target is not None and len(body) <= MOST_KEPT:
            self.answers.put(key, Kept(body, self._clock(), target, dropped, exchange.cost))

    def _key(self, call: Call) -> bytes:
        """All that an answer may depend on: who asks, in which dialect, with which bytes, headers and demands."""
        caller = call.caller
        whose = {"key": caller.name, "team": caller.team or f"\0{caller.name}", "all": ""}[self._share]
        parts = [
            whose.encode(),
            call.dialect.name.encode(),
            call.dialect.operation.encode(),
            call.envelope.model.encode(),
            call.body,
            repr((call.strategy, sorted(call.requires), sorted(caller.requires), caller.targets)).encode(),
            *(b"%s:%s" % header for header in sorted(call.headers) if header[0] in call.dialect.forward),
        ]
        digest = blake2b(digest_size=32)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()

    def __repr__(self) -> str:
        return f"<Cache [{len(self.answers)} answers | {self.answers.taken} bytes]>"


class Recalled(Settling):
    """A kept answer, shown as it was shown before: to the byte, in one piece."""

    __slots__ = ("_call", "_kept", "dropped")

    def __init__(self, kept: Kept, call: Call) -> None:
        super().__init__()
        self._kept = kept
        self._call = call
        self.dropped = kept.dropped
        self.settle(Outcome(Usage(), 0.0))

    def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        """The bytes as they were."""
        return OneBlock(self._kept.body)

    async def events(self) -> AsyncIterator[Event]:
        """The answer as events."""
        for event in unfold(await self.completion()):
            yield event

    async def completion(self) -> Completion:
        """The answer opened."""
        return opened(self._call.dialect, self._kept.body, stream=self._call.envelope.stream)

    async def aclose(self) -> None:
        """Nothing is open."""


def _bytes(heard: Heard, call: Call) -> bytes | None:
    """An answer in its caller's bytes, whoever read it and how; None for what is too large or cannot be read."""
    body = heard.body()
    if body is not None and not call.envelope.stream:
        return body
    whole = heard.completion()  # what ends with an error is no answer, however it settled
    if whole is None or body is not None:
        return None if whole is None else body
    if not call.envelope.stream:
        return call.dialect.write_completion(whole)
    writer = call.dialect.writer(call.envelope)
    return b"".join(map(writer.write, unfold(whole))) + writer.close()


def _goes_on(call: Call) -> bool:
    """True where a provider holds a conversation that each request adds to: the same words are another turn of it."""
    return call.dialect.name == "responses" and (b'"conversation"' in call.body or b"\\u00" in call.body)


def _directives(call: Call) -> frozenset[str]:
    """The caller's own Cache-Control (RFC 9111, 5.2.1): ``no-cache`` asks anew, ``no-store`` keeps nothing."""
    said = [value.decode("latin-1").lower() for name, value in call.headers if name == b"cache-control"]
    return frozenset(one.strip() for value in said for one in value.split(","))
