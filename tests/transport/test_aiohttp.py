"""What only the aiohttp adapter is for: proxies, and saying how to install it."""

import subprocess
import sys

import pytest

from trunkline.core.errors import ConnectFailed
from trunkline.transport.aiohttp_transport import AiohttpTransport
from trunkline.transport.transport import Origin

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


@pytest.fixture
def environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_a_proxy_from_the_environment_is_asked_with_its_credentials(environment, serve):
    seen = []

    async def script(wire):
        seen.append(await wire.request())
        await wire.send(OK)

    async with serve(script) as server:
        environment.setenv("HTTP_PROXY", f"http://user:pass@127.0.0.1:{server.port}")
        transport = AiohttpTransport()
        response = await transport.send(server.request(origin=Origin("http", "provider.invalid", 80)))
        assert await response.read(10) == b"hi"
        assert seen[0].lines[0] == b"POST http://provider.invalid/v1/x HTTP/1.1"
        assert any(line.lower() == b"proxy-authorization: basic dxnlcjpwyxnz" for line in seen[0].lines)
        await transport.aclose()


async def test_a_host_in_no_proxy_is_asked_directly(environment, serve, answer):
    async with serve(answer(OK)) as server:
        environment.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        environment.setenv("NO_PROXY", "127.0.0.1")
        transport = AiohttpTransport()
        assert await (await transport.send(server.request())).read(10) == b"hi"
        await transport.aclose()


async def test_a_proxy_that_is_not_there_is_a_failed_connection_without_its_password(environment, serve, answer):
    async with serve(answer(OK)) as server:
        environment.setenv("HTTP_PROXY", "http://user:hunter2@127.0.0.1:1")
        transport = AiohttpTransport()
        with pytest.raises(ConnectFailed) as caught:
            await transport.send(server.request())
        assert "hunter2" not in str(caught.value)
        await transport.aclose()


def test_without_aiohttp_the_message_says_how_to_install_it():
    code = "import sys; sys.modules['aiohttp'] = None; import trunkline.transport.aiohttp_transport"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert "pip install 'trunkline[aiohttp]'" in done.stderr.splitlines()[-1]
    assert "ConfigError" in done.stderr.splitlines()[-1]
