"""Bad input is normal input: a 4xx in the caller's dialect that says what to change, and the next call is served."""

import asyncio
import gzip
import io
import json
import socket
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, eventually, user

PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
OK = {"model": "openai", "max_tokens": 50, "messages": [user("hi")]}


def bodies() -> dict[str, tuple[bytes, int, str]]:
    """Name -> body, status, a word the message must hold."""

    def changed(**fields: Any) -> bytes:
        return json.dumps({**OK, **fields}).encode()

    def without(name: str) -> bytes:
        return json.dumps({key: value for key, value in OK.items() if key != name}).encode()

    return {
        "empty": (b"", 400, "JSON"),
        "not json": (b"model=openai", 400, "JSON"),
        "cut json": (b'{"model": "openai", "messages": [', 400, "JSON"),
        "a list": (b"[]", 400, "object"),
        "a string": (b'"openai"', 400, "object"),
        "not utf-8": (b'{"model": "\xff\xfe", "messages": []}', 400, "UTF-8"),
        "deep nesting": (b'{"model": "openai", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "nest"),
        "deep extra": (
            b'{"model": "openai", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "x": '
            + b'{"a":' * 50_000
            + b"1"
            + b"}" * 50_000
            + b"}",
            400,
            "nest",
        ),
        "no model": (without("model"), 400, "model"),
        "model is a number": (changed(model=7), 400, "model"),
        "model is empty": (changed(model=""), 400, "model"),
        "model is endless": (changed(model="m" * 5000), 400, "model"),
        "model with line break": (changed(model="openai\r\nx-evil: 1"), 400, "model"),
        "unknown model": (changed(model="opneai"), 404, "openai"),
        "no messages": (without("messages"), 400, "messages"),
        "messages is a string": (changed(messages="hi"), 400, "messages"),
        "messages is empty": (changed(messages=[]), 400, "messages"),
        "unknown role": (changed(messages=[{"role": "robot", "content": "hi"}]), 400, "role"),
        "role is missing": (changed(messages=[{"content": "hi"}]), 400, "role"),
        "message is a number": (changed(messages=[7]), 400, "messages"),
        "stream is a word": (changed(stream="yes"), 400, "stream"),
        "max_tokens is a word": (changed(max_tokens="many"), 400, "max_tokens"),
        "max_tokens is negative": (changed(max_tokens=-1), 400, "max_tokens"),
        "max_tokens is zero": (changed(max_tokens=0), 400, "max_tokens"),
        "max_tokens is a fraction": (changed(max_tokens=1.5), 400, "max_tokens"),
    }


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("model", ["openai", "anthropic"])
@pytest.mark.parametrize("case", bodies())
async def test_bad_bodies_are_refused_in_the_callers_dialect(house: House, dialect: str, model: str, case: str) -> None:
    body, expected, word = bodies()[case]
    if case != "unknown model":
        body = body.replace(b'"openai"', json.dumps(model).encode())
    status, headers, answer = await house.post(PATH[dialect], body)
    shown = json.loads(answer)
    assert status == expected, shown
    assert headers["content-type"].startswith("application/json")
    assert headers["x-trunkline-attempts"] in {"0", "1"}
    error = shown["error"]
    assert isinstance(error["message"], str)
    assert word.lower() in error["message"].lower(), error
    assert "Traceback" not in error["message"]
    if dialect == "anthropic":
        assert shown["type"] == "error"
        assert error["type"] in {"invalid_request_error", "not_found_error"}
        if headers["x-trunkline-attempts"] == "0":  # else it is the provider's own error, with the provider's id
            assert shown["request_id"] == headers["request-id"]
    else:
        assert set(error) >= {"message", "type", "param", "code"}
    assert (await house.chat("openai"))[0] == 200


async def test_a_body_over_the_limit_is_a_413_whether_its_length_is_told_or_not(build: Build) -> None:
    house = await build("limits: {body: 100KiB}")
    big = json.dumps({**OK, "messages": [user("x" * 200_000)]}).encode()

    async def pieces() -> Any:
        for start in range(0, len(big), 10_000):
            yield big[start : start + 10_000]

    told, _, answer = await house.post(PATH["openai"], big)
    async with house.http.post(house.url + PATH["anthropic"], data=pieces()) as response:
        untold, error = response.status, await response.json()
    assert (told, untold) == (413, 413)
    assert "limits.body" in json.loads(answer)["error"]["message"]
    assert error["error"]["type"] == "request_too_large"
    assert (await house.chat("openai"))[0] == 200


async def test_ten_megabytes_of_prompt_are_a_prompt(build: Build) -> None:
    house = await build()
    big = io.BytesIO(json.dumps({**OK, "messages": [user("x" * 10_000_000)]}).encode())
    async with house.http.post(house.url + PATH["openai"], data=big) as response:
        assert response.status == 400  # the provider's own word on its context window
        assert "context" in (await response.json())["error"]["message"]


async def test_a_slow_body_is_a_408(build: Build) -> None:
    house = await build("limits: {body_timeout: 0.2}")

    async def never() -> Any:
        yield b'{"model": '
        await asyncio.sleep(5)

    async with house.http.post(house.url + PATH["anthropic"], data=never()) as response:
        assert response.status == 408
        assert (await response.json())["type"] == "error"


async def test_a_slow_head_is_a_408_and_an_unused_connection_is_closed(build: Build) -> None:
    house = await build("limits: {header_timeout: 0.2}")
    port = int(house.url.rsplit(":", 1)[1])
    answers = []
    for start in (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-slow: ", b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(start)
        answers.append(await asyncio.wait_for(reader.read(), 5))
        writer.close()
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert answers[1] == b""


@pytest.mark.parametrize("reads", [False, True])
async def test_a_caller_that_takes_nothing_of_its_stream_has_left_and_one_that_pauses_has_not(
    build: Build, reads: bool
) -> None:
    house = await build("limits: {write_timeout: 1s}", routes="", oa={})
    asked = {"model": "oa/claude-haiku-4-5", "stream": True, "messages": [user("Repeat exactly: " + "word " * 20_000)]}
    body = json.dumps(asked).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    loop, (host, port) = asyncio.get_running_loop(), house.url.removeprefix("http://").split(":")
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        caller.connect((host, int(port)))
        caller.setblocking(False)
        await loop.sock_sendall(caller, head.encode() + body)
        got = b""
        while reads and b"[DONE]" not in got[-100:]:
            await asyncio.sleep(0.005)
            got = got[-100:] + await loop.sock_recv(caller, 1 << 20)
        (exchange,) = await eventually(lambda: house.ended or None)
    assert exchange.outcome is not None
    assert exchange.outcome.abandoned == (not reads)
    assert exchange.outcome.usage.output > 0
    assert [exchange.attempts[0].cost is not None, house.gateway._record.open] == [True, 0]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(300)) + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 100_000, b"431"),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", b"400"),
    ],
)
async def test_what_is_no_sane_http_is_refused_and_the_process_lives(house: House, head: bytes, status: bytes) -> None:
    port = int(house.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert (await house.chat("openai"))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/nothing", 404),
        ("GET", "/admin", 404),
        ("GET", "/v1/models/nope", 404),
        ("POST", "/v1/messages/count", 404),
    ],
)
async def test_what_is_not_there_says_what_is(house: House, method: str, path: str, status: int) -> None:
    async with house.http.request(method, house.url + path) as response:
        assert response.status == status
        shown = await response.json(content_type=None)
        operators = path.startswith("/admin")  # they are told a problem
        assert shown["detail"] if operators else shown["error"]["message"]
        assert ("allow" in response.headers) == (status == 405)


async def test_a_compressed_body_is_refused_by_its_encoding(house: House) -> None:
    body = gzip.compress(json.dumps(OK).encode())
    status, _, answer = await house.post(PATH["anthropic"], body, {"content-encoding": "gzip"})
    assert status == 415
    assert "gzip" in json.loads(answer)["error"]["message"]


async def test_a_wrong_content_type_is_told_apart_from_json(house: House) -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}
    status, _, answer = await house.post(PATH["openai"], b"--x\r\n\r\n--x--", form)
    assert status == 415
    assert "application/json" in json.loads(answer)["error"]["message"]
