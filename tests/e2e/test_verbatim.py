"""Same dialect in and out: nothing but the model changes on the way there, nothing at all on the way back."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import House, user

BODY = (
    b'{ "messages" : [ {"role":"user","content":"What is 17 + 25?"} ],\n\t"model": "%s",'
    b'  "x-unknown": [1, 2.50, "\\u00e9"], "max_tokens": 100%s}'
)
PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


def sent_body(entry: Any) -> bytes:
    """The body the provider sent, its chunked framing taken off."""
    head, _, rest = entry.sent.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return body


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_callers_bytes_travel_with_only_the_model_changed(house: House, dialect: str, stream: bool) -> None:
    more = (
        b', "stream": true, "stream_options": {"include_usage": true}'
        if stream and dialect == "openai"
        else b', "stream": true'
        if stream
        else b""
    )
    status, _, body = await house.post(PATH[dialect], BODY % (dialect.encode(), more))
    (entry,) = await house.logged(1)
    assert status == 200
    assert entry.request.encode() == BODY % (b"sim", more)
    assert body == sent_body(entry)


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_betas_and_version_travel_and_keys_and_cookies_do_not(house: House, dialect: str) -> None:
    headers = {
        "anthropic-beta": "context-management-2025-06-27,fine-grained-tool-streaming-2025-05-14",
        "anthropic-version": "2023-06-01",
        "cookie": "session=canary-cookie",
        "x-api-key": "canary-key",
        "authorization": "Bearer canary-key",
        "openai-organization": "org-canary",
    }
    await house.post(PATH[dialect] + "?beta=true", BODY % (dialect.encode(), b""), headers)
    (entry,) = await house.logged(1)
    if dialect == "anthropic":
        assert entry.headers["anthropic-beta"] == headers["anthropic-beta"]
        assert entry.headers["anthropic-version"] == "2023-06-01"
    assert "canary" not in json.dumps(entry.headers)


async def test_usage_is_asked_for_and_hidden_when_the_caller_did_not_ask(house: House) -> None:
    _, _, body = await house.chat("openai", stream=True)
    (entry,) = await house.logged(1)
    asked, shown = sent_body(entry), [line for line in body.split(b"\n\n") if line]
    assert json.loads(entry.request)["stream_options"] == {"include_usage": True}
    assert b'"choices":[]' in asked
    assert shown == [frame for frame in asked.split(b"\n\n") if frame and b'"choices":[]' not in frame]
    assert shown[-1] == b"data: [DONE]"
    assert house.ended[0].outcome.usage.source == "reported"
    assert house.ended[0].cost == entry.cost_nanodollars


async def test_usage_asked_for_comes_once_and_last(house: House) -> None:
    _, _, body = await house.chat("openai", stream=True, stream_options={"include_usage": True})
    frames = [frame.removeprefix(b"data: ") for frame in body.split(b"\n\n") if frame]
    used = [place for place, frame in enumerate(frames[:-1]) if json.loads(frame).get("usage")]
    assert used == [len(frames) - 2]


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", ["openai", "anthropic"])
async def test_cost_is_the_providers_own_to_the_nano_dollar(
    house: House, caller: str, dialect: str, stream: bool
) -> None:
    status, headers, _ = await house.ask(caller, dialect, stream=stream)
    (entry,) = await house.logged(1)
    (exchange,) = house.ended
    assert status == 200
    assert exchange.cost == entry.cost_nanodollars > 0
    assert headers["x-trunkline-cost-source"] == ("expected" if stream else "reported")
    if not stream:
        assert headers["x-trunkline-cost-usd"] == f"{entry.cost_nanodollars / 1e9:.9f}".rstrip("0")


async def test_ten_calls_use_one_connection(house: House) -> None:
    for stream in (False, True) * 5:
        await house.chat("openai", stream=stream)
    entries = await house.logged(10)
    assert {entry.connection for entry in entries} == {1}


async def test_every_answer_says_who_gave_it(house: House) -> None:
    status, headers, _ = await house.chat("down-then-up")
    assert status == 200
    assert headers["x-trunkline-provider"] == "an"
    assert headers["x-trunkline-model"] == "sim"
    assert headers["x-trunkline-attempts"] == "3"
    assert headers["x-request-id"].startswith("req_")


async def test_a_doubled_model_key_cannot_smuggle_a_second_model_past_the_bill(house: House) -> None:
    body = b'{"model":"sim-always","mod\\u0065l":"openai","messages":[{"role":"user","content":"hi"}]}'
    status, _, _ = await house.post(PATH["openai"], body)
    (entry,) = await house.logged(1)
    assert status == 200
    assert json.loads(entry.request) == {"model": "sim", "messages": [user("hi")]}
    assert entry.request.count("sim-always") == 0
