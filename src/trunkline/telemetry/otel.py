"""Calls and their attempts as OpenTelemetry spans and histograms, opinions of answers as its events; extra ``otel``.

Refuses to be on the way of a call: everything is made after its end, from what was written down, and sent from threads
of the SDK, which drop what they cannot send.
"""

import logging
import time
from collections.abc import Callable
from threading import Thread
from typing import Protocol

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from trunkline._version import __version__
from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange, Target
from trunkline.core.outcome import Outcome
from trunkline.stores.scores import Score
from trunkline.telemetry.otel_content import NAME, content_of
from trunkline.telemetry.otel_words import (
    FIRST,
    SECONDS,
    TOKENS,
    Attributes,
    few,
    of_attempt,
    of_call,
    operation_at,
    operation_of,
    provider_name,
)
from trunkline.telemetry.series import Labels
from trunkline.telemetry.settings import OtelSettings

log = logging.getLogger("trunkline")

SCOPE = InstrumentationScope("trunkline", __version__)
LAST_CHANCE = 3_000  # milliseconds that closing waits for the collector
LONGEST_NAME = 200  # characters of a span's name: a model's is a caller's word
MOST_REMEMBERED = 10_000  # calls that a later opinion can be tied to
NOBODY: Labels = ("", "")

Label = Callable[[Target, bool], Labels]
"""Provider and model of a target, and whether it answered, as words that are few."""


class SpanSink(Protocol):
    """Where ended spans go."""

    def on_end(self, span: ReadableSpan) -> None:
        """Take one."""
        ...


class EventSink(Protocol):
    """Where events go: a logger of the SDK."""

    def emit(self, record: LogRecord) -> None:
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
        parent = _context(exchange, exchange.trace.parent, remote=True) if exchange.trace.parent else None
        own = _context(exchange, exchange.span)
        for attempt in exchange.attempts:
            if attempt.outcome is not None:
                told = of_attempt(exchange, attempt, attempt.outcome)
                begun = zero + int(attempt.started * 1e9)
                self._end(SpanKind.CLIENT, _context(exchange, attempt.span), own, told, attempt.outcome, begun)
        begun = zero + int(exchange.started * 1e9)
        self._end(SpanKind.SERVER, own, parent, of_call(exchange, outcome), outcome, begun)

    def _end(
        self, kind: SpanKind, context: SpanContext, parent: SpanContext | None, attributes: Attributes,
        outcome: Outcome, begun: int,
    ) -> None:  # fmt: skip
        failed = outcome.error is not None and not outcome.abandoned
        status = Status(StatusCode.ERROR, outcome.error.kind if outcome.error else None) if failed else Status()
        self._sink.on_end(
            ReadableSpan(
                f"{attributes['gen_ai.operation.name']} {attributes['gen_ai.request.model']}"[:LONGEST_NAME],
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


def _context(exchange: Exchange, span: str, *, remote: bool = False) -> SpanContext:
    flags = TraceFlags(int(exchange.trace.flags, 16))
    return SpanContext(int(exchange.trace.id, 16), int(span, 16), remote, flags)


class Meters:
    """A listener that keeps the histograms of the conventions: the client's by attempt, the server's by call."""

    def __init__(self, provider: MeterProvider, label: Label) -> None:
        self._label = label
        meter = provider.get_meter("trunkline", __version__)

        def histogram(name: str, unit: str, about: str, bounds: tuple[float, ...]) -> Callable[..., None]:
            made = meter.create_histogram(f"gen_ai.{name}", unit, about, explicit_bucket_boundaries_advisory=bounds)
            return made.record

        self._tokens = histogram("client.token.usage", "{token}", "Tokens of an attempt.", TOKENS)
        self._seconds = histogram("client.operation.duration", "s", "Time of an attempt.", SECONDS)
        self._first = histogram("client.operation.time_to_first_chunk", "s", "To its first content.", FIRST)
        self._served = histogram("server.request.duration", "s", "Time of a call.", SECONDS)
        self._shown = histogram("server.time_to_first_token", "s", "To its first content.", FIRST)

    def __call__(self, exchange: Exchange) -> None:
        """Count the call and each of its attempts."""
        if exchange.outcome is None:
            return
        for attempt in exchange.attempts:
            if outcome := attempt.outcome:
                labels = self._label(attempt.target, outcome.ok)
                words = few(operation_at(exchange, attempt.target.provider), labels, outcome)
                _timed(outcome, self._seconds, self._first, words)
                if outcome.usage.source != "unknown":
                    self._tokens(outcome.usage.prompt, {**words, "gen_ai.token.type": "input"})
                    self._tokens(outcome.usage.completion, {**words, "gen_ai.token.type": "output"})
        labels = NOBODY if exchange.target is None else self._label(exchange.target, exchange.outcome.ok)
        words = few(operation_of(exchange), labels, exchange.outcome)
        _timed(exchange.outcome, self._served, self._shown, words)


def _timed(outcome: Outcome, whole: Callable[..., None], first: Callable[..., None], words: Attributes) -> None:
    whole(outcome.duration, words)
    if outcome.first_content is not None:
        first(outcome.first_content, words)


class Evaluations:
    """Tells what judges, validators and users think of answers, each as an event below the span of its call.

    Why they think so is left out: judges quote answers.
    """

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self._spans: dict[str, SpanContext] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Remember where a call's span is, for opinions of its answer come later."""
        if len(self._spans) >= MOST_REMEMBERED:
            del self._spans[next(iter(self._spans))]
        self._spans[exchange.id] = _context(exchange, exchange.span)

    def scored(self, score: Score) -> None:
        """Tell one opinion."""
        span = self._spans.get(score.request)
        told: Attributes = {"gen_ai.evaluation.name": score.source, "trunkline.request_id": score.request}
        told["gen_ai.request.model"] = score.target
        if score.score is not None:
            told["gen_ai.evaluation.score.value"] = score.score
        if score.label:
            told["gen_ai.evaluation.score.label"] = score.label
        self._sink.emit(_event("gen_ai.evaluation.result", score.at * 1_000_000, span, told))


class Contents:
    """Tells what was asked and answered, as an event below the span of its call."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def told(self, exchange: Exchange, answer: Completion | None) -> None:
        """One answer that reached its caller whole; one that cannot be read, or is no chat's, has nothing to tell."""
        if answer is None or not int(exchange.trace.flags, 16) & TraceFlags.SAMPLED:
            return
        call, target = exchange.call, exchange.target
        told: Attributes = {
            "gen_ai.operation.name": operation_of(exchange),
            "gen_ai.request.model": call.envelope.model,
            "trunkline.request_id": exchange.id,
            **content_of(_opened(exchange), answer),
        }
        if target is not None:
            told["gen_ai.provider.name"] = provider_name(target.provider)
        self._sink.emit(_event(NAME, time.time_ns(), _context(exchange, exchange.span), told))


def _opened(exchange: Exchange) -> ChatRequest | None:
    try:
        return exchange.call.request
    except CallError:  # a provider understood what we do not
        return None


def _event(name: str, at: int, span: SpanContext | None, told: Attributes) -> LogRecord:
    return LogRecord(
        timestamp=at,
        context=set_span_in_context(NonRecordingSpan(span), Context()) if span else Context(),
        severity_number=SeverityNumber.INFO,
        attributes=told,
        event_name=name,
    )


class Otel:
    """The exporters of one process. ``listeners`` hear exchanges; ``close`` sends what waits, and waits 3 s at most."""

    def __init__(self, settings: OtelSettings, clock: Callable[[], float], label: Label) -> None:
        resource = Resource.create({"service.name": settings.service, "service.version": __version__})
        base = settings.endpoint.rstrip("/")
        self._sink = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=5))
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=5), export_interval_millis=15_000
        )
        self._meters = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._logs = LoggerProvider(resource, shutdown_on_exit=False)
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{base}/v1/logs", timeout=5))
        )
        logger = self._logs.get_logger("trunkline", __version__)
        self.evaluations = Evaluations(logger)
        self.contents = Contents(logger) if settings.content else None
        self.listeners = (Spans(self._sink, resource, clock), Meters(self._meters, label), self.evaluations)

    def close(self) -> None:
        """Send what waits, all three at once: the SDK's own patience with a collector that hangs adds up to 8 s."""
        ends = [Thread(target=_safely, args=(end,), daemon=True) for end in (self._spans, self._figures, self._events)]
        until = time.monotonic() + LAST_CHANCE / 1000
        for end in ends:
            end.start()
        for end in ends:
            end.join(max(0.0, until - time.monotonic()))

    def _spans(self) -> None:
        self._sink.force_flush(LAST_CHANCE)
        self._sink.shutdown()  # type: ignore[no-untyped-call] # the SDK leaves it without annotations

    def _figures(self) -> None:
        self._meters.shutdown(LAST_CHANCE)

    def _events(self) -> None:
        self._logs.force_flush(LAST_CHANCE)
        self._logs.shutdown()


def _safely(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises, the process ends
        log.warning("what was left for the collector is not sent: %s", error)
