"""litellm: `openai/MODEL` with an `api_base` that ends in /v1, or `anthropic/MODEL` with one that does not."""

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or else it fetches its price map when imported

import litellm
from litellm.exceptions import MidStreamFallbackError
from play import GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses, same

Asked = dict[str, Any]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def chat(model: str) -> Asked:
    return {"model": f"openai/{model}", "api_base": f"{GATEWAY}/v1", "api_key": KEY, "max_retries": 0}


def messages(model: str) -> Asked:
    return {"model": f"anthropic/{model}", "api_base": GATEWAY, "api_key": KEY, "max_retries": 0}


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def answer(asked: Asked) -> None:
    same(litellm.completion(**asked, messages=said(SUM)).choices[0].message.content, TOLD)


def stream(asked: Asked) -> None:
    chunks = litellm.completion(**asked, messages=said(SUM), stream=True)
    same("".join(chunk.choices[0].delta.content or "" for chunk in chunks), TOLD)


def tools(asked: Asked) -> None:
    conversation = said(WEATHER)
    message = litellm.completion(**asked, messages=conversation, tools=TOOLS).choices[0].message
    (call,) = message.tool_calls
    conversation += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21"}]
    told = litellm.completion(**asked, messages=conversation, tools=TOOLS).choices[0].message.content
    same(told, "The tool answered: sunny, 21")


def limited(asked: Asked) -> None:
    refuses(litellm.RateLimitError, lambda: litellm.completion(**asked, messages=said(SUM)))


def cut(asked: Asked) -> None:
    refuses(MidStreamFallbackError, lambda: list(litellm.completion(**asked, messages=said(SUM), stream=True)))


def unknown(asked: Asked) -> None:
    refuses(litellm.NotFoundError, lambda: litellm.completion(**asked, messages=said(SUM)))


def embeddings(asked: Asked) -> None:
    answer = litellm.embedding(**asked, input=["one text", "another"])
    same([len(one["embedding"]) for one in answer.data], [8, 8])


play({"openai": chat, "anthropic": messages}, [answer, stream, tools, limited, cut, unknown])
play({"openai": chat}, [embeddings], ["openai", "ollama", "cohere"])
