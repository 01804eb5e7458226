"""What a collector receives, read by OpenTelemetry's own types: one trace a call, in the GenAI conventions' words."""

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, user

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from trunkline.core.call import Call
from trunkline.core.exchange import Exchange
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.server.telling import traced
from trunkline.telemetry.otel_words import operation_at, provider_name

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

    def events(self) -> list[LogRecord]:
        sent = [ExportLogsServiceRequest.FromString(body) for body in self.bodies.get("/v1/logs", [])]
        return [
            event
            for one in sent
            for group in one.resource_logs
            for scope in group.scope_logs
            for event in scope.log_records
        ]

    def metrics(self) -> list[Metric]:
        sent = [ExportMetricsServiceRequest.FromString(body) for body in self.bodies.get("/v1/metrics", [])]
        return [
            metric
            for one in sent
            for group in one.resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
        ]

    def metric_names(self) -> set[str]:
        return {metric.name for metric in self.metrics()}


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
        "gen_ai.request.stream": False,
        "gen_ai.response.time_to_first_chunk": pytest.approx(house.ended[0].attempts[0].outcome.first_content),
        "gen_ai.usage.input_tokens": usage.prompt,
        "gen_ai.usage.output_tokens": usage.completion,
    }
    assert found["trunkline.cost_nano_usd"] == house.ended[0].cost
    assert collector.metric_names() == {
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.server.request.duration",
        "gen_ai.server.time_to_first_token",
    }
    assert b"house-of-tests" in collector.bodies["/v1/traces"][0]


HELLO = [user("hi")]


@pytest.mark.parametrize(
    ("path", "body", "said_of"),
    [
        ("/v1/chat/completions", {"model": "openai", "messages": HELLO}, ("chat openai", "chat sim")),
        ("/v1/messages", {"model": "gemini", "messages": HELLO, "max_tokens": 9}, ("chat gemini", "chat sim")),
        (
            "/v1beta/models/openai:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
            ("generate_content openai", "chat sim"),
        ),
        ("/v1/embeddings", {"model": "oa/sim", "input": "hi"}, ("embeddings oa/sim", "embeddings sim")),
        ("/v1/completions", {"model": "oa/sim", "prompt": "hi"}, ("text_completion oa/sim", "text_completion sim")),
    ],
)
async def test_a_span_is_named_after_what_was_asked_for(
    build: Build, collector: Collector, path: str, body: dict[str, Any], said_of: tuple[str, str]
) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}")

    with traced(house.gateway):
        await house.post(path, body)
        await asyncio.sleep(0)

    names = {span.kind: span.name for span in collector.spans()}
    operations = {said(span)["gen_ai.operation.name"] for span in collector.spans()}
    assert (names[Span.SPAN_KIND_SERVER], names[Span.SPAN_KIND_CLIENT]) == said_of
    assert operations == {name.split(" ")[0] for name in said_of}


def test_google_is_asked_to_generate_content_whoever_asks() -> None:
    exchange = Exchange(
        "req_1", Call(b'{"model":"fast","messages":[{"role":"user","content":"hi"}]}', OpenAIChat()), 0.0
    )

    found = [(operation_at(exchange, name), provider_name(name)) for name in ("gemini", "vertex", "mistral", "groq")]

    assert found == [
        ("generate_content", "gcp.gemini"),
        ("generate_content", "gcp.vertex_ai"),
        ("chat", "mistral_ai"),
        ("chat", "groq"),
    ]


async def test_names_that_callers_invent_make_no_new_histograms(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}")

    with traced(house.gateway):
        for number in range(50):
            await house.chat(f"oa/fault:status:{500 + number % 5}:junk{number}")
            await house.chat(f"junk-{number}")

    [served] = [one for one in collector.metrics() if one.name == "gen_ai.server.request.duration"]
    models = {
        pair.value.string_value
        for point in served.histogram.data_points
        for pair in point.attributes
        if pair.key == "gen_ai.request.model"
    }
    assert models <= {"other"}
    assert len(served.histogram.data_points) < 10


async def test_an_opinion_of_an_answer_is_an_event_below_its_span(build: Build, collector: Collector) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}'}}\nquality: {{}}")
    assert house.gateway.quality is not None

    with traced(house.gateway):
        house.gateway.open()
        await house.chat("openai")
        await house.gateway.quality.watch.settled()
        [exchange] = house.ended
        await house.post("/v1/feedback", {"request_id": exchange.id, "label": "thumbs_up", "comment": SECRET})

    [event] = [one for one in collector.events() if one.event_name == "gen_ai.evaluation.result"]
    found = {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in event.attributes}
    assert (event.trace_id.hex(), event.span_id.hex()) == (exchange.trace.id, exchange.span)
    assert found == {
        "gen_ai.evaluation.name": "user",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.score.label": "thumbs_up",
        "gen_ai.request.model": "oa/sim",
        "trunkline.request_id": exchange.id,
    }


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


async def test_a_collector_that_hangs_holds_up_no_call_and_the_end_by_three_seconds_at_most(build: Build) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and never says a word
        house = await build(more=f"otel: {{endpoint: 'http://127.0.0.1:{deaf.getsockname()[1]}'}}")
        with traced(house.gateway):
            statuses = [(await house.chat("openai"))[0] for _ in range(20)]
            begun = time.monotonic()
        took = time.monotonic() - begun

    assert statuses == [200] * 20
    assert took < 4.5


class Down:
    def on_end(self, span: object) -> None:
        raise OSError("no collector")


TOOL_TALK = [
    {"role": "system", "content": "Be brief."},
    user(SECRET),
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_123456789", "type": "function", "function": {"name": "look", "arguments": '{"at":"it"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_123456789", "content": "nothing there"},
]


@pytest.mark.parametrize("stream", [False, True])
async def test_prompts_and_answers_are_told_only_where_the_config_wants_it(
    build: Build, collector: Collector, stream: bool
) -> None:
    house = await build(more=f"otel: {{endpoint: '{collector.url}', content: true}}")

    with traced(house.gateway):
        _, _, body = await house.post(
            "/v1/chat/completions",
            {"model": "anthropic", "messages": TOOL_TALK, "stream": stream},
            {"traceparent": f"00-{ID}-{SPAN}-01"},
        )
        await asyncio.sleep(0)

    [event] = collector.events()
    found = {one.key: json.loads(one.value.string_value) for one in event.attributes if "messages" in one.key}
    [answered] = found["gen_ai.output.messages"]
    assert event.event_name == "gen_ai.client.inference.operation.details"
    assert (event.trace_id.hex(), event.span_id.hex()) == (ID, house.ended[0].span)
    assert found["gen_ai.input.messages"] == [
        {"role": "user", "parts": [{"type": "text", "content": SECRET}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "call_123456789", "name": "look", "arguments": '{"at":"it"}'}],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "call_123456789", "response": "nothing there"}],
        },
    ]
    assert answered["role"] == "assistant"
    assert answered["finish_reason"] == "stop"
    first = answered["parts"][0]["content"].split()[0]
    assert first.encode() in body
    assert not any(SECRET in str(said(span)) for span in collector.spans())


async def test_whoever_overhears_and_fails_is_felt_by_no_caller(house: House) -> None:
    heard = []

    def take(each: Any) -> None:
        heard.append(each)
        raise RuntimeError("the sink is broken")

    house.gateway.overhear(take)
    status, _, _ = await house.chat("openai")

    assert status == 200
    assert len(heard) == 1
