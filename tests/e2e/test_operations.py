"""Operations besides chats: embeddings in every form, and those that are passed on as they come, with their bill."""

import json
import struct
from base64 import b64decode
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types

from tests.e2e.conftest import Build, House, kept
from trunkline.core.dialect import Envelope
from trunkline.core.errors import BadReply
from trunkline.dialects.openai_operations import OpenAIEmbeddings
from trunkline.dialects.openai_operations.forms import ImageEdits
from trunkline.dialects.openai_operations.verbatim import Images
from trunkline.simulator.operations import PICTURE, SOUND

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
TEXTS = ["one", "two words", "three words more"]
ROUTES = """
models:
  embed: [oa/sim]
  floats: [oa/sim-floats]
  claude: [an/sim]
  either: [an/sim, oa/sim]
  torn: [oa/sim-torn]
  answer: [re/sim]
"""


@pytest.fixture
async def home(build: Build) -> House:
    return await build(routes=ROUTES)


def floats(row: Any) -> list[float]:
    told = row["embedding"]
    return told if isinstance(told, list) else [one for (one,) in struct.iter_unpack("<f", b64decode(told))]


@pytest.mark.parametrize("model", ["embed", "floats"])
@pytest.mark.parametrize("form", ["float", "base64"])
async def test_embeddings_come_in_the_form_asked_for_whatever_the_provider_returned(home: House, model: str, form: str):
    body = {"model": model, "input": TEXTS, "encoding_format": form}

    status, headers, answered = await home.post("/v1/embeddings", body)
    _, _, other = await home.post("/v1/embeddings", {**body, "encoding_format": "float"})

    rows = json.loads(answered)["data"]
    assert status == 200
    assert [isinstance(row["embedding"], str) for row in rows] == [form == "base64"] * 3
    assert [floats(row) for row in rows] == [floats(row) for row in json.loads(other)["data"]]
    assert len({tuple(floats(row)) for row in rows}) == 3
    entry = (await home.logged(1))[0]
    assert entry.usage.input == 6
    assert headers["x-trunkline-cost-source"] == "reported"
    assert home.ended[0].cost == entry.cost_nanodollars > 0


async def test_the_openai_sdk_embeds_as_it_does_by_default(home: House):
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{home.url}/v1", max_retries=0) as gpt:
        many = await gpt.embeddings.create(model="floats", input=TEXTS, dimensions=4)
        one = await gpt.embeddings.create(model="embed", input=TEXTS[0], dimensions=4)

    assert [len(row.embedding) for row in many.data] == [4, 4, 4]
    assert many.data[0].embedding == one.data[0].embedding
    assert '"base64"' in (await home.logged(1))[0].request  # which the first of the two models does not know


async def test_the_google_sdk_embeds_by_any_provider_of_embeddings(home: House):
    client = genai.Client(api_key="any", http_options=types.HttpOptions(base_url=home.url))
    config = types.EmbedContentConfig(output_dimensionality=4)

    told = await client.aio.models.embed_content(model="embed", contents=TEXTS, config=config)
    status, _, single = await home.post(
        "/v1beta/models/embed:embedContent", {"content": {"parts": [{"text": TEXTS[0]}]}, "output_dimensionality": 4}
    )
    await client.aio.aclose()
    client.close()

    assert [len(one.values or ()) for one in told.embeddings or ()] == [4, 4, 4]
    assert status == 200
    assert json.loads(single)["embedding"]["values"] == (told.embeddings or ())[0].values


@pytest.mark.parametrize(
    ("path", "body", "holds"),
    [
        ("/v1/completions", {"prompt": "Once"}, lambda told: told["choices"][0]["text"]),
        ("/v1/rerank", {"query": "q", "documents": ["a", "b"]}, lambda told: len(told["results"]) == 2),
        ("/v1/moderations", {"input": "words"}, lambda told: told["results"][0]["flagged"] is False),
        ("/v1/images/generations", {"prompt": "a cat"}, lambda told: told["data"][0]["b64_json"]),
    ],
)
async def test_other_operations_are_passed_on_as_they_are(home: House, path: str, body: dict[str, Any], holds: Any):
    status, headers, answered = await home.post(path, {"model": "embed", "x_unknown": [1], **body})

    assert status == 200
    assert holds(json.loads(answered))
    assert headers["x-trunkline-provider"] == "oa"
    sent = json.loads((await home.logged(1))[0].request)
    assert sent == {"model": "sim", "x_unknown": [1], **body}


def form(*fields: tuple[str, str | bytes], edge: str = "edge") -> tuple[bytes, dict[str, str]]:
    """A form's bytes and its content type; bytes are files."""
    parts = []
    for name, value in fields:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="a.bin"\r\nContent-Type: application/octet-stream'
        parts.append(head.encode() + b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={edge}"}


def hidden(behind: str) -> bytes:
    """A form in whose file's headers some readers find another model."""
    return form(("model", "embed"), ("file", b"claude"))[0].replace(b'; filename="a.bin"', behind.encode())


AUDIO = bytes(range(256)) * 8
OPERATIONS = {
    "/v1/audio/transcriptions": lambda told: json.loads(told)["text"] == "Grüße",
    "/v1/audio/translations": lambda told: json.loads(told)["text"] == "Grüße",
    "/v1/images/edits": lambda told: json.loads(told)["data"][0]["b64_json"],
    "/v1/images/variations": lambda told: json.loads(told)["data"][0]["b64_json"],
}


@pytest.mark.parametrize("path", OPERATIONS)
async def test_a_form_reaches_its_provider_with_its_files_and_another_models_name(home: House, path: str):
    body, headers = form(("prompt", "a cat"), ("model", "embed"), ("file", AUDIO), ("x_unknown", "1"))

    status, told, answered = await home.post(path, body, headers)

    assert status == 200, answered
    assert OPERATIONS[path](answered)
    (entry,) = await home.logged(1)
    assert entry.headers["content-type"] == headers["content-type"]
    assert entry.request == body.replace(b"embed", b"sim", 1).decode("utf-8", "replace")
    assert told["x-trunkline-provider"] == "oa"
    assert told["x-trunkline-cost-source"] == "reported"
    (record,) = await kept(home, 1)
    assert record.cost == home.ended[0].cost == entry.cost_nanodollars
    assert record.usage.output == (PICTURE if "images" in path else 0)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (form(("file", AUDIO))[0], b"model"),
        (form(("model", "embed"), ("model", "claude"))[0], b"more than once"),
        (form(("model", "embed"), ("file", b"--edge\r\nContent-Disposition: form-data; name=model"))[0], b"no value"),
        (form(("model", "embed"), ("file", b"..--edge.."))[0], b"boundary"),
        (form(("model", "embed"))[0].replace(b'name="model"', b"name=model"), b"content-disposition"),
        (form(("model", "embed"))[0].replace(b"--edge--", b""), b"boundary"),
        (form(("model", "embed"))[0] + b"more", b"behind its last boundary"),
        (form(("model", "embed"), edge="other")[0], b"not a form"),
        (b'{"model":"embed"}', b"not a form"),
        (form(*[(f"f{at}", "1") for at in range(300)])[0], b"256 parts"),
        (form(("model", "embed"), ("n", "10"), ("n", "1"))[0], b"`n` stands in the form more than once"),
        (form(("model", "embed"), ("stream", "true"), ("stream", "false"))[0], b"`stream` stands in the form more"),
        (hidden('; filename="a"; name="model"'), b"content-disposition"),
        (hidden('; filename="a\\"; name="model"'), b"content-disposition"),
        (hidden("; filename=a; name=model"), b"content-disposition"),
        (hidden('; filename="a"\nContent-Disposition: form-data; name="model"'), b"line break"),
        (hidden('; filename="a"\rContent-Disposition: form-data; name="model"'), b"line break"),
        (hidden('; filename="a"\r\nX-A: 1\nContent-Disposition: form-data; name="model"'), b"line break"),
    ],
)
async def test_a_form_that_two_readers_could_read_differently_is_refused(home: House, body: bytes, says: bytes):
    _, headers = form()

    status, _, said = await home.post("/v1/audio/transcriptions", body, headers)

    assert status in {400, 415}
    assert says in said, said
    assert not home.simulator.log


@pytest.mark.parametrize("name", ['filename="a.wav"', "filename*=utf-8''a%20b.wav", "filename=a.wav"])
async def test_the_ways_in_which_clients_name_a_file_are_all_taken(home: House, name: str):
    body, headers = form(("model", "embed"), ("file", AUDIO))

    status, _, said = await home.post(
        "/v1/audio/transcriptions", body.replace(b'filename="a.bin"', name.encode()), headers
    )

    assert status == 200, said


@pytest.mark.parametrize(
    ("count", "held"),
    [("3", 3), ("\N{SUPERSCRIPT TWO}", 10), ("9" * 5_000, 10), (" 10", 10), ("1e1", 10), ("-1", 10), ("0", 1)],
)
def test_pictures_are_held_for_as_many_as_a_provider_could_make_of_it(count: str, held: int):
    body, _ = form(("model", "m"), ("n", count))

    assert ImageEdits().peek(body).choices == held


@pytest.mark.parametrize(("count", "held"), [("null", 1), ("3", 3), ('"10"', 10), ("9.0", 10), ("[]", 10), ("-4", 1)])
def test_pictures_of_words_are_held_for_as_many_too(count: str, held: int):
    assert Images().peek(b'{"model":"m","prompt":"x","n":' + count.encode() + b"}").choices == held


async def test_a_form_over_the_limit_of_bodies_is_refused_unread(build: Build):
    house = await build(routes=ROUTES, more="limits: {body: 4096}")
    body, headers = form(("model", "embed"), ("file", AUDIO * 3))

    status, _, said = await house.post("/v1/audio/transcriptions", body, headers)

    assert status == 413
    assert b"limits.body" in said


async def test_subtitles_come_as_the_words_they_are(home: House):
    body, headers = form(("model", "embed"), ("file", AUDIO), ("response_format", "srt"))

    status, told, answered = await home.post("/v1/audio/transcriptions", body, headers)

    assert (status, told["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answered.startswith(b"1\n00:00:00,000 --> ")
    assert told["x-trunkline-cost-usd"] == "unknown"


async def test_sound_comes_byte_by_byte_and_its_unknown_cost_is_said(home: House):
    status, told, answered = await home.post("/v1/audio/speech", {"model": "embed", "input": "Hello", "voice": "alloy"})

    assert (status, told["content-type"]) == (200, "audio/mpeg")
    assert answered == SOUND
    assert told["x-trunkline-cost-usd"] == told["x-trunkline-cost-source"] == "unknown"
    (record,) = await kept(home, 1)
    assert (record.cost, record.usage.source, record.outcome) == (None, "unknown", "ok")


async def test_a_hard_budget_is_charged_what_was_held_where_nobody_tells_what_sound_cost(build: Build):
    house = await build(routes=ROUTES, more="budgets: [{name: all, per: total, window: day, limit: 0.02}]")
    ask = {"model": "embed", "input": "Hello", "voice": "alloy"}

    first, _, _ = await house.post("/v1/audio/speech", ask)
    (record,) = await kept(house, 1)
    second, _, said = await house.post("/v1/audio/speech", ask)
    third, _, _ = await house.post("/v1/audio/speech", ask)

    assert first == second == 200
    assert record.booked > 9_000_000
    assert third in {402, 429}, said


COMPLETE = {"model": "embed", "prompt": "Once upon a time"}


@pytest.mark.parametrize("asks", [False, True])
async def test_a_streamed_completion_is_passed_on_and_billed_by_the_usage_asked_for_in_its_name(
    home: House, asks: bool
):
    body = {**COMPLETE, "stream": True, **({"stream_options": {"include_usage": True}} if asks else {})}

    status, headers, answered = await home.post("/v1/completions", body)

    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[6:]) for line in answered.splitlines() if line.startswith(b"data: {")]
    assert "".join(one["choices"][0]["text"] for one in told if one["choices"]) == " and so on"
    assert answered.rstrip().endswith(b"data: [DONE]")
    assert any(one.get("usage") for one in told) is asks
    (entry,) = await home.logged(1)
    (record,) = await kept(home, 1)
    assert record.cost == entry.cost_nanodollars > 0
    assert (record.usage.output, record.usage.source) == (3, "reported")


async def test_a_streamed_completion_that_is_cut_ends_with_an_error_and_without_its_terminator(home: House):
    status, _, answered = await home.post("/v1/completions", {**COMPLETE, "model": "torn", "stream": True})

    assert status == 200
    assert b"data: [DONE]" not in answered
    last = json.loads(answered.strip().rpartition(b"data: ")[2])
    assert last["error"]["message"]
    (record,) = await kept(home, 1)
    assert record.outcome == "broken_stream"
    assert record.usage.source == "estimated"


async def test_the_openai_sdk_speaks_hears_draws_and_completes(home: House):
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{home.url}/v1", max_retries=0) as gpt:
        heard = await gpt.audio.transcriptions.create(model="embed", file=("a.mp3", AUDIO))
        drawn = await gpt.images.edit(model="embed", image=("a.png", AUDIO), prompt="more cats")
        said = await gpt.audio.speech.create(model="embed", voice="alloy", input="Hello")
        stream = await gpt.completions.create(model="embed", prompt="Once", stream=True)
        words = [chunk.choices[0].text async for chunk in stream]
        counted = await gpt.responses.input_tokens.count(model="answer", input="Hello there")

    assert heard.text == "Grüße"
    assert drawn.data
    assert said.content == SOUND
    assert "".join(words) == " and so on"
    assert counted.input_tokens > 0


@pytest.mark.parametrize("most", [-1, -1_000_000_000])
async def test_a_completion_of_less_than_nothing_is_refused_before_it_can_be_endless(home: House, most: int):
    status, _, said = await home.post("/v1/completions", {"model": "embed", "prompt": "x", "max_tokens": most})

    assert status == 400
    assert b"`max_tokens` is -1" in said
    assert not home.simulator.log


async def test_a_completion_under_a_hard_budget_is_limited_to_what_its_caller_would_have_got(build: Build):
    house = await build(routes=ROUTES, more="budgets: [{name: all, per: total, window: day, limit: 1}]")

    status, _, _ = await house.post("/v1/completions", {**COMPLETE, "prompt": ["one", "two"], "best_of": 3})

    assert status == 200
    assert json.loads((await house.logged(1))[0].request)["max_tokens"] == 16


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/rerank"])
async def test_a_provider_without_the_operation_is_passed_over_and_without_another_refused(home: House, path: str):
    body = {"input": "one", "query": "one", "documents": ["one"]}

    alone, _, said = await home.post(path, {"model": "claude", **body})
    either, headers, _ = await home.post(path, {"model": "either", **body})

    assert alone == 400
    assert b"offers no" in said
    assert either == 200
    assert headers["x-trunkline-provider"] == "oa"


@pytest.mark.parametrize("body", [{}, {"input": []}, {"input": 5}])
async def test_a_request_for_embeddings_of_nothing_says_what_to_send(home: House, body: dict[str, Any]):
    status, _, said = await home.post("/v1/embeddings", {"model": "embed", **body})

    assert status == 400
    assert b"input" in said


@pytest.mark.parametrize(
    "told", [b'{"data":[{"embedding":"%%"}]}', b'{"data":[{"embedding":["a"]}]}', b'{"data":5}', b"{"]
)
def test_vectors_that_are_none_are_no_answer(told: bytes):
    with pytest.raises(BadReply):
        OpenAIEmbeddings().fitted(told, Envelope("m", base64=b'"%%"' not in told))
