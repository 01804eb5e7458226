"""An independent judge: llmock breaks its answers on purpose and grades the client that asked, here the gateway.

After the first content nobody may retry, so only answers that break before it are judged here.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.core.call import Call
from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway

testing = pytest.importorskip("llmock.testing", reason="the judge is not installed: see requirements/dev.in")
from llmock.scenarios import Fail, StreamFault  # noqa: E402 - only where it is installed
from llmock.verdict import Verdict, judge  # noqa: E402 - as above

HOUSE = """
providers:
  openai: {{url: "{openai}", dialect: openai, key: sk-judge-0123456789}}
  anthropic: {{url: "{anthropic}/v1", dialect: anthropic, key: sk-judge-0123456789}}
recovery: {{backoff: {{base: 0.1, cap: 0.4}}}}
timeouts: {{first_content: 2, idle: 2, answer: 2, total: 20}}
"""
DIALECTS = {"openai": OpenAIChat(), "anthropic": AnthropicMessages()}
MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with testing.LLMockServer() as running:
        yield running


@pytest.fixture
async def gateway(server: Any, tmp_path: Path) -> AsyncIterator[Gateway]:
    server.state.reset()
    # a chunk at a time, or it has sent the last one before a busy machine's gateway has closed on the broken one
    server.state.stream_chaos = replace(server.state.stream_chaos, chunk_delay_ms=40)
    path = tmp_path / "judged.yaml"
    path.write_text(HOUSE.format(openai=server.base_url("openai"), anthropic=server.base_url("anthropic")))
    made = Gateway(config_source.load(path, {}))
    yield made
    await made.aclose()


async def ask(gateway: Gateway, dialect: str, *, stream: bool) -> bytes:
    """The answer's bytes, or the error's kind."""
    body = {
        "model": MODELS[dialect],
        "max_tokens": 50,
        "stream": stream,
        "messages": [{"role": "user", "content": "hi"}],
    }
    call = Call(json.dumps(body).encode(), DIALECTS[dialect])
    exchange = Exchange("req_judged", call, gateway.clock())
    try:
        reply = await gateway.handle(exchange)
    except CallError as error:
        return error.kind.encode()
    try:
        return b"".join([block async for block in reply.blocks(DIALECTS[dialect], call.envelope, "req_judged")])
    finally:
        await reply.aclose()


def verdict(server: Any) -> Verdict:
    return judge(server.state.journal.records(wait=2.0))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "fault",
    [
        Fail(429, retry_after=0.5),
        Fail(429, retry_after=1.0),
        Fail(500),
        Fail(502),
        Fail(503),
        Fail(504),
        Fail(529),
        Fail(400),
        Fail(401),
        Fail(403),
        Fail(404),
        Fail(422),
        Fail(503, times=None),
        StreamFault("disconnect", after_chunks=0),
        StreamFault("truncate", after_chunks=0),
        StreamFault("malformed", after_chunks=0),
    ],
    ids=lambda fault: f"{getattr(fault, 'status', '') or fault.kind}-{getattr(fault, 'retry_after', '')}-{fault.times}",
)
async def test_the_judge_finds_no_fault_with_the_gateway(
    gateway: Gateway, server: Any, dialect: str, stream: bool, fault: Any
) -> None:
    server.state.scenarios.add(fault)
    answer = await ask(gateway, dialect, stream=stream)
    found = verdict(server)
    if not isinstance(fault, StreamFault) or stream:
        assert found.faults >= 1  # the control: it did strike
    assert not found.findings, found.render()
    assert answer
