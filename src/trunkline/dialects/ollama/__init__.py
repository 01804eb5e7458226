"""Ollama's own chat and embeddings, ``/api/chat`` and ``/api/embed``, as a provider's dialects.

Knows nothing of the other dialects, and no caller speaks them.
"""

from trunkline.dialects.ollama.dialect import Ollama
from trunkline.dialects.ollama.embed import OllamaEmbeddings

__all__ = ["Ollama", "OllamaEmbeddings"]
