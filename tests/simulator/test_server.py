"""The server: keep-alive, hostile bytes, keys, paths, limits, and a ground truth that misses nothing."""

import asyncio
import base64
import io
import json
import random
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from trunkline.simulator import Config, Simulator, load_config, read_config


def header(raw: Any, name: str) -> str:
    headers: dict[str, str] = dict(line.split(": ", 1) for line in raw.head.split("\r\n")[1:])
    return headers[name]


async def test_the_log_has_every_byte_that_the_client_received(caller: Any):
    raw = await caller.send(caller.openai("sim-small", stream=True))

    entry = (await caller.logged())[0]
    assert entry.sent == raw.data
    assert (entry.sent_bytes, entry.sent_sha256) == (len(raw.data), sha256(raw.data).hexdigest())
    assert (entry.end, entry.status, entry.provider, entry.model) == ("complete", 200, "acme", "sim-small")
    assert (entry.kind, entry.quality, entry.score, entry.answer) == ("arithmetic", 1.0, 1.0, "17 + 25 = 42.")
    assert entry.started <= entry.first_byte <= entry.ended
    assert json.loads(entry.request)["stream"] is True
    assert entry.request_sha256 == sha256(entry.request.encode()).hexdigest()


async def test_keys_are_masked_in_the_log(caller: Any):
    await caller.send(caller.openai("sim-small"))
    await caller.send(caller.anthropic("sim-small"))

    first, second = await caller.logged(2)
    assert first.headers["authorization"] == second.headers["x-api-key"] == "...6789"


async def test_the_log_file_is_json_lines_that_can_be_read_at_once(config: Config):
    file = io.BytesIO()
    async with Simulator(config, log_file=file) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n")
        sent = await reader.read()
        writer.close()

        line = json.loads(file.getvalue())

    assert base64.b64decode(line["sent"]) == sent
    assert line["path"] == "/livez"


async def test_only_so_many_sent_bytes_are_kept_but_all_are_hashed():
    config = read_config({"log_sent_bytes": 10, "providers": {"p": {"models": {"m": {}}}}})
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n")
        sent = await reader.read()
        writer.close()

    assert simulator.log[0].sent == sent[:10]
    assert simulator.log[0].sent_sha256 == sha256(sent).hexdigest()


async def test_a_connection_serves_many_requests_one_after_the_other(caller: Any):
    raw = await caller.send(
        caller.openai("sim-small") + caller.openai("sim-small", stream=True) + caller.anthropic("sim-small"),
        linger=0.5,
    )

    assert raw.data.count(b"HTTP/1.1 200 OK") == 3
    assert {entry.connection for entry in await caller.logged(3)} == {1}


async def test_a_connection_closes_when_the_client_wants_that(caller: Any):
    raw = await caller.send(b"GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n", linger=1)
    old = await caller.send(b"GET /livez HTTP/1.0\r\n\r\n", linger=1)

    assert raw.closed
    assert "connection: close" in raw.head
    assert old.closed


async def test_a_stream_for_http_1_0_ends_with_the_connection(caller: Any):
    raw = await caller.send(caller.openai("sim-small", stream=True).replace(b"HTTP/1.1", b"HTTP/1.0", 1))

    assert "transfer-encoding" not in raw.head
    assert raw.closed
    assert raw.events[-1] == "[DONE]"


async def test_a_request_may_come_in_single_bytes_and_in_chunks(caller: Any):
    whole = caller.openai("sim-small")
    head, _, body = whole.partition(b"\r\n\r\n")
    chunked = head.replace(b"content-length: %d" % len(body), b"transfer-encoding: chunked")
    frames = b"".join(b"%x;x=1\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    data = whole + chunked + b"\r\n\r\n" + frames + b"0\r\ntrailer: x\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", caller.simulator.port)
    for number in range(len(data)):
        writer.write(data[number : number + 1])
        if number % 50 == 0:
            await asyncio.sleep(0)

    entries = await caller.logged(2)
    writer.close()
    assert [entry.status for entry in entries] == [200, 200]
    assert entries[0].request == entries[1].request
    assert reader is not None


async def test_expect_100_continue_is_answered_before_the_body(caller: Any):
    head, _, body = caller.openai("sim-small").partition(b"\r\n\r\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", caller.simulator.port)
    writer.write(head + b"\r\nexpect: 100-continue\r\n\r\n")
    async with asyncio.timeout(5):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 OK")
    writer.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"GET http://[bad HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: -5\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000, 431),
        (b"POST /acme/v1/messages HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n", 413),
    ],
)
async def test_bytes_that_are_no_request_are_refused_and_the_next_client_is_served(
    caller: Any, data: bytes, status: int
):
    raw = await caller.send(data)
    after = await caller.send(b"GET /livez HTTP/1.1\r\n\r\n")

    assert raw.status == status
    assert after.status == 200


async def test_random_bytes_never_stop_the_server(caller: Any):
    rng = random.Random(5)
    for _ in range(20):
        noise = bytes(rng.choices(b"GET / HTTP/1.1\r\n:\x00\xff{}", k=rng.randrange(1, 400)))
        await caller.send(noise, patience=0.02)

    assert (await caller.send(b"GET /livez HTTP/1.1\r\n\r\n")).status == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/acme/v1/chat/completions", [], 401),
        ("/acme/v1/chat/completions", ["authorization: Bearer wrong"], 401),
        ("/acme/v1/messages", ["x-api-key: wrong", "anthropic-version: 2023-06-01"], 401),
        ("/acme/v1/nothing", ["authorization: Bearer sk-acme-0123456789"], 404),
        ("/nobody/v1/chat/completions", [], 404),
        ("/v1/chat/completions", [], 404),
        ("/free/v1/chat/completions", [], 200),
        ("/free/v1/chat/completions?beta=true", ["authorization: Bearer anything"], 200),
        ("//free/v1/chat/completions/", [], 200),
    ],
)
async def test_paths_and_keys(caller: Any, path: str, headers: list[str], status: int):
    body = {"model": "sim-free", "messages": [{"role": "user", "content": "Hi"}]}

    raw = await caller.send(caller.request(path, body, *headers))

    assert raw.status == status
    assert status == 200 or "error" in json.loads(raw.body)


async def test_the_wrong_method_is_refused(caller: Any):
    raw = await caller.send(caller.request("/acme/v1/chat/completions", b"", caller.bearer, method="GET"))

    assert raw.status == 405


async def test_the_front_page_lists_the_providers_without_their_keys(caller: Any):
    raw = await caller.send(b"GET / HTTP/1.1\r\n\r\n")
    head = await caller.send(b"HEAD / HTTP/1.1\r\n\r\n", patience=0.2)

    assert json.loads(raw.body)["providers"].keys() == {"acme", "free"}
    assert b"sk-acme" not in raw.body
    assert head.body == b""
    assert header(head, "content-length") == str(len(raw.body))


async def test_one_provider_alone_needs_no_prefix():
    config = read_config({"providers": {"only": {"models": {"m": {}}}}})
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n")
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()

    assert json.loads(body)["data"][0]["id"] == "m"


async def test_a_dialect_that_a_provider_does_not_speak_is_not_found():
    config = read_config({"providers": {"only": {"models": {"m": {}}, "dialects": ["openai"]}}})
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"POST /only/v1/messages HTTP/1.1\r\nconnection: close\r\n\r\n")
        status = await reader.readline()
        writer.close()

    assert b"404" in status


async def test_rate_limit_headers_count_down_in_both_dialects():
    limits = {"requests_per_minute": 600, "tokens_per_minute": 100_000}
    config = read_config({"providers": {"p": {"models": {"m": {}}, "limits": limits}}})
    body = b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
    heads: list[str] = []
    async with Simulator(config) as simulator:
        for path in (b"/p/v1/chat/completions", b"/p/v1/messages"):
            reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
            fixed = b"content-length: %d\r\nanthropic-version: 2023-06-01\r\nconnection: close\r\n\r\n" % len(body)
            writer.write(b"POST " + path + b" HTTP/1.1\r\n" + fixed + body)
            heads.append((await reader.read()).partition(b"\r\n\r\n")[0].decode())
            writer.close()

    assert "x-ratelimit-limit-requests: 600\r\nx-ratelimit-remaining-requests: 599" in heads[0]
    assert "anthropic-ratelimit-requests-limit: 600\r\nanthropic-ratelimit-requests-remaining: 598" in heads[1]
    assert "anthropic-ratelimit-tokens-reset: 20" in heads[1]


async def test_an_exhausted_limit_is_a_429_that_says_when_to_come_back():
    config = read_config({"providers": {"p": {"models": {"m": {}}, "limits": {"requests_per_minute": 1}}}})
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    request = b"POST /p/v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(request + request)
        async with asyncio.timeout(5):
            while len(simulator.log) < 2:
                await asyncio.sleep(0.005)
        writer.close()

    assert [entry.status for entry in simulator.log] == [200, 429]
    assert b"retry-after: 60\r\n" in simulator.log[1].sent
    assert simulator.log[1].model == "m"
    assert reader is not None


async def test_a_client_that_leaves_is_noted_and_billed_for_what_it_was_sent():
    latency = {"tokens_per_second": 50}
    config = read_config({"providers": {"p": {"models": {"m": {"prices": {"output": 1}}}, "latency": latency}}})
    body = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Tell me everything about trunk lines"}]}'
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"POST /p/v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        seen = b""
        async with asyncio.timeout(5):
            while seen.count(b'"content":"') < 4:
                seen += await reader.read(4096)
            writer.transport.abort()
            while not simulator.log:
                await asyncio.sleep(0.005)

    entry = simulator.log[0]
    assert entry.end == "client_gone"
    assert 3 <= entry.usage.output <= 6
    assert entry.cost_nanodollars == entry.usage.output * 1000


async def test_stopping_breaks_off_what_is_served_and_logs_it(config: Config):
    async with Simulator(config) as simulator:
        _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        body = b'{"model":"fault:slow-head:60","messages":[{"role":"user","content":"Hi"}]}'
        writer.write(b"POST /free/v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        async with asyncio.timeout(5):
            while not any(connection.task for connection in simulator.connections):
                await asyncio.sleep(0.005)
    writer.close()

    assert [entry.end for entry in simulator.log] == ["stopped"]
    assert simulator.connections == {}


async def test_a_model_can_reject_parameters_and_always_send_usage(caller: Any):
    body = {"model": "sim-strict", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
    refused = await caller.send(caller.request("/acme/v1/chat/completions", body, caller.bearer))
    body = {"model": "sim-free", "stream": True, "messages": [{"role": "user", "content": "Hi there, you"}]}
    usual = await caller.send(caller.request("/free/v1/chat/completions", body))

    assert json.loads(refused.body)["error"]["code"] == "unsupported_parameter"
    usage = usual.events[-2]["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] * 3 // 4 > 0


async def test_tokens_come_at_the_configured_speed():
    latency = {"first_token": {"median": 0.05}, "tokens_per_second": 100}
    config = read_config({"providers": {"p": {"models": {"m": {}}, "latency": latency}}})
    body = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Repeat exactly: 1 2 3 4 5 6 7 8 9 0"}]}'
    async with Simulator(config) as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"POST /p/v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        async with asyncio.timeout(5):
            await reader.readuntil(b"[DONE]\n\n\r\n0\r\n\r\n")
        writer.close()

    entry = simulator.log[0]
    assert 0.13 <= entry.ended - entry.started < 1.0  # 0.05 s and nine more tokens


def test_the_example_file_is_valid():
    config = load_config(Path(__file__).parents[2] / "examples" / "simulator.yaml")

    assert list(config.providers) == ["steady", "flaky", "dear"]
