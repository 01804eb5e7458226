"""The vendors' own SDKs, unmodified, pointed at a running gateway; the models behind it are simulated."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest

from tests.clients.images import PNG
from tests.e2e.conftest import Build, House, build, house

__all__ = ["PNG", "Build", "House", "build", "house"]

CITY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
SUM = "What is 17 + 25?"
BOTH = "What is the weather in both Paris and London?"
SHORT_NAME = {"openai": "oa", "anthropic": "an"}


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    """The dialect of the provider behind the gateway, which is also the name of the model that stands for it."""
    return str(request.param)


@pytest.fixture
async def gpt(house: House) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{house.url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(house: House) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key="any", base_url=house.url, max_retries=0) as client:
        yield client


def say(content: Any) -> Any:
    """A conversation of one turn."""
    return [{"role": "user", "content": content}]


def faulty(provider: str, fault: str) -> str:
    """The name of a model that fails in a given way."""
    return f"{SHORT_NAME[provider]}/fault:{fault}"
