"""Cohere's own chat and embeddings, ``/v2/chat`` and ``/v2/embed``, as a provider's dialects.

Knows nothing of the other dialects, and no caller speaks them.
"""

from trunkline.dialects.cohere_v2.dialect import Cohere
from trunkline.dialects.cohere_v2.embed import CohereEmbeddings

__all__ = ["Cohere", "CohereEmbeddings"]
