"""A request as coding agents send it: a probe first, then a hundred kilobytes with tools, betas and unknown fields."""

import json
from typing import Any

import anthropic
import pytest

from tests.clients.conftest import CITY_SCHEMA, House
from tests.clients.proof import prove_stream

BETAS = (
    "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "prompt-caching-scope-2026-01-05,advanced-tool-use-2025-11-20,effort-2025-11-24,afk-mode-2026-01-31"
)
HEADERS = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": BETAS,
    "authorization": "Bearer any",
    "x-claude-code-session-id": "7c1a4ee2-8e5e-4a6c-9d0a-1c5f1b0a7e11",
    "x-app": "cli",
}
TOOLS = [
    {"name": f"tool_{number}", "description": "What it does, at length. " * 250, "input_schema": CITY_SCHEMA}
    for number in range(12)
]


def asked(model: str, **more: Any) -> bytes:
    body = {
        "model": model,
        "max_tokens": 32000,
        "system": [
            {"type": "text", "text": "You are a coding agent."},
            {"type": "text", "text": "Follow the rules. " * 500, "cache_control": {"type": "ephemeral"}},
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<reminder>It is Sunday.</reminder>"}]},
            {
                "role": "user",
                "content": [{"type": "text", "text": "What is 17 + 25?", "cache_control": {"type": "ephemeral"}}],
            },
        ],
        "tools": TOOLS,
        "metadata": {"user_id": "user_1_account__session_7c1a4ee2"},
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "medium"},
        "stream": True,
        **more,
    }
    return json.dumps(body, indent=1).encode()


async def test_the_probe_before_the_first_question_is_answered(house: House):
    async with house.http.head(house.url + "/") as probe:
        assert probe.status == 200


async def test_every_byte_but_the_models_name_travels_to_a_provider_of_the_dialect(house: House):
    body = asked("anthropic")
    status, _, answer = await house.post("/v1/messages?beta=true", body, HEADERS)

    (entry,) = await house.logged(1)
    assert 60_000 < len(body) < 120_000
    assert status == 200
    assert entry.request.encode() == body.replace(b'"model": "anthropic"', b'"model": "sim"')
    assert (entry.headers["anthropic-beta"], entry.headers["anthropic-version"]) == (BETAS, "2023-06-01")
    assert prove_stream("anthropic", answer)[-1]["type"] == "message_stop"


async def test_a_provider_of_the_other_dialect_answers_and_what_it_cannot_take_is_named(house: House):
    status, headers, answer = await house.post("/v1/messages?beta=true", asked("openai"), HEADERS)

    (entry,) = await house.logged(1)
    sent = json.loads(entry.request)
    events = prove_stream("anthropic", answer)
    assert status == 200
    assert [tool["function"]["name"] for tool in sent["tools"]] == [tool["name"] for tool in TOOLS]
    assert sent["reasoning_effort"] == "medium"
    assert sent["user"] == "user_1_account__session_7c1a4ee2"
    assert {"cache_control", "context_management"} <= set(headers["x-trunkline-dropped"].split(", "))
    assert not {"anthropic-beta", "x-claude-code-session-id"} & entry.headers.keys()
    kinds = [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"]
    assert kinds == ["thinking", "text"]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_sdk_sends_the_same_and_reads_the_answer(
    claude: anthropic.AsyncAnthropic, house: House, provider: str, stream: bool
):
    fields = json.loads(asked(provider, max_tokens=8000))
    del fields["stream"]
    fields["betas"] = BETAS.split(",")
    if stream:
        async with claude.beta.messages.stream(**fields) as streaming:
            answer: Any = await streaming.get_final_message()
    else:
        answer = await claude.beta.messages.create(**fields)

    (entry,) = await house.logged(1)
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[1].text == "17 + 25 = 42."
    assert entry.path.partition("?")[0].endswith("/messages" if provider == "anthropic" else "/chat/completions")
