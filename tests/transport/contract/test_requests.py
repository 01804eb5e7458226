"""What of a request reaches the wire, and what is refused before."""

import asyncio
import mmap

import pytest

from trunkline.core.errors import BadReply, ConnectFailed, ConnectTimeout, InvalidRequest, ShuttingDown
from trunkline.transport.transport import Origin

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def test_a_request_is_written_as_given_with_host_and_length(transport, serve):
    seen = []

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    async with serve(script) as server:
        headers = [(b"authorization", b"Bearer k"), (b"x-twice", b"1"), (b"x-twice", b"2")]
        target = "/v1/chat?api-version=2024%2F10&q=a+b"
        await transport.send(server.request(target=target, headers=headers, body=b'{"a":1}'))
        first, *fields = seen[0].lines
        assert first == b"POST /v1/chat?api-version=2024%2F10&q=a+b HTTP/1.1"
        assert seen[0].body == b'{"a":1}'
        assert sorted(line.lower() for line in fields) == sorted(
            [
                b"host: 127.0.0.1:%d" % server.port,
                b"authorization: bearer k",
                b"x-twice: 1",
                b"x-twice: 2",
                b"accept-encoding: identity",
                b"content-length: 7",
            ]
        )


async def test_a_large_body_that_is_a_view_of_a_file_arrives_whole(transport, serve, tmp_path):
    seen = []
    content = bytes(range(256)) * 8192
    (tmp_path / "body").write_bytes(content)

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    with (tmp_path / "body").open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    async with serve(script) as server:
        await transport.send(server.request(body=view))

    assert seen[0].body == content


async def test_a_get_has_no_length(transport, serve):
    seen = []

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    async with serve(script) as server:
        await transport.send(server.request("GET", headers=[]))
        assert b"content-length" not in seen[0].head.lower()


async def test_a_post_without_a_body_says_so(transport, serve):
    seen = []

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    async with serve(script) as server:
        await transport.send(server.request(body=b""))
        assert b"content-length: 0\r\n" in seen[0].head.lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-a", b"1\r\nx-evil: 2"),
        (b"x-a", b"1\nx-evil: 2"),
        (b"x-a", b"1\rx-evil: 2"),
        (b"x-a", b"1\0"),
        (b"x-a\r\nx-evil", b"1"),
        (b"x a", b"1"),
        (b"x-a:", b"1"),
        (b"", b"1"),
        (b"x-\xe9", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"Content-Length", b"1"),
        (b"host", b"elsewhere"),
        (b"x-a", b"a" * 70_000),
    ],
)
async def test_a_header_that_could_change_the_framing_is_refused(transport, serve, answer, name, value):
    async with serve(answer(OK)) as server:
        with pytest.raises(InvalidRequest):
            await transport.send(server.request(headers=[(name, value)]))
        assert server.connections == 0


@pytest.mark.parametrize(
    "target", ["", "v1", "/a b", "/a\r\nx: y", "/é", "/a\0", "/a#b", "http://elsewhere/", "/" + "a" * 9000]
)
async def test_a_target_that_is_no_clean_path_is_refused(transport, serve, answer, target):
    async with serve(answer(OK)) as server:
        with pytest.raises(InvalidRequest):
            await transport.send(server.request(target=target))
        assert server.connections == 0


@pytest.mark.parametrize("method", ["", "PO ST", "POST /evil HTTP/1.1\r\nx:"])
async def test_a_method_that_is_no_word_is_refused(transport, serve, answer, method):
    async with serve(answer(OK)) as server:
        with pytest.raises(InvalidRequest):
            await transport.send(server.request(method))
        assert server.connections == 0


@pytest.mark.parametrize(
    "origin",
    [
        Origin("ftp", "127.0.0.1", 80),
        Origin("http", "key:secret@127.0.0.1", 80),
        Origin("http", "a b", 80),
        Origin("http", "127.0.0.1", 0),
        Origin("http", "127.0.0.1", 70_000),
    ],
)
async def test_an_origin_that_is_none_is_refused_without_echoing_it(transport, serve, answer, origin):
    async with serve(answer(OK)) as server:
        with pytest.raises(InvalidRequest) as caught:
            await transport.send(server.request(origin=origin))
        assert "secret" not in str(caught.value)


async def test_a_large_body_arrives_whole_at_a_slow_reader(transport, serve):
    size, seen = 8 << 20, []

    async def script(wire):
        for _ in range(2):
            await wire.head()
            await asyncio.sleep(0.05)
            body = await wire.reader.readexactly(size)
            seen.append(body == bytes(range(256)) * (size // 256))
            await wire.send(OK)

    async with serve(script) as server:
        for _ in range(2):
            response = await transport.send(server.request(body=bytes(range(256)) * (size // 256)))
            assert await response.read(10) == b"hi"
        assert seen == [True, True]


async def test_an_answer_before_the_upload_ended_is_delivered(transport, serve):
    gone = []

    async def script(wire):
        await wire.head()
        await wire.send(b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig")
        gone.append(await wire.gone())

    async with serve(script) as server:
        async with asyncio.timeout(2):
            response = await transport.send(server.request(body=b"x" * (32 << 20)))
            assert (response.status, await response.read(10)) == (413, b"big")
        async with asyncio.timeout(1):
            while not gone:
                await asyncio.sleep(0.01)
        assert gone == [True]
        assert await (await transport.send(server.request(body=b"x" * (32 << 20)))).read(10) == b"big"
        assert server.connections == 2


async def test_nobody_listening_is_a_failed_connection(transport, serve, answer):
    async with serve(answer(OK)) as server:
        request = server.request()
    with pytest.raises(ConnectFailed) as caught:
        await transport.send(request)
    assert str(server.port) in str(caught.value)


async def test_an_unknown_name_is_a_failed_connection(transport, serve, answer):
    async with serve(answer(OK)) as server:
        with pytest.raises(ConnectFailed):
            await transport.send(server.request(origin=Origin("http", "no-such-host.invalid", 80), within=5.0))


async def test_a_request_whose_time_is_over_is_not_sent(transport, serve, answer):
    async with serve(answer(OK)) as server:
        with pytest.raises(ConnectTimeout):
            await transport.send(server.request(within=-1.0))
        assert server.connections == 0


async def test_a_closed_transport_refuses(transport, serve, answer):
    async with serve(answer(OK)) as server:
        await transport.aclose()
        await transport.aclose()
        with pytest.raises(ShuttingDown):
            await transport.send(server.request())


async def test_closing_waits_for_the_response_in_use(transport, serve):
    more = asyncio.Event()

    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        await more.wait()
        await wire.send(b"cd")
        await wire.gone()

    async with serve(script) as server:
        response = await transport.send(server.request())
        closing = asyncio.ensure_future(transport.aclose())
        await asyncio.sleep(0.02)
        assert not closing.done()
        more.set()
        assert await response.read(10) == b"abcd"
        async with asyncio.timeout(1):
            await closing


async def test_an_encoding_we_cannot_read_is_named(transport, serve, answer):
    async with serve(answer(b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 1\r\n\r\nx")) as server:
        with pytest.raises(BadReply, match="'br'"):
            await transport.send(server.request())
