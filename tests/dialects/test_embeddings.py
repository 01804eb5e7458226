"""Vendors' own embeddings: the requests they are sent, and answers that are none."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from trunkline.core.chat import ChatRequest
from trunkline.core.errors import BadReply, ContextLengthExceeded, Unsupported
from trunkline.core.usage import Usage
from trunkline.dialects.cohere_v2 import CohereEmbeddings
from trunkline.dialects.embeddings import vectors_of
from trunkline.dialects.ollama import OllamaEmbeddings
from trunkline.dialects.openai_operations import OpenAIEmbeddings
from trunkline.providers.provider import Speech
from trunkline.providers.registry import known

NATIVE = [OllamaEmbeddings(), CohereEmbeddings()]
GOOD = {
    "ollama_embed": {"model": "m", "embeddings": [[0.5, -1], [0, 1]], "prompt_eval_count": 4},
    "cohere_embed": {
        "id": "e",
        "embeddings": {"float": [[0.5, -1], [0, 1]]},
        "meta": {"billed_units": {"input_tokens": 4.0}},
    },
}
natives = pytest.mark.parametrize("dialect", NATIVE, ids=lambda one: one.name)


def asked(**extra: Any) -> ChatRequest:
    return ChatRequest("m", (), extra={"input": ["one"], **extra})


@natives
def test_an_answer_is_its_vectors_and_the_tokens_that_were_read(dialect: Any):
    body = json.dumps(GOOD[dialect.name]).encode()

    assert vectors_of(dialect.read_completion(body)) == [[0.5, -1.0], [0.0, 1.0]]
    assert dialect.sight(body).usage == Usage(input=4)


@natives
def test_an_answer_that_tells_no_tokens_is_guessed_by_its_prompt(dialect: Any):
    told = {name: value for name, value in GOOD[dialect.name].items() if name not in {"meta", "prompt_eval_count"}}
    body = json.dumps(told).encode()

    sight = dialect.sight(body)
    shown = json.loads(OpenAIEmbeddings().write_completion(dialect.read_completion(body)))

    assert (sight.usage.source, sight.guess) == ("unknown", "prompt")
    assert "usage" not in shown


@natives
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"embeddings": []}', b'{"embeddings": {}}', b'{"embeddings": [[]]}', b"\xff",
        b'{"embeddings": [["a"]]}', b'{"embeddings": {"float": [[]]}}', b'{"embeddings": {"float": [[1], [null]]}}',
        b'{"embeddings": ' + b"[" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_never_shown_as_one(dialect: Any, body: bytes):
    with pytest.raises(BadReply):
        dialect.read_completion(body)


@natives
@pytest.mark.parametrize("given", [[1], [["a"]], {"a": 1}, 5])
def test_what_is_no_text_is_refused(dialect: Any, given: Any):
    with pytest.raises(Unsupported) as refused:
        dialect.write_request(asked(input=given), "m")

    assert refused.value.param == "input"


def test_ollamas_request_says_that_nothing_may_be_cut_and_how_its_server_is_kept():
    told = OllamaEmbeddings(num_ctx=4096, keep_alive="10m").write_request(asked(dimensions=4), "mxbai")

    assert json.loads(told.body) == {
        "model": "mxbai", "input": ["one"], "truncate": False, "dimensions": 4, "options": {"num_ctx": 4096},
        "keep_alive": "10m",
    }  # fmt: skip
    assert told.dropped == ()


def test_coheres_request_names_a_purpose_that_its_caller_or_its_row_says():
    told = CohereEmbeddings(input_type="clustering", truncate=True).write_request(asked(dimensions=256), "embed-v4.0")
    wrong = CohereEmbeddings().write_request(asked(input_type="poetry"), "embed-v4.0")

    assert json.loads(told.body) == {
        "model": "embed-v4.0", "texts": ["one"], "input_type": "clustering", "embedding_types": ["float"],
        "truncate": "END", "output_dimension": 256,
    }  # fmt: skip
    assert (json.loads(wrong.body)["input_type"], wrong.dropped) == ("search_document", ("input_type",))


def test_who_speaks_a_vendors_chat_is_asked_for_its_embeddings_where_that_chat_stands():
    cohere, ollama = known("cohere"), known("ollama")
    quirky = replace(ollama, dialects={"ollama": Speech(quirks={"num_ctx": 8192, "drop": ["options"]})})

    assert cohere.base_url("cohere_embed") == "https://api.cohere.com/v2"
    assert ollama.base_url("ollama_embed") == "http://127.0.0.1:11434/api"
    assert {"ollama_embed", "embeddings"} < set(ollama.spoken)
    assert quirky.spoken == ("ollama", "ollama_embed")
    assert quirky.dialect("ollama_embed") == OllamaEmbeddings(num_ctx=8192)


@natives
def test_a_text_that_is_too_long_is_told_apart(dialect: Any):
    said = {
        "ollama_embed": b'{"error": "the input length exceeds the context length"}',
        "cohere_embed": b'{"message": "too many tokens: total number of tokens in a text cannot exceed 512"}',
    }

    assert isinstance(dialect.parse_error(400, [], said[dialect.name], "p"), ContextLengthExceeded)
