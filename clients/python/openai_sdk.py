"""openai: the base URL ends in /v1."""

import openai
from play import GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same
from pydantic import BaseModel

client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY)
WEATHER_TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class City(BaseModel):
    name: str
    population: int


class Chat:
    """`client.chat.completions`."""

    def __init__(self, model: str) -> None:
        self.asked = {"model": model, "messages": [{"role": "user", "content": SUM}]}

    def answer(self) -> str:
        return client.chat.completions.create(**self.asked).choices[0].message.content

    def stream(self) -> str:
        with client.chat.completions.stream(**self.asked) as stream:
            stream.until_done()
            return stream.get_final_completion().choices[0].message.content

    def parsed(self) -> object:
        return client.chat.completions.parse(**self.asked, response_format=City).choices[0].message.parsed

    def tools(self) -> str:
        tools = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER_TOOL}}]
        said = [{"role": "user", "content": WEATHER}]
        message = client.chat.completions.create(**{**self.asked, "messages": said}, tools=tools).choices[0].message
        (call,) = message.tool_calls
        said += [message, {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21"}]
        return (
            client.chat.completions.create(**{**self.asked, "messages": said}, tools=tools).choices[0].message.content
        )


class Responses:
    """`client.responses`."""

    def __init__(self, model: str) -> None:
        self.asked = {"model": model, "input": SUM}

    def answer(self) -> str:
        return client.responses.create(**self.asked).output_text

    def stream(self) -> str:
        with client.responses.stream(**self.asked) as stream:
            stream.until_done()
            return stream.get_final_response().output_text

    def parsed(self) -> object:
        return client.responses.parse(**self.asked, text_format=City).output_parsed

    def tools(self) -> str:
        tools = [{"type": "function", "name": "get_weather", "parameters": WEATHER_TOOL, "strict": False}]
        said = [{"role": "user", "content": WEATHER}]
        output = client.responses.create(**{**self.asked, "input": said}, tools=tools).output
        (call,) = [item for item in output if item.type == "function_call"]
        said += [*output, {"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 21"}]
        return client.responses.create(**{**self.asked, "input": said}, tools=tools).output_text


def answer(model: Chat | Responses) -> None:
    same(model.answer(), TOLD)


def stream(model: Chat | Responses) -> None:
    same(model.stream(), TOLD)


def tools(model: Chat | Responses) -> None:
    same(model.tools(), "The tool answered: sunny, 21")


def structured(model: Chat | Responses) -> None:
    same(type(model.parsed()), City)


def limited(model: Chat | Responses) -> None:
    refuses(openai.RateLimitError, model.answer)


def cut(model: Chat | Responses) -> None:
    refuses(openai.APIError, model.stream)


def unknown(model: Chat | Responses) -> None:
    same(refuses(openai.NotFoundError, model.answer).code, "model_not_found")


def embeddings(model: str) -> None:
    answer = client.embeddings.create(model=model, input=["one text", "another"])
    same([len(one.embedding) for one in answer.data], [8, 8])


play({"openai": Chat, "responses": Responses}, [answer, stream, tools, structured, limited, cut, unknown])
play({"openai": str}, [embeddings], ["openai", "ollama", "cohere"])
