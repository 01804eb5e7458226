"""Operations besides chats: embeddings in every form, and those that are passed on as they come, with their bill."""

import json
import struct
from base64 import b64decode
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types

from tests.e2e.conftest import Build, House
from trunkline.core.dialect import Envelope
from trunkline.core.errors import BadReply
from trunkline.dialects.openai_operations import OpenAIEmbeddings

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
TEXTS = ["one", "two words", "three words more"]
ROUTES = """
models:
  embed: [oa/sim]
  floats: [oa/sim-floats]
  claude: [an/sim]
  either: [an/sim, oa/sim]
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
