"""anthropic: the base URL is the gateway's own, without /v1."""

from typing import Any

import anthropic
from play import GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same
from pydantic import BaseModel

client = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY)
TOOLS = [{"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]


class City(BaseModel):
    name: str
    population: int


def asked(model: str, text: str = SUM) -> dict[str, Any]:
    return {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": text}]}


def answer(model: str) -> None:
    same(client.messages.create(**asked(model)).content[0].text, TOLD)


def stream(model: str) -> None:
    with client.messages.stream(**asked(model)) as stream:
        same(stream.get_final_text(), TOLD)


def beta(model: str) -> None:
    answer = client.beta.messages.create(**asked(model), betas=["context-management-2025-06-27"])
    same(answer.content[0].text, TOLD)


def tools(model: str) -> None:
    first = asked(model, WEATHER)
    called = client.messages.create(**first, tools=TOOLS).content
    result = {"type": "tool_result", "tool_use_id": called[-1].id, "content": "sunny, 21"}
    first["messages"] += [{"role": "assistant", "content": called}, {"role": "user", "content": [result]}]
    same(client.messages.create(**first, tools=TOOLS).content[0].text, "The tool answered: sunny, 21")


def structured(model: str) -> None:
    answer = client.messages.parse(**asked(model, "Describe Paris"), output_format=City)
    same(type(answer.parsed_output), City)


def counted(model: str) -> None:
    question = {"role": "user", "content": SUM}
    assert client.messages.count_tokens(model=model, messages=[question]).input_tokens > 0


def limited(model: str) -> None:
    refuses(anthropic.RateLimitError, lambda: client.messages.create(**asked(model)))


def cut(model: str) -> None:
    def ask() -> None:
        with client.messages.stream(**asked(model)) as stream:
            stream.until_done()

    refuses(anthropic.APIError, ask)


def unknown(model: str) -> None:
    refuses(anthropic.NotFoundError, lambda: client.messages.create(**asked(model)))


play({"anthropic": str}, [answer, stream, beta, tools, structured, counted, limited, cut, unknown])
