"""Calls and their attempts as OpenTelemetry spans and histograms; extra ``otel``.

The words are those of its GenAI conventions, read 2026-11 and still marked as in development:
opentelemetry.io/docs/specs/semconv/gen-ai.
Refuses to be on the way of a call: spans are made after its end, from what was written down, and sent from a thread of
the SDK, which drops what it cannot send. No prompt and no answer is in them.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from trunkline._version import __version__
from trunkline.core.exchange import Attempt, Exchange
from trunkline.core.outcome import Outcome
from trunkline.telemetry.settings import OtelSettings

SCOPE = InstrumentationScope("trunkline", __version__)
LAST_CHANCE = 3_000  # milliseconds that closing waits for the collector
PROVIDERS = {"google": "gcp.gemini", "gemini": "gcp.gemini", "bedrock": "aws.bedrock", "azure": "azure.ai.openai",
             "mistral": "mistral_ai", "xai": "x_ai"}  # fmt: skip

Attributes = dict[str, Any]


class SpanSink(Protocol):
    """Where ended spans go."""

    def on_end(self, span: ReadableSpan) -> None:
        """Take one."""
        ...


class Spans:
    """A listener that hands one span for the call and one for each attempt to ``sink``."""

    def __init__(
        self, sink: SpanSink, resource: Resource, clock: Callable[[], float], wall: Callable[[], int] = time.time_ns
    ) -> None:
        self._sink = sink
        self._resource = resource
        self._clock = clock
        self._wall = wall

    def __call__(self, exchange: Exchange) -> None:
        """Tell the whole story of one ended call."""
        outcome = exchange.outcome
        if outcome is None or not int(exchange.trace.flags, 16) & TraceFlags.SAMPLED:
            return
        zero = self._wall() - int(self._clock() * 1e9)  # what the house's clock calls nought, in nanoseconds since 1970
        parent = self._context(exchange, exchange.trace.parent, remote=True) if exchange.trace.parent else None
        own = self._context(exchange, exchange.span)
        for attempt in exchange.attempts:
            if attempt.outcome is not None:
                self._end(
                    f"chat {attempt.target.model}", SpanKind.CLIENT, self._context(exchange, attempt.span), own,
                    of_attempt(attempt, attempt.outcome), attempt.outcome, zero + int(attempt.started * 1e9),
                )  # fmt: skip
        name = f"chat {exchange.call.envelope.model}"[:200]
        begun = zero + int(exchange.started * 1e9)
        self._end(name, SpanKind.SERVER, own, parent, of_call(exchange, outcome), outcome, begun)

    def _end(
        self, name: str, kind: SpanKind, context: SpanContext, parent: SpanContext | None, attributes: Attributes,
        outcome: Outcome, begun: int,
    ) -> None:  # fmt: skip
        failed = outcome.error is not None and not outcome.abandoned
        status = Status(StatusCode.ERROR, outcome.error.kind if outcome.error else None) if failed else Status()
        self._sink.on_end(
            ReadableSpan(
                name,
                context,
                parent,
                self._resource,
                attributes,
                kind=kind,
                status=status,
                start_time=begun,
                end_time=begun + int(outcome.duration * 1e9),
                instrumentation_scope=SCOPE,
            )
        )

    def _context(self, exchange: Exchange, span: str, *, remote: bool = False) -> SpanContext:
        flags = TraceFlags(int(exchange.trace.flags, 16))
        return SpanContext(int(exchange.trace.id, 16), int(span, 16), remote, flags)


class Meters:
    """A listener that keeps the two histograms of the conventions, by attempt."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("trunkline", __version__)
        self._tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of an attempt.")
        self._seconds = meter.create_histogram("gen_ai.client.operation.duration", "s", "Time of an attempt.")

    def __call__(self, exchange: Exchange) -> None:
        """Count each attempt."""
        for attempt in exchange.attempts:
            if outcome := attempt.outcome:
                words = named(attempt)
                failed = {"error.type": outcome.error.kind} if outcome.error else {}
                self._seconds.record(outcome.duration, {**words, **failed})
                if outcome.usage.source != "unknown":
                    self._tokens.record(outcome.usage.prompt, {**words, "gen_ai.token.type": "input"})
                    self._tokens.record(outcome.usage.completion, {**words, "gen_ai.token.type": "output"})


def named(attempt: Attempt) -> Attributes:
    """What an attempt was, in words that are few: the provider and the model of its target."""
    provider = attempt.target.provider
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": attempt.target.model,
    }


def of_attempt(attempt: Attempt, outcome: Outcome) -> Attributes:
    """A span of one request to a provider."""
    found = {**named(attempt), **ended(outcome)}
    if attempt.cost is not None:
        found["trunkline.cost_nano_usd"] = attempt.cost
    return found


def of_call(exchange: Exchange, outcome: Outcome) -> Attributes:
    """The span of a call, whoever answered it."""
    call = exchange.call
    found = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": call.envelope.model,
        "trunkline.request_id": exchange.id,
        "trunkline.caller": call.caller.name,
        "trunkline.attempts": len(exchange.attempts),
        **ended(outcome),
    }
    if target := exchange.target:
        found["gen_ai.response.model"] = target.model
        found["gen_ai.provider.name"] = PROVIDERS.get(target.provider, target.provider)
    if exchange.cost is not None:
        found["trunkline.cost_nano_usd"] = exchange.cost
    return found


def ended(outcome: Outcome) -> Attributes:
    """How it ended and what it used."""
    found: Attributes = {}
    if outcome.usage.source != "unknown":
        found["gen_ai.usage.input_tokens"] = outcome.usage.prompt
        found["gen_ai.usage.output_tokens"] = outcome.usage.completion
    if outcome.finish:
        found["gen_ai.response.finish_reasons"] = (outcome.finish,)
    if outcome.first_content is not None:
        found["trunkline.first_content_seconds"] = outcome.first_content
    if outcome.error:
        found["error.type"] = outcome.error.kind
    return found


class Otel:
    """The exporters of one process. ``listeners`` hear exchanges; ``close`` sends what waits, and waits 3 s at most."""

    def __init__(self, settings: OtelSettings, clock: Callable[[], float]) -> None:
        resource = Resource.create({"service.name": settings.service, "service.version": __version__})
        base = settings.endpoint.rstrip("/")
        self._sink = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=5))
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=5), export_interval_millis=15_000
        )
        self._meters = MeterProvider([reader], resource)
        self.listeners = (Spans(self._sink, resource, clock), Meters(self._meters))

    def close(self) -> None:
        """Send what waits."""
        self._sink.force_flush(LAST_CHANCE)
        self._sink.shutdown()  # type: ignore[no-untyped-call] # the SDK leaves it without annotations
        self._meters.shutdown(LAST_CHANCE)
