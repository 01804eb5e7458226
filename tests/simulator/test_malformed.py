"""Bodies with junk in place of each value, at every path of the simulator: an answer, or the vendor's refusal."""

import json
from random import Random

import pytest

from tests.malformed import WORDS, Json, chats, malformed
from trunkline.simulator import Config, read_config
from trunkline.simulator.http_reader import Request
from trunkline.simulator.site import Site

MOST: int | None = 100  # bodies of each path, drawn from some 2,500; None sends them all: twenty seconds
CHATS = chats()
PATHS: dict[str, Json] = {
    "/v1/chat/completions": CHATS["openai"],
    "/v1/responses": CHATS["responses"],
    "/v1/messages": CHATS["anthropic"],
    "/v1/messages/count_tokens": CHATS["anthropic"],
    "/v1beta/models/sim:generateContent": CHATS["gemini"],
    "/v1beta/models/sim:streamGenerateContent": CHATS["gemini"],
    "/v1beta/models/sim:countTokens": CHATS["gemini"],
    "/model/sim/converse": CHATS["bedrock"],
    "/model/sim/converse-stream": CHATS["bedrock"],
    "/api/chat": CHATS["ollama"],
    "/v2/chat": CHATS["cohere"],
    **WORDS,
}


@pytest.fixture(scope="module")
def house() -> Config:
    return read_config({"providers": {"all": {"dialects": list(CHATS), "models": {"sim": {"context": 8000}}}}})


def asked(site: Site, path: str, body: bytes, kind: str = "application/json") -> int:
    headers = (("anthropic-version", "2023-06-01"), ("content-type", kind))
    request = Request(method="POST", target=f"/all{path}", path=f"/all{path}", headers=headers, body=body)
    return site.perform(request, 0.0).script.status


@pytest.mark.parametrize("path", PATHS)
def test_junk_in_place_of_any_value_is_answered_or_refused(house: Config, path: str) -> None:
    site = Site(house)
    assert asked(site, path, json.dumps(PATHS[path]).encode()) == 200
    bodies = list(malformed(PATHS[path]))
    for name, body in bodies if MOST is None else Random(path).sample(bodies, min(MOST, len(bodies))):
        assert asked(site, path, body) in {200, 400, 404}, name


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/embeddings", {"input": [[], {}, None]}),
        ("/v1/embeddings", {"input": "a", "dimensions": 2**62}),
        ("/v1/completions", {"prompt": [[], {}, None]}),
        ("/v1/completions", {"prompt": "a", "stream": True, "stream_options": [1]}),
        ("/v1/rerank", {"query": {}, "documents": None}),
        ("/v1/moderations", {"input": 1.5}),
    ],
)
def test_an_operation_is_refused_by_the_type_of_its_fields(house: Config, path: str, fields: Json) -> None:
    site = Site(house)
    assert asked(site, path, json.dumps({"model": "sim", **fields}).encode()) == 400
    assert asked(site, path, b'{"model": "sim", "input": "a", "prompt": "a", "query": "a"}') == 200  # the control


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--b", b"--b--\r\n", b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n\xff\xfe\r\n--b--\r\n',
        b'--b\r\ncontent-disposition: form-data; name="model"; filename="f"\r\n\r\nsim\r\n--b--\r\n',
        b"--b\r\ncontent-disposition: \xff\r\n\r\nsim\r\n--b--\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "multipart/form-data", "text/plain", "\xff"])
def test_a_broken_form_is_refused(house: Config, body: bytes, kind: str) -> None:
    assert asked(Site(house), "/v1/audio/transcriptions", body, kind) in {400, 404}
