"""OpenAI chat completions: as the dialect callers ask in, and as the one providers are asked in.

Knows no other dialect: translation goes through the core's types.
"""

from trunkline.dialects.openai_chat.dialect import OpenAIChat

__all__ = ["OpenAIChat"]
