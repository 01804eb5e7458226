"""Anthropic messages, as a caller's dialect and as a provider's.

Knows nothing of OpenAI's: the core types stand between.
"""

from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages

__all__ = ["AnthropicMessages"]
