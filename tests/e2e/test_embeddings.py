"""Embeddings: every form of a caller before every provider, from two lists; the bill, limits and errors of each."""

import json
import struct
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Build, House, kept

TEXTS = ["one", "two words", "three words more"]
TOKENS = 6
Json = dict[str, Any]
Vectors = list[list[float]]
ROUTES = """
models:
  openai: [oa/sim]
  floats: [oa/sim-floats]
  ollama: [ol/sim]
  cohere: [co/sim]
  first-cohere: [co/sim, oa/sim]
  strict: {targets: [co/sim], on_unsupported: refuse}
"""
PROVIDERS = ["openai", "floats", "ollama", "cohere"]


@dataclass(frozen=True)
class Form:
    """How a caller asks for some texts' vectors of so many numbers, and reads them."""

    ask: Callable[[str, list[str], int], tuple[str, Json]]
    vectors: Callable[[Json], Vectors]


def _openai(packed: bool) -> Form:
    def ask(model: str, texts: list[str], size: int) -> tuple[str, Json]:
        form = "base64" if packed else "float"
        return "/v1/embeddings", {"model": model, "input": texts, "encoding_format": form, "dimensions": size}

    def one(told: Any) -> list[float]:
        assert isinstance(told, str) == packed
        return [number for (number,) in struct.iter_unpack("<f", b64decode(told))] if packed else told

    return Form(ask, lambda body: [one(row["embedding"]) for row in body["data"]])


def _requests(model: str, texts: list[str], size: int) -> tuple[str, Json]:
    asked = [{"content": {"parts": [{"text": text}]}, "outputDimensionality": size} for text in texts]
    return f"/v1beta/models/{model}:batchEmbedContents", {"requests": asked}


FORMS = {
    "floats": _openai(packed=False),
    "base64": _openai(packed=True),
    "gemini": Form(_requests, lambda body: [one["values"] for one in body["embeddings"]]),
}


@pytest.fixture
async def home(build: Build) -> House:
    return await build(routes=ROUTES)


@pytest.mark.parametrize("model", PROVIDERS)
@pytest.mark.parametrize("form", FORMS)
async def test_every_form_is_answered_by_every_provider_with_the_same_vectors_and_the_same_bill(
    home: House, form: str, model: str
):
    path, body = FORMS[form].ask(model, TEXTS, 4)
    control, asked = FORMS["floats"].ask("openai", TEXTS, 4)

    status, headers, answered = await home.post(path, body)
    _, _, expected = await home.post(control, asked)

    assert status == 200, answered
    assert FORMS[form].vectors(json.loads(answered)) == FORMS["floats"].vectors(json.loads(expected))
    assert "x-trunkline-dropped" not in headers
    assert headers["x-trunkline-cost-source"] == "reported"
    entry = (await home.logged(2))[0]
    assert entry.usage.input == TOKENS
    record = (await kept(home, 2))[0]
    assert record.usage.input == TOKENS
    assert record.cost == home.ended[0].cost == entry.cost_nanodollars > 0


@pytest.mark.parametrize("model", ["ollama", "cohere"])
async def test_a_vendors_vectors_are_an_answer_of_openais_with_its_usage(home: House, model: str):
    _, _, answered = await home.post("/v1/embeddings", {"model": model, "input": "one text"})

    told = json.loads(answered)
    assert (told["object"], told["model"]) == ("list", "sim")
    assert [(row["object"], row["index"], len(row["embedding"])) for row in told["data"]] == [("embedding", 0, 8)]
    assert told["usage"] == {"prompt_tokens": 2, "total_tokens": 2}


@pytest.mark.parametrize(
    ("task", "said"),
    [("RETRIEVAL_QUERY", "search_query"), ("CLUSTERING", "clustering"), (None, "search_document")],
)
async def test_what_a_vector_is_for_reaches_cohere_in_its_own_words(home: House, task: str | None, said: str):
    one = {"content": {"parts": [{"text": "one"}]}, **({"taskType": task} if task else {})}

    _, headers, _ = await home.post("/v1beta/models/cohere:embedContent", one)
    await home.post("/v1/embeddings", {"model": "cohere", "input": ["one"], "input_type": "classification"})

    google, openai = [json.loads(entry.request) for entry in await home.logged(2)]
    assert "x-trunkline-dropped" not in headers
    assert (google["input_type"], openai["input_type"]) == (said, "classification")
    assert google["truncate"] == "NONE"


async def test_what_a_vendor_has_no_words_for_is_named_or_refused(home: House):
    body = {"input": ["one"], "user": "me", "x_new": 1}

    _, cohere, _ = await home.post("/v1/embeddings", {"model": "cohere", **body})
    _, ollama, _ = await home.post("/v1/embeddings", {"model": "ollama", **body, "input_type": "clustering"})
    _, google, _ = await home.post(
        "/v1beta/models/cohere:embedContent",
        {"content": {"parts": [{"text": "one"}]}, "taskType": "SEMANTIC_SIMILARITY"},
    )
    status, _, refused = await home.post("/v1/embeddings", {"model": "strict", **body})

    assert cohere["x-trunkline-dropped"] == "user, x_new"
    assert ollama["x-trunkline-dropped"] == "input_type, user, x_new"
    assert google["x-trunkline-dropped"] == "taskType"
    assert status == 400
    assert b"user" in refused


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]]])
async def test_tokens_are_refused_where_only_texts_are_embedded_and_another_target_takes_them(
    home: House, given: list[Any]
):
    status, _, body = await home.post("/v1/embeddings", {"model": "ollama", "input": given})

    assert status == 400
    assert json.loads(body)["error"]["param"] == "input"
    assert not home.simulator.log


async def test_more_texts_than_cohere_takes_are_refused_unsent_or_embedded_elsewhere(home: House):
    many = [f"text {at}" for at in range(97)]

    status, _, body = await home.post("/v1/embeddings", {"model": "cohere", "input": many})
    other, headers, answered = await home.post("/v1/embeddings", {"model": "first-cohere", "input": many})

    assert status == 400
    assert b"at most 96 texts" in body
    assert (other, headers["x-trunkline-provider"]) == (200, "oa")
    assert len(json.loads(answered)["data"]) == 97
    assert len(home.simulator.log) == 1


@pytest.mark.parametrize("model", ["ollama", "cohere"])
async def test_a_text_that_does_not_fit_is_refused_and_never_cut(home: House, model: str):
    status, _, body = await home.post("/v1/embeddings", {"model": model, "input": ["word " * 9000]})

    assert status == 400
    assert json.loads(body)["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize("model", ["ollama", "cohere"])
async def test_a_model_that_a_vendor_does_not_have_is_the_same_error_everywhere(home: House, model: str):
    short = {"ollama": "ol", "cohere": "co"}[model]

    status, headers, body = await home.post("/v1/embeddings", {"model": f"{short}/nobody", "input": "one"})
    control, _, expected = await home.post("/v1/embeddings", {"model": "oa/nobody", "input": "one"})

    assert (status, headers["x-trunkline-provider"]) == (control, short)
    assert json.loads(body)["error"]["code"] == json.loads(expected)["error"]["code"]
