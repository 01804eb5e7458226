"""A request as coding agents send it to OpenAI's responses: forty kilobytes, a dozen tools, fields nobody knows."""

import json
from typing import Any

import openai
import pytest

from tests.clients.conftest import CITY_SCHEMA, House
from tests.spoken import NAMES, payloads, spoken

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}
TOOLS: list[Any] = [
    {
        "type": "function",
        "name": f"tool_{number}",
        "description": "What it does, at length. " * 120,
        "parameters": CITY_SCHEMA,
        "strict": False,
    }
    for number in range(12)
] + [
    {
        "type": "custom",
        "name": "apply_patch",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
    }
]
HEADERS = {
    "session-id": "7c1a4ee2-8e5e-4a6c-9d0a-1c5f1b0a7e11",
    "x-client-request-id": "1f0e",
    "originator": "codex_cli_rs",
}


def asked(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "instructions": "You are a coding agent. " * 200,
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions/>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is 17 + 25?"}]},
        ],
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "7c1a4ee2",
        "client_metadata": {"x": [1, None]},
    }


@pytest.mark.parametrize("model", NAMES)
async def test_its_stream_ends_with_the_completed_response_and_its_usage(house: House, model: str):
    status, headers, body = await house.post("/v1/responses", asked(model), HEADERS)

    assert status == 200
    last = payloads(body)[-1]
    assert last["type"] == "response.completed"
    assert last["response"]["usage"]["output_tokens"] > 0
    said = [item for item in last["response"]["output"] if item["type"] == "message"]
    assert said[0]["content"][0]["text"] == "17 + 25 = 42."
    assert spoken("responses").gathered(body).thoughts
    if model != "responses":
        assert {"tools.custom", "client_metadata", "include"} <= set(headers["x-trunkline-dropped"].split(", "))


async def test_every_field_reaches_a_provider_of_its_dialect_untouched(house: House):
    await house.post("/v1/responses", asked("responses"), HEADERS)

    (entry,) = await house.logged(1)
    assert json.loads(entry.request) == {**asked("responses"), "model": "sim"}
    assert len(entry.request) > 35_000


async def test_the_official_sdk_streams_it(gpt: openai.AsyncOpenAI):
    body = asked("anthropic")
    del body["stream"], body["client_metadata"]

    async with gpt.responses.stream(**body) as stream:
        final = await stream.get_final_response()

    assert final.output_text == "17 + 25 = 42."
