"""What the openai SDK raises: the type its users catch, and what the error tells them."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.clients.conftest import Build, House, faulty, say

KEYS = "keys: [{name: ann, key: sk-ann-0123456789abcdef}, {name: bob, key: sk-bob-0123456789abcdef, models: [open*]}]"


@pytest.fixture
async def guarded(build: Build) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client of a gateway that asks for keys, with a wrong one."""
    house = await build(KEYS)
    async with openai.AsyncOpenAI(api_key="sk-wrong-0123456789", base_url=f"{house.url}/v1", max_retries=0) as client:
        yield client


async def refused(gpt: openai.AsyncOpenAI, kind: type[Any], *, model: str, messages: Any = None, **more: Any) -> Any:
    """The error a call ends in, whole or streamed."""
    with pytest.raises(kind) as caught:
        await gpt.chat.completions.create(model=model, messages=messages or say("Hi"), **more)
    return caught.value


async def test_an_unknown_model_is_not_found_and_the_nearest_name_is_told(gpt: openai.AsyncOpenAI):
    error = await refused(gpt, openai.NotFoundError, model="opennai")

    assert 'did you mean "openai"?' in error.message
    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid_request_error")
    assert error.request_id == error.response.headers["x-request-id"]


async def test_a_wrong_key_is_an_authentication_error_that_does_not_repeat_it(guarded: openai.AsyncOpenAI):
    error = await refused(guarded, openai.AuthenticationError, model="openai")
    with pytest.raises(openai.AuthenticationError):
        await guarded.models.list()

    assert error.code == "invalid_api_key"
    assert "sk-wrong" not in error.message


async def test_a_key_opens_its_own_models_and_no_others(guarded: openai.AsyncOpenAI):
    ann = guarded.with_options(api_key="sk-ann-0123456789abcdef")
    bob = guarded.with_options(api_key="sk-bob-0123456789abcdef")

    assert (await ann.chat.completions.create(model="anthropic", messages=say("Hi"))).choices
    assert (await bob.chat.completions.create(model="openai", messages=say("Hi"))).choices
    assert [model.id async for model in bob.models.list()] == ["openai"]
    await refused(bob, openai.PermissionDeniedError, model="anthropic")


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"extra_body": {"stream": "yes"}}, "stream"),
        ({"extra_body": {"messages": []}}, "messages"),
        ({"extra_body": {"messages": "Hi"}}, "messages"),
        ({"extra_body": {"model": 7}}, "model"),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_bad_request_that_names_the_field(
    gpt: openai.AsyncOpenAI, provider: str, asked: dict[str, Any], param: str
):
    error = await refused(gpt, openai.BadRequestError, model=provider, **asked)

    assert (error.param or "").replace(".[", "[") == param
    assert len(error.message) > 20


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status:429", openai.RateLimitError),
        ("status:500", openai.InternalServerError),
        ("status:502", openai.InternalServerError),
        ("status:503", openai.InternalServerError),
        ("status:504", openai.InternalServerError),
        ("status:401", openai.InternalServerError),
        ("status:403", openai.InternalServerError),
        ("body:html_502", openai.InternalServerError),
        ("reset", openai.InternalServerError),
        ("close", openai.InternalServerError),
        ("error-200", openai.InternalServerError),
        ("empty-200", openai.InternalServerError),
        ("empty-choices", openai.InternalServerError),
        ("login-page", openai.InternalServerError),
        ("redirect", openai.InternalServerError),
        ("gzip-bomb", openai.InternalServerError),
    ],
)
async def test_a_providers_fault_is_a_status_and_never_a_lost_connection(
    gpt: openai.AsyncOpenAI, provider: str, fault: str, kind: type[openai.APIStatusError], stream: bool
):
    error = await refused(gpt, kind, model=faulty(provider, fault), stream=stream)

    headers = error.response.headers
    assert error.status_code in (429, 500, 502, 503, 504)
    assert (headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (faulty(provider, "")[:2], "1")
    assert headers["content-type"] == "application/json"
    assert error.body["message"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_rate_limit_says_when_to_come_back(gpt: openai.AsyncOpenAI, provider: str, stream: bool):
    error = await refused(gpt, openai.RateLimitError, model=faulty(provider, "status:429:7"), stream=stream)

    assert error.response.headers["retry-after"] == "7"
    assert error.response.headers["retry-after-ms"] == "7000"


@pytest.mark.parametrize("fault", ["body:openai_context_length", "body:anthropic_prompt_too_long"])
async def test_too_long_a_prompt_is_a_bad_request_with_its_code(gpt: openai.AsyncOpenAI, fault: str):
    provider = fault.removeprefix("body:").partition("_")[0]
    error = await refused(gpt, openai.BadRequestError, model=faulty(provider, fault))

    assert error.code == "context_length_exceeded"


async def test_an_error_before_the_first_content_is_a_status_in_a_stream_too(gpt: openai.AsyncOpenAI, provider: str):
    error = await refused(gpt, openai.InternalServerError, model=faulty(provider, "error-in-stream:0"), stream=True)

    assert error.status_code in (500, 502, 503)


@pytest.mark.parametrize(
    "fault", ["error-in-stream:2", "cut:2", "drop:2", "chunk-cut:2", "malformed:2", "stall:2", "huge-line"]
)
async def test_an_answer_that_breaks_off_raises_in_the_middle_of_the_stream(build: Build, provider: str, fault: str):
    house = await build(patience=0.4)
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{house.url}/v1", max_retries=0) as gpt:
        seen: list[str] = []
        with pytest.raises(openai.APIError) as caught:
            async for chunk in await gpt.chat.completions.create(
                model=faulty(provider, fault), messages=say("Hi"), stream=True
            ):
                seen += [chunk.choices[0].delta.content or ""]

    assert not isinstance(caught.value, openai.APIConnectionError)
    assert "".join(seen) or isinstance(caught.value, openai.APIStatusError)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"]


async def test_silence_ends_as_a_timeout_status(build: Build, provider: str):
    house = await build(patience=0.3)
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{house.url}/v1", max_retries=0) as gpt:
        for stream in (False, True):
            error = await refused(gpt, openai.InternalServerError, model=faulty(provider, "silence"), stream=stream)
            assert error.status_code == 504


async def test_another_provider_answers_where_the_first_ones_fail(gpt: openai.AsyncOpenAI):
    raw = await gpt.chat.completions.with_raw_response.create(model="down-then-up", messages=say("Hi"))
    stream = await gpt.chat.completions.create(model="down-then-up", messages=say("Hi"), stream=True)
    chunks = [chunk async for chunk in stream]

    assert (raw.headers["x-trunkline-attempts"], raw.headers["x-trunkline-provider"]) == ("3", "an")
    assert stream.response.headers["x-trunkline-attempts"] == "3"
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_all_targets_failing_is_a_status_that_names_each(gpt: openai.AsyncOpenAI):
    for stream in (False, True):
        error = await refused(gpt, openai.InternalServerError, model="all-down", stream=stream)
        assert error.response.headers["x-trunkline-attempts"] == "3"
        assert all(target in error.message for target in ("dead/sim", "oa/fault:status:503", "an/fault:status:529"))


async def test_an_unknown_path_is_not_found(house: House):
    async with openai.AsyncOpenAI(api_key="any", base_url=house.url, max_retries=0) as gpt:
        with pytest.raises(openai.NotFoundError, match="/v1/chat/completions"):
            await gpt.chat.completions.create(model="openai", messages=say("Hi"))
