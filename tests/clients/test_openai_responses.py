"""The openai SDK's responses through the gateway: what its users call, before providers of every dialect."""

from typing import Any

import openai
import pytest
from openai.types.responses import Response
from pydantic import BaseModel

from tests.clients.conftest import BOTH, CITY_SCHEMA, PNG, SUM, House
from tests.clients.proof import proven
from tests.spoken import NAMES, spoken

TOOL: Any = {"type": "function", "name": "get_weather", "parameters": CITY_SCHEMA, "strict": True}
everywhere = pytest.mark.parametrize("model", NAMES)


class City(BaseModel):
    city: str


@everywhere
async def test_a_whole_response_passes_the_sdks_types_and_says_its_text(gpt: openai.AsyncOpenAI, model: str):
    response = await gpt.responses.create(model=model, input=SUM)

    proven(response)
    assert response.output_text == "17 + 25 = 42."
    assert response.status == "completed"
    assert response.usage is not None
    assert response.usage.output_tokens == 6


@everywhere
async def test_a_stream_has_every_event_in_order_and_ends_with_the_whole_response(gpt: openai.AsyncOpenAI, model: str):
    events = [event async for event in await gpt.responses.create(model=model, input=SUM, stream=True)]

    for event in events:
        proven(event)
    kinds = [event.type for event in events if not event.type.endswith(".delta")]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "17 + 25 = 42."
    assert last.response.usage is not None
    assert last.response.usage.output_tokens == 6
    assert last.response.created_at > 1_700_000_000


@everywhere
async def test_the_stream_helper_gathers_what_a_whole_answer_has(gpt: openai.AsyncOpenAI, model: str):
    async with gpt.responses.stream(model=model, input=BOTH, tools=[TOOL]) as stream:
        gathered: Response = await stream.get_final_response()
    whole = await gpt.responses.create(model=model, input=BOTH, tools=[TOOL])

    calls = [item for item in gathered.output if item.type == "function_call"]
    assert [call.arguments for call in calls] == ['{"city":"Paris"}', '{"city":"London"}']
    assert [item.type for item in whole.output] == [item.type for item in gathered.output]
    assert len({call.call_id for call in calls}) == 2


@everywhere
async def test_a_conversation_with_reasoning_and_tools_is_sent_back_item_by_item(gpt: openai.AsyncOpenAI, model: str):
    said: list[Any] = [{"role": "user", "content": "Use get_weather for Paris."}]
    asked: Any = {"model": model, "tools": [TOOL], "reasoning": {"effort": "high"}, "store": False}
    first = await gpt.responses.create(input=said, **asked)
    said += [item.model_dump(exclude_none=True) for item in first.output]
    call = next(item for item in first.output if item.type == "function_call")
    said.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})

    second = await gpt.responses.create(input=said, **asked)

    assert first.output[0].type == "reasoning"
    assert second.output_text == "The tool answered: sunny"


@everywhere
async def test_reasoning_of_one_vendor_is_never_shown_to_another(gpt: openai.AsyncOpenAI, house: House, model: str):
    asked: Any = {"input": SUM, "reasoning": {"effort": "high"}}
    first = await gpt.responses.create(model="anthropic", **asked)
    sealed = next(item for item in first.output if item.type == "reasoning").encrypted_content or ""
    items: Any = [item.model_dump(exclude_none=True) for item in first.output]

    await gpt.responses.create(model=model, input=[*items, {"role": "user", "content": SUM}])

    assert sealed.startswith("trunkline.anthropic.")
    entry = (await house.logged(2))[-1]
    assert entry.status == 200
    assert (sealed.rpartition(".")[2] in entry.request) is (model == "anthropic")
    assert "trunkline" not in entry.request


@everywhere
async def test_parsed_output_images_and_instructions(gpt: openai.AsyncOpenAI, model: str):
    parsed = await gpt.responses.parse(
        model=model, input="Which city is the capital of France?", instructions="Be terse.", text_format=City
    )
    shown = await gpt.responses.create(
        model=model,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": SUM},
                    {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
                ],
            }
        ],
    )

    assert isinstance(parsed.output_parsed, City)
    assert shown.output_text.startswith("I see 1 image.")


@pytest.mark.parametrize("model", [name for name in NAMES if name != "responses"])
async def test_an_earlier_response_that_nobody_holds_is_refused_with_what_to_send(gpt: openai.AsyncOpenAI, model: str):
    with pytest.raises(openai.BadRequestError, match="send the whole conversation") as refused:
        await gpt.responses.create(model=model, input=SUM, previous_response_id="resp_1")

    assert refused.value.param == "previous_response_id"


async def test_an_earlier_response_reaches_the_provider_that_may_hold_it(gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.BadRequestError, match="Previous response with id 'resp_1' not found") as refused:
        await gpt.responses.create(model="responses", input=SUM, previous_response_id="resp_1")

    assert refused.value.code == "previous_response_not_found"


@everywhere
async def test_a_stream_that_breaks_raises_in_the_sdk_and_is_never_completed(gpt: openai.AsyncOpenAI, model: str):
    seen = []
    with pytest.raises(openai.APIError):
        async for event in await gpt.responses.create(
            model=f"{spoken(model).short}/fault:cut:3", input=SUM, stream=True
        ):
            seen.append(event.type)  # noqa: PERF401 - what was seen before it broke counts

    assert "response.output_text.delta" in seen
    assert "response.completed" not in seen


async def test_background_is_refused_with_what_to_do(gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.BadRequestError, match="stream the answer"):
        await gpt.responses.create(model="responses", input=SUM, background=True)


async def test_tokens_of_turns_that_only_a_provider_holds_are_not_guessed(gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.BadRequestError, match="send the whole conversation"):
        await gpt.responses.input_tokens.count(model="openai", input=SUM, previous_response_id="resp_1")
