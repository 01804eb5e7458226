"""From a row's words to the dialect object that acts on them.

Refuses to know what a quirk does: it is a field of the dialect's dataclass, and its type says what may stand there.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trunkline.core.dialect import DialectName, ProviderDialect
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.bedrock_converse import BedrockConverse
from trunkline.dialects.cohere_v2 import Cohere, CohereEmbeddings
from trunkline.dialects.gemini import Gemini
from trunkline.dialects.ollama import Ollama, OllamaEmbeddings
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_operations import (
    Completions,
    ImageEdits,
    Images,
    ImageVariations,
    Moderations,
    OpenAIEmbeddings,
    OpenAIOperation,
    Rerank,
    Speech,
    Transcriptions,
    Translations,
)
from trunkline.dialects.openai_responses import OpenAIResponses

Spoken = OpenAIChat | OpenAIResponses | AnthropicMessages | Gemini | OpenAIOperation
Native = BedrockConverse | Ollama | Cohere | OllamaEmbeddings | CohereEmbeddings
CALLERS: dict[DialectName, type[Spoken]] = {
    "openai": OpenAIChat,
    "responses": OpenAIResponses,
    "anthropic": AnthropicMessages,
    "gemini": Gemini,
    "embeddings": OpenAIEmbeddings,
    "completions": Completions,
    "rerank": Rerank,
    "moderations": Moderations,
    "images": Images,
    "image_edits": ImageEdits,
    "image_variations": ImageVariations,
    "speech": Speech,
    "transcriptions": Transcriptions,
    "translations": Translations,
}
"""The dialects that callers may speak too."""

DIALECTS: dict[DialectName, type[Spoken | Native]] = {
    **CALLERS,
    "bedrock": BedrockConverse,
    "ollama": Ollama,
    "cohere": Cohere,
    "ollama_embed": OllamaEmbeddings,
    "cohere_embed": CohereEmbeddings,
}
"""All that a provider can be spoken to in: callers' dialects, then vendors' own."""
OPERATIONS: tuple[DialectName, ...] = (
    "embeddings", "completions", "rerank", "moderations", "images",
    "image_edits", "image_variations", "speech", "transcriptions", "translations",
)  # fmt: skip
"""What is asked for besides chats."""


def speak(name: DialectName, quirks: Mapping[str, Any]) -> ProviderDialect:
    """The dialect with these quirks. Raises msgspec.ValidationError for a value its field does not take."""
    return msgspec.convert(quirks, DIALECTS[name])


def shared(name: DialectName, quirks: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of a vendor's chat that hold for what stands beside it: a server loads one model once, for both."""
    return {quirk: value for quirk, value in quirks.items() if quirk in DIALECTS[name].__dataclass_fields__}
