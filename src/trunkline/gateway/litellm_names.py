"""How LiteLLM names a model, and how its provider and model are called here.

Refuses to know what else a deployment says.
"""

import re

from trunkline.providers.registry import rows

PREFIXES = {
    "azure_ai": "azure",
    "azure_text": "azure",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "hosted_vllm": "vllm",
    "nvidia_nim": "nvidia",
    "dashscope": "qwen",
    "jina_ai": "jina",
    "lm_studio": "lmstudio",
    "vercel_ai_gateway": "vercel",
    "vertex_ai": "vertex",
    "vertex_ai_beta": "vertex",
    "text-completion-openai": "openai",
    "custom_openai": "openai",
    "openai_like": "openai",
}
"""LiteLLM's prefix of a model, where our provider has another name."""

BARE = (
    *((start, "openai") for start in ("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "dall-e", "whisper-")),
    ("claude", "anthropic"),
    ("gemini", "vertex"),
    ("command-", "cohere"),
)
"""Whose a model is that stands without a prefix, by the beginning of its name."""

WAYS = {
    # by which of AWS's interfaces, or where; here that is the dialect, and the region
    "bedrock": re.compile(r"^(?:(?:converse|converse_like|invoke|[a-z]{2}(?:-[a-z]+)+-\d)/)+"),
    # by which of OpenAI's interfaces, or as which of its families; here the caller's dialect says so
    "openai": re.compile(r"^(?:responses/)+"),
    "azure": re.compile(r"^(?:(?:responses|o_series|gpt5_series)/)+"),
}
"""What LiteLLM reads before a provider's own name of a model."""

FIREWORKS = "accounts/fireworks/models/"


def known(provider: str) -> bool:
    """A provider with a row of its own."""
    return provider in rows()


def named(model: str) -> tuple[str, str]:
    """The provider as it is called here, empty where that cannot be told, and its own name of the model."""
    prefix, slash, rest = model.partition("/")
    if not slash:
        return next((provider for start, provider in BARE if model.startswith(start)), ""), model
    row = PREFIXES.get(prefix, prefix)
    if row in WAYS:
        rest = WAYS[row].sub("", rest)
    if row == "vertex" and rest.startswith("claude"):
        row = "vertex-claude"
    if row == "fireworks" and rest and "*" not in rest and not rest.startswith("accounts/"):
        rest = FIREWORKS + rest
    if row == "perplexity" and rest == "sonar":
        rest = "perplexity/sonar"  # as its agents call it, since its chat completions ended
    return row, rest
