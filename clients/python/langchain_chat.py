"""LangChain: langchain-openai takes the URL with /v1, langchain-anthropic without."""

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from play import FORCING, GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    name: str
    population: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def chat(model: str) -> BaseChatModel:
    # at a base URL other than OpenAI's it asks for a stream's usage only when told to
    return ChatOpenAI(model=model, base_url=f"{GATEWAY}/v1", api_key=KEY, stream_usage=True)


def responses(model: str) -> BaseChatModel:
    return ChatOpenAI(model=model, base_url=f"{GATEWAY}/v1", api_key=KEY, use_responses_api=True)


def messages(model: str) -> BaseChatModel:
    return ChatAnthropic(model=model, base_url=GATEWAY, api_key=KEY)


def answer(model: BaseChatModel) -> None:
    same(model.invoke(SUM).text, TOLD)


def stream(model: BaseChatModel) -> None:
    chunks = list(model.stream(SUM))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    same(whole.text, TOLD)
    assert whole.usage_metadata["output_tokens"] > 0


def tools(model: BaseChatModel) -> None:
    able = model.bind_tools([get_weather])
    said = [HumanMessage(WEATHER)]
    called = able.invoke(said)
    (call,) = called.tool_calls
    result = get_weather.invoke(call)
    assert isinstance(result, ToolMessage)
    assert able.invoke([*said, called, result]).text.startswith("The tool answered: sunny in ")


def structured(model: BaseChatModel) -> None:
    same(type(model.with_structured_output(City).invoke("Describe Paris")), City)


def schema(model: BaseChatModel) -> None:
    same(type(model.with_structured_output(City, method="json_schema").invoke("Describe Paris")), City)


def limited(model: BaseChatModel) -> None:
    refuses((openai.RateLimitError, anthropic.RateLimitError), lambda: model.invoke(SUM))


def cut(model: BaseChatModel) -> None:
    refuses((openai.APIError, anthropic.APIError), lambda: list(model.stream(SUM)))


def embeddings(model: str) -> None:
    # tiktoken fetches its vocabulary from the network; the gateway takes texts
    embedder = OpenAIEmbeddings(model=model, base_url=f"{GATEWAY}/v1", api_key=KEY, check_embedding_ctx_length=False)
    same([len(vector) for vector in embedder.embed_documents(["one text", "another"])], [8, 8])


MODELS = {"openai": chat, "responses": responses, "anthropic": messages}
play(MODELS, [answer, stream, tools, schema, limited, cut])
play({"openai": chat, "responses": responses}, [structured])
play({"anthropic": messages}, [structured], FORCING)  # by a tool that must be called
play({"openai": str}, [embeddings], ["openai", "ollama", "cohere"])
