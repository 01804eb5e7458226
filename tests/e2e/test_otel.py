"""What a collector receives, read by OpenTelemetry's own types: one trace a call, in the GenAI conventions' words."""

import asyncio
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, user

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from trunkline.server.telling import traced

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "the vault's number is 4711"


class Collector(ThreadingHTTPServer):
    """An OTLP endpoint that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: dict[str, list[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Span]:
        sent = [ExportTraceServiceRequest.FromString(body) for body in self.bodies.get("/v1/traces", [])]
        return [
            span for one in sent for group in one.resource_spans for scope in group.scope_spans for span in scope.spans
        ]

    def metric_names(self) -> set[str]:
        sent = [ExportMetricsServiceRequest.FromString(body) for body in self.bodies.get("/v1/metrics", [])]
        return {
            metric.name
            for one in sent
            for group in one.resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
        }


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
        self.server.bodies.setdefault(self.path, []).append(plain)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def said(span: Span) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in span.attributes}


async def one_call(house: House, model: str) -> None:
    with traced(house.gateway):
        await house.post(
            "/v1/chat/completions",
            {"model": model, "messages": [user(SECRET)]},
            {"traceparent": f"00-{ID}-{SPAN}-01"},
        )
        await asyncio.sleep(0)


async def test_a_call_and_its_attempts_are_one_trace_below_the_callers_span(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}")

    await one_call(house, "down-then-up")

    spans = collector.spans()
    call = next(span for span in spans if span.kind == Span.SPAN_KIND_SERVER)
    attempts = [span for span in spans if span.kind == Span.SPAN_KIND_CLIENT]
    [exchange] = house.ended
    assert {span.trace_id.hex() for span in spans} == {ID}
    assert (call.parent_span_id.hex(), call.span_id.hex()) == (SPAN, exchange.span)
    assert [(span.span_id.hex(), span.parent_span_id.hex()) for span in attempts] == [
        (attempt.span, exchange.span) for attempt in exchange.attempts
    ]
    assert [span.status.code for span in attempts] == [
        Status.STATUS_CODE_ERROR,
        Status.STATUS_CODE_ERROR,
        Status.STATUS_CODE_UNSET,
    ]
    assert call.start_time_unix_nano <= attempts[0].start_time_unix_nano
    assert attempts[-1].end_time_unix_nano <= call.end_time_unix_nano + 1_000_000


async def test_a_span_speaks_the_genai_conventions(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}', service: house-of-tests}}")

    await one_call(house, "openai")

    client = next(span for span in collector.spans() if span.kind == Span.SPAN_KIND_CLIENT)
    found = said(client)
    usage = house.ended[0].outcome.usage
    assert client.name == "chat sim"
    assert {key: value for key, value in found.items() if key.startswith("gen_ai") and "finish" not in key} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "oa",
        "gen_ai.request.model": "sim",
        "gen_ai.usage.input_tokens": usage.prompt,
        "gen_ai.usage.output_tokens": usage.completion,
    }
    assert found["trunkline.cost_nano_usd"] == house.ended[0].cost
    assert collector.metric_names() == {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"}
    assert b"house-of-tests" in collector.bodies["/v1/traces"][0]


async def test_no_prompt_answer_or_key_is_sent(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}")

    await one_call(house, "all-down")
    await one_call(house, "openai")

    sent = b"".join(body for bodies in collector.bodies.values() for body in bodies)
    assert len(sent) > 1000
    assert not any(word in sent for word in (SECRET.encode(), b"sk-oa", b"sk-an"))


async def test_a_trace_that_its_caller_does_not_sample_is_not_sent(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}")

    with traced(house.gateway):
        await house.post(
            "/v1/chat/completions",
            {"model": "openai", "messages": [user("hi")]},
            {"traceparent": f"00-{ID}-{SPAN}-00"},
        )

    assert collector.spans() == []


async def test_a_collector_that_is_down_is_felt_by_no_caller(build: Build) -> None:
    house = await build(more="otel: {endpoint: 'http://127.0.0.1:9'}")

    from trunkline.telemetry.otel import Spans

    house.gateway.listen(Spans(Down(), None, house.gateway.clock))
    status, _, _ = await house.chat("openai")

    assert status == 200
    assert len(house.ended) == 1


class Down:
    def on_end(self, span: object) -> None:
        raise OSError("no collector")
