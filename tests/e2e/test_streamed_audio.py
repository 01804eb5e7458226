"""Streamed sound, and streamed words of one: handed on as they come, whole or with an error, billed by what is told."""

import json
from base64 import b64decode
from typing import Any

import openai
import pytest

from tests.e2e.conftest import Build, House, kept
from tests.e2e.test_operations import AUDIO, form
from trunkline.core.errors import BrokenStream, CallError
from trunkline.dialects.openai_operations import Speech, Transcriptions
from trunkline.dialects.sse import Frames
from trunkline.simulator.operations import SOUND, SPOKEN

ROUTES = """
models:
  voice: [oa/sim]
  torn: [oa/sim-torn]
  whole: [oa/sim-floats]
  silent: [oa/sim-always]
  broken-first: ["dead/sim", oa/sim]
"""
BOTH = pytest.mark.parametrize("kind", ["speech.audio", "transcript.text"])


@pytest.fixture
async def home(build: Build) -> House:
    return await build(routes=ROUTES)


async def ask(house: House, kind: str, model: str) -> tuple[int, Any, list[dict[str, Any]]]:
    if kind == "speech.audio":
        body = {"model": model, "input": "two words", "voice": "alloy", "stream_format": "sse"}
        status, headers, answered = await house.post("/v1/audio/speech", body)
    else:
        sent, type_ = form(("model", model), ("prompt", "two words"), ("stream", "true"), ("file", AUDIO))
        status, headers, answered = await house.post("/v1/audio/transcriptions", sent, type_)
    assert status == 200, answered
    assert headers.getone("content-type").startswith("text/event-stream")
    return status, headers, [json.loads(frame.data) for frame in Frames().feed(answered) if frame.data]


def content(kind: str, events: list[dict[str, Any]]) -> bytes:
    if kind == "speech.audio":
        return b"".join(b64decode(one["audio"]) for one in events if one.get("audio"))
    deltas = "".join(one.get("delta", "") for one in events)
    return (deltas or events[-1].get("text", "")).encode()


SAID = {"speech.audio": SOUND, "transcript.text": "Grüße".encode()}
TOKENS = {"speech.audio": (2, SPOKEN), "transcript.text": (2, 0)}


@BOTH
async def test_a_stream_is_handed_on_and_billed_by_the_usage_of_its_last_event(home: House, kind: str):
    _, headers, events = await ask(home, kind, "voice")

    assert content(kind, events) == SAID[kind]
    assert [one["type"] for one in events] == [f"{kind}.delta", f"{kind}.delta", f"{kind}.done"]
    (record,) = await kept(home, 1)
    (entry,) = await home.logged(1)
    assert (record.usage.input, record.usage.output) == TOKENS[kind]
    assert record.cost == home.ended[0].cost == entry.cost_nanodollars > 0
    assert headers["x-trunkline-cost-source"] == "expected"


@BOTH
async def test_a_stream_that_is_cut_ends_with_an_error_and_without_its_last_event(home: House, kind: str):
    _, _, events = await ask(home, kind, "torn")

    assert events[-1]["error"]["message"]
    assert f"{kind}.done" not in [one.get("type") for one in events]
    (record,) = await kept(home, 1)
    assert (record.outcome, record.cost) == ("broken_stream", None)


@BOTH
async def test_a_model_that_knows_no_streams_is_shown_as_the_stream_that_was_asked_for(home: House, kind: str):
    _, _, events = await ask(home, kind, "whole")

    assert content(kind, events) == SAID[kind]
    assert events[-1]["type"] == f"{kind}.done"
    assert home.ended[0].outcome is not None
    assert home.ended[0].outcome.ok


@BOTH
async def test_a_stream_that_tells_no_usage_has_an_unknown_cost_and_no_guess(home: House, kind: str):
    await ask(home, kind, "silent")

    (record,) = await kept(home, 1)
    assert (record.usage.source, record.cost) == ("unknown", None)


@BOTH
async def test_another_target_streams_where_the_first_one_is_dead(home: House, kind: str):
    _, headers, events = await ask(home, kind, "broken-first")

    assert headers["x-trunkline-attempts"] == "2"
    assert content(kind, events) == SAID[kind]


async def test_the_openai_sdk_reads_both(home: House):
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{home.url}/v1", max_retries=0) as gpt:
        heard = await gpt.audio.transcriptions.create(model="voice", file=("a.mp3", AUDIO), stream=True)
        events = [event async for event in heard]
        speech = gpt.audio.speech.with_streaming_response.create(
            model="voice", voice="alloy", input="two words", stream_format="sse"
        )
        async with speech as response:
            lines = [line async for line in response.iter_lines()]

    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == "Grüße"
    assert events[-1].type == "transcript.text.done"
    assert sum(line.startswith("data: ") for line in lines) == 3


async def test_translations_are_still_answered_whole(home: House):
    body, headers = form(("model", "voice"), ("stream", "true"), ("file", AUDIO))

    status, _, answered = await home.post("/v1/audio/translations", body, headers)

    assert status == 400
    assert b"`stream` is true" in answered


@pytest.mark.parametrize("dialect", [Speech(), Transcriptions()], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "stream",
    [
        b'data: {"type":"speech.audio.delta","audio":"AA=="}\n\n',
        b'data: {"type":"transcript.text.delta","delta":"a"}\n\ndata: {"error":{"message":"no"}}\n\n',
        b'event: error\ndata: {"type":"error","message":"no"}\n\n',
        b"data: {\n\n",
        b"data: 5\n\n",
        b"",
    ],
)
def test_what_does_not_end_well_is_no_answer(dialect: Any, stream: bytes):
    scanner = dialect.scanner()

    with pytest.raises((BrokenStream, CallError)):
        for frame in Frames().feed(stream):
            scanner.scan(frame)
        scanner.end()

    assert not scanner.done
