"""The raw JSON of every kind of answer against the vendors' own types, strictly, in all four pairs of dialects.

The same questions are put to the simulated provider itself: what its real shape passes, ours must pass.
"""

from typing import Any

import pytest

from tests.clients.conftest import BOTH, CITY_SCHEMA, SUM, House
from tests.clients.proof import prove_stream, prove_whole

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ASKED: dict[str, dict[str, dict[str, Any]]] = {
    "text": {"openai": {}, "anthropic": {}},
    "cut": {"openai": {"max_completion_tokens": 2}, "anthropic": {"max_tokens": 2}},
    "tools": {
        "openai": {"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": CITY_SCHEMA}}]},
        "anthropic": {"tools": [{"name": "get_weather", "input_schema": CITY_SCHEMA}]},
    },
    "thoughts": {
        "openai": {"reasoning_effort": "medium", "max_completion_tokens": 4000},
        "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000},
    },
    "schema": {
        "openai": {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
        "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    },
}
PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


def body_of(kind: str, caller: str, model: str, *, stream: bool) -> dict[str, Any]:
    question = BOTH if kind == "tools" else SUM
    body = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": question}], "stream": stream}
    if stream and caller == "openai":
        body["stream_options"] = {"include_usage": True}
    return body | ASKED[kind][caller]


def prove(dialect: str, body: bytes, *, stream: bool) -> Any:
    return prove_stream(dialect, body) if stream else prove_whole(dialect, body)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", ["openai", "anthropic"])
@pytest.mark.parametrize("kind", list(ASKED))
async def test_every_kind_of_answer_passes_strictly_from_either_provider(
    house: House, kind: str, caller: str, provider: str, stream: bool
):
    status, _, body = await house.post(PATH[caller], body_of(kind, caller, provider, stream=stream))

    assert status == 200
    assert prove(caller, body, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", list(ASKED))
async def test_the_providers_own_answers_pass_the_same_proof(house: House, kind: str, provider: str, stream: bool):
    house.url, headers = house.simulator.url + "/spare", {"x-api-key": "sk-spare-0123456789"}
    headers |= {"authorization": "Bearer sk-spare-0123456789", "anthropic-version": "2023-06-01"}
    status, _, body = await house.post(PATH[provider], body_of(kind, provider, "sim", stream=stream), headers)

    assert status == 200
    assert prove(provider, body, stream=stream)
