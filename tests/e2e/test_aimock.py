"""An independent upstream: aimock serves the providers' formats, written by others, to our adapters.

It is a program of npm's, without dependencies: `npm install --prefix var/aimock --no-package-lock @copilotkit/aimock`.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialects.test_round_trips import gathered
from tests.e2e.test_matrix import CITY, calls
from tests.spoken import ANSWERED, SPOKEN, Answered, Spoken
from trunkline.core.call import Call
from trunkline.core.chat import ChatRequest, Completion, Message, Text, Tool
from trunkline.core.errors import CallError, RateLimit
from trunkline.core.exchange import Exchange
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway

FOUND = Path(os.environ.get("AIMOCK", Path(__file__).parents[2] / "var" / "aimock"))
PROGRAM = FOUND / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
NODE = shutil.which("node")
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="there is no node on this machine"),
    pytest.mark.skipif(
        not PROGRAM.is_file(), reason=f"aimock is not in {FOUND.name}/: see the first lines of this file"
    ),
]
BASES = {"openai": "/v1", "responses": "/v1", "anthropic": "/v1", "gemini": "/v1beta", "ollama": "/api"} | {
    "bedrock": "",
    "cohere": "/v2",
}
"""Where aimock serves each dialect; one that is not here is none of its."""
MODELS = {"gemini": "gemini-2.0-flash", "bedrock": "anthropic.claude-haiku-4-5-20251001-v1:0"}
FIXTURES = [
    {"match": {"userMessage": "capital"}, "response": {"content": "Paris."}},
    {
        "match": {"userMessage": "weather"},
        "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city":"Paris"}'}]},
    },
    {"match": {"userMessage": "think"}, "response": {"content": "Yes.", "reasoning": "Let me see."}},
    {
        "match": {"userMessage": "crowded"},
        "response": {"error": {"message": "Slow down.", "type": "rate_limit_error"}, "status": 429},
    },
]
HOUSE = """
providers:
{rows}
recovery: {{retries: 0, rounds: 1}}
timeouts: {{first_content: 5, idle: 5, answer: 5, total: 10}}
"""
ROW = '  {name}: {{url: "{url}{base}", dialect: {name}, key: sk-0123456789, defaults: {{streaming: true}}}}\n'
SERVED = [row for row in ANSWERED if row.name in BASES]
callers = pytest.mark.parametrize("caller", SPOKEN, ids=[row.name for row in SPOKEN])
providers = pytest.mark.parametrize("provider", SERVED, ids=[row.name for row in SERVED])
streams = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    fixtures, config = tmp_path / "said.json", tmp_path / "trunkline.yaml"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        *(NODE, str(PROGRAM), "--port", "0", "--fixtures", str(fixtures)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            while not (found := re.search(rb"http://[\d.:]+", await process.stdout.readline())):
                pass
        rows = "".join(ROW.format(name=row.name, url=found[0].decode(), base=BASES[row.name]) for row in SERVED)
        config.write_text(HOUSE.format(rows=rows))
        made = Gateway(config_source.load(config, {}))
        yield made
        await made.aclose()
    finally:
        process.terminate()
        await process.communicate()


async def asked(gateway: Gateway, caller: Spoken, provider: Answered, text: str, *, stream: bool) -> Completion:
    """What a caller makes of the answer."""
    tool = Tool("get_weather", "How the weather is.", CITY)
    request = ChatRequest("", (Message("user", (Text(text),)),), stream=stream, max_tokens=400, tools=(tool,))
    model = f"{provider.name}/{MODELS.get(provider.name, 'some-model')}"
    body = {"model": model, "stream": stream, **json.loads(caller.dialect.write_request(request, model).body)}
    call = Call(json.dumps(body).encode(), caller.dialect)
    exchange = Exchange("req_aimock", call, gateway.clock())
    reply = await gateway.handle(exchange)
    try:
        shown = b"".join([block async for block in reply.blocks(caller.dialect, call.envelope, "req_aimock")])
    finally:
        await reply.aclose()
    if caller.name == provider.name:  # its own words, which need not pass the vendor's types
        return gathered(caller.dialect, shown) if stream else caller.dialect.read_completion(shown)
    return caller.gathered(shown) if stream else caller.opened(shown)


@streams
@providers
@callers
async def test_an_answer_that_others_wrote_reaches_every_caller(
    gateway: Gateway, caller: Spoken, provider: Answered, stream: bool
):
    told = await asked(gateway, caller, provider, "What is the capital of France?", stream=stream)
    called = await asked(gateway, caller, provider, "How is the weather?", stream=stream)
    thought = await asked(gateway, caller, provider, "Do you think?", stream=stream)

    assert (told.text, told.finish) == ("Paris.", "stop")
    assert calls(called) == [("get_weather", {"city": "Paris"})]
    assert called.finish == "tool_calls"
    if provider.name == "cohere":  # aimock tells its thoughts as text there, which Cohere's description does not
        assert thought.text == "Let me see.Yes."
    else:
        assert (thought.text, thought.thoughts or "Let me see.") == ("Yes.", "Let me see.")


@providers
async def test_an_error_that_others_wrote_is_known_for_what_it_is(gateway: Gateway, provider: Answered):
    with pytest.raises(CallError) as raised:
        await asked(gateway, SPOKEN[0], provider, "It is crowded.", stream=False)

    assert type(raised.value) is RateLimit
