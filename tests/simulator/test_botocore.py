"""AWS's own client against the simulator: it signs, and the simulator knows a good signature from a bad one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import botocore.session
import pytest
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError, EventStreamError

from trunkline.simulator import Simulator, read_config

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ODD = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2"
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PRICES = {"input": "3", "output": "15", "cache_read": "0.3", "cache_write": "3.75"}
HELLO: Any = [{"role": "user", "content": [{"text": "What is 17 + 25?"}]}]
WEATHER: Any = {
    "toolSpec": {
        "name": "get_weather",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
    }
}
Make = Callable[..., Any]


@pytest.fixture
async def cloud() -> AsyncIterator[Simulator]:
    models = {MODEL: {"prices": PRICES, "quality": {"default": 1.0}}, ODD: {}}
    config = {"seed": 7, "providers": {"aws": {"keys": [f"AKIDSIMULATED:{SECRET}", "bearer-1"], "models": models}}}
    async with Simulator(read_config(config)) as simulator:
        yield simulator


@pytest.fixture
async def client(cloud: Simulator) -> AsyncIterator[Make]:
    made: list[Any] = []

    def make(secret: str = SECRET, public: str = "AKIDSIMULATED", token: str | None = None) -> Any:
        one = botocore.session.get_session().create_client(
            "bedrock-runtime",
            region_name="eu-central-1",
            endpoint_url=f"{cloud.url}/aws",
            aws_access_key_id=public,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=ClientConfig(retries={"total_max_attempts": 1}, signature_version="v4"),
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


async def converse(client: Any, **more: Any) -> Any:
    return await asyncio.to_thread(client.converse, **{"modelId": MODEL, "messages": HELLO, **more})


async def events(client: Any, **more: Any) -> list[Any]:
    def read() -> list[Any]:
        answer = client.converse_stream(**{"modelId": MODEL, "messages": HELLO, **more})
        return list(answer["stream"])

    return await asyncio.to_thread(read)


async def test_a_whole_answer(client: Make, cloud: Simulator):
    answer = await converse(client(), system=[{"text": "Be terse. " * 600}, {"cachePoint": {"type": "default"}}])

    assert answer["output"]["message"]["content"] == [{"text": "17 + 25 = 42."}]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == sum(count for name, count in usage.items() if name != "totalTokens")
    assert usage["cacheWriteInputTokens"] == cloud.log[0].usage.cache_write > 0
    assert cloud.log[0].cost_nanodollars > 0


@pytest.mark.parametrize("token", [None, "session//token=="])
async def test_a_stream(client: Make, token: str | None):
    seen = await events(client(token=token), modelId=ODD)

    assert "".join(one["contentBlockDelta"]["delta"]["text"] for one in seen if "contentBlockDelta" in one)
    assert [next(iter(one)) for one in (seen[0], seen[-2], seen[-1])] == ["messageStart", "messageStop", "metadata"]
    assert seen[-1]["metadata"]["usage"]["outputTokens"] > 0


async def test_tools_and_their_results_whole_and_streamed(client: Make):
    asked: Any = [{"role": "user", "content": [{"text": "What is the weather in both Paris and Rome?"}]}]
    tools = {"tools": [WEATHER], "toolChoice": {"any": {}}}

    answer = await converse(client(), messages=asked, toolConfig=tools)
    seen = await events(client(), messages=asked, toolConfig=tools)

    blocks = answer["output"]["message"]["content"]
    assert [one["toolUse"]["input"] for one in blocks] == [{"city": "Paris"}, {"city": "Rome"}]
    assert answer["stopReason"] == "tool_use"
    starts = [one["contentBlockStart"]["start"]["toolUse"] for one in seen if "contentBlockStart" in one]
    assert [one["name"] for one in starts] == ["get_weather"] * 2
    results = [
        {"toolResult": {"toolUseId": one["toolUse"]["toolUseId"], "content": [{"text": "sunny"}]}} for one in blocks
    ]
    turns = [*asked, answer["output"]["message"], {"role": "user", "content": results}]
    last = await converse(client(), messages=turns, toolConfig={"tools": [WEATHER]})
    assert last["output"]["message"]["content"] == [{"text": "The tool answered: sunny; sunny"}]


async def test_thinking_and_structured_output(client: Make):
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    schema = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "city"}}}

    answer = await converse(client(), additionalModelRequestFields=thinking)
    seen = await events(client(), additionalModelRequestFields=thinking)
    structured = await converse(client(), outputConfig={"textFormat": form})

    thought = answer["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    pieces = [
        one["contentBlockDelta"]["delta"].get("reasoningContent", {}) for one in seen if "contentBlockDelta" in one
    ]
    assert "".join(piece.get("text", "") for piece in pieces) == thought["text"]
    assert [piece["signature"] for piece in pieces if "signature" in piece] == [thought["signature"]]
    assert '"city":' in structured["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("public", "secret", "code"),
    [
        ("AKIDSIMULATED", "another-secret", "InvalidSignatureException"),
        ("AKIDUNKNOWN", SECRET, "UnrecognizedClientException"),
    ],
)
async def test_a_signature_of_other_keys_is_refused(client: Make, public: str, secret: str, code: str):
    with pytest.raises(ClientError) as caught:
        await converse(client(secret, public))

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("model", "code", "status"),
    [
        ("fault:body:bedrock_throttling", "ThrottlingException", 429),
        ("fault:status:424", "ModelErrorException", 424),
        ("fault:status:408", "ModelTimeoutException", 408),
        ("fault:status:503", "ServiceUnavailableException", 503),
        ("nobodys", "ValidationException", 400),
    ],
)
async def test_errors_are_those_that_the_client_knows_by_name(client: Make, model: str, code: str, status: int):
    one = client()
    with pytest.raises(getattr(one.exceptions, code)) as caught:
        await converse(one, modelId=model)

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


async def test_an_error_in_a_stream_is_an_exception_of_it(client: Make):
    with pytest.raises(EventStreamError) as caught:
        await events(client(), modelId="fault:error-in-stream:3:bedrock_throttling")

    assert caught.value.response["Error"]["Code"] == "throttlingException"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "hi"}]}]}, "must start with a user message"),
        ({"messages": [HELLO[0], HELLO[0]]}, "must alternate"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "is blank"),
        ({"messages": [{"role": "user", "content": []}]}, "is empty"),
        (
            {"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": []}}]}]},
            "toolConfig field must be defined",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"document": {"name": "a.b", "format": "txt", "source": {"bytes": b"x"}}}],
                    }
                ]
            },
            "A text block must be included",
        ),
    ],
)
async def test_what_aws_refuses_is_refused(client: Make, asked: dict[str, Any], words: str):
    with pytest.raises(ClientError, match=words):
        await converse(client(), **asked)
