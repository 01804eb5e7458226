"""The openai SDK through the gateway: what its users call, before providers of either dialect."""

import json
from typing import Any, Literal

import openai
import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from tests.clients.conftest import PNG, SUM, House, say
from tests.clients.proof import proven

Chunks = list[ChatCompletionChunk]


class City(BaseModel):
    name: str
    population: int
    climate: Literal["mild", "harsh"]


async def chunks_of(gpt: openai.AsyncOpenAI, **asked: Any) -> Chunks:
    return [proven(chunk) async for chunk in await gpt.chat.completions.create(**asked, stream=True)]


def text_of(chunks: Chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_a_whole_answer_passes_the_sdks_types_and_names_its_request(gpt: openai.AsyncOpenAI, provider: str):
    raw = await gpt.chat.completions.with_raw_response.create(model=provider, messages=say(SUM))
    answer = proven(raw.parse())

    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == ("17 + 25 = 42.", "stop")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 6
    assert answer.created > 1_700_000_000
    assert answer._request_id == raw.headers["x-request-id"]
    assert raw.headers["x-trunkline-provider"] == {"openai": "oa", "anthropic": "an"}[provider]
    assert raw.headers["x-trunkline-model"] == "sim"
    assert raw.headers["x-trunkline-attempts"] == "1"
    assert float(raw.headers["x-trunkline-cost-usd"]) > 0


async def test_the_request_id_a_caller_sets_is_the_one_it_gets(gpt: openai.AsyncOpenAI, provider: str):
    answer = await gpt.chat.completions.create(
        model=provider, messages=say(SUM), extra_headers={"x-request-id": "req-of-mine"}
    )

    assert answer._request_id == "req-of-mine"


async def test_a_stream_has_one_role_one_id_and_no_usage_unless_asked(gpt: openai.AsyncOpenAI, provider: str):
    chunks = await chunks_of(gpt, model=provider, messages=say(SUM))

    assert text_of(chunks) == "17 + 25 = 42."
    assert [chunk.choices[0].delta.role for chunk in chunks if chunk.choices[0].delta.role] == ["assistant"]
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert chunks[0].created > 1_700_000_000
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


async def test_a_streams_usage_comes_once_and_last_when_asked(gpt: openai.AsyncOpenAI, provider: str):
    whole = await gpt.chat.completions.create(model=provider, messages=say(SUM))
    chunks = await chunks_of(gpt, model=provider, messages=say(SUM), stream_options={"include_usage": True})

    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert whole.usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


async def test_the_stream_helper_gathers_the_whole_answer(gpt: openai.AsyncOpenAI, provider: str):
    async with gpt.chat.completions.stream(model=provider, messages=say(SUM)) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_completion()

    assert "content.delta" in kinds
    assert "content.done" in kinds
    assert final.choices[0].message.content == "17 + 25 = 42."


async def test_a_pydantic_model_comes_back_parsed(gpt: openai.AsyncOpenAI, provider: str):
    answer = await gpt.chat.completions.parse(model=provider, messages=say("Describe Paris"), response_format=City)
    async with gpt.chat.completions.stream(
        model=provider, messages=say("Describe Paris"), response_format=City
    ) as stream:
        streamed = await stream.get_final_completion()

    assert isinstance(answer.choices[0].message.parsed, City)
    assert isinstance(streamed.choices[0].message.parsed, City)


async def test_json_mode_answers_json_or_says_that_it_was_dropped(gpt: openai.AsyncOpenAI, provider: str):
    raw = await gpt.chat.completions.with_raw_response.create(
        model=provider, messages=say("Describe Paris as JSON"), response_format={"type": "json_object"}
    )
    content = proven(raw.parse()).choices[0].message.content or ""

    if provider == "openai":
        assert isinstance(json.loads(content), dict)
    else:
        assert raw.headers["x-trunkline-dropped"] == "response_format"


@pytest.mark.parametrize("url", [f"data:image/png;base64,{PNG}", "https://example.com/cat.png"])
async def test_pictures_arrive_inline_and_by_address(gpt: openai.AsyncOpenAI, house: House, provider: str, url: str):
    picture = {"type": "image_url", "image_url": {"url": url}}
    content = [{"type": "text", "text": "Look"}, picture, {"type": "text", "text": "and look"}, picture]
    answer = proven(await gpt.chat.completions.create(model=provider, messages=say(content)))

    (entry,) = await house.logged(1)
    kinds = [part["type"] for part in json.loads(entry.request)["messages"][0]["content"]]
    assert kinds == (["text", "image_url"] * 2 if provider == "openai" else ["text", "image"] * 2)
    assert (answer.choices[0].message.content or "").startswith("I see 2 images. ")


async def test_a_stop_sequence_ends_the_answer(gpt: openai.AsyncOpenAI, provider: str):
    one = proven(await gpt.chat.completions.create(model=provider, messages=say(SUM), stop="="))
    several = proven(await gpt.chat.completions.create(model=provider, messages=say(SUM), stop=["nothing", "+"]))
    streamed = await chunks_of(gpt, model=provider, messages=say(SUM), stop=["="])

    assert (one.choices[0].message.content, one.choices[0].finish_reason) == ("17 + 25 ", "stop")
    assert several.choices[0].message.content == "17 "
    assert (text_of(streamed), streamed[-1].choices[0].finish_reason) == ("17 + 25 ", "stop")


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
async def test_either_name_of_the_token_limit_cuts_the_answer(gpt: openai.AsyncOpenAI, provider: str, name: str):
    asked: Any = {"model": provider, "messages": say("Tell me a story"), name: 3}
    whole = proven(await gpt.chat.completions.create(**asked))
    streamed = await chunks_of(gpt, **asked)

    assert (whole.choices[0].finish_reason, whole.usage and whole.usage.completion_tokens) == ("length", 3)
    assert streamed[-1].choices[0].finish_reason == "length"


async def test_system_and_developer_messages_reach_the_provider(gpt: openai.AsyncOpenAI, house: House, provider: str):
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "system", "content": "Be kind."}, *say(SUM)]
    proven(await gpt.chat.completions.create(model=provider, messages=messages))  # type: ignore[arg-type]

    (entry,) = await house.logged(1)
    sent = json.loads(entry.request)
    if provider == "openai":
        assert sent["messages"] == messages
    else:
        assert [block["text"] for block in sent["system"]] == ["Be brief.", "Be kind."]
        assert sent["messages"] == say([{"type": "text", "text": SUM}])


async def test_thoughts_come_beside_the_answer(gpt: openai.AsyncOpenAI, provider: str):
    asked: Any = {"model": provider, "messages": say(SUM), "reasoning_effort": "medium"}
    whole = proven(await gpt.chat.completions.create(**asked, max_completion_tokens=4000))
    chunks = await chunks_of(gpt, **asked, max_completion_tokens=4000)

    message = whole.choices[0].message.to_dict()
    thoughts = "".join(str(chunk.choices[0].delta.to_dict().get("reasoning_content") or "") for chunk in chunks)
    assert message["reasoning_content"] == thoughts != ""
    assert message["content"] == text_of(chunks) != ""
    assert whole.usage is not None
    assert whole.usage.completion_tokens_details is not None
    assert 0 < (whole.usage.completion_tokens_details.reasoning_tokens or 0) < whole.usage.completion_tokens


async def test_what_a_provider_cannot_do_is_dropped_by_name_and_never_in_silence(
    gpt: openai.AsyncOpenAI, house: House, provider: str
):
    raw = await gpt.chat.completions.with_raw_response.create(
        model=provider, messages=say(SUM), n=2, seed=7, logprobs=True, top_logprobs=2, presence_penalty=0.5
    )
    answer = proven(raw.parse())

    (entry,) = await house.logged(1)
    sent = json.loads(entry.request)
    asked = {"n": 2, "seed": 7, "logprobs": True, "top_logprobs": 2, "presence_penalty": 0.5}
    if provider == "openai":
        assert {name: sent[name] for name in asked} == asked
        assert "x-trunkline-dropped" not in raw.headers
        assert len(answer.choices) == 2
    else:
        assert set(raw.headers["x-trunkline-dropped"].split(", ")) == asked.keys()
        assert not asked.keys() & sent.keys()


async def test_several_choices_are_told_apart_in_a_stream(gpt: openai.AsyncOpenAI):
    chunks = await chunks_of(gpt, model="openai", messages=say(SUM), n=2)

    finished = [(chunk.choices[0].index, chunk.choices[0].finish_reason) for chunk in chunks[-2:]]
    assert finished == [(0, "stop"), (1, "stop")]


async def test_cached_tokens_are_part_of_the_prompt(gpt: openai.AsyncOpenAI, provider: str):
    model = {"openai": "oa/sim-cached", "anthropic": "an/sim-cached"}[provider]
    answer = proven(await gpt.chat.completions.create(model=model, messages=say("Be brief, and again. " * 300)))

    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert 0 < (answer.usage.prompt_tokens_details.cached_tokens or 0) <= answer.usage.prompt_tokens
