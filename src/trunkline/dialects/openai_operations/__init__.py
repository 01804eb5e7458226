"""OpenAI's other operations: what is asked of a model besides chats, each at its own path, passed on as it came.

Knows how to bill and check them, and to translate nothing but embeddings.
"""

from trunkline.dialects.openai_operations.completions import Completions
from trunkline.dialects.openai_operations.embeddings import OpenAIEmbeddings
from trunkline.dialects.openai_operations.forms import ImageEdits, ImageVariations, Transcriptions, Translations
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.openai_operations.verbatim import Images, Moderations, Rerank, Speech

__all__ = [
    "Completions",
    "ImageEdits",
    "ImageVariations",
    "Images",
    "Moderations",
    "OpenAIEmbeddings",
    "OpenAIOperation",
    "Rerank",
    "Speech",
    "Transcriptions",
    "Translations",
]
