"""The model list and the synchronous client of the openai SDK."""

import asyncio

import openai
import pytest

from tests.clients.conftest import SUM, House, say
from tests.clients.proof import proven


async def test_the_list_holds_every_name_and_each_can_be_looked_up(gpt: openai.AsyncOpenAI):
    models = [proven(model) async for model in gpt.models.list()]
    one = proven(await gpt.models.retrieve("openai"))

    names = [model.id for model in models]
    assert {"openai", "anthropic", "both"} <= set(names)
    assert one in models
    assert (one.object, one.owned_by) == ("model", "trunkline")


async def test_looking_up_an_unknown_model_is_not_found(gpt: openai.AsyncOpenAI):
    with pytest.raises(openai.NotFoundError):
        await gpt.models.retrieve("nobody")


async def test_the_synchronous_client_is_served_alike(house: House, provider: str):
    def call() -> tuple[str | None, str, list[str]]:
        with openai.OpenAI(api_key="any", base_url=f"{house.url}/v1", max_retries=0) as gpt:
            whole = proven(gpt.chat.completions.create(model=provider, messages=say(SUM)))
            with gpt.chat.completions.create(model=provider, messages=say(SUM), stream=True) as stream:
                text = "".join(proven(chunk).choices[0].delta.content or "" for chunk in stream)
            return whole.choices[0].message.content, text, [model.id for model in gpt.models.list()]

    whole, streamed, names = await asyncio.to_thread(call)

    assert whole == streamed == "17 + 25 = 42."
    assert provider in names
