"""OpenAI's other operations: what is asked of a model besides chats, each at its own path, passed on as it came.

Knows how to bill and check them, and to translate nothing but embeddings.
"""

from trunkline.dialects.openai_operations.embeddings import OpenAIEmbeddings
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.openai_operations.verbatim import Completions, Images, Moderations, Rerank

__all__ = ["Completions", "Images", "Moderations", "OpenAIEmbeddings", "OpenAIOperation", "Rerank"]
