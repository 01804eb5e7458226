"""The server's side of HTTP on a pretended socket: what is written in one piece, and what may not be written at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from trunkline.core.errors import RequestTimeout
from trunkline.server.protocol import PATIENCE, protocol

GET = b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345"
PLAIN = [(b"content-length", b"2")]
END = b"\r\n\r\n"

App = Callable[[Any, Any, Any], Awaitable[None]]


class Socket(asyncio.Transport):
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.writes.append(b"".join(list_of_data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Hours:
    """An event loop whose time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Any, asyncio.Handle]] = []
        self.create_task = asyncio.get_running_loop().create_task

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, tell: Any) -> asyncio.Handle:
        handle = asyncio.Handle(tell, (), asyncio.get_running_loop())
        self.timers.append((self.now + seconds, tell, handle))
        return handle

    def go_by(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end and not timer[2].cancelled()]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end


def connected(app: App, seconds: float = 5.0, hours: Hours | None = None) -> tuple[Any, Socket]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, loop="none", ws="none", timeout_keep_alive=75)
    config.load()
    made: Any = protocol(seconds, seconds)(config=config, server_state=ServerState(), app_state={})
    if hours is not None:
        made.loop = hours
    socket = Socket()
    made.connection_made(socket)
    return made, socket


async def served(turns: int = 10) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def answer(send: Any, *pieces: bytes, headers: Any = (), status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def test_a_whole_response_leaves_in_one_write() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        await send({"type": "http.response.body", "body": b"ok"})

    connection, socket = connected(app)
    connection.data_received(GET % b"")
    await served()
    assert socket.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]


async def test_a_stream_starts_with_its_first_piece_and_ends_with_its_last_chunk() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"a", b"bc")

    connection, socket = connected(app)
    connection.data_received(GET % b"")
    await served()
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert socket.writes == [head + b"1\r\na\r\n", b"2\r\nbc\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize("status", [200, 204])
async def test_an_answer_without_a_body_has_none_whatever_the_application_sends(status: int) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"no", status=status)

    connection, socket = connected(app)
    connection.data_received((GET if status == 204 else GET.replace(b"GET", b"HEAD")) % b"")
    await served()
    assert b"".join(socket.writes).endswith(END)
    assert b"no" not in b"".join(socket.writes)
    assert b"chunked" not in b"".join(socket.writes)


@pytest.mark.parametrize("forged", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
async def test_a_header_that_would_forge_a_line_is_never_written(forged: bytes) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        with pytest.raises(RuntimeError, match="CR, LF or NUL"):
            await answer(send, headers=[(b"x-name", forged)])

    connection, socket = connected(app)
    connection.data_received(GET % b"")
    await served()
    assert forged not in b"".join(socket.writes)


async def test_messages_out_of_order_are_refused() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        with pytest.raises(RuntimeError, match="before the response's start"):
            await send({"type": "http.response.body", "body": b"early"})
        await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        with pytest.raises(RuntimeError, match="twice"):
            await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        await send({"type": "http.response.body", "body": b"ok"})
        with pytest.raises(RuntimeError, match="after its end"):
            await send({"type": "http.response.body", "body": b"late"})

    connection, socket = connected(app)
    connection.data_received(GET % b"")
    await served()
    assert len(socket.writes) == 1


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, scope["path"].encode())

    connection, socket = connected(app)
    connection.data_received(GET % b"one" + GET % b"two?x=%20" + GET % b"th%20ree")
    await served(30)
    written = b"".join(socket.writes)
    assert written.index(b"/one") < written.index(b"/two") < written.index(b"/th ree")


async def test_a_proxy_may_name_the_host_in_the_target() -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, scope["path"].encode() + b"|" + scope["query_string"])

    connection, socket = connected(app)
    connection.data_received(b"GET http://gateway.example/v1/models?a=b HTTP/1.1\r\nhost: x\r\n\r\n")
    await served()
    assert b"/v1/models|a=b" in b"".join(socket.writes)


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
async def test_an_offer_of_another_protocol_is_declined_and_the_body_read(protocol: bytes) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["more_body"]:
            body += message["body"]
        await answer(send, b"<" + body + message["body"] + b">")

    offer = POST.replace(b"\r\n", b"\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: %b\r\n" % protocol, 1)
    connection, socket = connected(app)
    for piece in (offer, b"67890" + offer + b"abcde" + GET % b""):
        connection.data_received(piece)
    await served(40)
    written = b"".join(socket.writes)
    assert written.count(b"HTTP/1.1 200 ") == 3
    assert written.index(b"<1234567890>") < written.index(b"<12345abcde>") < written.index(b"<>")
    assert not socket.closed


CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\nx-known: head\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n"


async def shown(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body and the headers it was sent."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    if message["type"] != "http.disconnect":
        fields = b" ".join(b"%b=%b" % field for field in scope["headers"])
        await answer(send, b"<" + body + message["body"] + b"> " + fields)


@pytest.mark.parametrize("apart", [False, True])
async def test_trailers_are_read_over_and_never_taken_for_headers(apart: bool) -> None:
    connection, socket = connected(shown)
    pieces = [CHUNKED, b"x-known: trailer\r\nauthorization: Bearer forged\r\n\r\n", GET % b"next"]
    for piece in pieces if apart else [b"".join(pieces)]:
        connection.data_received(piece)
        await served()
    await served(20)
    written = b"".join(socket.writes)
    assert b"<abcde>" in written
    assert b"x-known=head" in written
    assert b"trailer" not in written
    assert b"forged" not in written
    assert written.count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("endless", [b"x: " + b"a" * 50_000, b"x: 1\r\n" * 10_000])
async def test_endless_trailers_are_refused(endless: bytes) -> None:
    connection, socket = connected(shown)
    connection.data_received(CHUNKED)
    await served()
    connection.data_received(endless)  # the control: so much may come
    assert not socket.closed
    connection.data_received(endless.removeprefix(b"x: ") if b"\r" not in endless else endless)
    await served()
    assert b"".join(socket.writes).count(b"HTTP/1.1 ") == 1
    assert socket.writes[0].startswith(b"HTTP/1.1 431 ")
    assert socket.closed


async def test_a_large_body_in_small_chunks_is_no_trailer() -> None:
    connection, socket = connected(shown)
    connection.data_received(CHUNKED.removesuffix(b"0\r\n"))
    for _ in range(100):
        connection.data_received(b"1\r\na\r\n" * 1_000)
    connection.data_received(b"0\r\n\r\n")
    await served()
    assert b"<abcde" + b"a" * 100_000 + b">" in b"".join(socket.writes)


@pytest.mark.parametrize("line", [b"GET / HTTP/2.0", b"GET /"])
async def test_another_version_of_http_is_refused(line: bytes) -> None:
    connection, socket = connected(shown)
    connection.data_received(line + b"\r\n\r\n")
    await served()
    assert b"".join(socket.writes).startswith((b"HTTP/1.1 505 ", b"HTTP/1.1 400 "))
    assert socket.closed


SMUGGLED = GET % b"smuggled"


@pytest.mark.parametrize(
    "fields",
    [
        b"content-length: 4\r\ntransfer-encoding: chunked", b"transfer-encoding: chunked\r\ncontent-length: 4",
        b"content-length: 5\r\ncontent-length: 2", b"content-length: 5, 5", b"content-length: +5",
        b"content-length : 5", b"content-length: " + b"9" * 5_000, b"transfer-encoding: xchunked",
        b"transfer-encoding: chunked, identity", b"transfer-encoding: chunked\r\ntransfer-encoding: identity",
        b"transfer-encoding : chunked", b"transfer-encoding:\r\n chunked", b"transfer-encoding: \x0bchunked",
        b"x: a\rb", b"x: a\0b", b"x: a\r\n b",
        b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 5\r\ntransfer-encoding: chunked",
    ],
)  # fmt: skip
async def test_what_two_servers_could_read_as_different_requests_is_refused_and_nothing_behind_it_read(
    fields: bytes,
) -> None:
    connection, socket = connected(shown)
    connection.data_received(b"POST / HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
    await served(20)
    assert socket.writes[0].startswith(b"HTTP/1.1 400 ")
    assert b"HTTP/1.1 200 " not in b"".join(socket.writes)
    assert socket.closed


async def test_a_tunnel_is_refused() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send)

    connection, socket = connected(app)
    connection.data_received(b"CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\nhello")
    await served()
    assert socket.writes[0].startswith(b"HTTP/1.1 405 ")
    assert len(socket.writes) == 1
    assert socket.closed


async def test_a_stream_to_an_http_1_0_client_has_no_chunks_and_ends_with_the_connection() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    connection, socket = connected(app)
    connection.data_received(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    await served()
    head, _, body = b"".join(socket.writes).partition(END)
    assert b"transfer-encoding" not in head
    assert body == b"one two"
    assert socket.closed


async def test_nothing_of_a_later_request_comes_between_the_pieces_of_an_answer() -> None:
    go_on = asyncio.Event()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"b"})

    connection, socket = connected(app, seconds=0.01)
    connection.data_received(GET % b"" + b"GET / HTTP/1.1\r\nhost: ")
    connection.data_received(b"never ends")
    await asyncio.sleep(0.05)
    assert not socket.closed
    go_on.set()
    await served()
    assert b"".join(socket.writes).endswith(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    await asyncio.sleep(0.05)
    assert socket.writes[-1].startswith(b"HTTP/1.1 408 ")


async def test_garbage_behind_a_request_ends_the_connection_and_not_the_framing_of_its_answer() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await asyncio.sleep(5)

    connection, socket = connected(app)
    connection.data_received(GET % b"")
    await served()
    connection.data_received(b"garbage\r\n\r\n")
    assert socket.closed
    assert b"".join(socket.writes).endswith(b"1\r\na\r\n")
    connection.connection_lost(None)


async def test_a_body_that_does_not_come_ends_the_wait_and_then_the_connection() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"12345"
        with pytest.raises(RequestTimeout, match=r"0\.01 s"):
            await receive()
        await answer(send, status=408)

    connection, socket = connected(app, seconds=0.01)
    connection.data_received(POST)
    await asyncio.sleep(0.05)
    assert socket.closed
    assert b"connection: close" in socket.writes[0]


async def test_a_body_is_given_the_time_its_door_gives_it_and_no_more() -> None:
    told: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope[PATIENCE] = 0.1
        told.append((await receive())["body"])
        told.append((await receive())["body"])
        with pytest.raises(RequestTimeout, match=r"0\.1 s"):
            await receive()
        await answer(send, status=408)

    connection, socket = connected(app, seconds=0.01)
    connection.data_received(POST)
    await asyncio.sleep(0.05)
    connection.data_received(b"6")  # later than others may
    assert not socket.closed
    await asyncio.sleep(0.15)

    assert told == [b"12345", b"6"]
    assert socket.closed


async def test_a_request_that_comes_in_pieces_in_time_is_served() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["more_body"]:
            body += message["body"]
        await answer(send, body + message["body"])

    connection, socket = connected(app, seconds=0.05)
    for byte in POST + b"67890":
        connection.data_received(bytes([byte]))
    await served()
    await asyncio.sleep(0.1)
    assert b"1234567890" in b"".join(socket.writes)


async def echo(scope: Any, _receive: Any, send: Any) -> None:
    await answer(send, scope["path"].encode())


async def test_an_idle_connection_is_closed_when_its_time_after_the_last_answer_is_over() -> None:
    hours = Hours()
    connection, socket = connected(echo, hours=hours)
    for _ in range(3):
        connection.data_received(GET % b"")
        await served()
        hours.go_by(70)
    assert not socket.closed
    hours.go_by(4.9)
    assert not socket.closed
    hours.go_by(0.2)
    assert socket.closed


async def test_one_timer_looks_after_all_pauses_of_a_connection() -> None:
    hours = Hours()
    connection, _ = connected(echo, hours=hours)
    for _ in range(20):
        connection.data_received(GET % b"")
        await served()
    assert len([timer for timer in hours.timers if not timer[2].cancelled()]) == 1


async def test_a_connection_with_an_answer_under_way_is_not_idle() -> None:
    waiting = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await waiting.wait()
        await echo(scope, receive, send)

    hours = Hours()
    connection, socket = connected(app, hours=hours)
    connection.data_received(GET % b"")
    await served()
    connection.data_received(GET % b"slow")
    await served()
    hours.go_by(600)
    assert not socket.closed
    waiting.set()
    await served()
    hours.go_by(74)
    assert not socket.closed
    assert b"".join(socket.writes).endswith(b"/slow\r\n0\r\n\r\n")
    hours.go_by(76)
    assert socket.closed
