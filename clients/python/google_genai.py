"""google-genai: the base URL is the gateway's own; the client adds the version."""

from google import genai
from google.genai import errors, types
from play import GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same
from pydantic import BaseModel

client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=GATEWAY))


class City(BaseModel):
    name: str
    population: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def answer(model: str) -> None:
    same(client.models.generate_content(model=model, contents=SUM).text, TOLD)


def stream(model: str) -> None:
    chunks = client.models.generate_content_stream(model=model, contents=SUM)
    same("".join(chunk.text or "" for chunk in chunks), TOLD)


def tools(model: str) -> None:
    config = types.GenerateContentConfig(tools=[get_weather])  # the client calls it by itself
    text = client.models.generate_content(model=model, contents=WEATHER, config=config).text
    assert text.startswith("The tool answered: "), text


def structured(model: str) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=City)
    answer = client.models.generate_content(model=model, contents="Describe Paris", config=config)
    same(type(answer.parsed), City)


def counted(model: str) -> None:
    assert client.models.count_tokens(model=model, contents=SUM).total_tokens > 0


def listed(model: str) -> None:
    assert model in {one.name.removeprefix("models/") for one in client.models.list()}


def limited(model: str) -> None:
    error = refuses(errors.ClientError, lambda: client.models.generate_content(model=model, contents=SUM))
    same((error.code, error.status), (429, "RESOURCE_EXHAUSTED"))


def cut(model: str) -> None:
    refuses(errors.APIError, lambda: list(client.models.generate_content_stream(model=model, contents=SUM)))


def unknown(model: str) -> None:
    same(refuses(errors.ClientError, lambda: client.models.generate_content(model=model, contents=SUM)).code, 404)


def embeddings(model: str) -> None:
    answer = client.models.embed_content(model=model, contents=["one text", "another"])
    same([len(one.values) for one in answer.embeddings], [8, 8])


play({"gemini": str}, [answer, stream, tools, structured, counted, listed, limited, cut, unknown])
play({"gemini": str}, [embeddings], ["openai", "ollama", "cohere"])
