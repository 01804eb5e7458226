"""LlamaIndex: `OpenAILike`, whose `api_base` ends in /v1; it must be told what the model can do."""

import openai
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from play import FORCING, GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    name: str
    population: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def chat(model: str) -> OpenAILike:
    return OpenAILike(
        model=model, api_base=f"{GATEWAY}/v1", api_key=KEY, is_chat_model=True, is_function_calling_model=True,
        context_window=128_000, max_tokens=1000, max_retries=0,
    )  # fmt: skip


def answer(llm: OpenAILike) -> None:
    same(llm.chat([ChatMessage(role="user", content=SUM)]).message.content, TOLD)


def stream(llm: OpenAILike) -> None:
    *_, last = llm.stream_chat([ChatMessage(role="user", content=SUM)])
    same(last.message.content, TOLD)


def tools(llm: OpenAILike) -> None:
    answer = llm.predict_and_call([FunctionTool.from_defaults(get_weather)], user_msg=WEATHER)
    assert answer.response.startswith("sunny in "), answer.response


def structured(llm: OpenAILike) -> None:
    message = ChatMessage(role="user", content="Describe Paris")
    same(type(llm.as_structured_llm(City).chat([message]).raw), City)


def limited(llm: OpenAILike) -> None:
    refuses(openai.RateLimitError, lambda: llm.complete(SUM))


def cut(llm: OpenAILike) -> None:
    refuses(openai.APIError, lambda: list(llm.stream_complete(SUM)))


def embeddings(model: str) -> None:
    embedder = OpenAILikeEmbedding(model_name=model, api_base=f"{GATEWAY}/v1", api_key=KEY)
    same([len(vector) for vector in embedder.get_text_embedding_batch(["one text", "another"])], [8, 8])


play({"openai": chat}, [answer, stream, tools, limited, cut])
play({"openai": chat}, [structured], FORCING)  # by a tool that must be called
play({"openai": str}, [embeddings], ["openai", "ollama", "cohere"])
