"""A simulator on a free loopback port, and ways to speak to it without any HTTP library."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import uvloop

from trunkline.simulator import Config, Entry, Simulator, read_config

CONFIG: dict[str, Any] = {
    "seed": 7,
    "providers": {
        "acme": {
            "keys": ["sk-acme-0123456789"],
            "models": {
                "sim-small": {
                    "context": 4000,
                    "prices": {"input": "0.15", "output": "0.60", "cache_read": "0.075", "cache_write": "0.1875"},
                    "quality": {"default": 1.0},
                },
                "sim-thinker": {"reasoning": True, "prices": {"input": 5, "output": 25}},
                "sim-strict": {"rejects": ["max_tokens"]},
            },
        },
        "free": {"models": {"sim-free": {"usage_always": True, "cache": "always"}}},
    },
}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asyncio test of this folder runs on both loops: the command uses uvloop, a test's own simulator may not."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def config() -> Config:
    return read_config(CONFIG)


@pytest.fixture
async def simulator(config: Config) -> AsyncIterator[Simulator]:
    async with Simulator(config) as running:
        yield running


@dataclass
class Raw:
    """All that came over one connection until it ended, or until nothing more came."""

    data: bytes = b""
    reset: bool = False
    closed: bool = False

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1").lower()

    @property
    def raw_body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def chunks(self) -> list[bytes]:
        """The chunks of a chunked body, as far as they are whole."""
        rest, found = self.raw_body, []
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                break
            found.append(rest[:length])
            rest = rest[length + 2 :]
        return found

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks) if "transfer-encoding: chunked" in self.head else self.raw_body

    @property
    def whole(self) -> bool:
        """Whether HTTP says that the body is whole."""
        if b"\r\n\r\n" not in self.data:
            return False
        if "transfer-encoding: chunked" in self.head:
            return self.raw_body.endswith(b"0\r\n\r\n")
        lengths = [line for line in self.head.split("\r\n") if line.startswith("content-length:")]
        return bool(lengths) and len(self.raw_body) == int(lengths[0].split(":")[1])

    @property
    def events(self) -> list[Any]:
        """The JSON payloads of a well formed event stream."""
        lines = [line.removeprefix(b"data: ") for line in self.body.split(b"\n") if line.startswith(b"data: ")]
        return [json.loads(line) if line != b"[DONE]" else "[DONE]" for line in lines]


class Caller:
    """Speaks to one simulator over raw sockets."""

    key = "sk-acme-0123456789"
    bearer = f"authorization: Bearer {key}"

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def request(self, path: str, body: dict[str, Any] | bytes, *headers: str, method: str = "POST") -> bytes:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "host: sim", f"content-length: {len(data)}", *headers]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def openai(self, model: str, text: str = "What is 17 + 25?", **more: Any) -> bytes:
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.request("/acme/v1/chat/completions", body, self.bearer)

    def anthropic(self, model: str, text: str = "What is 17 + 25?", **more: Any) -> bytes:
        body = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": text}], **more}
        return self.request("/acme/v1/messages", body, f"x-api-key: {self.key}", "anthropic-version: 2023-06-01")

    def ask(self, dialect: str, model: str, text: str = "What is 17 + 25?", **more: Any) -> bytes:
        return (self.openai if dialect == "openai" else self.anthropic)(model, text, **more)

    async def send(self, data: bytes, *, patience: float = 3.0, linger: float = 0.0, most: int = 50_000_000) -> Raw:
        """Send bytes, and read until the answer is whole (and `linger` seconds more, to see whether the connection
        closes), the other side ends, is quiet for `patience` seconds, or has sent `most` bytes.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.simulator.port)
        raw = Raw()
        try:
            writer.write(data)
            while len(raw.data) < most:
                got = await asyncio.wait_for(reader.read(65536), patience)
                if not got:
                    raw.closed = True
                    break
                raw.data += got
                if raw.whole:
                    patience = linger
        except ConnectionResetError:
            raw.reset = True
        except TimeoutError:
            pass
        finally:
            writer.close()
        return raw

    async def logged(self, count: int = 1) -> list[Entry]:
        """The log, once so many requests are in it."""
        async with asyncio.timeout(5):
            while len(self.simulator.log) < count:
                await asyncio.sleep(0.005)
        return self.simulator.log


@pytest.fixture
def caller(simulator: Simulator) -> Caller:
    return Caller(simulator)
