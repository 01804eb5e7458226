"""What the anthropic SDK raises: the type its users catch, and what the error tells them."""

from typing import Any

import anthropic
import pytest

from tests.clients.conftest import SUM, Build, faulty, say

KEYS = "keys: [{name: ann, key: sk-ann-0123456789abcdef}]"


async def refused(claude: anthropic.AsyncAnthropic, kind: type[Any], *, model: str, **more: Any) -> Any:
    """The error a call ends in, whole or streamed; its body is proven to be the vendor's envelope."""
    asked: Any = {"max_tokens": 100, "messages": say("Hi"), **more}
    with pytest.raises(kind) as caught:
        await claude.messages.create(model=model, **asked)
    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["type"].endswith(("_error", "_too_large"))
    assert body["error"]["message"]
    return caught.value


async def test_an_unknown_model_is_not_found_and_the_nearest_name_is_told(claude: anthropic.AsyncAnthropic):
    error = await refused(claude, anthropic.NotFoundError, model="antropic")

    assert 'did you mean "anthropic"' in error.message
    assert error.body["error"]["type"] == "not_found_error"
    assert error.body["request_id"] == error.request_id == error.response.headers["request-id"]


async def test_either_key_header_opens_the_door_and_a_wrong_key_does_not(build: Build):
    house = await build(KEYS)
    right = "sk-ann-0123456789abcdef"
    asked: Any = {"model": "anthropic", "max_tokens": 100, "messages": say(SUM)}
    async with anthropic.AsyncAnthropic(base_url=house.url, auth_token=right, api_key=None, max_retries=0) as bearer:
        assert (await bearer.messages.create(**asked)).content
    async with anthropic.AsyncAnthropic(base_url=house.url, api_key="sk-wrong-0123456789", max_retries=0) as wrong:
        error = await refused(wrong, anthropic.AuthenticationError, model="anthropic")
        with pytest.raises(anthropic.AuthenticationError):
            await wrong.models.list()
        with pytest.raises(anthropic.AuthenticationError):
            await wrong.messages.count_tokens(model="anthropic", messages=say(SUM))
        assert (await wrong.with_options(api_key=right).messages.create(**asked)).content
    status, _, _ = await house.post("/v1/messages", asked, {"x-api-key": right})

    assert status == 200
    assert error.body["error"]["type"] == "authentication_error"
    assert "sk-wrong" not in error.message
    assert all("sk-ann" not in str(entry.headers) for entry in house.simulator.log)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"extra_body": {"stream": "yes"}}, "stream"),
        ({"extra_body": {"messages": []}}, "messages"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"extra_body": {"model": 7}}, "model"),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_bad_request_that_names_the_field(
    claude: anthropic.AsyncAnthropic, provider: str, asked: dict[str, Any], named: str
):
    error = await refused(claude, anthropic.BadRequestError, model=provider, **asked)

    assert named in error.message
    assert error.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status:429", anthropic.RateLimitError),
        ("status:500", anthropic.InternalServerError),
        ("status:502", anthropic.InternalServerError),
        ("status:503", anthropic.InternalServerError),
        ("status:504", anthropic.InternalServerError),
        ("status:529", anthropic.InternalServerError),
        ("status:401", anthropic.InternalServerError),
        ("status:403", anthropic.InternalServerError),
        ("body:anthropic_billing", anthropic.InternalServerError),
        ("body:html_502", anthropic.InternalServerError),
        ("reset", anthropic.InternalServerError),
        ("error-200", anthropic.InternalServerError),
        ("empty-200", anthropic.InternalServerError),
        ("empty-choices", anthropic.InternalServerError),
        ("login-page", anthropic.InternalServerError),
        ("redirect", anthropic.InternalServerError),
    ],
)
async def test_a_providers_fault_is_a_status_and_never_a_lost_connection(
    claude: anthropic.AsyncAnthropic, provider: str, fault: str, kind: type[Any], stream: bool
):
    error = await refused(claude, kind, model=faulty(provider, fault), stream=stream)

    assert error.status_code in (429, 500, 502, 503, 504, 529)
    assert error.response.headers["x-trunkline-attempts"] == "1"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_overloaded_provider_is_an_overload_to_the_caller(
    claude: anthropic.AsyncAnthropic, provider: str, stream: bool
):
    fault = {"openai": "status:503", "anthropic": "status:529"}[provider]
    error = await refused(claude, anthropic.InternalServerError, model=faulty(provider, fault), stream=stream)

    assert error.body["error"]["type"] == "overloaded_error"
    assert error.status_code in (503, 529)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_rate_limit_says_when_to_come_back(claude: anthropic.AsyncAnthropic, provider: str, stream: bool):
    error = await refused(claude, anthropic.RateLimitError, model=faulty(provider, "status:429:7"), stream=stream)

    assert error.body["error"]["type"] == "rate_limit_error"
    assert error.response.headers["retry-after"] == "7"


async def test_the_providers_own_bad_request_reaches_the_caller(claude: anthropic.AsyncAnthropic):
    error = await refused(claude, anthropic.BadRequestError, model="anthropic", extra_body={"temperature": 0.5})

    assert "temperature: Extra inputs are not permitted" in error.message


@pytest.mark.parametrize("fault", ["error-in-stream:2", "cut:2", "drop:2", "chunk-cut:2", "malformed:2", "stall:2"])
async def test_an_answer_that_breaks_off_raises_in_the_middle_of_the_stream(build: Build, provider: str, fault: str):
    house = await build(patience=0.4)
    async with anthropic.AsyncAnthropic(api_key="any", base_url=house.url, max_retries=0) as claude:
        seen: list[str] = []
        with pytest.raises(anthropic.APIStatusError) as caught:
            async with claude.messages.stream(
                model=faulty(provider, fault), max_tokens=300, messages=say("Hi")
            ) as stream:
                async for piece in stream.text_stream:
                    seen += [piece]

    assert "".join(seen)
    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["message"]


async def test_silence_ends_as_a_timeout_status(build: Build, provider: str):
    house = await build(patience=0.3)
    async with anthropic.AsyncAnthropic(api_key="any", base_url=house.url, max_retries=0) as claude:
        for stream in (False, True):
            await refused(claude, anthropic.GatewayTimeoutError, model=faulty(provider, "silence"), stream=stream)


async def test_another_provider_answers_where_the_first_ones_fail(claude: anthropic.AsyncAnthropic):
    raw = await claude.messages.with_raw_response.create(model="down-then-up", max_tokens=100, messages=say(SUM))
    async with claude.messages.stream(model="down-then-up", max_tokens=100, messages=say(SUM)) as stream:
        final = await stream.get_final_message()

    assert (raw.headers["x-trunkline-attempts"], raw.headers["x-trunkline-provider"]) == ("3", "an")
    assert stream.response.headers["x-trunkline-attempts"] == "3"
    assert final.stop_reason == "end_turn"
