"""openai-agents: an AsyncOpenAI whose base URL ends in /v1, in chat or in responses; its tracing is off."""

import openai
from agents import Agent, Model, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from agents import set_tracing_disabled as no_tracing
from play import BOTH, GATEWAY, KEY, SUM, TOLD, play, refuses, same
from pydantic import BaseModel

no_tracing(disabled=True)


class City(BaseModel):
    name: str
    population: int


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def chat(model: str) -> Model:
    return OpenAIChatCompletionsModel(model, openai.AsyncOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY))


def responses(model: str) -> Model:
    return OpenAIResponsesModel(model, openai.AsyncOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY))


def answer(model: Model) -> None:
    same(Runner.run_sync(Agent("Teacher", model=model), SUM).final_output, TOLD)


def tools(model: Model) -> None:
    run = Runner.run_sync(Agent("Meteorologist", model=model, tools=[get_weather]), BOTH)
    assert run.final_output.startswith("The tool answered: "), run.final_output


def structured(model: Model) -> None:
    run = Runner.run_sync(Agent("Geographer", model=model, output_type=City), "Describe Paris")
    same(type(run.final_output), City)


def limited(model: Model) -> None:
    refuses(openai.RateLimitError, lambda: Runner.run_sync(Agent("Teacher", model=model), SUM))


play({"openai": chat, "responses": responses}, [answer, tools, structured, limited])
