"""Gemini's streams without ``?alt=sse``: a JSON array, each element readable as soon as its event came.

What the array holds is for the matrix and for test_truth.py, where this form stands beside the others.
"""

import json
from typing import Any

import pytest

from tests.e2e.conftest import SUM, Build, House

ASK = {"contents": [{"role": "user", "parts": [{"text": SUM}]}]}
LONG = {"contents": [{"role": "user", "parts": [{"text": "Write a long story about the sea."}]}]}
ARRAYS = ("", "?alt=json", "?$alt=json;enum-encoding=int", "?alt=sse&alt=json", "?salt=sse")


def path(model: str, query: str = "") -> str:
    return f"/v1beta/models/{model}:streamGenerateContent{query}"


class Elements:
    """What a client makes of an array whose end it has not seen: each element as soon as its braces close."""

    def __init__(self) -> None:
        self.text = ""
        self.found: list[Any] = []

    def take(self, piece: bytes) -> None:
        self.text += piece.decode()
        while (text := self.text.lstrip("[,\r\n")).startswith("{"):
            try:
                told, end = json.JSONDecoder().raw_decode(text)
            except json.JSONDecodeError:
                return
            self.found.append(told)
            self.text = text[end:]


@pytest.mark.parametrize("query", ARRAYS)
async def test_a_stream_is_an_array_unless_its_caller_asks_for_events(house: House, query: str):
    status, headers, body = await house.post(path("openai", query), ASK)
    _, _, control = await house.post(path("openai", "?alt=sse"), ASK)

    assert (status, headers["content-type"]) == (200, "application/json")
    assert (body[:2], body[-3:]) == (b"[{", b"}\n]")
    texts = [one["candidates"][0]["content"]["parts"][0]["text"] for one in json.loads(body)]
    assert "".join(texts) == "17 + 25 = 42."
    assert len(texts) == control.count(b"data: ") == body.count(b"}\n,\r\n{") + 1


@pytest.mark.parametrize("model", ["ge", "oa"])
async def test_an_element_is_whole_before_the_next_one_comes(build: Build, model: str):
    house = await build()
    seen = Elements()

    async with house.http.post(house.url + path(f"{model}/fault:stall:3"), json=ASK) as response:
        while not seen.found:  # the provider stalls: what is not here before the house gives up never comes
            seen.take(await response.content.readany())
            assert "}" not in seen.text, "an element waits for more than its own bytes"
        assert "error" not in seen.found[0]

    assert seen.found[0]["candidates"][0]["content"]["parts"][0]["text"]


async def test_a_stream_that_breaks_has_an_error_for_its_last_element(house: House):
    status, _, body = await house.post(path("oa/fault:cut:3"), LONG)

    *good, last = json.loads(body)
    assert status == 200
    assert good
    assert not any("finishReason" in one["candidates"][0] for one in good)
    assert (last["error"]["code"], last["error"]["status"]) == (502, "UNAVAILABLE")


async def test_an_error_before_the_first_element_is_an_array_of_one_as_googles_are(house: House):
    status, headers, body = await house.post(path("oa/fault:status:429"), ASK)
    events, _, control = await house.post(path("oa/fault:status:429", "?alt=sse"), ASK)

    assert (status, headers["content-type"], events) == (429, "application/json", 429)
    assert int(headers["content-length"]) == len(body)
    assert [one["error"]["status"] for one in json.loads(body)] == ["RESOURCE_EXHAUSTED"]
    assert json.loads(control)["error"]["status"] == "RESOURCE_EXHAUSTED"


async def test_a_form_that_nobody_serves_is_refused_with_those_that_are(house: House):
    status, _, body = await house.post(path("openai", "?alt=proto"), ASK)

    assert status == 400
    assert b"?alt=sse" in body
    assert not house.simulator.log


async def test_what_was_kept_is_shown_in_either_form(build: Build):
    house = await build(routes="\nmodels:\n  kept: {targets: [oa/sim], cache: 10m}\n")

    _, first, events = await house.post(path("kept", "?alt=sse"), ASK)
    _, second, array = await house.post(path("kept"), ASK)

    assert (first["x-trunkline-cache"], second["x-trunkline-cache"][:3]) == ("miss", "hit")
    told = [json.loads(line.removeprefix("data: ")) for line in events.decode().split("\n\n") if line]
    assert json.loads(array) == told
    assert len(house.simulator.log) == 1
