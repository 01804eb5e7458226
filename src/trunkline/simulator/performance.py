"""From what a provider does to what is sent: the script of a response, and what it will have cost.
It refuses to play the script.
"""

from email.utils import formatdate
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.simulator import draw
from trunkline.simulator.ask import Answer, Ask, DialectName
from trunkline.simulator.breaks import BREAKS
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.faults import Fault
from trunkline.simulator.oddities import ODDITIES
from trunkline.simulator.prices import Tariff, Usage
from trunkline.simulator.provider import Served, SimulatedProvider
from trunkline.simulator.refusals import Refusal
from trunkline.simulator.script import Headers, Piece, Script, paced
from trunkline.simulator.substitutes import Scene, substitute
from trunkline.simulator.wires import WIRES


class Performance(Struct, frozen=True, kw_only=True):
    """A script and the truth about it. `usage` is that of the whole answer."""

    script: Script
    provider: str | None = None
    dialect: DialectName | None = None
    model: str | None = None
    fault: Fault | None = None
    answer: Answer | None = None
    usage: Usage = Usage()
    tariff: Tariff = Tariff(0, 0, 0, 0)
    bills_all: bool = False

    @property
    def tears(self) -> bool:
        """Whether the fault leaves the client without a whole answer after it has begun."""
        return self.fault is not None and self.fault.about.harm in {"torn", "stuck"}

    def settle(self, sent_tokens: int, *, whole: bool) -> Usage:
        """What is billed: everything for a `whole` answer, else the input and the output that was sent."""
        if whole or self.bills_all:
            return self.usage
        sent = min(sent_tokens, self.usage.output)
        return replace(self.usage, output=sent, reasoning=min(sent, self.usage.reasoning))


class Playwright:
    """Writes the scripts of one provider."""

    def __init__(self, provider: SimulatedProvider, epoch: float) -> None:
        """`epoch` is the wall time of second 0."""
        self._provider = provider
        self._epoch = epoch
        self._number = 0

    def play(self, ask: Ask, path: str, now: float) -> Performance:
        """Have a request served, and write down what is to be sent."""
        served = self._provider.serve(ask, now)
        if served.refusal:
            refused = self.refuse(served.refusal, ask.dialect, now)
            return Performance(script=refused.script, provider=refused.provider, dialect=ask.dialect, model=ask.model)
        request_id, headers = self._headers(ask.dialect, now, served.first_token)
        scene = Scene(
            dialect=ask.dialect,
            model=ask.model,
            path=path,
            headers=headers,
            request_id=request_id,
            wall=self._epoch + now,
            usage=served.usage,
        )
        return Performance(
            script=self._script(served, scene),
            provider=self._provider.name,
            dialect=ask.dialect,
            model=ask.model,
            fault=served.fault,
            answer=served.answers[0] if served.answers else None,
            usage=served.usage,
            tariff=served.tariff,
            bills_all=self._provider.config.abandoned == "all",
        )

    def refuse(self, refusal: Refusal, dialect: DialectName, now: float) -> Performance:
        """An error answer in the vendor's words, and headers."""
        request_id, headers = self._headers(dialect, now, 0.0)
        named = {"anthropic": "request_id", "cohere": "id"}.get(dialect)
        body = {**refusal.body, named: request_id} if named else refusal.body
        piece = Piece(msgspec.json.encode(body), "body")
        script = Script(status=refusal.status, headers=(*headers, *refusal.headers), pieces=(piece,))
        return Performance(script=script, provider=self._provider.name, dialect=dialect)

    def page(self, body: dict[str, Any], dialect: DialectName, now: float) -> Performance:
        """A JSON answer that costs nothing: model lists and token counts."""
        _, headers = self._headers(dialect, now, 0.0)
        script = Script(headers=headers, pieces=(Piece(msgspec.json.encode(body), "body"),))
        return Performance(script=script, provider=self._provider.name, dialect=dialect)

    def _script(self, served: Served, scene: Scene) -> Script:
        fault = served.fault
        instead = substitute(fault, scene) if fault else None
        if instead:
            return instead
        if fault and not served.answers:  # an error event, asked for where nothing is streamed
            return BREAKS[fault.kind](Script(headers=scene.headers), fault, scene)
        streamed = served.ask.stream and not (fault and fault.kind == "unstreamed")
        script = self._answered(served, scene, streamed=streamed)
        bend = (BREAKS.get(fault.kind) or ODDITIES.get(fault.kind)) if fault else None
        bent = bend(script, fault, scene) if bend and fault else script
        framed = WIRES[scene.dialect].framed
        return framed(bent) if framed and streamed else bent

    def _answered(self, served: Served, scene: Scene, *, streamed: bool) -> Script:
        late = served.fault.number("seconds") if served.fault and served.fault.kind in {"slow", "slow-head"} else 0.0
        first = served.first_token - late  # the fault adds it again, where it belongs
        delivery = Delivery(
            ask=served.ask,
            answers=served.answers,
            usage=served.usage,
            id=draw.identifier("", 24, scene.request_id, served.ask.salt),
            created=int(scene.wall),
            shows_usage=served.shows_usage,
        )
        wire = WIRES[served.ask.dialect]
        if streamed:
            pieces = wire.stream(delivery)
            headers = _stream_headers(scene.headers, served.ask.dialect, wire.content_type)
            return Script(headers=headers, pieces=paced(pieces, first, served.seconds_per_token), streamed=True)
        piece = Piece(msgspec.json.encode(wire.whole(delivery)), "body", served.usage.output)
        return Script(
            headers=scene.headers, pieces=(piece,), lead=first + served.usage.output * served.seconds_per_token
        )

    def _headers(self, dialect: DialectName, now: float, first_token: float) -> tuple[str, Headers]:
        self._number += 1
        request_id = draw.identifier("req_", 24, self._provider.seed, self._provider.name, self._number)
        common = (("date", formatdate(self._epoch + now, usegmt=True)), ("content-type", "application/json"))
        limits = self._provider.limits.headers(dialect, now, self._epoch)
        if dialect == "anthropic":
            return request_id, (
                *common,
                ("request-id", request_id),
                ("anthropic-organization-id", "org-simulated"),
                *limits,
            )
        if dialect == "bedrock":
            return request_id, (*common, ("x-amzn-requestid", request_id))
        if dialect == "gemini":
            return request_id, (*common, ("server", "scaffolding on HTTPServer2"))
        if dialect == "ollama":
            return request_id, common  # a server of one's own tells nothing in headers
        if dialect == "cohere":
            return request_id, (*common, ("x-debug-trace-id", request_id))
        own = (
            ("x-request-id", request_id),
            ("openai-organization", "org-simulated"),
            ("openai-processing-ms", str(round(first_token * 1000))),
            ("openai-version", "2020-10-01"),
        )
        return request_id, (*common, *own, *limits)


def _stream_headers(headers: Headers, dialect: DialectName, kind: str) -> Headers:
    changed = tuple((name, kind if name == "content-type" else value) for name, value in headers)
    return (*changed, ("cache-control", "no-cache" if dialect == "anthropic" else "no-cache, must-revalidate"))
