"""instructor: around an openai client, whose base URL ends in /v1."""

from collections.abc import Callable
from typing import Any

import instructor
import openai
from instructor.core.exceptions import InstructorRetryException
from play import FORCING, GATEWAY, KEY, play, refuses
from pydantic import BaseModel

client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY)


class City(BaseModel):
    name: str
    population: int


def asked(model: str) -> Callable[..., Any]:
    def ask(mode: instructor.Mode, method: str = "create") -> Any:
        made = getattr(instructor.from_openai(client, mode=mode).chat.completions, method)
        question = {"role": "user", "content": "Describe Paris as JSON"}
        return made(model=model, response_model=City, messages=[question], max_retries=1)

    return ask


def tools(ask: Callable[..., Any]) -> None:
    assert isinstance(ask(instructor.Mode.TOOLS), City)


def structured(ask: Callable[..., Any]) -> None:
    assert isinstance(ask(instructor.Mode.JSON_SCHEMA), City)


def stream(ask: Callable[..., Any]) -> None:
    *_, last = ask(instructor.Mode.TOOLS, "create_partial")
    assert last.population is not None


def limited(ask: Callable[..., Any]) -> None:
    refuses((InstructorRetryException, openai.RateLimitError), lambda: ask(instructor.Mode.TOOLS))


play({"openai": asked}, [structured, limited])
play({"openai": asked}, [tools, stream], FORCING)
