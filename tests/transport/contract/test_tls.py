"""Certificates are always verified, and a refused one says why."""

import asyncio

import pytest
import uvloop

from trunkline.core.errors import ConfigError, ConnectFailed, ConnectionLost, TlsFailed
from trunkline.transport.transport import Origin

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def test_a_certificate_of_a_trusted_authority_is_accepted(trusting, serve, answer, authority):
    async with serve(answer(OK), tls=authority.server("127.0.0.1")) as server:
        for _ in range(3):
            assert await (await trusting.send(server.request())).read(10) == b"hi"
        assert server.connections == 1


async def test_http_1_1_is_agreed_and_the_name_is_sent(trusting, serve, authority):
    seen = []

    async def script(wire):
        secured = wire.writer.get_extra_info("ssl_object")
        seen.append(secured.selected_alpn_protocol())
        await wire.request()
        await wire.send(OK)

    context = authority.server("localhost")
    context.sni_callback = lambda _, name, __: seen.append(name)
    async with serve(script, tls=context) as server:
        await trusting.send(server.request(origin=server.origin("localhost")))
        assert seen == ["localhost", "http/1.1"]


async def test_a_large_body_travels_both_ways_over_tls(trusting, serve, authority):
    size = 4 << 20

    async def script(wire):
        body = (await wire.request()).body
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size, body)

    body = bytes(range(256)) * (size // 256)
    async with serve(script, tls=authority.server("127.0.0.1")) as server:
        response = await trusting.send(server.request(body=body))
        assert await response.read(size) == body


@pytest.mark.parametrize(
    ("hosts", "days", "reason"), [(["example.com"], 30, "(?i)mismatch|valid for"), (["127.0.0.1"], -1, "expired")]
)
async def test_a_certificate_that_does_not_fit_is_refused(trusting, serve, answer, authority, hosts, days, reason):
    async with serve(answer(OK), tls=authority.server(*hosts, days=days)) as server:
        with pytest.raises(TlsFailed, match=reason):
            await trusting.send(server.request(target="/v1?key=SECRET"))


async def test_a_certificate_of_a_stranger_is_refused(trusting, serve, answer, other_authority):
    async with serve(answer(OK), tls=other_authority.server("127.0.0.1")) as server:
        with pytest.raises(TlsFailed) as caught:
            await trusting.send(server.request(target="/v1?key=SECRET", headers=[(b"authorization", b"SECRET")]))
        assert "SECRET" not in str(caught.value)


async def test_the_test_authority_is_not_trusted_unasked(transport, serve, answer, authority):
    async with serve(answer(OK), tls=authority.server("127.0.0.1")) as server:
        with pytest.raises(TlsFailed):
            await transport.send(server.request())


async def test_a_server_that_answers_in_the_clear_is_no_tls_server(trusting, serve, answer, authority):
    async with serve(answer(OK)) as server:

        async def script(wire):
            await wire.reader.read(10)
            await wire.send(OK)

        server.script = script
        with pytest.raises(TlsFailed):
            await trusting.send(server.request(origin=Origin("https", "127.0.0.1", server.port)))


async def test_a_handshake_cut_short_is_a_failed_connection(trusting, serve):
    async def script(wire):
        await wire.reader.read(10)
        wire.cut()

    async with serve(script) as server:
        with pytest.raises(ConnectFailed):
            await trusting.send(server.request(origin=Origin("https", "127.0.0.1", server.port)))


async def test_a_body_without_framing_needs_the_goodbye_of_tls(adapter, trusting, serve, authority):
    if adapter.name == "aiohttp":
        pytest.skip("aiohttp takes any end of the connection for the end of the body")
    if not isinstance(asyncio.get_running_loop(), uvloop.Loop):
        pytest.skip("asyncio before 3.12 does not tell the goodbye of TLS from the end of the connection")

    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\n", b"not all of it")
        await asyncio.sleep(0.02)
        wire.writer.transport.abort()

    async with serve(script, tls=authority.server("127.0.0.1")) as server:
        response = await trusting.send(server.request())
        with pytest.raises(ConnectionLost):
            await response.read(100)


async def test_a_body_without_framing_ends_with_the_goodbye_of_tls(trusting, serve, authority):
    async def script(wire):
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\n", b"all of it")

    async with serve(script, tls=authority.server("127.0.0.1")) as server:
        response = await trusting.send(server.request())
        assert await response.read(100) == b"all of it"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_file_that_cannot_be_used_is_a_config_error(adapter, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        adapter.make(ca_file=str(path))
