"""pydantic-ai: a provider of its own for each dialect; OpenAI's takes the URL with /v1, the others without."""

from play import BOTH, FORCING, GATEWAY, KEY, SUM, TOLD, play, refuses, same
from pydantic import BaseModel
from pydantic_ai import Agent, Embedder, NativeOutput
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

OPENAI = OpenAIProvider(base_url=f"{GATEWAY}/v1", api_key=KEY)
CLAUDE = {"anthropic": lambda name: AnthropicModel(name, provider=AnthropicProvider(base_url=GATEWAY, api_key=KEY))}
DIALECTS = {
    **CLAUDE,
    "openai": lambda name: OpenAIChatModel(name, provider=OPENAI),
    "responses": lambda name: OpenAIResponsesModel(name, provider=OPENAI),
    "gemini": lambda name: GoogleModel(name, provider=GoogleProvider(base_url=GATEWAY, api_key=KEY)),
}


class City(BaseModel):
    name: str
    population: int


def answer(model: Model) -> None:
    run = Agent(model).run_sync(SUM)
    same(run.output, TOLD)
    assert run.usage.output_tokens > 0


def stream(model: Model) -> None:
    run = Agent(model).run_stream_sync(SUM)
    same(list(run.stream_output())[-1], TOLD)


def tools(model: Model) -> None:
    asked = []
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        asked.append(city)
        return f"sunny in {city}"

    assert agent.run_sync(BOTH).output.startswith("The tool answered: ")
    same(len(asked), 2)


def structured(model: Model) -> None:
    same(type(Agent(model, output_type=City).run_sync("Describe Paris").output), City)


def schema(model: Model) -> None:
    same(type(Agent(model, output_type=NativeOutput(City)).run_sync("Describe Paris").output), City)


def limited(model: Model) -> None:
    same(refuses(ModelHTTPError, lambda: Agent(model).run_sync(SUM)).status_code, 429)


def cut(model: Model) -> None:
    refuses(ModelAPIError, lambda: list(Agent(model).run_stream_sync(SUM).stream_output()))


def embeddings(model: str) -> None:
    result = Embedder(OpenAIEmbeddingModel(model, provider=OPENAI)).embed_documents_sync(["one text", "another"])
    same([len(vector) for vector in result.embeddings], [8, 8])


play(DIALECTS, [answer, stream, tools, limited, cut])
play(DIALECTS, [structured], FORCING)  # by a tool that must be called
# in Anthropic's dialect it sends a schema only for models whose names it knows
play({name: model for name, model in DIALECTS.items() if name not in CLAUDE}, [schema])
play({"openai": str}, [embeddings], ["openai", "ollama", "cohere"])
