"""The anthropic SDK through the gateway: what its users call, before providers of either dialect."""

import json
from typing import Any, Literal

import anthropic
import pytest
from pydantic import BaseModel

from tests.clients.conftest import PNG, SUM, House, say
from tests.clients.proof import proven


class City(BaseModel):
    name: str
    population: int
    climate: Literal["mild", "harsh"]


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


async def test_a_whole_answer_passes_the_sdks_types_and_names_its_request(
    claude: anthropic.AsyncAnthropic, provider: str
):
    raw = await claude.messages.with_raw_response.create(model=provider, max_tokens=100, messages=say(SUM))
    answer = proven(await raw.parse())

    assert (text_of(answer), answer.stop_reason, answer.stop_sequence) == ("17 + 25 = 42.", "end_turn", None)
    assert answer.usage.output_tokens == 6
    assert answer.usage.input_tokens > 0
    assert answer._request_id == raw.headers["request-id"] == raw.headers["x-request-id"]
    assert raw.headers["x-trunkline-provider"] == {"openai": "oa", "anthropic": "an"}[provider]
    assert raw.headers["x-trunkline-attempts"] == "1"
    assert float(raw.headers["x-trunkline-cost-usd"]) > 0


async def test_raw_events_come_in_the_vendors_order(claude: anthropic.AsyncAnthropic, provider: str):
    stream = await claude.messages.create(model=provider, max_tokens=100, messages=say(SUM), stream=True)
    events = [proven(event) async for event in stream]

    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    last: Any = events[-2]
    assert (last.delta.stop_reason, last.usage.output_tokens) == ("end_turn", 6)


async def test_the_stream_helper_gathers_the_whole_answer(claude: anthropic.AsyncAnthropic, provider: str):
    whole = await claude.messages.create(model=provider, max_tokens=100, messages=say(SUM))
    async with claude.messages.stream(model=provider, max_tokens=100, messages=say(SUM)) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = proven(await stream.get_final_message())

    assert text == text_of(final) == "17 + 25 = 42."
    assert (final.stop_reason, final.role) == ("end_turn", "assistant")
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.usage.input_tokens == whole.usage.input_tokens


async def test_system_text_and_system_blocks_reach_the_provider(
    claude: anthropic.AsyncAnthropic, house: House, provider: str
):
    blocks: Any = [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be kind."},
    ]
    asked: Any = {"model": provider, "max_tokens": 100, "messages": say(SUM)}
    proven(await claude.messages.create(**asked, system="Be brief."))
    raw = await claude.messages.with_raw_response.create(**asked, system=blocks)

    plain, marked = [json.loads(entry.request) for entry in await house.logged(2)]
    if provider == "anthropic":
        assert (plain["system"], marked["system"]) == ("Be brief.", blocks)
    else:
        assert plain["messages"][0] == {"role": "system", "content": "Be brief."}
        assert marked["messages"][0] == {"role": "system", "content": "Be brief.\n\nBe kind."}
        assert raw.headers["x-trunkline-dropped"] == "cache_control"


async def test_a_marked_prefix_is_written_to_the_cache_and_then_read(claude: anthropic.AsyncAnthropic):
    system: Any = [{"type": "text", "text": "Be brief, and again. " * 300, "cache_control": {"type": "ephemeral"}}]
    usages = [
        proven(await claude.messages.create(model="anthropic", max_tokens=9, system=system, messages=say("Hi"))).usage
        for _ in range(2)
    ]

    assert usages[0].cache_creation_input_tokens == usages[1].cache_read_input_tokens
    assert (usages[1].cache_read_input_tokens or 0) >= 1024


@pytest.mark.parametrize("stream", [False, True])
async def test_cached_tokens_are_no_part_of_the_input(claude: anthropic.AsyncAnthropic, stream: bool):
    asked: Any = {"model": "oa/sim-cached", "max_tokens": 9, "messages": say("Be brief, and again. " * 300)}
    if stream:
        async with claude.messages.stream(**asked) as streamed:
            usage = proven(await streamed.get_final_message()).usage
    else:
        usage = proven(await claude.messages.create(**asked)).usage

    assert (usage.cache_read_input_tokens or 0) >= 1024
    assert usage.input_tokens < 1024


@pytest.mark.parametrize(
    "source",
    [
        {"type": "base64", "media_type": "image/png", "data": PNG},
        {"type": "url", "url": "https://example.com/cat.png"},
    ],
)
async def test_pictures_arrive_inline_and_by_address(
    claude: anthropic.AsyncAnthropic, house: House, provider: str, source: dict[str, str]
):
    picture = {"type": "image", "source": source}
    content = [picture, {"type": "text", "text": "Look"}, picture, {"type": "text", "text": "and look"}]
    answer = proven(await claude.messages.create(model=provider, max_tokens=200, messages=say(content)))

    (entry,) = await house.logged(1)
    sent = json.loads(entry.request)["messages"][0]["content"]
    url = source.get("url") or f"data:image/png;base64,{PNG}"
    if provider == "anthropic":
        assert sent == content
    else:
        picture = {"type": "image_url", "image_url": {"url": url}}  # type: ignore[dict-item]
        assert sent == [picture, content[1], picture, content[3]]
    assert text_of(answer).startswith("I see 2 images. ")


async def test_a_stop_sequence_ends_the_answer(claude: anthropic.AsyncAnthropic, provider: str):
    asked: Any = {"model": provider, "max_tokens": 100, "messages": say(SUM), "stop_sequences": ["="]}
    whole = proven(await claude.messages.create(**asked))
    async with claude.messages.stream(**asked) as stream:
        streamed = proven(await stream.get_final_message())

    told = ("stop_sequence", "=") if provider == "anthropic" else ("end_turn", None)  # OpenAI does not tell which
    assert (text_of(whole), whole.stop_reason, whole.stop_sequence) == ("17 + 25 ", *told)
    assert (text_of(streamed), streamed.stop_reason, streamed.stop_sequence) == ("17 + 25 ", *told)


async def test_the_token_limit_cuts_the_answer(claude: anthropic.AsyncAnthropic, provider: str):
    asked: Any = {"model": provider, "max_tokens": 3, "messages": say("Tell me a story")}
    whole = proven(await claude.messages.create(**asked))
    async with claude.messages.stream(**asked) as stream:
        streamed = proven(await stream.get_final_message())

    assert (whole.stop_reason, whole.usage.output_tokens) == ("max_tokens", 3)
    assert (streamed.stop_reason, streamed.usage.output_tokens) == ("max_tokens", 3)


@pytest.mark.parametrize("thinking", [{"type": "enabled", "budget_tokens": 2000}, {"type": "adaptive"}])
async def test_thoughts_come_before_the_answer(
    claude: anthropic.AsyncAnthropic, house: House, provider: str, thinking: Any
):
    asked: Any = {"model": provider, "max_tokens": 4000, "messages": say(SUM), "thinking": thinking}
    if provider == "openai":
        asked |= {"output_config": {"effort": "medium"}}
    whole = proven(await claude.messages.create(**asked))
    async with claude.messages.stream(**asked) as stream:
        events = [event.type async for event in stream]
        streamed = proven(await stream.get_final_message())

    first, second = await house.logged(2)
    assert [block.type for block in whole.content] == ["thinking", "text"] == [b.type for b in streamed.content]
    assert whole.content[0].to_dict()["thinking"] == streamed.content[0].to_dict()["thinking"] != ""
    assert "thinking" in events
    assert 0 < whole.usage.output_tokens_details.thinking_tokens < whole.usage.output_tokens  # type: ignore[union-attr]
    if provider == "openai":
        assert json.loads(first.request)["reasoning_effort"] == "medium"
        assert "reasoning_effort" in json.loads(second.request)


async def test_thoughts_go_back_with_the_next_question(claude: anthropic.AsyncAnthropic, house: House, provider: str):
    asked: Any = {"model": provider, "max_tokens": 4000, "thinking": {"type": "adaptive"}}
    if provider == "openai":
        asked |= {"output_config": {"effort": "low"}}
    conversation = say(SUM)
    first = await claude.messages.create(**asked, messages=conversation)
    conversation += [{"role": "assistant", "content": first.content}, *say("Why?")]
    second = proven(await claude.messages.create(**asked, messages=conversation))

    entry = (await house.logged(2))[1]
    sent = json.loads(entry.request)["messages"][1]
    if provider == "anthropic":
        assert sent["content"][0] == first.content[0].to_dict()
    else:
        assert sent["content"] == text_of(first)
    assert text_of(second)


async def test_a_pydantic_model_comes_back_parsed(claude: anthropic.AsyncAnthropic, provider: str):
    asked: Any = {"model": provider, "max_tokens": 500, "messages": say("Describe Paris"), "output_format": City}
    parsed = await claude.messages.parse(**asked)
    async with claude.messages.stream(**asked) as stream:
        streamed = await stream.get_final_message()

    assert isinstance(parsed.parsed_output, City)
    assert isinstance(streamed.parsed_output, City)


async def test_a_schema_can_be_given_as_it_stands(claude: anthropic.AsyncAnthropic, provider: str):
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    answer = await claude.messages.create(
        model=provider,
        max_tokens=500,
        messages=say("A number"),
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )

    assert json.loads(text_of(proven(answer))).keys() == {"n"}


async def test_betas_travel_to_a_provider_of_their_dialect(
    claude: anthropic.AsyncAnthropic, house: House, provider: str
):
    answer = await claude.beta.messages.create(
        model=provider,
        max_tokens=100,
        messages=say(SUM),
        betas=["context-management-2025-06-27", "interleaved-thinking-2025-05-14"],
        context_management={"edits": [{"type": "clear_tool_uses_20250919"}]},
    )

    (entry,) = await house.logged(1)
    assert text_of(answer) == "17 + 25 = 42."
    if provider == "anthropic":
        assert entry.headers["anthropic-beta"] == "context-management-2025-06-27,interleaved-thinking-2025-05-14"
        assert json.loads(entry.request)["context_management"] == {"edits": [{"type": "clear_tool_uses_20250919"}]}
    else:
        assert "anthropic-beta" not in entry.headers
        assert "context_management" not in entry.request


async def test_sampling_is_told_where_the_provider_takes_it(claude: anthropic.AsyncAnthropic, house: House):
    old = {"anthropic-version": "2023-06-01"}
    asked: Any = {"max_tokens": 50, "messages": say(SUM), "extra_body": {"temperature": 0.5, "top_p": 0.9}}
    await claude.messages.create(model="openai", extra_headers=old, **asked)
    await claude.messages.create(model="anthropic", extra_headers=old, **asked)

    for entry in await house.logged(2):
        sent = json.loads(entry.request)
        assert (sent["temperature"], sent["top_p"]) == (0.5, 0.9)
    assert house.simulator.log[1].headers["anthropic-version"] == "2023-06-01"


async def test_the_newest_version_the_sdk_sends_is_the_one_the_provider_gets(
    claude: anthropic.AsyncAnthropic, house: House
):
    await claude.messages.create(model="anthropic", max_tokens=50, messages=say(SUM))

    (entry,) = await house.logged(1)
    assert entry.headers["anthropic-version"] == "2026-10-21"


async def test_tokens_are_counted_by_the_provider_or_estimated(claude: anthropic.AsyncAnthropic, provider: str):
    raw = await claude.messages.with_raw_response.count_tokens(model=provider, messages=say(SUM), system="Be brief.")
    counted = proven(await raw.parse())

    assert counted.input_tokens > 5
    assert raw.headers["x-trunkline-token-source"] == ("provider" if provider == "anthropic" else "estimated")
