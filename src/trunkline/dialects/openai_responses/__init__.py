"""OpenAI responses, as a caller's dialect and as a provider's.

Shares its errors with OpenAI's chat dialect, which have the same form, and nothing else.
"""

from trunkline.dialects.openai_responses.dialect import OpenAIResponses

__all__ = ["OpenAIResponses"]
