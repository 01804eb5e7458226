"""The model list and the synchronous client of the anthropic SDK."""

import asyncio

import anthropic
import pytest

from tests.clients.conftest import SUM, House, say
from tests.clients.proof import proven


async def test_the_list_holds_every_name_and_each_can_be_looked_up(claude: anthropic.AsyncAnthropic):
    page = await claude.models.list()
    models = [proven(model) async for model in page]
    one = proven(await claude.models.retrieve("anthropic"))

    assert {"openai", "anthropic", "both"} <= {model.id for model in models}
    assert (page.has_more, page.first_id, page.last_id) == (False, models[0].id, models[-1].id)
    assert one in models


async def test_the_beta_list_is_the_same(claude: anthropic.AsyncAnthropic):
    plain = [model.id async for model in claude.models.list()]
    beta = [proven(model).id async for model in claude.beta.models.list()]

    assert beta == plain


async def test_looking_up_an_unknown_model_is_not_found(claude: anthropic.AsyncAnthropic):
    with pytest.raises(anthropic.NotFoundError):
        await claude.models.retrieve("nobody")


async def test_the_synchronous_client_is_served_alike(house: House, provider: str):
    def call() -> tuple[str, str, list[str]]:
        with anthropic.Anthropic(api_key="any", base_url=house.url, max_retries=0) as claude:
            whole = proven(claude.messages.create(model=provider, max_tokens=100, messages=say(SUM)))
            with claude.messages.stream(model=provider, max_tokens=100, messages=say(SUM)) as stream:
                text = "".join(stream.text_stream)
            return whole.content[0].to_dict()["text"], text, [model.id for model in claude.models.list()]  # type: ignore[return-value]

    whole, streamed, names = await asyncio.to_thread(call)

    assert whole == streamed == "17 + 25 = 42."
    assert provider in names
