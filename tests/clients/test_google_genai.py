"""The google-genai SDK through the gateway: what its users call, before providers of every dialect."""

from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.clients.conftest import BOTH, CITY_SCHEMA, PNG, SUM, House
from tests.spoken import NAMES, spoken

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
everywhere = pytest.mark.parametrize("model", NAMES)
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="get_weather", description="Weather", parameters_json_schema=CITY_SCHEMA)
    ]
)
BY_HAND = types.AutomaticFunctionCallingConfig(disable=True)


@pytest.fixture(params=["v1", "v1beta"])
async def google(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    options = types.HttpOptions(base_url=house.url, api_version=request.param)
    client = genai.Client(api_key="any", http_options=options)
    yield client.aio
    await client.aio.aclose()
    client.close()


@everywhere
async def test_a_whole_answer_says_its_text_usage_and_end(google: Any, model: str):
    answer = await google.models.generate_content(model=model, contents=SUM)

    assert answer.text == "17 + 25 = 42."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.candidates_token_count == 6
    assert answer.model_version == "sim"


@everywhere
async def test_a_stream_adds_up_and_tells_usage_at_its_end(google: Any, model: str):
    chunks = [chunk async for chunk in await google.models.generate_content_stream(model=model, contents=SUM)]

    assert "".join(chunk.text or "" for chunk in chunks) == "17 + 25 = 42."
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.candidates_token_count == 6
    assert len({chunk.response_id for chunk in chunks}) == 1


@everywhere
async def test_functions_are_called_and_answered_with_thoughts_kept(google: Any, model: str):
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
    config = types.GenerateContentConfig(tools=[WEATHER], thinking_config=thinking, automatic_function_calling=BY_HAND)
    said = [types.Content(role="user", parts=[types.Part(text="Use get_weather for Paris.")])]
    first = await google.models.generate_content(model=model, contents=said, config=config)
    (call,) = first.function_calls
    answer = types.Part.from_function_response(name=call.name, response={"result": "sunny"})
    said += [first.candidates[0].content, types.Content(role="user", parts=[answer])]

    second = await google.models.generate_content(model=model, contents=said, config=config)

    assert (call.name, call.args) == ("get_weather", {"city": "Paris"})
    assert any(part.thought for part in first.candidates[0].content.parts)
    assert second.text == "The tool answered: sunny"


@everywhere
async def test_parallel_calls_images_system_words_and_structured_output(google: Any, model: str):
    config = types.GenerateContentConfig(tools=[WEATHER], automatic_function_calling=BY_HAND)
    both = await google.models.generate_content(model=model, contents=BOTH, config=config)
    picture = types.Part.from_bytes(data=b64decode(PNG), mime_type="image/png")
    seen = await google.models.generate_content(
        model=model, contents=[SUM, picture], config=types.GenerateContentConfig(system_instruction="Be terse.")
    )
    shaped = await google.models.generate_content(
        model=model,
        contents="Which city is the capital of France?",
        config=types.GenerateContentConfig(
            response_mime_type="application/json",
            response_schema=types.Schema(
                type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"]
            ),
        ),
    )

    assert [call.args["city"] for call in both.function_calls] == ["Paris", "London"]
    assert seen.text.startswith("I see 1 image.")
    assert set(shaped.parsed) == {"city"}


@everywhere
async def test_tokens_are_counted(google: Any, model: str):
    counted = await google.models.count_tokens(model=model, contents=SUM)

    assert counted.total_tokens > 0


async def test_models_are_listed_in_googles_form(google: Any):
    names = [model.name async for model in await google.models.list()]
    one = await google.models.get(model="openai")

    assert {f"models/{name}" for name in NAMES} <= set(names)
    assert one.name == "models/openai"


@everywhere
async def test_errors_are_googles(google: Any, model: str):
    short = spoken(model).short
    with pytest.raises(errors.ClientError) as limited:
        await google.models.generate_content(model=f"{short}/fault:status:429", contents=SUM)
    with pytest.raises(errors.ServerError) as down:
        await google.models.generate_content(model=f"{short}/fault:status:503", contents=SUM)
    with pytest.raises(errors.ClientError) as unknown:
        await google.models.generate_content(model="nobody", contents=SUM)

    assert (limited.value.code, limited.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert down.value.code in (502, 503)
    assert down.value.status == "UNAVAILABLE"
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")


@everywhere
async def test_a_stream_that_breaks_raises_in_the_sdk(google: Any, model: str):
    seen = ""
    name = f"{spoken(model).short}/fault:cut:3"
    with pytest.raises(errors.APIError):
        async for chunk in await google.models.generate_content_stream(model=name, contents=SUM):
            seen += chunk.text or ""

    assert seen
